"""The desk begins with what was done last: gone on with, begun anew, or another session out of a list."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog, QMessageBox

sys.path.insert(0, str(Path(__file__).parents[2] / "surveys"))

import four_kinds
import napari_fhn
from napari_fhn.project import Project, Session, SurveySet
from napari_fhn.surveys import open as open_survey
from napari_fhn.widgets.data.opening import open_surveys
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.sessions import picture


@pytest.fixture
def made(tmp_path):
    """A session of a little volume, as the command line makes it; returns its folder and the survey's file."""
    path = tmp_path / "north.npy"
    np.save(path, np.random.default_rng(0).standard_normal((6, 8, 12)).astype(np.float32))
    project = Project(Session(tmp_path / "sessions" / "north-08fa83a3b3"), SurveySet.of({"north": open_survey(path)}))
    with project.session.writing("a test"):
        project.use(project.surveys)
        known = np.zeros((6, 8, 12), np.uint8)
        known[2, 3] = 1
        project.paint(known)
    return project.session.folder, path


def test_sessions_are_listed_opened_lost_and_found(made, viewer, dock, spin, tmp_path, monkeypatch):
    folder, path = made
    start, desk = dock.start, dock.desk
    desk.starting.look()
    assert spin(lambda: start.list.count() == 1)
    assert re.fullmatch(r"north, Today, \d\d:\d\d: labels\. It lies in .*", start.list.item(0).toolTip())
    assert not start.isHidden()
    assert "north" in start.list.item(0).toolTip()
    start.list.setCurrentRow(0)
    QTest.keyClick(start.list, Qt.Key.Key_Return)
    assert spin(lambda: desk.session is not None and desk.session.folder == folder), desk.messages.message
    assert start.isHidden()
    assert desk.messages.message == "Opened north."
    desk.project.close()
    viewer.layers.clear()
    # The folder goes elsewhere: it is grey, and found again.
    shutil.move(folder, tmp_path / "elsewhere")
    desk.starting.look()
    assert spin(lambda: start.list.count() == 1 and desk.starting.state.recent[0].outline is None)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    assert start.list.item(0).toolTip().startswith("north, not in ")
    start.list.setCurrentRow(0)
    QTest.keyClick(start.list, Qt.Key.Key_Return)
    assert "no session in" in desk.messages.message
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "elsewhere"))
    start.list.itemWidget(start.list.item(0)).seek.click()
    assert spin(lambda: desk.starting.state.recent[0].outline is not None)
    # The survey alone is opened: its session is known, and another one may be begun.
    data, how, _ = image_layer(open_survey(path))
    viewer.add_image(data, **how)
    assert desk.book.layer is None
    assert desk.messages.message == "You labelled this today: labels. Go on?"
    start.anew.click()
    assert desk.session.folder.parent == desk.root
    assert not np.asarray(desk.book.layer.data).any()
    assert (tmp_path / "elsewhere" / "labels.npy").is_file()
    assert f"What was made before stays in {tmp_path / 'elsewhere'}" in desk.messages.message


def test_one_that_is_gone_is_taken_off_the_list_by_a_key(made, viewer, dock, spin):
    folder, path = made
    start, recent = dock.start, dock.desk.starting._recent
    recent.opened(folder, str(path))
    recent.opened(folder.with_name("lost"), str(path))
    dock.desk.starting.look()
    assert spin(lambda: start.list.count() == 2)
    for row in (1, 0):  # that which is there stays
        start.list.setCurrentRow(row)
        start._off.activated.emit()
    assert spin(lambda: start.list.count() == 1)
    assert "north" in start.list.item(0).toolTip()
    assert [one.path for one in recent.all()] == [folder]


def newer(folder):
    """Let a session be of a later version of the program, which this one cannot read."""
    path = folder / "session.json"
    path.write_text(re.sub(r'"version": *\d+', '"version": 99', path.read_text()))


@pytest.mark.parametrize("by", ["mouse", "keys"])
def test_one_that_is_there_and_cannot_be_read_says_why_and_is_looked_for_nowhere(
    by, made, viewer, dock, spin, monkeypatch, tmp_path
):
    folder, path = made
    shutil.move(folder, tmp_path / "elsewhere")  # it does not lie where sessions are listed by themselves
    folder = tmp_path / "elsewhere"
    newer(folder)
    kept = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}
    start, recent = dock.start, dock.desk.starting._recent
    recent.opened(folder, str(path))
    dock.desk.starting.look()
    assert spin(lambda: start.list.count() == 1)
    spin(lambda: False, 0.5)  # the dock has looked by itself too, and lists anew what it finds
    item = start.list.item(0)
    row = start.list.itemWidget(item)
    assert not row.forget.isHidden()
    assert row.seek.isHidden()
    assert item.toolTip().startswith("north, it cannot be read: ")
    assert item.toolTip().endswith(f"It lies in {folder}.")
    asked = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *said: asked.append(said) or "")
    start.list.setCurrentRow(0)
    if by == "mouse":
        start.list.itemClicked.emit(item)
    else:
        QTest.keyClick(start.list, Qt.Key.Key_Return)
    assert not asked
    assert dock.desk.messages.error
    assert dock.desk.messages.message.startswith(f"{folder} cannot be opened: it cannot be read: ")
    if by == "mouse":
        QTest.mouseClick(row.forget, Qt.MouseButton.LeftButton)
    else:
        start._off.activated.emit()
    assert recent.all() == ()
    assert dock.desk.messages.message == f"{folder} stays as it is, and is not listed any more."
    assert {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()} == kept
    assert spin(lambda: start.list.count() == 0)


