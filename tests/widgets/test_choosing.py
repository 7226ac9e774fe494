"""Where dialogs of files begin: where the person was last for such things, else beside what is worked on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog

import napari_fhn
from napari_fhn import sample_data
from napari_fhn.surveys import open as open_survey
from napari_fhn.widgets import choosing
from napari_fhn.widgets.data import opening
from napari_fhn.widgets.sessions import commands

WIDGETS = Path(napari_fhn.__file__).parent / "widgets"
ASKING = ("getOpenFileName", "getOpenFileNames", "getExistingDirectory", "getSaveFileName")


@pytest.fixture(autouse=True)
def begun():
    choosing.forget()
    yield
    choosing.forget()


@pytest.fixture
def asked(monkeypatch):
    """Titles and places of the dialogs that come up; each is answered with what is put into `answers`, else let be."""
    seen, answers = [], []

    def answer(name):
        def ask(_, title, place="", *more):
            seen.append((title, Path(place)))
            given = answers.pop(0) if answers else ""
            if name == "getExistingDirectory":
                return given
            return ([given] if given else []) if name.endswith("s") else given, ""

        return ask

    for name in ASKING:
        monkeypatch.setattr(QFileDialog, name, answer(name))
    seen_and_answers = (seen, answers)
    return seen_and_answers


def test_no_dialog_of_files_is_made_elsewhere():
    found = {path.name for path in WIDGETS.rglob("*.py") if "QFileDialog" in path.read_text()}
    assert found == {"choosing.py", "saving.py"}


def test_every_dialog_of_the_dock_begins_beside_the_survey_or_with_the_sessions(viewer, dock, asked, tmp_path):
    seen, _ = asked
    path = tmp_path / "data" / "survey.sgy"
    path.parent.mkdir()
    shutil.copyfile(sample_data.SEISMIC.survey, path)
    viewer.open(str(path), plugin="napari-fhn")
    dock.labels.new.click()
    sessions = dock.desk.session.folder.parent
    results, labels = dock.results, dock.labels
    beside = (
        lambda: opening.choose_files(viewer),
        lambda: opening.choose_folder(viewer),
        lambda: labels._load(ask=True),
        labels._load_folder,
        labels._read,
        lambda: labels._save(None),
        results._save_model,
        results._export_network,
    )
    for act in beside:
        seen.clear()
        act()
        ((title, place),) = seen
        assert path.parent in (place, place.parent), title
    for act in (lambda: commands.open_session(viewer), lambda: commands.save_session(viewer)):
        seen.clear()
        act()
        ((title, place),) = seen
        assert place == sessions, title


def test_one_begins_where_one_was_last_for_that_kind_of_thing(qtbot, asked, tmp_path):
    seen, answers = asked
    for name in ("a", "b", "beside"):
        (tmp_path / name).mkdir()
    answers += [str(tmp_path / "a" / "picks.csv"), "", str(tmp_path / "b"), ""]
    near = tmp_path / "beside"
    assert choosing.ask_open(None, "known", "1", near=near) == tmp_path / "a" / "picks.csv"
    assert choosing.ask_open_several(None, "known", "2", near=near) == []
    assert choosing.ask_folder(None, "network", "3", near) == tmp_path / "b"
    assert choosing.ask_folder(None, "known", "4", near) is None
    assert [place for _, place in seen] == [near, tmp_path / "a", near, tmp_path / "a"]
    shutil.rmtree(tmp_path / "a")  # a folder that has gone: the nearest around it
    assert choosing.begin("known", near) == tmp_path


def test_a_place_is_never_the_root_of_a_disk_nor_a_folder_of_the_program(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_FHN_SESSIONS", str(tmp_path / "sessions"))
    monkeypatch.chdir("/")
    assert choosing.begin("survey", Path("/no such disk/data")) == Path.home()
    assert choosing.folder_of(open_survey(sample_data.SEISMIC.survey)) is None
    inside = tmp_path / "sessions" / "maps" / "stack.npy"
    inside.parent.mkdir(parents=True)
    np.save(inside, np.zeros((4, 5), np.float32))
    assert choosing.folder_of(open_survey(inside, axes=("y", "x"))) is None
    assert choosing.folder_of(None) is None
