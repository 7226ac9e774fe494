"""Looks through files in a process of their own: one process for many files, and never one that has broken down."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from napari_fhn.surveys import SurveyError
from napari_fhn.surveys import looking as looks

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="what a process does is read in /proc")

LOOK = """
import os, signal, sys, time
def answer(path, how):
    text = open(path).read()
    if text == "dies":
        os.kill(os.getpid(), signal.SIGSEGV)
    if text == "leaves something that dies" :
        globals()["left"] = True
    if text == "whole" and globals().get("left"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if text == "loops":
        while True: pass
    if text == "raises":
        raise ValueError("in good order")
    if text == "prints":
        print("[1, 2]")
        print("what a library says", flush=True)
    return [os.getpid(), how]
"""


@pytest.fixture
def look(tmp_path):
    script = tmp_path / "look.py"
    script.write_text(LOOK)

    def through(text: str):
        path = tmp_path / f"{text}.file"
        path.write_text(text)
        found = looks.looked_through(path, str(script), ("so",), "Its")
        return json.loads(found) if found else found

    return through


def test_files_are_looked_through_by_one_process(look, tmp_path):
    number, how = look("first")
    assert how == "so"
    assert number != os.getpid()
    assert {look(f"file {k}")[0] for k in range(5)} == {number}
    assert look("raises") is None
    # What a library prints is no answer.
    assert look("prints") == [number, "so"]


def test_one_that_breaks_down_has_met_that_file_alone(look):
    first = look("whole")[0]
    for _ in range(2):
        with pytest.raises(SurveyError, match="breaks down"):
            look("dies")
    second = look("whole")[0]
    assert second != first
    # A file that leaves the process ill is not the fault of the next one.
    assert look("leaves something that dies")[0] == second
    assert look("whole")[0] not in (first, second)


def test_one_that_comes_to_no_end_is_ended(look, monkeypatch):
    number = look("whole")[0]
    monkeypatch.setattr(looks, "TIMEOUT", 0.3)
    with pytest.raises(SurveyError, match="came to no end"):
        look("loops")
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    assert look("whole")[0] != number


def test_one_ends_after_so_many_files_and_without_work(look, monkeypatch):
    monkeypatch.setattr(looks, "MOST_FILES", 3)
    monkeypatch.setattr(looks, "IDLE", 0.5)
    numbers = [look("whole")[0] for _ in range(4)]
    assert len(set(numbers[:3])) == 1
    assert numbers[3] != numbers[0]
    for _ in range(200):
        try:
            # Its parent has not waited for it, so it is there until then.
            state = Path(f"/proc/{numbers[3]}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            state = "Z"
        if state == "Z":
            break
        time.sleep(0.05)
    assert state == "Z"
    assert look("whole")[0] != numbers[3]


def test_none_stays_behind(look, tmp_path):
    code = (
        "import sys; from pathlib import Path; from napari_fhn.surveys.looking import looked_through\n"
        "print(looked_through(Path(sys.argv[1]), sys.argv[2], ('so',), 'Its').decode())"
    )
    path = tmp_path / "whole.file"
    path.write_text("whole")
    said = subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path / "look.py")], capture_output=True, text=True, check=True
    )
    with pytest.raises(ProcessLookupError):
        os.kill(json.loads(said.stdout)[0], signal.SIGCONT)
