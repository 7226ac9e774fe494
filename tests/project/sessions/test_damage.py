"""A damaged record costs what it said, and never the session: it is named, kept aside, and the rest opens."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.project.conftest import SHAPE, Work, opened

import napari_fhn as fhn
from napari_fhn import record
from napari_fhn.cli import main
from napari_fhn.labels import ClassTable, Interval, LabelClass, Well
from napari_fhn.project import Project, ProjectError, Session, SessionInUse, SurveySet
from napari_fhn.project.labelling import wells as wells_of
from napari_fhn.project.predictions import kept_predictions
from napari_fhn.project.runs.run import ready_prediction
from napari_fhn.project.sessions import damage, layout
from napari_fhn.project.sessions.view_record import Looks, ViewRecord

RUN = "runs/run-002"
RECORDS = (
    "session.json",
    "desk.json",
    "wells.json",
    f"{RUN}/run.json",
    f"{RUN}/job.json",
    f"{RUN}/model/job.json",
    f"{RUN}/model/model.json",
    f"{RUN}/prediction.json",
    f"{RUN}/leave-one-out.json",
    "kept/Prediction 1.json",
)
SCORES = f"{RUN}/leave-one-out.json"
IN_PLACE = f"{RUN}/model/model.json"
"""Nobody replaces what a network is but a training of that run, and that sets it aside."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A session with every kind of record, and nobody in it."""
    root = tmp_path_factory.mktemp("whole")
    file = root / "magnetics.npy"
    np.save(file, np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32))
    project = Project(Session(root / "work"))
    with project.session.writing("a test"):
        project.use(SurveySet.of({"magnetics": opened(file)}))
        known = np.zeros(SHAPE, np.uint8)
        known[1, 1:4], known[9, 5:9] = 1, 2
        project.paint(known)
        project.session.set_classes(ClassTable((LabelClass(1, "sand", "#aa0000"), LabelClass(2, "shale", "#00aa00"))))
        work = Work(project, file)
        work.train("first")
        second = work.train("second")
        kept_predictions.keep(project.session, second)
        folder = project.session.folder
        well = Well("A", 1.0, 2.0, (Interval(0.0, 10.0, "sand"),), None, None)
        wells_of.save(folder, wells_of.KeptWells((well,), 1.0, None))
        looks = {"magnetics": Looks()}
        ViewRecord(surveys=looks, order=(0, 1), point=(1.0, 2.0), center=(0.0, 1.0, 2.0)).save(folder)
        record.write(second.folder / "leave-one-out.json", "leave-one-out", 2, {"folds": []})
    with Session.existing(folder).writing("once more"):
        pass  # what the manifest is then is kept
    assert all((folder / name).is_file() for name in RECORDS)
    return folder


@pytest.fixture
def folder(whole, tmp_path) -> Path:
    shutil.copy(whole.parent / "magnetics.npy", tmp_path)
    return shutil.copytree(whole, tmp_path / "work")


def damages(data: bytes) -> dict[str, bytes]:
    content = json.loads(data)
    return {
        "empty": b"",
        "cut": data[: len(data) // 2],
        "deep": b"[" * 100_000 + b"]" * 100_000,
        "another kind": json.dumps({**content, "format": "napari-fhn other"}).encode(),
        "a list": b"[]",
        "no bytes": bytes(len(data)),
    }


def what_opens(folder: Path, stage: bool = True) -> list[str]:
    """Open a session as a writer does; return what it says."""
    session = Session.existing(folder)
    with session.writing("a test"):
        project = Project.open(folder)
        project.session = session
        assert project.shape == SHAPE
        assert np.count_nonzero(session.known()) == 7
        assert project.classes.names == ("sand", "shale")
        assert [run.id for run in session.runs] == ["run-001", "run-002"]
        assert session.runs.current.id == "run-002"
        assert session.manifest.runs_made == 2
        assert not stage or project.stage()  # a survey or its copy is at hand, and the copies stay
        assert list(session.inputs.glob("*.npy"))
        session.change(kind="map")
        return list(session.notes)


def rest_of(folder: Path, *without: str) -> dict[str, bytes]:
    kept = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: data for name, data in kept.items() if name not in (*without, "session.json", "session-before.json")}


