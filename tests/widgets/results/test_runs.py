"""The list of runs in a real window: every training is one, and none is lost."""

from __future__ import annotations

import os
import shutil
import signal

import numpy as np
import pytest
from qtpy.QtWidgets import QMessageBox

from napari_fhn.project import Beginning, Session
from napari_fhn.project.predictions.predictions import Tidying
from napari_fhn.training.updates import Checkpoint

SHAPE = (12, 16, 32)


@pytest.fixture
def two(labelled, add_run):
    """Two runs with predictions of one class each; the second is the current one."""
    _, dock = labelled
    add_run(dock.desk, np.full(SHAPE, 1, np.uint8), steps=45)
    add_run(dock.desk, np.full(SHAPE, 2, np.uint8), steps=30)
    return labelled


def rows(dock):
    """Return the cells of the list, a tuple for each row."""
    tree = dock.results.runs.list
    items = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return [tuple(item.text(column) for column in range(5)) for item in items]


def test_every_training_is_listed_and_the_current_one_marked(two):
    _, dock = two
    assert [(row[0].strip(), row[2]) for row in rows(dock)] == [("● Run 2", "30"), ("Run 1", "45")]
    assert all(row[4].endswith("B") for row in rows(dock))
    assert "2 runs" in dock.results.runs.total.text()


def test_another_run_is_used_and_its_prediction_followed(two):
    _, dock = two
    panel = dock.results.runs
    assert (np.asarray(dock.desk.prediction.layer.data) == 2).all()
    panel.choose("run-001")
    assert panel.use.isEnabled()
    panel.use.click()
    assert (np.asarray(dock.desk.prediction.layer.data) == 1).all()
    assert dock.desk.project.current.id == "run-001"
    assert rows(dock)[1][0] == "● Run 1"
    assert Session(dock.desk.session.folder).manifest.current_run == "run-001"


def test_a_run_is_renamed_in_place_and_a_taken_name_refused(two):
    _, dock = two
    panel = dock.results.runs
    panel.choose("run-001")
    panel.rename.click()
    item = panel.list.currentItem()
    item.setText(0, "with chalk")
    assert dock.desk.project.runs()[0].name == "with chalk"
    assert rows(dock)[1][0].strip() == "with chalk"
    panel.choose("run-002")
    panel.rename.click()
    panel.list.currentItem().setText(0, "with chalk")
    assert dock.desk.messages.error
    assert dock.desk.project.runs()[1].name == "Run 2"


def test_a_run_is_deleted_after_a_question(two, monkeypatch):
    _, dock = two
    panel, asked = dock.results.runs, []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or QMessageBox.StandardButton.No)
    panel.choose("run-002")
    assert not panel.delete.isEnabled()  # it predicts
    panel.choose("run-001")
    panel.delete.click()
    assert asked == ["Delete 'Run 1' with its network and its prediction?"]
    assert len(rows(dock)) == 2
    monkeypatch.setattr(QMessageBox, "exec", lambda box: QMessageBox.StandardButton.Yes)
    panel.delete.click()
    assert [row[0].strip() for row in rows(dock)] == ["● Run 2"]
    assert not (dock.desk.session.runs.folder / "run-001").exists()
    assert "are free" in dock.desk.messages.message


def test_two_runs_are_compared(two, spin):
    viewer, dock = two
    panel = dock.results.runs
    panel.choose("run-001")
    panel.compare.click()
    assert spin(lambda: "agree" in dock.desk.messages.message), dock.desk.messages.message
    assert "'Run 1' and 'Run 2': 0.0 % of 6,144 voxels agree" in dock.desk.messages.message
    assert "steps" in dock.desk.messages.message
    assert "Prediction of Run 1" in viewer.layers
    assert np.asarray(dock.desk.comparison.layer.data).all()


def test_what_was_tidied_in_one_run_is_not_taken_back_in_another(labelled, add_run, spin):
    _, dock = labelled
    desk = dock.desk
    speck = np.full(SHAPE, 1, np.uint8)
    speck[5, 5, 5] = 2
    add_run(desk, speck)
    desk.tidying.apply(Tidying())
    assert spin(lambda: desk.state.activity.idle)
    assert dock.results.back.isEnabled()
    add_run(desk, np.full(SHAPE, 2, np.uint8))
    assert not dock.results.back.isEnabled()
    desk.tidying.take_back()
    assert spin(lambda: desk.state.activity.idle)
    assert "nothing to take back" in desk.messages.message
    assert (np.asarray(desk.prediction.layer.data) == 2).all()


