"""A session whose survey is gone: it is asked for in words, and what the session holds is shown without it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog, QMessageBox

import modal
from napari_fhn.project import Project, Session, SurveySet
from napari_fhn.project.exporting.exporter import Request
from napari_fhn.surveys import open as open_survey
from napari_fhn.widgets import choosing
from napari_fhn.widgets.sessions.asking import ask_where
from napari_fhn.widgets.sessions.reading import Left

SHAPE = (6, 8, 16)


@pytest.fixture(autouse=True)
def own_dialogs():
    choosing.forget()
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs, True)
    yield
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs, False)


@pytest.fixture(params=[True, False], ids=["with a copy", "without a copy"])
def left(request, tmp_path):
    """A session whose survey is gone; returns its folder, where the survey was, and the values of its copy."""
    path = tmp_path / "disk" / "north.npy"
    path.parent.mkdir()
    values = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    np.save(path, values)
    project = Project(Session(tmp_path / "sessions" / "north"), SurveySet.of({"north": open_survey(path)}))
    with project.session.writing("a test"):
        project.use(project.surveys)
        known = np.zeros(SHAPE, np.uint8)
        known[2, 3, :8], known[4, 3, 8:] = 1, 2
        project.paint(known)
        if request.param:
            project.stage()
    path.unlink()
    return project.session.folder, path, values if request.param else None


def test_it_is_opened_without_it_and_says_which_file_is_missing(left, viewer, dock, open_session):
    folder, path, values = left
    desk = dock.desk
    assert open_session(desk, folder), desk.messages.message
    assert np.asarray(desk.book.layer.data).sum() == 24
    shown = np.asarray(desk.data.material.first.values)
    assert shown.shape == SHAPE
    if values is None:
        assert np.isnan(shown).all()
    else:
        np.testing.assert_array_equal(shown, values)
    said = desk.messages.message
    assert said.startswith(f"Opened north. north.npy is not in {path.parent} any more: ")
    assert said.endswith("; to name its new place, open the session again.")
    assert ("its copy in the session is used" in said) == (values is not None)
    assert desk.project.project.surveys is None
    assert desk.project.writable  # labels may be painted


def test_the_session_goes_on_naming_its_file_whatever_is_ticked(left, viewer, dock, open_session, spin):
    folder, path, _ = left
    desk = dock.desk
    before = Session(folder).manifest.surveys
    assert open_session(desk, folder), desk.messages.message
    layer = desk.data.state.chosen[0]
    desk.data.choose(())
    desk.data.choose((layer,))
    desk.store.save()
    spin(lambda: False, 0.1)
    assert desk.session is not None
    assert desk.session.folder == folder
    assert Session(folder).manifest.surveys == before
    # With the file back it is what it was, and drawn in its own contrast.
    np.save(path, np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32))
    assert open_session(desk, folder), desk.messages.message
    assert desk.project.project.surveys is not None
    assert desk.messages.message == "Opened north."
    assert desk.data.state.chosen[0].contrast_limits[0] < -0.5


def test_training_and_predicting_take_the_copy_or_are_refused_in_a_sentence(
    left, viewer, dock, open_session, spin, small
):
    folder, path, values = left
    desk = dock.desk
    assert open_session(desk, folder), desk.messages.message
    desk.planning.choose("sections")
    begun = []
    desk.work.begun.connect(lambda: begun.append(True))
    desk.train()
    assert spin(lambda: begun or desk.messages.error), desk.messages.message
    if values is None:
        assert f"north.npy is not in {path.parent} any more" in desk.messages.message
        assert desk.project.runs() == []
    else:
        assert begun, desk.messages.message
        desk.stop()
        assert spin(lambda: desk.state.activity.idle)


@pytest.mark.parametrize("left", [True], indirect=True)
@pytest.mark.parametrize("copied", [True, False], ids=["with a copy", "without a copy"])
def test_labels_and_prediction_are_shown_and_exported(
    left, copied, viewer, dock, open_session, spin, add_run, tmp_path
):
    folder, *_ = left
    desk = dock.desk
    assert open_session(desk, folder), desk.messages.message
    add_run(desk, np.full(SHAPE, 2, np.uint8))
    if not copied:
        shutil.rmtree(folder / "inputs")
    assert open_session(desk, folder), desk.messages.message
    assert np.isnan(desk.data.material.first.values).all() != copied
    assert (np.asarray(desk.prediction.layer.data) == 2).all()
    for what, expected in (("labels", np.asarray(desk.book.layer.data)), ("classes", np.full(SHAPE, 2, np.uint8))):
        out = tmp_path / f"{what}.npy"
        desk.exports.save(Request(what, out))
        assert spin(lambda out=out: not desk.exports.state.busy and out.is_file()), desk.messages.message
        np.testing.assert_array_equal(np.load(out), expected)


def test_the_dialog_says_where_it_was_and_begins_there(left, viewer, dock, spin, tmp_path):
    _, path, _ = left
    new = tmp_path / "another disk" / "moved.npy"
    new.parent.mkdir()
    np.save(new, np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32))
    met = {}

    def question(box):
        assert isinstance(box, QMessageBox)
        met["text"] = box.text()
        assert box.defaultButton().text().replace("&", "") == "Find it …"
        modal.pressing(Qt.Key.Key_Return)(box)

    def place(dialog):
        assert isinstance(dialog, QFileDialog)
        met["title"], met["folder"] = dialog.windowTitle(), Path(dialog.directory().absolutePath())
        modal.typing(new)(dialog)

    meeting = modal.Meeting(question, place)
    dock.desk.starting.look()
    assert spin(lambda: dock.start.list.count() == 1)
    dock.start.list.setCurrentRow(0)
    QTest.keyClick(dock.start.list, Qt.Key.Key_Return)
    assert spin(lambda: dock.desk.session is not None), dock.desk.messages.message
    assert meeting.done()
    assert met == {
        "text": f"north.npy is not in {path.parent} any more.",
        "title": "Where is north.npy now?",
        "folder": path.parent,
    }
    assert dock.desk.project.project.surveys.source == new


def test_who_lets_it_be_opens_nothing_and_who_goes_back_is_asked_again(left, dock):
    folder, *_ = left
    (file,) = (entry.file for entry in Session(folder).manifest.surveys)
    meeting = modal.Meeting(modal.pressing(Qt.Key.Key_Escape))
    assert ask_where(dock, file) is Left.ALONE
    assert meeting.done()

    def without(box):
        next(one for one in box.buttons() if "without" in one.text()).click()

    meeting = modal.Meeting(modal.pressing(Qt.Key.Key_Return), modal.pressing(Qt.Key.Key_Escape), without)
    assert ask_where(dock, file) is None
    assert meeting.done()


def test_where_its_disk_is_gone_one_looks_where_the_last_one_was_found(tmp_path):
    was = tmp_path / "disk" / "surveys" / "north.sgy"
    was.parent.mkdir(parents=True)
    assert choosing.begin_of_moved("survey", was) == was.parent
    shutil.rmtree(tmp_path / "disk")
    assert choosing.begin_of_moved("survey", was) == tmp_path
    (tmp_path / "other").mkdir()
    choosing.remember("survey", tmp_path / "other" / "south.sgy")
    assert choosing.begin_of_moved("survey", was) == tmp_path / "other"
    assert choosing.begin_of_moved("known", Path("/no such disk/a.csv")) == Path.cwd()


def test_an_array_that_came_from_no_file_is_told_from_a_file(viewer, dock, open_session):
    viewer.add_image(np.zeros(SHAPE, np.float32), name="made")
    dock.labels.new.click()
    desk = dock.desk
    desk.book.layer.data[1, 2, 3] = 1
    desk.store.save()
    folder = desk.session.folder
    desk.project.close()
    viewer.layers.clear()
    assert open_session(desk, folder), desk.messages.message
    assert desk.data.material.first.attrs["notes"] == ("'made' came from no file.",)
    assert desk.book.layer.data[1, 2, 3] == 1


def test_of_two_maps_the_one_that_is_gone_is_stood_in_for_and_both_stay_those_of_the_session(
    viewer, dock, open_session, tmp_path
):
    values = {name: np.random.default_rng(0).random((30, 40), np.float32) for name in ("gravity", "magnetics")}
    for name, one in values.items():
        np.save(tmp_path / f"{name}.npy", one)
    maps = SurveySet.of({name: open_survey(tmp_path / f"{name}.npy", axes=("y", "x")) for name in values})
    project = Project(Session(tmp_path / "maps"), maps)
    with project.session.writing("a test"):
        project.use(maps)
        project.paint(np.eye(30, 40, dtype=np.uint8))
        project.stage()
    (tmp_path / "gravity.npy").unlink()
    desk = dock.desk
    assert open_session(desk, tmp_path / "maps"), desk.messages.message
    assert [layer.name for layer in desk.data.state.chosen] == ["gravity", "magnetics"]
    for survey, one in zip(desk.data.material.surveys.surveys, values.values(), strict=True):
        np.testing.assert_array_equal(np.squeeze(survey.values), one)
    desk.store.save()
    assert [entry.name for entry in Session(tmp_path / "maps").manifest.inputs] == ["gravity", "magnetics"]