@pytest.mark.parametrize("name", RECORDS)
def test_it_is_named_and_kept_and_the_rest_opens(folder, name):
    path = folder / name
    good, rest = path.read_bytes(), rest_of(folder, name)
    bad_ones = damages(good)
    if name == SCORES:
        del bad_ones["another kind"]  # what it holds is the matter of the report
    for number, (kind, bad) in enumerate(bad_ones.items(), 1):
        path.write_bytes(bad)
        (looked,) = damage.found(folder)
        assert path.read_bytes() == bad  # looking changes nothing
        (said,) = what_opens(folder, stage=number == 1)
        assert said.startswith(looked), kind
        assert looked.startswith(f"{name} cannot be read ("), kind
        if name == IN_PLACE:
            assert path.read_bytes() == bad
        else:
            aside = path.with_name(f"{path.name}.damaged" + (f"-{number}" if number > 1 else ""))
            assert aside.read_bytes() == bad, kind
            assert said.endswith(f" The file is kept as {aside.name}.")
            assert damage.found(folder) == []  # it is said once
        found = rest_of(folder, name)
        assert {key: found[key] for key in rest} == rest, kind
        path.write_bytes(good)


@pytest.mark.parametrize("name", ["session.json", f"{RUN}/run.json", IN_PLACE])
def test_a_folder_in_its_place_is_named_and_kept(folder, name):
    path = folder / name
    path.unlink()
    path.mkdir()
    (path / "somebody's").write_text("file")
    assert name in what_opens(folder, stage=False)[0]
    (kept,) = folder.glob(f"{name}*/somebody's")
    assert kept.read_text() == "file"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_nobody_waits_for_the_end_of_a_pipe(folder):
    path = folder / f"{RUN}/job.json"
    path.unlink()
    os.mkfifo(path)
    assert "it is no file" in damage.found(folder)[0]
    assert "it is no file" in what_opens(folder)[0]


def test_a_manifest_is_what_it_was_when_the_session_was_last_opened(folder):
    before = Session.existing(folder).manifest
    (folder / "session.json").write_bytes(b"")
    assert "those of when the session was last opened" in damage.found(folder)[0]
    with Session.existing(folder).writing("a test"):
        pass
    assert Session.existing(folder).manifest == before
    assert before.surveys[0].file.name == "magnetics.npy"


def test_what_others_tell_too_is_made_anew(folder):
    before = Session.existing(folder)
    (folder / "session-before.json").unlink()
    second = before.runs.get("second")
    job, told = second.job(), second.record
    for name in ("session.json", f"{RUN}/run.json", f"{RUN}/job.json"):
        (folder / name).write_bytes(b"{")
    with Session.existing(folder).writing("a test"):
        pass
    session = Session.existing(folder)
    again = session.runs.get("run-002")
    assert again.job() == job
    assert replace(again.record, name=told.name, state=told.state, created=told.created, labels=told.labels) == replace(
        told, message=""
    )
    manifest = session.manifest
    assert [(one.name, one.role, one.channels) for one in manifest.surveys] == [("magnetics", "input", 1)]
    assert manifest.table.colors == {1: "#aa0000", 2: "#00aa00"}
    assert manifest.settings["schedule"]["steps"] == 2
    assert manifest.grid.shape == SHAPE
    survey = Project.open(folder).surveys.first  # its copy
    np.testing.assert_array_equal(survey.values[0], np.load(folder.parent / "magnetics.npy"))


def test_wells_that_were_damaged_are_not_replaced_by_those_burnt_next(folder):
    (folder / "wells.json").write_bytes(b"half of")
    with Session.existing(folder).writing("a test"):
        wells_of.save(folder, wells_of.KeptWells())
    assert (folder / "wells.json.damaged").read_bytes() == b"half of"
    (folder / "wells.json").write_bytes(b"damaged while it was open")
    wells_of.save(folder, wells_of.KeptWells())
    assert (folder / "wells.json.damaged-2").read_bytes() == b"damaged while it was open"