def test_a_kept_prediction_is_never_written_over(two, spin):
    viewer, dock = two
    for number in (1, 2):
        dock.results.keep.click()
        assert spin(lambda number=number: f"Prediction {number}" in viewer.layers)
    kept = dock.desk.session.kept
    (kept / "Prediction 1.npy").unlink()
    second = (kept / "Prediction 2.npy").read_bytes()
    np.load(dock.desk.project.current.prediction, mmap_mode="r+")[...] = 3
    dock.results.keep.click()
    assert spin(lambda: "Prediction 3" in viewer.layers)
    assert (kept / "Prediction 2.npy").read_bytes() == second


def test_going_back_to_a_checkpoint_is_a_run_of_its_own(two):
    _, dock = two
    desk = dock.desk
    last = desk.project.current
    checkpoint = last.model / "checkpoints" / "step-00020"
    shutil.copytree(last.model, checkpoint, ignore=shutil.ignore_patterns("checkpoints"))
    before = (last.model / "model.json").read_bytes()
    desk.history.hear(Checkpoint(20, str(checkpoint)))
    desk.work.revert(20)
    assert not desk.messages.error, desk.messages.message
    assert desk.project.current.name == "Run 2 at step 20"
    assert (last.model / "model.json").read_bytes() == before
    assert rows(dock)[0][0].strip() == "● Run 2 at step 20"
    assert not np.asarray(desk.prediction.layer.data).any()  # it has predicted nothing yet


def test_a_training_that_cannot_begin_loses_nothing(two, spin):
    _, dock = two
    desk = dock.desk
    before = desk.project.current
    (before.model / "weights.npz").unlink()
    desk.train(Beginning(network=desk.session.folder / "nowhere"))
    assert spin(lambda: desk.state.activity.idle)
    assert desk.messages.error
    assert desk.project.current == before
    assert (np.asarray(desk.prediction.layer.data) == 2).all()
    assert len(desk.project.runs()) == 2
    # A network that the process cannot read: what it began goes, and what was is there.
    dock.run.beginnings.renew()
    dock.run.beginnings.again.trigger()
    assert spin(lambda: desk.state.activity.idle and desk.messages.error, 60), desk.messages.message
    assert desk.project.current == before
    assert (np.asarray(desk.prediction.layer.data) == 2).all()
    assert len(desk.project.runs()) == 2
    assert dock.run.predict.isEnabled()


def test_closing_in_the_middle_leaves_the_network_before(labelled, add_run, spin):
    _, dock = labelled
    desk = dock.desk
    add_run(desk, np.full(SHAPE, 1, np.uint8), steps=45)
    session = desk.session
    desk.planning.change("schedule", "steps", 100_000)
    dock.run.train.click()
    assert spin(lambda: len(desk.history.losses) > 2), desk.messages.message
    # As after the save that comes every ten seconds.
    run = desk.project.shown
    assert run.id == "run-002"
    assert spin(lambda: run.has_model)
    dock.close_desk()
    found = Session(session.folder)
    assert found.runs.current.id == "run-001"
    assert [(one.id, one.record.state) for one in found.runs.all()][1] == ("run-002", "cut off")
    assert found.runs.current.step == 45


def test_a_killed_step_leaves_something_to_predict_with(labelled, add_run, spin):
    _, dock = labelled
    desk = dock.desk
    add_run(desk, np.full(SHAPE, 1, np.uint8))
    desk.planning.change("schedule", "steps", 100_000)
    dock.run.train.click()
    assert spin(lambda: bool(desk.history.losses)), desk.messages.message
    pid = desk.engine.pid
    os.kill(pid, signal.SIGSTOP)  # a step that takes for ever
    dock.run.stop.click()
    assert spin(lambda: desk.state.activity.idle), desk.messages.message
    assert "in the middle of a step" in desk.messages.message
    assert dock.run.predict.isEnabled()
    assert desk.project.current is not None
