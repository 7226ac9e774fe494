"""A session has one writer; others look, or take it over."""

from __future__ import annotations

import errno

import numpy as np
import pytest
from qtpy.QtWidgets import QMessageBox

from napari_fhn import sample_data, surveys
from napari_fhn.project import Session
from napari_fhn.project.sessions.lock import SessionLock
from napari_fhn.widgets.folders import session_folder
from napari_fhn.widgets.open_project import Access


@pytest.fixture
def busy(viewer, dock):
    """The folder of the sample's session, in which another program writes."""
    folder = session_folder(surveys.open(sample_data.SEISMIC.survey), dock.desk.root)
    other = Session(folder)
    other.acquire("napari-fhn train")
    other.label_volume((128, 192, 160))[3, 4, 5] = 2
    yield other
    other.release()


def test_who_comes_second_looks_and_may_take_over(viewer, dock, busy, monkeypatch):
    desk = dock.desk
    viewer.open_sample("napari-fhn", "seismic")
    # There are labels in it, so one is asked whether to go on with it.
    assert desk.project.access is Access.NONE
    dock.labels.new.click()
    assert desk.project.access is Access.LOOKING
    assert desk.book.layer.data[3, 4, 5] == 2
    assert not desk.book.layer.editable
    assert not dock.run.train.isEnabled()
    assert not dock.labels.load.isEnabled()
    assert "napari-fhn train" in dock.labels.looking.words.text()
    assert not dock.labels.looking.isHidden()
    desk.labelling.loader.load()
    assert "can only be looked at" in desk.messages.message
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No)
    dock.labels.looking.take_over.click()
    assert desk.project.access is Access.LOOKING
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    dock.labels.looking.take_over.click()
    assert desk.project.writable
    assert desk.book.layer.editable
    assert dock.labels.looking.isHidden()
    desk.book.layer.data_setitem((np.array([1]), np.array([1]), np.array([1])), 1)
    assert np.load(busy.labels, mmap_mode="r")[1, 1, 1] == 1
    assert busy.lock.lost


def test_a_session_that_cannot_be_written_is_shown_and_tried_again(viewer, dock, monkeypatch):
    desk = dock.desk
    folder = session_folder(surveys.open(sample_data.SEISMIC.survey), desk.root)
    with Session(folder).writing("an earlier day"):
        Session(folder).label_volume((128, 192, 160))[3, 4, 5] = 2
    made = SessionLock._make

    def refused(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(SessionLock, "_make", refused)
    viewer.open_sample("napari-fhn", "seismic")
    dock.labels.new.click()
    assert desk.project.access is Access.LOOKING
    assert desk.book.layer.data[3, 4, 5] == 2
    assert not desk.book.layer.editable
    assert not dock.run.train.isEnabled()
    assert "Nothing can be written in this session (Read-only file system)" in dock.labels.looking.words.text()
    assert dock.labels.looking.take_over.text() == "Try again"
    desk.labelling.loader.load()
    assert "can only be looked at" in desk.messages.message
    dock.labels.looking.take_over.click()
    assert desk.project.access is Access.LOOKING
    assert "nothing can be written in it" in desk.messages.message
    monkeypatch.setattr(SessionLock, "_make", made)
    dock.labels.looking.take_over.click()
    assert desk.project.writable
    assert desk.book.layer.editable
    assert dock.labels.looking.isHidden()


def test_who_is_put_out_finds_out_and_looks(labelled, spin):
    _, dock = labelled
    desk = dock.desk
    other = Session(desk.session.folder)
    other.acquire("another desk", take_over=True)
    # What is clicked meanwhile is not written over what the other one writes.
    desk.labelling.edits.rename(1, "Mine")
    assert desk.project.access is Access.LOOKING
    assert "has taken the session over" in desk.messages.message
    assert not desk.book.layer.editable
    assert not dock.run.train.isEnabled()
    other.release()
    assert Session(desk.session.folder).manifest.classes == ()


def test_a_closed_dock_lets_go_of_the_session(labelled):
    _, dock = labelled
    session = dock.desk.session
    assert Session(session.folder).holder() is not None
    dock.close_desk()
    assert Session(session.folder).holder() is None
