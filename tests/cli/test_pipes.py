"""Who reads along may go: what a command does, and its exit code, are the same, and it is quiet about it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from napari_fhn.cli.commands import COMMANDS
from napari_fhn.engine.worker import Worker
from napari_fhn.project import Session
from napari_fhn.training.updates import Note


def without_reader(*words: str, module: str = "napari_fhn.cli") -> tuple[int, str]:
    """The exit code, and what is said on standard error, of a command whose output nobody reads any more."""
    theirs, ours = os.pipe()
    os.close(theirs)
    # Python's own answer depends on this: with it an error comes at the first line, without it at the end.
    told = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            stdout=ours,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=told,
        )
    finally:
        os.close(ours)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "words", [["--version"], ["recipes"], ["attributes"], ["info", "sample:seismic"]], ids=" ".join
)
def test_a_command_whose_reader_is_gone_ends_quietly(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert without_reader(*words) == (0, "")


def test_help_is_read_as_far_as_somebody_wants():
    assert {without_reader(module, "--help", module="napari_fhn") for module in ("train", "info")} == {(0, "")}
    assert len(COMMANDS) > 20


def test_what_is_wrong_keeps_its_code_and_its_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said = without_reader("info", "absent.sgy", "--json")
    assert code == 2
    assert "there is no such file" in said
    assert said.count("\n") == 1


def test_a_training_whose_reader_is_gone_is_trained_to_its_end(survey, wells, tmp_path, monkeypatch):
    """Minutes of work are not lost because somebody looked at the first line only."""
    monkeypatch.chdir(tmp_path)
    given = [
        "train",
        str(survey),
        *wells,
        "--session",
        "s",
        "--recipe",
        "sections",
        "--steps",
        "2",
        "--factors",
        "none",
    ]
    code, said = without_reader(*given)
    assert code == 0
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    assert Session.existing("s").runs.trained().step == 2


def test_a_worker_whose_viewer_is_gone_stops_and_says_no_more():
    (commands, told), (heard, updates) = os.pipe(), os.pipe()
    os.close(told)
    os.close(heard)
    with os.fdopen(commands, "rb") as reading, os.fdopen(updates, "wb") as writing:
        worker = Worker(reading, writing)
        worker._say(Note("a first thing"))
        assert worker._control.stop.is_set()
        worker._say(Note("and another"))
        writing.flush()
