"""Ctrl-C while something long is copied: the command ends with a sentence, leaves nothing half, and goes on later."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.project.data import staging
from napari_fhn.surveys.bricks import plan, sharding

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
SHAPE = (24, 12, 32)
AXES = ["--axes", "inline,crossline,twt"]


@pytest.fixture
def volume(tmp_path) -> Path:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32))
    return tmp_path / "a.npy"


def slowly(function, begun: Callable[[], bool]):
    """Take so long, once it has begun, that a busy machine has the time to press Ctrl-C."""

    def called(*args):
        time.sleep(0.5 if begun() else 0.01)
        return function(*args)

    return called


def interrupted(line: list[str], begun: Callable[[], bool], said: Path) -> str:
    """Run a command in a process of its own, press Ctrl-C once it has begun, and return what it said."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for stream in (1, 2):
                os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
            sys.stdout, sys.stderr = (os.fdopen(stream, "w", closefd=False) for stream in (1, 2))
            signal.signal(signal.SIGINT, signal.default_int_handler)
            code = main(line)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
    until = time.monotonic() + 60
    while not begun() and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(child, signal.SIGINT)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 130, said.read_text()
    return said.read_text()


def test_bricks_that_are_written_stay_and_it_goes_on_from_there(volume, tmp_path, monkeypatch, capsys):
    original = plan.Plan.of.__func__
    monkeypatch.setattr(
        plan.Plan, "of", classmethod(lambda cls, s, brick=None, budget=2**11: original(cls, s, (4, 4, 8), budget))
    )
    target, marks = tmp_path / "a.zarr", tmp_path / "a.zarr" / "values" / "shards"
    line = ["brick", str(volume), str(target), *AXES]

    def begun() -> bool:
        return marks.is_dir() and len(list(marks.glob("*.json"))) > 3

    copy = sharding.ShardCopy.copy
    monkeypatch.setattr(sharding.ShardCopy, "copy", slowly(copy, begun))
    assert "it goes on from there when the same is asked for again" in interrupted(line, begun, tmp_path / "said")
    there = {path.name: path.stat().st_mtime_ns for path in marks.glob("*.json")}
    copied: list[int] = []
    monkeypatch.setattr(sharding.ShardCopy, "copy", lambda self, number: copied.append(number) or copy(self, number))
    assert main(line) == 0
    assert copied
    assert not {f"{number}.json" for number in copied} & there.keys(), "nothing is written twice"
    np.testing.assert_array_equal(surveys.open(target).values, np.load(volume))


def test_a_copy_that_was_under_way_is_gone_and_made_anew(volume, tmp_path, monkeypatch, capsys):
    labels = np.zeros(SHAPE, np.uint8)
    labels[3, 3], labels[9, 3] = 1, 2
    np.save(tmp_path / "known.npy", labels)
    session = tmp_path / "s"
    line = ["carry", str(volume), *AXES, "--labels", str(tmp_path / "known.npy"), "--session", str(session)]
    inputs = session / "inputs"

    def begun() -> bool:
        return inputs.is_dir() and bool(list(inputs.glob("*.part")))

    with monkeypatch.context() as patch:
        patch.setattr(staging._Row, "__getitem__", slowly(staging._Row.__getitem__, begun))
        words = interrupted(line, begun, tmp_path / "said")
    assert "stopped; what was whole before is as it was" in words
    assert not inputs.exists() or not list(inputs.iterdir())
    assert main(line) == 0
    (copy,) = inputs.glob("*.npy")
    np.testing.assert_array_equal(np.load(copy), np.load(volume))


def test_who_is_stopped_before_anything_is_begun_is_told_so(monkeypatch, capsys):
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_fhn.cli.commands.parser", stopped)
    assert main(["info", "survey.npy"]) == 130
    assert capsys.readouterr().err == "napari-fhn: stopped; nothing was begun.\n"
