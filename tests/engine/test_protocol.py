"""Neither end of the pipe stops to hear, whatever is said at the other one."""

from __future__ import annotations

import dataclasses
import io
import json
import threading
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest

import protocol_garbage as garbage
from napari_fhn.box import Box
from napari_fhn.engine.engine import _Listener
from napari_fhn.engine.worker import Worker
from napari_fhn.network.architecture import levels
from napari_fhn.training import (
    BoxChanged,
    Checkpoint,
    Device,
    Done,
    Failed,
    Input,
    Job,
    Note,
    Progress,
    Schedule,
    Score,
)
from napari_fhn.training.updates import from_json, to_json

UPDATES = (
    Progress("train", 3, 10, 1.5, 0.25, 0.1, 1e-6, 1 << 30, {"cross-entropy": 0.2, "order": None}),
    Score(3, True, (0.5, None)),
    BoxChanged(Box((0, 1), (4, 5)), 3),
    Checkpoint(3, "/a/checkpoints/3", 0.2, None),
    Device("cpu", "CPU", 1 << 33),
    Note("a"),
    Done("train", False, 1.0, "b", 3),
    Failed("c", "d"),
)


@pytest.fixture
def job():
    return Job(
        inputs=(Input("input.npy"),),
        labels="labels.npy",
        classes=("a", "b"),
        network=levels(2, 8, (2,), 1),
        schedule=Schedule(steps=2, block=(16, 16)),
        prediction="prediction.npy",
        model="model",
    )


def heard(said):
    """What the viewer's end makes of lines."""
    listener = _Listener(io.BytesIO(b"\n".join(said) + b"\n"))
    end = time.monotonic() + 60
    while listener._thread.is_alive() and time.monotonic() < end:
        time.sleep(0.01)
    return [listener.updates.get_nowait() for _ in range(listener.updates.qsize())]


def answers(said):
    """A worker that was told lines, and what it answered."""
    out = io.BytesIO()
    worker = Worker(io.BytesIO(b"\n".join(said) + b"\n"), out)
    worker.listen()
    return worker, [from_json(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: type(update).__name__)
def test_every_update_survives_the_way(update):
    assert from_json(to_json(update)) == update


@pytest.mark.parametrize("line", garbage.KNOWN, ids=lambda line: repr(line[:40]))
def test_a_worker_answers_what_it_does_not_understand_and_listens_on(line):
    worker, said = answers([line, b'{"do": "stop"}'])
    assert worker._control.stop.is_set()
    work = b'"do": "train"' in line or b'"do": "predict"' in line
    assert [type(update) for update in said] == ([] if work else [Failed])
    assert all("does not understand" in update.message for update in said)
    if work:  # it is answered in its turn
        updates = list(worker._carry_out(worker._work.get()))
        assert [type(update) for update in updates] == [Failed]
        assert "Error" not in updates[0].message


def test_work_under_way_is_not_ended_by_what_is_not_understood(job):
    _, said = answers([json.dumps({"do": "train", "job": job.to_dict()}).encode(), b"{}"])
    assert [type(update) for update in said] == [Note]


def test_a_worker_that_can_hear_no_more_leaves(monkeypatch):
    class Gone(io.BytesIO):
        def readline(self, _=-1):
            raise MemoryError

    left = []
    timer = SimpleNamespace(start=lambda: left.append(True))
    monkeypatch.setattr(threading, "Timer", lambda *_: timer)
    worker = Worker(Gone(), io.BytesIO())
    with suppress(MemoryError):
        worker._read()
    assert left
    assert worker._control.stop.is_set()
    assert worker._work.get_nowait() is None


def test_a_line_too_long_for_any_command_is_answered():
    worker, said = answers([b"x" * (17 << 20), b'{"do": "pause"}'])
    assert worker._control.pause.is_set()
    assert "too long" in said[0].message


def test_a_worker_hears_where_on_a_map_somebody_looks():
    worker, said = answers([b'{"do": "focus", "focus": null, "place": [4, 7]}'])
    assert worker._control.place_in((10, 10)) == (4, 7)
    assert worker._control.place_in((10, 5)) is worker._control.place_in((10, 10, 10)) is None
    assert not said
    worker, said = answers([b'{"do": "focus", "focus": null, "place": "here"}', b'{"do": "pause"}'])
    assert worker._control.place is None
    assert "place" in said[0].message


def test_a_worker_hears_all_of_many_damaged_commands(job):
    sound = [{"do": "train", "job": job.to_dict(), "resume": False}, {"do": "predict", "job": job.to_dict()}]
    sound += [{"do": "focus", "focus": {"axis": 0, "index": 4}}, {"do": "revert", "step": 3}, {"do": "give way"}]
    worker, _ = answers([*garbage.lines(sound, 0), b'{"do": "stop"}'])
    assert worker._control.stop.is_set()
    while not worker._work.empty():
        command = worker._work.get()
        try:
            made = Job.from_dict(command.get("job"))
        except ValueError:
            continue
        assert isinstance(made, Job)


def test_a_viewer_hears_all_of_many_damaged_updates():
    sound = [json.loads(to_json(update)) for update in UPDATES]
    found = heard([*garbage.lines(sound, 1), to_json(Note("the last")).encode()])
    assert found[-1] == Note("the last")
    assert sum("unexpected" in update.message for update in found if isinstance(update, Note)) == 1
    for update in found:
        assert from_json(to_json(update)) == update
        for field in dataclasses.fields(update):
            assert field.name not in ("step", "steps") or type(getattr(update, field.name)) is int
