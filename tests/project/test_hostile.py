"""Sessions that somebody else has prepared reach no file of the person who opens them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.project import hostile
from tests.project.conftest import SHAPE, Work, opened, predicted, trained

from napari_fhn.cli.commands import main
from napari_fhn.project import Project, ProjectError, Session, SurveySet
from napari_fhn.project.runs import jobs

CASES = {case.name: case for case in hostile.cases()}
EVERYTHING = os.environ.get("NAPARI_FHN_HOSTILE", "")
"""Set to do everything with each of them, trainings among it, which takes half an hour."""

QUICK = {
    "links": ("labels.npy", "session.json", "runs/run-002/model", "runs/run-002/model/log.jsonl"),
    "verbs": ("runs rename", "export", "runs delete"),
}  # fmt: skip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")


@pytest.fixture(scope="module")
def genuine(tmp_path_factory) -> Path:
    """A session with two runs; nobody has waited for them where not everything is done with it."""
    folder = tmp_path_factory.mktemp("genuine")
    if EVERYTHING:
        with hostile.patched():
            return hostile.genuine(folder)
    np.save(folder / "survey.npy", np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32))
    np.save(folder / "known.npy", np.zeros(SHAPE, np.uint8))
    project = Project(Session(folder / "work.fhn"))
    work = Work(project, folder / "survey.npy")
    with project.session.writing("a test"):
        project.use(SurveySet.of({"survey": opened(work.file)}))
        known = np.zeros(SHAPE, np.uint8)
        known[1, 1:4], known[9, 5:9], known[4, 4] = 1, 2, 1
        project.paint(known)
        for _ in range(2):
            run = work.train()
            shutil.copytree(run.model, run.model / "checkpoints" / "step-00001")
            (run.model / "log.jsonl").write_text("{}\n")
    return project.session.folder


def _quick() -> list[str]:
    found = []
    for name in CASES:
        place = name.split(" is ")[0].split(" has ")[0]
        if name.startswith("jobs name"):
            chosen = "upwards" in name and any(word in name for word in ("model", "prediction"))
        else:
            chosen = " link" not in name or place in QUICK["links"] or "earlier" in name
        if chosen or EVERYTHING:
            found.append(name)
    return found


@pytest.mark.parametrize("name", _quick())
def test_no_file_of_a_person_is_touched_and_every_command_says_why(genuine, tmp_path, name):
    wanted = (lambda verb: True) if EVERYTHING else (lambda verb: verb in QUICK["verbs"])
    every = hostile.Case(name, CASES[name].make, () if not EVERYTHING else CASES[name].verbs)
    with hostile.patched():
        outcomes = hostile.drive(every, genuine, tmp_path / "place", wanted)
    assert outcomes
    assert {one.verb: one.touched for one in outcomes if one.touched} == {}
    assert {one.verb: one.said for one in outcomes if one.code is None} == {}
    assert all(one.said.count("napari-fhn: ") >= 1 for one in outcomes if one.code == 2)
    assert not any("\x1b" in one.said for one in outcomes)


def copied(genuine: Path, place: Path) -> Session:
    return Session(shutil.copytree(genuine, place / "work.fhn"))


def test_what_a_person_keeps_in_the_folder_of_a_run_stays_when_that_is_deleted(genuine, tmp_path, capsys):
    session = copied(genuine, tmp_path)
    thesis = session.folder / "runs" / "run-001" / "thesis"
    thesis.mkdir()
    (thesis / "chapter.txt").write_text("years of work")
    (session.folder / "runs" / "run-001" / "model" / "checkpoints" / "notes.txt").write_text("of mine")
    assert main(["runs", "delete", "1", "--yes", "--session", str(session.folder)]) == 0
    said = capsys.readouterr()
    assert "What napari-fhn has not put there stays in" in said.err
    left = sorted(path for path in (session.folder / "runs" / "run-001").rglob("*") if path.is_file())
    assert [path.name for path in left] == ["notes.txt", "chapter.txt"]
    assert [run.id for run in session.runs] == ["run-002"]
    with session.writing("a test"):
        assert [run.id for run in session.runs] == ["run-002"]
    assert thesis.is_dir()


def test_a_run_that_was_being_deleted_goes_without_what_a_person_has_put_there(genuine, tmp_path):
    session = copied(genuine, tmp_path)
    run = session.runs.get("1").folder
    (run / "chapter.txt").write_text("years of work")
    run.rename(run.with_name(".run-001.deleted"))
    with session.writing("a test"):
        pass
    assert sorted(path.name for path in run.iterdir()) == ["chapter.txt"]
    assert not run.with_name(".run-001.deleted").exists()


def test_a_try_that_fails_takes_no_folder_of_a_person_with_it(tmp_path, genuine):
    folder = tmp_path / "project"
    (folder / "inputs").mkdir(parents=True)
    (folder / "inputs" / "wells.npy").write_bytes(b"measured")
    survey, known = str(genuine.parent / "survey.npy"), str(tmp_path / "known.npy")
    values = np.zeros(SHAPE, np.uint8)
    values[1, 1:4], values[9, 5:9] = 1, 2
    np.save(known, values)
    given = ["train", survey, "--axes", "y,x", "--labels", known, "--session", str(folder)]
    assert main([*given, "--attribute", "backbone:nowhere.onnx"]) == 2
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["wells.npy"]


def test_copies_go_and_files_of_a_person_among_them_stay(genuine, tmp_path):
    session = copied(genuine, tmp_path)
    (session.inputs / "mine.npy").write_bytes(b"measured")
    changed = np.load(genuine.parent / "survey.npy") + 1
    np.save(tmp_path / "survey.npy", changed)
    before = {path.name for path in session.inputs.glob("*.npy")}
    with session.writing("a test"):
        for run in session.runs.all():
            session.change(current_run="")
            session.runs.delete(run)
        project = Project(session, SurveySet.of({"survey": opened(tmp_path / "survey.npy")}))
        project.use(project.surveys)
        project.stage()
    now = {path.name for path in session.inputs.glob("*.npy")}
    assert "mine.npy" in now
    assert before - {"mine.npy"}
    assert not now & (before - {"mine.npy"})


def test_what_is_backed_up_by_hard_links_is_left_as_it_is(genuine, tmp_path):
    session = copied(genuine, tmp_path)
    backup = Path(shutil.copytree(session.folder, tmp_path / "backup", copy_function=os.link))
    with session.writing("a test"):
        assert any("had another name on the disk" in note for note in session.notes)
        session.label_volume(SHAPE)[0, 0] = 2
        predicted(session.runs.get("2"), value=2)
    assert np.load(backup / "labels.npy")[0, 0] == 0
    assert np.load(backup / "runs" / "run-002" / "prediction.npy").max() == 1


def test_a_pipe_in_a_session_is_no_wait_without_an_end(genuine, tmp_path):
    session = copied(genuine, tmp_path)
    (session.folder / "runs" / "run-002" / "model" / "log.jsonl").unlink()
    os.mkfifo(session.folder / "runs" / "run-002" / "model" / "log.jsonl")
    with pytest.raises(ProjectError, match=r"log\.jsonl: it is a device or a pipe"), session.writing("a test"):
        pass


def test_what_is_done_in_a_copy_leaves_the_original_as_it_was(genuine, tmp_path):
    session = copied(genuine, tmp_path)
    original = {path: path.read_bytes() for path in genuine.rglob("*") if path.is_file()}
    with session.writing("a test"):
        project = Project.open(session.folder)
        project.session = session
        run = session.runs.get("2")
        for job in (jobs.prediction_job(project, run), run.job()):
            assert not any(str(genuine) in path for path in (job.labels, job.prediction, job.model))
            assert all(path.path.startswith(str(session.folder)) for path in job.inputs)
        begun = jobs.begin(project, project.settings)
        trained(begun.run, begun.job)
        session.runs.finish(begun.run, None)
        session.runs.at_step(run, 1)
        session.runs.delete(session.runs.get("1"))
    assert {path: path.read_bytes() for path in genuine.rglob("*") if path.is_file()} == original
    for path in (*session.folder.rglob("job.json"), *session.folder.rglob("run.json")):
        assert str(genuine) not in path.read_text()
