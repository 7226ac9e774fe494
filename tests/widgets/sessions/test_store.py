"""A session is saved as one goes, opened as it was, and moved to another machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import npe2
import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog

from napari_fhn import sample_data, surveys
from napari_fhn.labels import Source
from napari_fhn.project import Project, Session, SurveySet
from napari_fhn.project.sessions.view_record import FILE, ViewRecord
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.sessions import commands
from napari_fhn.widgets.sessions.reading import Left


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
    desk.book.state.blocks = 8
    desk.prediction.layer.opacity = 0.3
    viewer.layers[0].contrast_limits = (-2.0, 3.0)
    viewer.dims.set_current_step(0, 17)
    desk.context.views.fence, desk.context.views.colours = ((0.0, 1.5), (9.0, 4.0)), False
    viewer.add_points(np.zeros((1, 3)), name="mine")
    return desk.planning.state.settings


def test_it_comes_back_as_it_was_from_another_place(seismic, tmp_path, open_session):
    viewer, dock, path = seismic
    desk = dock.desk
    settings = work(viewer, dock)
    desk.store.save()
    place = viewer.dims.current_step
    # With the survey where the session saw it, as seen from there: the whole folder goes to another machine.
    copy = tmp_path / "home" / "session"
    copy.mkdir()
    desk.store.copy(copy)
    shutil.move(tmp_path / "home", tmp_path / "abroad")
    viewer.dims.set_current_step(0, 2)
    desk.planning.choose("volume")
    desk.context.views.fence, desk.context.views.colours = ((3.0, 3.0), (4.0, 8.0)), True
    assert open_session(desk, tmp_path / "abroad" / "session"), desk.messages.message
    assert desk.session.folder == tmp_path / "abroad" / "session"
    assert desk.book.layer.data[3, 4, 5] == 2
    assert desk.book.state.classes.names[1] == "Chalk"
    assert desk.planning.state.settings.with_value("schedule", "steps", 77).schedule == settings.schedule
    assert desk.planning.state.settings.network == settings.network
    assert desk.planning.state.device == "cpu"
    assert desk.book.state.held_out == 3
    assert desk.book.state.blocks == 8
    assert desk.prediction.layer.opacity == pytest.approx(0.3)
    image = desk.data.material.layer
    assert tuple(image.contrast_limits) == (-2.0, 3.0)
    assert viewer.dims.current_step == place
    assert desk.context.views.fence == ((0.0, 1.5), (9.0, 4.0))
    assert not desk.context.views.colours
    assert "mine" in viewer.layers
    assert len(viewer.layers) == 4
    assert not path.exists()


def test_a_survey_that_is_gone_is_asked_for_and_nothing_need_be_opened(seismic, tmp_path, open_session):
    viewer, dock, path = seismic
    desk = dock.desk
    desk.store.save()
    folder = desk.session.folder
    shutil.move(path, tmp_path / "elsewhere.sgy")
    layers = list(viewer.layers)
    assert not open_session(desk, folder, lambda file: Left.ALONE)
    assert list(viewer.layers) == layers
    asked = []

    def ask(file) -> Path:
        asked.append((file.name, file.absolute))
        return tmp_path / "elsewhere.sgy"

    assert open_session(desk, folder, ask), desk.messages.message
    assert asked == [("survey.sgy", str(path))]
    assert desk.session.folder == folder
    assert desk.project.project.surveys is not None


def test_it_is_saved_as_one_goes(seismic, spin):
    viewer, dock, _ = seismic
    path = dock.desk.session.folder / FILE
    assert spin(path.is_file)
    before = path.read_bytes()
    viewer.dims.set_current_step(0, 9)
    assert spin(lambda: path.read_bytes() != before)


def test_a_copy_names_its_own_files(seismic, tmp_path, monkeypatch, small, add_run, spin):
    viewer, dock, path = seismic
    desk = dock.desk
    desk.book.layer.data[3] = np.arange(160) // 80 + 1
    add_run(desk)
    copy = tmp_path / "home" / "copy"
    copy.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(copy))
    commands.save_session(viewer)
    assert spin(lambda: "copied" in desk.messages.message)
    kept = Session(copy).runs.current.job()
    for named in (kept.labels, kept.prediction, kept.inputs[0].path, kept.model):
        assert Path(named).is_relative_to(copy)
    assert (copy / Session(copy).manifest.surveys[0].file.path).resolve() == path
    assert not (copy / "session.lock").exists()
    commands.save_session(viewer)
    assert "not empty" in desk.messages.message
    commands.open_session(viewer)
    assert spin(lambda: desk.session.folder == copy)
    assert desk.project.current.id == "run-001"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    commands.open_session(viewer)
    assert desk.messages.message == f"There is no session in {tmp_path}: choose the folder that holds session.json."
    assert desk.session.folder == copy


def test_how_it_is_looked_at_is_all_that_the_desk_keeps_for_itself(seismic):
    viewer, dock, _ = seismic
    work(viewer, dock)
    dock.desk.store.save()
    folder = dock.desk.session.folder
    assert list(ViewRecord.load(folder).surveys) == ["survey"]
    manifest = Session(folder).manifest
    assert [entry.name for entry in manifest.inputs] == ["survey"]
    assert manifest.settings["schedule"]["steps"] == 77
    assert manifest.settings["device"] == "cpu"
    assert manifest.held_out.count == 3
    assert manifest.table.names[1] == "Chalk"
    # The command line and Python open it without the desk's record.
    (folder / FILE).unlink()
    assert Project.open(folder).settings.schedule.steps == 77


def test_a_session_of_the_command_line_opens_in_the_dock(viewer, dock, tmp_path, open_session):
    files = sample_data.SEISMIC
    survey = surveys.open(files.survey)
    made = Project(Session(tmp_path / "typed"), SurveySet.of({"cube": survey}))
    with made.session.writing("napari-fhn train"):
        made.use(made.surveys)
        made.label([Source.of(files.wells, survey), Source.of(files.tops, survey)])
    desk = dock.desk
    assert open_session(desk, tmp_path / "typed"), desk.messages.message
    assert [layer.name for layer in desk.data.state.chosen] == ["cube"]
    assert np.asarray(desk.book.layer.data).any()
    assert desk.book.state.classes == made.classes
    assert desk.project.writable


def test_a_survey_that_needed_an_answer_comes_back_with_it(viewer, dock, tmp_path, open_session):
    values = np.random.default_rng(0).standard_normal((20, 8, 12)).astype(np.float32)
    path = tmp_path / "volume.npy"
    np.save(path, values)
    survey = surveys.open(path, axes=("twt", "inline", "crossline"))
    made = Project(Session(tmp_path / "typed"), SurveySet.of({"volume": survey}))
    with made.session.writing("napari-fhn train"):
        made.use(made.surveys)
        known = np.zeros(survey.shape, np.uint8)
        known[2, 3] = 1
        made.paint(known)
    desk = dock.desk
    assert open_session(desk, tmp_path / "typed"), desk.messages.message
    assert desk.data.material.shape == survey.shape
    np.testing.assert_array_equal(desk.book.layer.data, known)


def test_a_session_that_does_not_open_leaves_everything_as_it_was(seismic, tmp_path, open_session):
    viewer, dock, path = seismic
    desk = dock.desk
    work(viewer, dock)
    layers, folder = list(viewer.layers), desk.session.folder
    other = tmp_path / "other"
    made = Project(Session(other), SurveySet.of({"survey": surveys.open(path)}))
    with made.session.writing("a test"):
        made.use(made.surveys)
    (other / "session.json").write_text("{")
    # Labels of another shape than the survey has now.
    third = tmp_path / "third"
    shutil.copytree(folder, third, ignore=shutil.ignore_patterns("session.lock"))
    manifest = Session(third).manifest
    text = (third / "session.json").read_text().replace('"size": 128', '"size": 127')
    (third / "session.json").write_text(text)
    assert manifest.grid is not None
    for folder_ in (other, third, tmp_path / "nowhere", tmp_path):
        assert not open_session(desk, folder_), folder_
        assert desk.messages.error
        assert list(viewer.layers) == layers
        assert desk.session.folder == folder
        assert desk.project.writable
        assert desk.book.layer.data[3, 4, 5] == 2


def test_the_menu_finds_its_commands():
    manifest = npe2.PluginManager.instance().get_manifest("napari-fhn")
    items = manifest.contributions.menus["napari/file/io_utilities"]
    assert [item.command for item in items][-2:] == ["napari-fhn.open_session", "napari-fhn.save_session"]
    for item in items:
        command = next(entry for entry in manifest.contributions.commands if entry.id == item.command)
        assert callable(npe2.PluginManager.instance().commands.get(command.id))


def test_a_session_with_damaged_records_opens_and_says_what_is_lost(seismic, open_session):
    viewer, dock, _ = seismic
    desk = dock.desk
    work(viewer, dock)
    desk.store.save()
    folder = desk.session.folder
    desk.context.project.close()
    with Session.existing(folder).writing("another program"):
        pass
    for name in ("session.json", "wells.json", FILE):
        (folder / name).write_bytes(b"\0" * 300)
    assert open_session(desk, folder), desk.messages.message
    assert desk.book.layer.data[3, 4, 5] == 2
    assert desk.book.state.classes.names[1] == "Chalk"
    said = desk.messages.note
    for name in ("session.json", "wells.json", FILE):
        assert f"{name} cannot be read" in said
        assert (folder / f"{name}.damaged").read_bytes() == b"\0" * 300


def test_a_session_of_two_maps_keeps_both_when_their_layers_go(viewer, dock, tmp_path, open_session, spin):
    desk = dock.desk
    for name in ("gravity", "magnetics"):
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(0).random((30, 40), np.float32))
        values, how, _ = image_layer(surveys.open(tmp_path / f"{name}.npy"))
        viewer.add_image(values, **how)
    desk.data.state.vertical_axis = None
    dock.labels.new.click()
    folder = desk.session.folder
    other = Project(Session(tmp_path / "other"), SurveySet.of({"other": surveys.open(tmp_path / "gravity.npy")}))
    with other.session.writing("a test"):
        other.use(other.surveys)
    assert open_session(desk, tmp_path / "other"), desk.messages.message
    assert [entry.name for entry in Session(folder).manifest.inputs] == ["gravity", "magnetics"]
    assert open_session(desk, folder), desk.messages.message
    viewer.layers.clear()
    spin(lambda: False, 0.1)
    assert [entry.name for entry in Session(folder).manifest.inputs] == ["gravity", "magnetics"]
    # One that is taken away alone is learnt from no more.
    assert open_session(desk, folder), desk.messages.message
    viewer.layers.remove("gravity")
    assert spin(lambda: [entry.name for entry in Session(folder).manifest.inputs] == ["magnetics"])
