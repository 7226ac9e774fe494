"""A full disk is an error with a sentence, and never the end of the program (SIGBUS)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from faulty_disk import on_small_disk
from proofs import LONG

WITHOUT_A_NETWORK = {
    "stroke": "done",
    "burn": "done",
    "holes": "LabelError: labels.npy: it cannot be opened: there is no room on the disk",
    "stage": "JobError: a copy of 'survey' does not fit into",
}
WITH_A_NETWORK = {
    "train": "JobError: there is no room left on the disk of",
    "predict": "NoRoomError: ",
    "tidy": "NoRoom: ",
    "export": "SurveyError: classes.npy: it needs",
    "zarr": "SurveyError: classes.zarr: the disk is full",
    "report": "SystemExit: 2",
}


@pytest.mark.parametrize("said", [WITHOUT_A_NETWORK, pytest.param(WITH_A_NETWORK, marks=LONG)])
def test_on_a_full_disk_strokes_are_written_and_all_else_is_refused_with_a_sentence(tmp_path, monkeypatch, said):
    (tmp_path / "disk").mkdir()
    program = [sys.executable, str(Path(__file__).with_name("full_disk.py")), str(tmp_path / "disk"), *said]
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where a network goes that its own disk does not take
    ran = on_small_disk(tmp_path / "disk", 7, program)
    if ran is None:
        pytest.skip("this system lets nobody mount a disk of his own")
    assert ran.returncode == 0, ran.stderr
    told = dict(line.split(": ", 1) for line in ran.stdout.splitlines() if ": " in line)
    assert {name: told.get(name, "")[: len(words)] for name, words in said.items()} == said
    if "train" in said:
        (kept,) = tmp_path.glob("napari-fhn-network-of-step-3-*")
        assert (kept / "model.json").is_file()
