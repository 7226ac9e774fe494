"""Sessions of earlier versions: opened as they are, brought into today's form, whatever cuts that off."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from tests.project.conftest import SHAPE, killed, small_settings

import proofs
from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable
from napari_fhn.network.architecture import levels
from napari_fhn.project import HeldOut, Project, Session
from napari_fhn.project.predictions.kept_predictions import kept
from napari_fhn.project.predictions.predictions import standing
from napari_fhn.project.runs import jobs
from napari_fhn.project.sessions.manifest import FILE as MANIFEST
from napari_fhn.training import Schedule

NETWORK = levels(2, 8, (2,), 1)
SCHEDULE = Schedule(steps=45, block=(8, 8), seed=3)
#: Of the changes that a process makes, each so manyth is cut off.
EACH = 1 if proofs.ASKED else 3


def plain(value):
    return json.loads(json.dumps(asdict(value)))


def earlier(folder: Path, survey: Path | None = None, *, predicted=True, began="2026-01-01T10:00:00+00:00") -> Path:
    """Write a session as versions before there were manifests did: by the desk where it has a survey file."""
    folder.mkdir(exist_ok=True)
    values = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    np.save(folder / "input-magnetics-caf6932d.npy", values)
    (folder / "input-magnetics-caf6932d.txt").write_text("magnetics.npy: array\nvalues: float32\n")
    known = np.zeros(SHAPE, np.uint8)
    known[1, 1:4], known[9, 5:9] = 1, 2
    np.save(folder / "labels.npy", known)
    np.save(folder / "prediction.npy", np.full(SHAPE, 2 if predicted else 0, np.uint8))
    np.save(folder / "prediction-entropy.npy", np.zeros(SHAPE, np.float16))
    np.save(folder / "prediction-untidied.npy", np.ones(SHAPE, np.uint8))
    np.save(folder / "kept-1.npy", np.ones(SHAPE, np.uint8))
    (folder / "classes.csv").write_text("value,name,color\n1,sand,#e69f00\n2,shale,#56b4e9\n")
    (folder / "wells.json").write_text('{"format": "napari-fhn wells 1", "radius": 1.0, "fall_off": null, "wells": []}')
    (folder / "report.html").write_text("<html>")
    job = {
        "inputs": [{"path": str(folder / "input-magnetics-caf6932d.npy"), "channel_axis": None, "name": "magnetics"}],
        "labels": str(folder / "labels.npy"),
        "classes": ["sand", "shale"],
        "network": plain(NETWORK),
        "schedule": plain(SCHEDULE),
        "prediction": str(folder / "prediction.npy"),
        "model": str(folder / "model"),
        "vertical_axis": None,
        "held_out": [],
        "ignored": [],
        "weights": None,
        "device": "cpu",
        "map_axis": None,
        "position": "none",
        "neighbours": False,
        "start_from": None,
        "memory": None,
        "colors": ["#e69f00", "#56b4e9"],
        "axes": [{"name": name, "unit": "", "first": 0.0, "step": 1.0} for name in ("y", "x")],
        "outputs": ["entropy"],
        "flips": False,
    }
    model = folder / "model"
    model.mkdir()
    (model / "weights-0123456789abcdef.safetensors").write_bytes(b"weights")
    content = {
        "format": "napari-fhn model 2",
        "weights": {"file": "weights-0123456789abcdef.safetensors", "sha256": "0" * 64},
        "architecture": plain(NETWORK),
        "input_channels": 1,
        "classes": ["sand", "shale"],
        "normalisation": {"centre": [0.0], "scale": [1.0]},
        "framing": {"vertical_axis": None, "map_axis": None, "position": "none", "neighbours": False},
        "steps": 45,
    }
    # The checksum was over the format word too.
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    content["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (model / "model.json").write_text(json.dumps(content))
    (model / "training.safetensors").write_bytes(b"state")
    lines = []
    for task in ("train", "predict")[: 2 if predicted else 1]:
        lines.append({"kind": "Run", "task": task, "began": began, "command": "napari-fhn train x.sgy"})
        lines[-1] |= {"device": "cpu", "versions": {"napari-fhn": "0.1.0"}}
        lines.append({"kind": "Done", "task": task, "stopped": False, "seconds": 1.0, "message": "done"})
        lines.append({"kind": "End", "bytes": 5})
    (model / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for path in (folder / "job.json", model / "job.json"):
        path.write_text(json.dumps(job, indent=2))
    if survey is not None:
        looks = {"visible": True, "opacity": 1.0, "colormap": "gray", "contrast": [0, 1]}
        reference = {"path": os.path.relpath(survey, folder), "absolute": str(survey), "looks": looks}
        desk = {
            "format": "napari-fhn desk 1",
            "surveys": [
                {"name": "magnetics", "ticked": True, **reference},
                {"name": "shown", "ticked": False, **reference},
            ],
            "looks": {},
            "settings": small_settings(45).to_dict(),
            "device": "auto",
            "held_out": 2,
            "order": [0, 1],
            "point": [0, 0],
            "ndisplay": 2,
            "center": [0, 0, 0],
            "angles": [0, 0, 0],
            "zoom": 1.0,
        }
        (folder / "desk.json").write_text(json.dumps(desk))
    return folder


@pytest.fixture
def old(tmp_path) -> Path:
    return earlier(tmp_path / "old")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def check(folder: Path) -> None:
    """What was known and made is there, in today's form."""
    session = Session(folder)
    assert session.classes == ClassTable.from_csv(folder / "classes.csv.earlier")
    run = session.runs.current
    assert (run.id, run.name, run.step) == ("run-001", "Run 1", 45)
    assert (run.record.state, run.record.steps, run.record.seed) == ("finished", 45, 3)
    assert run.record.created == "2026-01-01T10:00:00+00:00"
    assert run.record.command == "napari-fhn train x.sgy"
    job = run.job()
    assert job.model == str(run.model)
    assert job.labels == str(session.labels)
    assert [item.path for item in job.inputs] == [str(session.inputs / "magnetics-caf6932d.npy")]
    assert all(Path(item.path).is_file() for item in job.inputs)
    assert run.can_resume
    assert (np.load(run.prediction) == 2).all()
    assert (run.folder / "prediction-entropy.npy").is_file()
    assert run.untidied.is_file()
    assert run.provenance().tidied is not None
    (one,) = kept(session)
    assert one.name == "Prediction 1"
    assert (folder / "wells.json").is_file()
    assert not (folder / "model").exists()
    assert not list(folder.glob("input-*"))
    assert session.runs.place().name == "run-002"


