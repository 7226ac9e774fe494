"""The record of a session."""

from __future__ import annotations

import json
import shutil

import pytest
from napari_fhn.widgets.sessions.record import FILE, Looks, Record, SessionError, SurveyRecord, find_files


@pytest.fixture
def moved(tmp_path):
    """A session that refers to two files, moved with one of them; returns (record, new folder)."""
    home = tmp_path / "home"
    (home / "session").mkdir(parents=True)
    (home / "data").mkdir()
    files = [home / "data" / "a.sgy", home / "data" / "b.sgy"]
    for file in files:
        file.touch()
    surveys = tuple(
        SurveyRecord.of(file.stem, file, home / "session", ticked=True, looks=Looks(contrast=(-1.0, 1.0)))
        for file in files
    )
    record = Record(surveys, {"labels": Looks(opacity=0.4)}, order=(0, 2, 1), point=(1.0, 2.0, 3.0), zoom=2.0)
    record.save(home / "session")
    shutil.move(home, tmp_path / "abroad")
    return record, tmp_path / "abroad" / "session"


def test_it_survives_and_says_where_files_lay(moved):
    record, folder = moved
    assert Record.load(folder) == record
    assert record.surveys[0].path == "../data/a.sgy"
    assert not list(folder.glob("*.part"))


def test_files_that_moved_along_are_found(moved):
    record, folder = moved
    asked = []
    found = find_files(record.surveys, folder, asked.append)
    assert asked == []
    assert sorted(path.name for path in found.values()) == ["a.sgy", "b.sgy"]
    assert all(path.exists() for path in found.values())


def test_a_missing_file_is_asked_for_once(moved, tmp_path):
    record, folder = moved
    elsewhere = tmp_path / "elsewhere"
    shutil.move(folder.parent / "data", elsewhere)
    asked = []

    def ask(name):
        asked.append(name)
        return elsewhere / name

    found = find_files(record.surveys, folder, ask)
    assert asked == ["a.sgy"]
    assert len(found) == 2
    assert find_files(record.surveys, folder, lambda _: None) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "is no session"),
        ("{", "cannot be read"),
        (json.dumps({"format": "napari-fhn desk 9"}), "another version"),
        (json.dumps({"format": "napari-fhn desk 1"}), "damaged"),
        (json.dumps([1]), "another version"),
    ],
)
def test_what_is_no_session_is_said(tmp_path, text, words):
    if text is not None:
        (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(SessionError, match=words):
        Record.load(tmp_path)