def test_copies_stay_while_nobody_knows_what_refers_to_them(folder):
    stranger = folder / "inputs" / "other-0123456789abcdef.npy"
    shutil.copy(next((folder / "inputs").glob("*.npy")), stranger)
    for path in folder.rglob("job.json"):
        path.write_bytes(b"")
    what_opens(folder)
    assert stranger.is_file()


def test_a_network_whose_description_was_damaged_is_not_thrown_away_with_its_run(folder):
    for name in ("run.json", "job.json", "model/job.json", "model/model.json"):
        (folder / RUN / name).write_bytes(b"")
    (folder / RUN / "model" / "model.json").rename(folder / RUN / "model" / "model.json.damaged")
    with Session.existing(folder).writing("a test"):
        pass
    assert list((folder / RUN / "model").glob("weights-*"))


def test_one_of_a_later_version_is_kept_and_a_manifest_of_one_is_left_alone(folder):
    path = folder / "desk.json"
    later = path.read_bytes().replace(b'"version": 2', b'"version": 3')
    path.write_bytes(later)
    (said,) = what_opens(folder)
    assert "version 3, and this program knows them up to 2" in said
    assert (folder / "desk.json.damaged").read_bytes() == later
    path = folder / "session.json"
    later = path.read_bytes().replace(b'"version": 2', b'"version": 3')
    path.write_bytes(later)
    with pytest.raises(ProjectError, match="Update napari-fhn"):
        Session.existing(folder).acquire("a test")
    assert path.read_bytes() == later
    assert damage.found(folder) == []


def test_the_command_line_says_it(folder, capsys):
    (folder / "wells.json").write_bytes(b"")
    (folder / "session.json").write_bytes(b"\0" * 100)
    assert main(["info", "--session", str(folder)]) == 0
    said = capsys.readouterr()
    assert "wells.json cannot be read" in said.err
    assert "session.json cannot be read" in said.err
    assert "7 " not in said.err
    assert "sand" in said.out
    assert not list(folder.glob("*.damaged"))  # who looks changes nothing
    assert main(["info", "--session", str(folder), "--json"]) == 0
    assert [words.split()[0] for words in json.loads(capsys.readouterr().out)["damaged"]] == [
        "wells.json",
        "session.json",
    ]
    assert main(["runs", "--session", str(folder)]) == 0
    assert "The file is kept as session.json.damaged." in capsys.readouterr().err
    assert main(["runs", "--session", str(folder)]) == 0
    assert capsys.readouterr().err == ""


def test_who_looks_while_another_works_is_told_too(folder, capsys):
    (folder / "wells.json").write_bytes(b"")
    other = Session.existing(folder)
    other.lock.acquire("another")  # who has not looked
    try:
        with pytest.raises(SessionInUse):
            Session.existing(folder).acquire("a test")
        assert main(["runs", "--session", str(folder)]) == 0
        assert "wells.json cannot be read" in capsys.readouterr().err
        with fhn.open(session=folder, read_only=True) as work:
            assert any("wells.json" in note for note in work.notes)
    finally:
        other.release()
    assert (folder / "wells.json").read_bytes() == b""


def test_python_says_it(folder):
    (folder / RUN / layout.JOB).write_bytes(b"")
    with fhn.open(session=folder) as work:
        assert [note.partition(" ")[0] for note in work.notes] == [f"{RUN}/job.json"]
        assert work.project.session.runs.get("second").job().classes == ("sand", "shale")


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", None])
def test_a_prediction_that_is_cut_off_counts_as_missing_is_named_and_is_made_again(whole, tmp_path, content):
    folder = tmp_path / "work"
    shutil.copytree(whole, folder)
    run = Session(folder).runs.get("run-002")
    assert run.has_prediction
    path = run.prediction
    path.write_bytes(path.read_bytes()[:-1] if content is None else content)
    session = Session(folder)
    session.acquire("a test")
    try:
        run = session.runs.get("run-002")
        assert not run.has_prediction
        assert any(run.name in note and "damaged" in note and "predict again" in note for note in session.notes)
        ready_prediction(run, np.load(session.labels).shape)
        assert not np.load(path).any()
    finally:
        session.release()
