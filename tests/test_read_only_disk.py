"""A session where nobody can write is opened to look at, in words, at every door; what would change it is refused."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.project.predicted import predicted

import napari_fhn as fhn
from faulty_disk import on_read_only_disk
from napari_fhn import record
from napari_fhn.project import ProjectError, Session, SessionUnwritable
from napari_fhn.project.sessions import damage

LOOKS = ("info", "runs", "history", "export", "Python")
REFUSED = ("history undo", "rename")
REFUSED_IN_PYTHON = ("Python changes", "Python renames")
NAMELESS = ("report in place", "Python reports")


def test_every_door_opens_it_to_look_and_says_what_cannot_be_done(tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    classes = np.ones((6, 8, 10), np.uint8)
    predicted(tmp_path / "disk" / "work", classes, labels=np.pad(classes[:2], ((0, 4), (0, 0), (0, 0))))
    before = _content(tmp_path / "disk")
    monkeypatch.chdir(tmp_path)
    program = [sys.executable, str(Path(__file__).with_name("read_only_disk.py")), "disk"]
    ran = on_read_only_disk(tmp_path / "disk", program)
    if ran is None:
        pytest.skip("this system lets nobody mount a disk of his own")
    assert ran.returncode == 0, ran.stderr
    told = dict(line.split(": ", 1) for line in ran.stdout.splitlines() if ": " in line)
    assert {name: told.get(name) for name in LOOKS} == dict.fromkeys(LOOKS, "done"), ran.stderr
    for name in REFUSED:
        assert "nothing can be written in it (Read-only file system). It can be looked at" in told[name]
    for name in REFUSED_IN_PYTHON:
        assert told[name].startswith("ProjectError")
        assert "opened to look at only" in told[name]
    for name in NAMELESS:
        assert "Name a file for the report" in told[name]
    assert _content(tmp_path / "disk") == before


def _content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_somebody_elses_in_a_folder_for_all_is_looked_at(tmp_path, monkeypatch):
    folder = tmp_path / "work"
    with Session(folder).writing("a test"):
        Session(folder).label_volume((4, 5))
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "labels.npy" and allowed(path, mode))
    session = Session(folder)
    with pytest.raises(SessionUnwritable, match=r"labels.npy: nothing can be written in it .Permission denied"):
        session.acquire("a test")
    assert session.holder() is None
    assert not session.lock.path.exists()


def test_a_folder_that_cannot_be_made_names_what_is_in_the_way(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError, match=r"Not a directory \(.*file\)\. Name another folder"):
        Session(tmp_path / "file" / "work").acquire("a test")


def test_a_change_that_was_cut_off_is_said_to_whoever_can_only_look(tmp_path):
    session = Session(tmp_path / "work")
    with session.writing("a test"):
        session.label_volume((4, 5))
        session.change()
        (session.folder / "history").mkdir(exist_ok=True)
        (session.folder / "history" / "000001.doing").write_bytes(b"")
        assert damage.found(session.folder) == []  # it is being written
    (words,) = damage.found(session.folder)
    assert "half done" in words


def test_what_is_opened_to_look_at_only_is_not_written_where_it_could_be(tmp_path):
    predicted(tmp_path / "work", np.ones((6, 8, 10), np.uint8))
    with fhn.open(session=tmp_path / "work", read_only=True) as work:
        for change in (lambda: work.runs.rename(work.run, "another"), lambda: work.runs.delete(work.run), work.report):
            with pytest.raises(ProjectError, match=r"to look at only|Name a file for the report"):
                change()


def test_a_file_that_cannot_be_written_is_called_by_its_name(tmp_path):
    with pytest.raises(OSError, match="No such file") as said:
        record.write_text(tmp_path / "nowhere" / "a.txt", "")
    assert said.value.filename == str(tmp_path / "nowhere" / "a.txt")