def test_looking_at_one_changes_nothing(old):
    before = contents(old)
    session = Session.existing(old)
    assert session.classes.names == ("sand", "shale")
    assert [entry.name for entry in session.manifest.inputs] == ["magnetics"]
    assert session.known().any()
    assert Project.open(old).shape == SHAPE
    assert contents(old) == before


def test_it_is_brought_into_the_form_of_today(old):
    session = Session(old)
    with session.writing("a test"):
        assert session.notes == [
            "The session was made by an earlier version: its training is a run now, and its folder can be moved."
        ]
        check(old)
    again = Session(old)
    with again.writing("a test"):
        assert again.notes == []
        check(old)


def test_nothing_of_it_is_lost(old):
    before = contents(old)
    with Session(old).writing("a test"):
        pass
    after = contents(old)
    left = sorted(after.values())
    for name, content in before.items():
        if not name.endswith("job.json"):
            assert content in left, name
    assert after["job.json.earlier"] == before["job.json"]


def test_one_of_the_desk(tmp_path, survey_file):
    folder = earlier(tmp_path / "old", survey_file)
    desk = (folder / "desk.json").read_bytes()
    project = Project.open(folder)
    assert project.surveys.source == survey_file
    with project.session.writing("a test"):
        check(folder)
        manifest = project.session.manifest
        assert [(entry.name, entry.role) for entry in manifest.surveys] == [("magnetics", "input"), ("shown", "shown")]
        assert manifest.held_out == HeldOut(2)
        assert project.settings == small_settings(45)
        assert (folder / "desk.json").read_bytes() == desk  # the desk's own
        project.use(project.surveys)
        project.stage()
        begun = jobs.begin(project, small_settings())
        assert begun.run.id == "run-002"


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_one_that_was_moved_before(old, tmp_path, how):
    target = tmp_path / "far" / "away"
    target.parent.mkdir()
    how(old, target)
    with Session(target).writing("a test"):
        check(target)
        project = Project.open(target)
        (item,) = project.stage()
        assert item.path.startswith(str(target))
    if how is shutil.copytree:
        assert (old / "model").is_dir()  # that one is as it was
        assert not (old / MANIFEST).exists()


def test_a_prediction_that_was_made_whole_is_one(old):
    with Session(old).writing("a test"):
        pass
    session = Session(old)
    assert standing(session, session.runs.current).whole


