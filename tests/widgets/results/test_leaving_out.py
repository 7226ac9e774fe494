"""Labels left out in turn from the dock: asked first, heard while it goes on, stopped, and said at the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest


@pytest.fixture
def wells(labelled, add_run, spin):
    """Four wells of two classes, and a run of two steps."""
    _, dock = labelled
    layer = dock.desk.book.layer
    for i, j in ((1, 1), (2, 12), (10, 7)):
        for first, value in ((0, 1), (16, 2)):
            at = tuple(np.array(v) for v in zip(*[(i, j, t) for t in range(first, first + 16)], strict=True))
            layer.data_setitem(at, value)
    assert spin(lambda: dock.desk.book.state.counts == {1: 64, 2: 64})
    dock.desk.book.choose_held_out(0)
    run = add_run(dock.desk, np.ones(dock.desk.data.material.shape, np.uint8), steps=2)
    return dock, run


def test_what_it_takes_is_said_first_and_what_came_of_it_at_the_end(wells, spin):
    dock, run = wells
    desk, asked = dock.desk, []
    desk.context.consent = lambda needs: asked.append(needs.what) or len(asked) > 1
    dock.results.in_turn.click()
    assert spin(lambda: desk.messages.message == "Nothing was done.")
    assert "4 wells are left out in 4 folds: 4 trainings of 2 steps" in asked[0]
    assert "how long that takes is known after the first" in asked[0]
    dock.results.in_turn.click()
    assert spin(lambda: desk.leaving_out.running)
    assert dock.results.in_turn.text() == "Stop"
    assert not dock.results.score.isEnabled()
    assert spin(lambda: desk.state.activity.idle, 180)
    said = desk.messages.message
    assert "A score of 4 wells (128 voxels), each predicted by a network that was not shown it" in said, said
    assert "the labels, carried along the reflectors: mean IoU" in said
    assert (run.folder / "leave-one-out.json").exists()
    assert not (run.folder / "leave-one-out").exists()
    assert dock.results.in_turn.text() == "Leave out …"


def test_it_is_stopped(wells, spin):
    dock, run = wells
    desk, job = dock.desk, run.job()
    replace(job, schedule=replace(job.schedule, steps=20_000)).save(run.folder / "job.json")  # there is time to stop
    desk.context.consent = lambda needs: True
    dock.results.in_turn.click()
    assert spin(lambda: "Fold 1 of 4" in desk.messages.message), desk.messages.message
    dock.results.in_turn.click()
    assert spin(lambda: desk.state.activity.idle, 60)
    assert desk.messages.message == "Stopped: nothing was scored, and the run is as it was."
    assert not (run.folder / "leave-one-out.json").exists()
    assert not (run.folder / "leave-one-out").exists()


def test_without_a_network_there_is_nothing_to_do_again(labelled):
    _, dock = labelled
    dock.desk.leaving_out.press()
    assert "Train first" in dock.desk.messages.message
