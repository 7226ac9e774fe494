"""Sessions of late: listed, found again where they were moved, and told in a few words."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.labels import ClassTable, Interval, Well
from napari_fhn.project import ProjectError, Session
from napari_fhn.project.labelling.wells import KeptWells, save
from napari_fhn.project.sessions.outline import Outline, day
from napari_fhn.project.sessions.recent import FILE, RecentSessions
from napari_fhn.project.sessions.session_list import listed


@pytest.fixture
def recent(tmp_path):
    return RecentSessions(tmp_path / "home" / FILE)


def test_the_last_opened_comes_first_and_once(recent):
    for name in ("a", "b", "a"):
        recent.opened(Path("/sessions", name), "/data/north.sgy")
    assert [one.folder for one in recent.all()] == ["/sessions/a", "/sessions/b"]


def test_of_a_survey_those_that_are_there(recent, tmp_path):
    for name, survey in (("a", "north"), ("b", "south"), ("gone", "north"), ("c", "north")):
        recent.opened(tmp_path / name, survey)
        if name != "gone":
            (tmp_path / name).mkdir()
    assert recent.of_survey("north") == (tmp_path / "c", tmp_path / "a")
    assert recent.of_survey("") == ()
    recent.moved(tmp_path / "gone", tmp_path / "b")
    assert recent.of_survey("north") == (tmp_path / "c", tmp_path / "b", tmp_path / "a")
    recent.forget(tmp_path / "c")
    assert recent.of_survey("north")[0] == tmp_path / "b"


def test_a_damaged_list_is_put_aside_and_begun_anew(recent, tmp_path):
    recent.opened(tmp_path, "")
    path = tmp_path / "home" / FILE
    path.write_text("{")
    assert recent.all() == ()
    recent.opened(tmp_path, "")
    assert len(recent.all()) == 1
    assert len(list(path.parent.iterdir())) == 2


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """Two sessions where sessions lie, into the first of which nobody may look; returns both folders."""
    folders = tmp_path / "home" / "locked", tmp_path / "home" / "north"
    for folder in folders:
        session = Session(folder)
        with session.writing("a test"):
            session.set_classes(ClassTable.default(3))

    listing = os.listdir

    def refusing(real):
        def look(path=".", *args, **how):
            named = Path("" if isinstance(path, int) else os.fsdecode(path))
            if folders[0] in named.parents or (real is listing and named == folders[0]):
                raise PermissionError(13, "Permission denied", os.fspath(path))
            return real(path, *args, **how)

        return look

    for name in ("stat", "listdir", "open"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    return folders


def test_one_that_may_not_be_looked_into_is_not_taken_for_one_that_is_gone(recent, locked, tmp_path):
    recent.opened(locked[0], "/data/south.sgy")
    recent.opened(tmp_path / "lost", "/data/west.sgy")
    found = {one.called: one for one in listed(recent, [tmp_path / "home"], 12)}
    # Nor does it hide what lies beside it.
    assert [one.folder for one in found.values()] == [tmp_path / "lost", *locked]
    assert found["west"].gone
    assert found["west"].why_not == "not there any more"
    assert not found["south"].gone
    assert found["south"].why_not == "it cannot be read: Permission denied"
    with pytest.raises(ProjectError, match=r"locked: it cannot be looked into \(Permission denied\)\. Ask whoever"):
        Session.existing(locked[0])


def test_a_session_is_told_in_words_without_being_opened(tmp_path):
    assert Outline.of(tmp_path) is None
    session = Session(tmp_path / "work")
    with session.writing("a test"):
        session.set_classes(ClassTable.default(3))
    told = Outline.of(session.folder)
    assert told.words == "nothing labelled yet"
    with session.writing("a test"):
        session.label_volume((2, 3))[:] = np.uint8(1)
    assert Outline.of(session.folder).words == "3 classes"
    save(session.folder, KeptWells((Well("A", 1, 2, intervals=(Interval(0, 4, "sand"),)),)))
    then = datetime.datetime(2026, 5, 3, 12)
    os.utime(session.labels, (0, then.timestamp()))
    os.utime(session.folder / "wells.json", (0, 0))
    told = Outline.of(session.folder)
    assert told.words == "1 well"
    assert told.changed == then
    assert told.day(datetime.date(2026, 5, 4)) == "yesterday"
    assert not session.lock.held


def test_a_day_of_another_year_is_told_with_it():
    assert day(datetime.date(2025, 12, 31), datetime.date(2026, 12, 31)) == "on 31 December 2025"
    assert day(datetime.date(2026, 1, 2), datetime.date(2026, 1, 1)) == "on 2 January 2026"