def test_of_a_prediction_of_which_nobody_knows_that_is_said(tmp_path):
    folder = earlier(tmp_path / "old", predicted=False)
    np.save(folder / "prediction.npy", np.full(SHAPE, 1, np.uint8))
    with Session(folder).writing("a test"):
        pass
    session = Session(folder)
    found = standing(session, session.runs.current)
    assert found.made.parts[0].box == Box.whole(SHAPE)
    assert not found.whole


def test_labels_alone_are_a_session(tmp_path):
    np.save(tmp_path / "labels.npy", np.eye(5, dtype=np.uint8))
    session = Session.existing(tmp_path)
    with session.writing("a test"):
        assert list(session.runs) == []
        assert session.manifest.current_run == ""
    assert np.load(tmp_path / "labels.npy")[0, 0] == 1


@pytest.mark.parametrize("name", ["job.json", "desk.json", "model/job.json", "model/model.json", "classes.csv"])
@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 5000])
def test_damaged_records_cost_no_labels_and_no_network(tmp_path, survey_file, name, content):
    folder = earlier(tmp_path / "old", survey_file)
    (folder / name).write_bytes(content)
    known = np.load(folder / "labels.npy")
    session = Session(folder)
    with session.writing("a test"):
        assert session.known().any()
        run = session.runs.get("run-001")
        assert run.model.is_dir()
        assert (np.load(run.prediction) == 2).all()
    np.testing.assert_array_equal(np.load(folder / "labels.npy"), known)


def test_an_earlier_version_has_trained_here_since(old, tmp_path):
    with Session(old).writing("a test"):
        pass
    other = earlier(tmp_path / "other", began="2026-02-02T10:00:00+00:00")
    for name in ("model", "job.json", "prediction.npy"):
        shutil.move(other / name, old / name)
    (old / "job.json").write_text((old / "job.json").read_text().replace(str(other), str(old)))
    (old / "model" / "job.json").write_text((old / "model" / "job.json").read_text().replace(str(other), str(old)))
    session = Session(old)
    with session.writing("a test"):
        assert [run.id for run in session.runs] == ["run-001", "run-002"]
        assert session.runs.current.id == "run-002"
        assert session.runs.current.record.created.startswith("2026-02-02")
        assert session.manifest.runs_made == 2


def test_cut_off_at_every_step_it_is_ended_by_the_next_one(tmp_path, survey_file):
    """The process is killed before the first, the fourth, ... change that it makes, until one comes through."""
    changes = [(Path, "replace"), (Path, "mkdir"), (record, "write_bytes"), (record.files, "write_bytes")]
    for at in range(1, 100, EACH):
        folder = earlier(tmp_path / f"old{at}", survey_file)
        if not killed(at, changes, lambda folder=folder: Session(folder).acquire("a script")):
            break
        session = Session(folder)
        assert session.known().any()  # whoever looks meanwhile sees the labels
        with session.writing("a test"):
            check(folder)
            assert Project(session).stage()
        shutil.rmtree(folder)
    assert at > 15


def trained_by_an_earlier_version(session: Path, other: Path) -> None:
    """An earlier version has trained in a session that has runs: what it wrote lies beside them."""
    for name in ("model", "job.json", "prediction.npy", "kept-1.npy"):
        shutil.move(other / name, session / name)
    for job in (session / "job.json", session / "model" / "job.json"):
        job.write_text(job.read_text().replace(str(other), str(session)))


def test_cut_off_at_every_step_it_mixes_no_two_trainings(tmp_path):
    changes = [(Path, "replace"), (Path, "mkdir"), (record, "write_bytes"), (record.files, "write_bytes")]
    for at in range(1, 100, EACH):
        folder = earlier(tmp_path / f"old{at}")
        with Session(folder).writing("a test"):
            first = contents(folder / "runs" / "run-001")
            kept = (folder / "kept" / "Prediction 1.npy").read_bytes()
        trained_by_an_earlier_version(folder, earlier(tmp_path / f"other{at}", began="2026-02-02T10:00:00+00:00"))
        np.save(folder / "kept-1.npy", np.full(SHAPE, 3, np.uint8))
        if not killed(at, changes, lambda folder=folder: Session(folder).acquire("a script")):
            break
        session = Session(folder)
        with session.writing("a test"):
            assert [run.id for run in session.runs] == ["run-001", "run-002"]
            assert contents(folder / "runs" / "run-001") == first
            assert session.runs.current.id == "run-002"
            assert session.runs.current.record.created.startswith("2026-02-02")
            assert session.manifest.runs_made == 2
            assert (folder / "kept" / "Prediction 1.npy").read_bytes() == kept
            assert (np.load(folder / "kept" / "Prediction 1 (2).npy") == 3).all()
        shutil.rmtree(folder)
    assert at > 10