def test_one_that_lies_where_sessions_are_listed_says_that_it_is_listed_as_long_as_it_lies_there(made, dock, spin):
    folder, _ = made
    newer(folder)
    starting = dock.desk.starting
    starting.look()
    assert spin(lambda: [one.outline for one in starting.state.recent] == [None])
    dock.start.list.itemWidget(dock.start.list.item(0)).forget.click()
    assert dock.desk.messages.message == f"{folder} stays as it is, and is listed as long as it lies there."
    assert folder.is_dir()


def test_a_session_of_the_list_in_which_another_program_works_says_so_and_can_be_taken_over(
    made, viewer, dock, spin, monkeypatch
):
    folder, _ = made
    other = Session(folder)
    other.acquire("napari-fhn train")
    dock.desk.starting.look()
    assert spin(lambda: dock.start.list.count() == 1)
    dock.start.list.setCurrentRow(0)
    QTest.keyClick(dock.start.list, Qt.Key.Key_Return)
    assert spin(lambda: dock.desk.session is not None)
    assert re.match(r"napari-fhn train .* is working in this session: look at it, or", dock.desk.messages.message)
    bar = dock.labels.looking
    assert "napari-fhn train" in bar.words.text()
    assert bar.take_over.text() == "Take over"
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    bar.take_over.click()
    assert dock.desk.project.writable
    other.release()


def test_the_picture_shows_the_section_in_view_with_what_is_known(labelled, tmp_path, spin):
    viewer, dock = labelled
    book = dock.desk.book
    viewer.dims.set_current_step(0, 6)
    seen = picture.scene(viewer, viewer.layers[0], ((book.layer, 1.0),), book.state.classes, 2)
    pixels = picture.painted(seen)
    assert pixels.shape == (32, 16, 4) if viewer.dims.order[-2:] == (2, 1) else (16, 32, 4)
    upright = pixels if pixels.shape[0] == 32 else pixels.swapaxes(0, 1)
    colors = [tuple(bytes.fromhex(book.state.classes.colors[value][1:])) for value in (1, 2)]
    assert tuple(upright[5, 3, :3]) == colors[0]
    assert tuple(upright[20, 3, :3]) == colors[1]
    picture.save(seen, tmp_path / "picture.png")
    assert picture.load(tmp_path / "picture.png").width() == picture.SIZE[0]
    (tmp_path / "picture.png").write_bytes(b"no picture")
    assert picture.load(tmp_path / "picture.png").isNull()
    # A slice of one time would read every trace of a file.
    assert picture.scene(viewer, viewer.layers[0], (), book.state.classes, 0) is None


def test_two_dates_are_known_in_whatever_order_they_are_opened(viewer, dock, spin, tmp_path):
    paths = [four_kinds.raster(tmp_path / f"date{date}.tif", 5) for date in (1, 2)]
    folder = dock.desk.root / "dates.fhn"
    with napari_fhn.open(paths, session=folder) as work:
        known = np.zeros((24, 30), np.uint8)
        known[3, 4:6] = 1
        work.label(known, classes=["wheat"])
    dock.desk.starting.look()
    assert spin(lambda: dock.start.list.count() == 1)
    for path in reversed(paths):
        open_surveys(viewer, [path])
    assert spin(lambda: not dock.start.offer.isHidden()), dock.desk.messages.message
    assert dock.desk.messages.message.startswith("You labelled ")
    dock.start.go_on.click()
    assert spin(lambda: dock.desk.session is not None and dock.desk.book.state.has_labels), dock.desk.messages.message
    assert dock.desk.session.folder == folder
    assert len([one for one in viewer.layers if "survey" in one.metadata]) <= 2


def test_nothing_is_offered_any_more_by_a_desk_that_was_closed(viewer, dock, spin, tmp_path):
    paths = [four_kinds.raster(tmp_path / f"date{date}.tif", 5) for date in (1, 2)]
    with napari_fhn.open(paths, session=dock.desk.root / "dates.fhn") as work:
        work.label(np.ones((24, 30), np.uint8), classes=["wheat"])
    starting = dock.desk.starting
    starting.look()
    assert spin(lambda: len(starting.state.recent) == 1)
    for path in paths:
        open_surveys(viewer, [path])
    assert starting.state.known is None  # that comes once all has come that comes together
    dock.close_desk()
    spin(lambda: False, 0.1)
    assert starting.state.known is None
