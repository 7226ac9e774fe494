"""A session is saved as one goes, opened as it was, and moved to another machine."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import npe2
import numpy as np
import pytest
from napari_fhn.widgets.sessions.record import FILE, Record

from napari_fhn import sample_data
from napari_fhn.training import Input, Job
from napari_fhn.training.recipes import recipe
from napari_fhn.widgets.sessions import commands


@pytest.fixture
def seismic(viewer, dock, tmp_path, spin):
    """The desk with a survey beside which a session can be moved; returns (viewer, dock, survey file)."""
    path = tmp_path / "home" / "data" / "survey.sgy"
    path.parent.mkdir(parents=True)
    shutil.copyfile(sample_data.SEISMIC.survey, path)
    viewer.open(str(path), plugin="napari-fhn")
    dock.labels.new.click()
    return viewer, dock, path


def work(viewer, dock):
    """Leave traces of a person in the session; returns what must come back."""
    desk = dock.desk
    desk.book.layer.data[3, 4, 5] = 2
    desk.labelling.edits.rename(2, "Chalk")
    desk.planning.change("schedule", "steps", 77)
    desk.planning.change("network", "h", 0.7)
    desk.planning.state.device = "cpu"
    desk.book.choose_held_out(3)
    desk.prediction.layer.opacity = 0.3
    viewer.layers[0].contrast_limits = (-2.0, 3.0)
    viewer.dims.set_current_step(0, 17)
    viewer.add_points(np.zeros((1, 3)), name="mine")
    return desk.planning.state.settings


def test_it_comes_back_as_it_was_from_another_place(seismic, tmp_path):
    viewer, dock, _ = seismic
    desk = dock.desk
    settings = work(viewer, dock)
    desk.store.save()
    place = viewer.dims.current_step
    moved = tmp_path / "home" / "session"
    shutil.copytree(desk.session.folder, moved)
    record = Record.load(moved)
    replace(record, surveys=(replace(record.surveys[0], path="../data/survey.sgy", absolute="/gone/survey.sgy"),)).save(
        moved
    )
    shutil.move(tmp_path / "home", tmp_path / "abroad")
    viewer.dims.set_current_step(0, 2)
    desk.planning.choose("volume")
    assert desk.store.open(tmp_path / "abroad" / "session", lambda name: None), desk.words.message
    assert desk.session.folder == tmp_path / "abroad" / "session"
    assert desk.book.layer.data[3, 4, 5] == 2
    assert desk.book.state.classes.names[1] == "Chalk"
    assert desk.planning.state.settings == settings
    assert desk.planning.state.device == "cpu"
    assert desk.book.state.held_out == 3
    assert desk.prediction.layer.opacity == pytest.approx(0.3)
    image = desk.data.material.layer
    assert tuple(image.contrast_limits) == (-2.0, 3.0)
    assert viewer.dims.current_step == place
    assert "mine" in viewer.layers
    assert len(viewer.layers) == 4


def test_a_survey_that_is_gone_is_asked_for_and_may_stay_away(seismic, tmp_path):
    viewer, dock, path = seismic
    desk = dock.desk
    desk.store.save()
    folder = desk.session.folder
    shutil.move(path, tmp_path / "elsewhere.sgy")
    n = len(viewer.layers)
    assert not desk.store.open(folder, lambda name: None)
    assert "nothing was opened" in desk.words.message
    assert len(viewer.layers) == n
    asked = []

    def ask(name: str) -> Path:
        asked.append(name)
        return tmp_path / "elsewhere.sgy"

    assert desk.store.open(folder, ask), desk.words.message
    assert asked == ["survey.sgy"]
    assert desk.session.folder == folder


def test_it_is_saved_as_one_goes(seismic, spin):
    viewer, dock, _ = seismic
    path = dock.desk.session.folder / FILE
    assert spin(path.is_file, 10)
    before = path.read_bytes()
    viewer.dims.set_current_step(0, 9)
    assert spin(lambda: path.read_bytes() != before, 10)


def test_a_copy_names_its_own_files(seismic, tmp_path, monkeypatch):
    viewer, dock, path = seismic
    desk = dock.desk
    session = desk.session
    chosen = recipe("sections")
    job = Job(
        (Input(str(session.folder / "input-x.npy")),),
        str(session.labels),
        ("a", "b"),
        chosen.network,
        chosen.schedule,
        str(session.prediction),
        str(session.model),
    )
    session.model.mkdir()
    job.save(session.model / "job.json")
    copy = tmp_path / "home" / "copy"
    copy.mkdir()
    monkeypatch.setattr(commands.QFileDialog, "getExistingDirectory", lambda *_: str(copy))
    commands.save_session(viewer)
    assert "copied" in desk.words.message
    kept = Job.load(copy / "model" / "job.json")
    assert {Path(kept.labels).parent, Path(kept.prediction).parent, Path(kept.inputs[0].path).parent} == {copy}
    assert (copy / Record.load(copy).surveys[0].path).resolve() == path
    commands.save_session(viewer)
    assert "not empty" in desk.words.message
    commands.open_session(viewer)
    assert desk.session.folder == copy


def test_the_menu_finds_its_commands():
    manifest = npe2.PluginManager.instance().get_manifest("napari-fhn")
    items = manifest.contributions.menus["napari/file/io_utilities"]
    assert [item.command for item in items] == ["napari-fhn.open_session", "napari-fhn.save_session"]
    for item in items:
        command = next(entry for entry in manifest.contributions.commands if entry.id == item.command)
        assert callable(npe2.PluginManager.instance().commands.get(command.id))
