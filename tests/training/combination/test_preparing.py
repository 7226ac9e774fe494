"""A factor that has to learn about the data first: the network does not wait for it, nor does what comes out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training import BoxChanged, Control, Done, Focus, Job, Note, Progress, fit, predict
from napari_fhn.training.combination import opening
from napari_fhn.training.combination.preparing import Later, Meanwhile, Preparing
from napari_fhn.training.combination.shown import Shown
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.models import model as models

from .conftest import Averaging, Knowing


class Slow:
    """Bricks, each of which takes until somebody says so."""

    def __init__(self, bricks: int = 3, threads: int = 2) -> None:
        self.bricks, self.threads = bricks, threads
        self.made: list[int] = []
        self.goes = threading.Event()
        self.begun = threading.Semaphore(0)
        self.error: Exception | None = None

    def missing(self) -> list[int]:
        return [number for number in range(self.bricks) if number not in self.made]

    def make(self, number: int) -> None:
        self.begun.release()
        assert self.goes.wait(120)
        if self.error is not None:
            raise self.error
        self.made.append(number)


@pytest.fixture
def slow() -> Iterator[Slow]:
    """Bricks that all go on when the test is over."""
    bricks = Slow()
    yield bricks
    bricks.goes.set()


def test_bricks_are_found_beside_and_what_comes_then_once(slow: Slow) -> None:
    after: list[str] = []
    preparing = Preparing(slow, lambda: after.append("all"))
    preparing.start()
    preparing.start()  # it is begun
    assert slow.begun.acquire(timeout=60)
    assert not slow.begun.acquire(timeout=0.05)  # one thread, while nobody waits
    preparing.hurry()
    assert slow.begun.acquire(timeout=60)
    assert (preparing.ready, preparing.share) == (False, 0)
    slow.goes.set()
    assert preparing.wait(60)
    assert (sorted(slow.made), after, preparing.share) == ([0, 1, 2], ["all"], 1)


def test_ended_it_makes_no_other_brick(slow: Slow) -> None:
    preparing = Preparing(slow, lambda: pytest.fail("nobody wants it any more"))
    preparing.start()
    assert slow.begun.acquire(timeout=60)
    preparing.end()
    slow.goes.set()
    assert not preparing.wait(0.1)
    assert len(slow.made) == 1
    assert Preparing(slow, int).share == pytest.approx(1 / 3)  # what is there stays there


def test_what_cannot_be_made_is_left_to_whoever_asks(slow: Slow) -> None:
    slow.error = OSError("no room")
    slow.goes.set()
    preparing = Preparing(slow, lambda: pytest.fail("it is not all there"))
    preparing.start()
    assert preparing.wait(60)
    assert not slow.made


def test_until_it_is_ready_the_nearest_labels_speak(layered: tuple[Job, np.ndarray], slow: Slow) -> None:
    job, truth = layered
    labels = Shown(LabelFile(job.labels, truth.shape, 3))
    factor = Knowing("reflectors", truth, 3, 0.9)
    preparing = Preparing(slow, int)
    meanwhile, later = Meanwhile(factor, preparing, labels, 2), Later(Averaging(), preparing)
    place = tuple(int(at) for at in np.argwhere(np.load(job.labels))[0])
    box = Box((place[0], 0, 0), (place[0] + 1, *truth.shape[1:]))
    said = meanwhile.read(box)
    np.testing.assert_allclose(said.sum(axis=0), 1, rtol=1e-5)
    at = (0, *place[1:])
    assert said[:, *at].argmax() + 1 == truth[place]
    assert not factor.asked
    assert later.smooth(box, said, (3, 0)) is said
    assert (meanwhile.look(), meanwhile.look()) == (True, False)
    slow.goes.set()
    preparing.start()
    assert preparing.wait(60)
    assert (meanwhile.look(), meanwhile.look()) == (True, False)  # it joins once
    np.testing.assert_array_equal(meanwhile.read(box), factor.read(box))
    assert later.smooth(box, said, (3, 0)) is not said


Prepared = Callable[..., tuple[Job, np.ndarray]]


@pytest.fixture
def prepared(combined: Prepared, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    """Return a function that gives a job whose factor has to wait for the bricks."""

    def made(**chosen: object) -> tuple[Job, np.ndarray]:
        job, truth, factor = combined(right=1.0, sure=0.9, **chosen)
        monkeypatch.setattr(
            opening, "_open", lambda *_, **__: ({"reflectors": factor}, Averaging(), Preparing(slow, lambda: None))
        )
        return job, truth

    return made


def test_the_network_learns_meanwhile_and_ends_alike(prepared: Prepared, slow: Slow) -> None:
    job, _ = prepared()
    slow.goes.set()
    list(fit(job, Control(watched=False)))
    list(predict(job))
    expected, shown = models.load(job.model), np.load(job.prediction)

    slow.made.clear()
    slow.goes.clear()
    again = replace(job, model=str(Path(job.model).with_name("again")))
    steps: list[int] = []
    notes: list[str] = []
    for update in fit(again, Control(watched=False)):
        if isinstance(update, Progress):
            steps.append(update.step)
            if update.step == 24:  # now they are to be weighed
                threading.Timer(0.2, slow.goes.set).start()
        elif isinstance(update, Note):
            notes.append(update.message)
    assert steps[23] == 24
    assert any("until then the nearest labels speak" in note for note in notes)
    assert any("are known now" in note for note in notes)
    found = models.load(again.model)
    assert found.combination == expected.combination
    for name, value in expected.network.state_dict().items():
        assert (found.network.state_dict()[name] == value).all(), name
    list(predict(again))
    np.testing.assert_array_equal(np.load(again.prediction), shown)


def test_who_stops_does_not_wait_and_goes_on_as_if_they_had_not(prepared: Prepared, slow: Slow) -> None:
    job, _ = prepared()
    slow.goes.set()
    list(fit(job, Control(watched=False)))
    expected = models.load(job.model)

    slow.made.clear()
    slow.goes.clear()
    again = replace(job, model=str(Path(job.model).with_name("again")))
    control = Control(watched=False)
    timer = threading.Timer(0.3, control.stop.set)
    began = 0.0
    for update in fit(again, control):
        if isinstance(update, Progress) and update.step == 24:
            timer.start()
            began = time.monotonic()
        if isinstance(update, Done):
            assert update.stopped
            assert update.step == 24  # no step is made on what is hidden still
    assert time.monotonic() - began < 60  # and not the 120 s that a brick may take
    slow.goes.set()
    list(fit(again, Control(watched=False), resume=True))
    found = models.load(again.model)
    assert found.combination == expected.combination
    for name, value in expected.network.state_dict().items():
        assert (found.network.state_dict()[name] == value).all(), name


def test_a_view_is_answered_by_the_nearest_labels_and_again_when_all_is_known(prepared: Prepared, slow: Slow) -> None:
    job, truth = prepared()
    job = replace(job, schedule=replace(job.schedule, steps=80))  # a tenth of the time goes into answers
    views: list[float] = []
    for update in fit(job, Control(focus=Focus(0, 5))):
        if isinstance(update, BoxChanged):
            views.append(float((np.load(job.prediction)[5] == truth[5]).mean()))
        if isinstance(update, Progress) and update.step == 2:
            slow.goes.set()
    assert 0.3 < views[0] < 1
    assert max(views) == 1  # the factor knows it all
    assert (np.load(job.prediction) > 0).all()


def test_a_prediction_that_is_stopped_does_not_wait_either(prepared: Prepared, slow: Slow) -> None:
    job, _ = prepared()
    slow.goes.set()
    list(fit(job, Control(watched=False)))
    slow.made.clear()
    slow.goes.clear()
    control = Control(watched=False)
    threading.Timer(0.1, control.stop.set).start()
    updates = list(predict(job, control))
    assert isinstance(updates[-1], Done)
    assert updates[-1].stopped
    slow.goes.set()
    assert not list(predict(job))[-1].stopped
