"""Runs: every training beside the others, whatever ends it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.project.conftest import SHAPE, killed, predicted, small_settings, trained

from napari_fhn import record
from napari_fhn.project import Beginning, HeldOut, Project, ProjectError, Session
from napari_fhn.project.runs import jobs, runs
from napari_fhn.project.sessions.layout import JOB, RUN
from napari_fhn.training import Done, Failed, Note, Progress
from napari_fhn.training.errors import JobError
from napari_fhn.training.files.log import kept


def names(work) -> list[str]:
    return [run.id for run in work.runs]


def done(*, stopped=False):
    return Done("train", stopped, 1.0, "Trained.")


def test_a_run_is_begun_with_all_that_it_needs(work):
    begun = jobs.begin(work.project, small_settings(7), command="napari-fhn train x", name="seven steps")
    run = begun.run
    assert run.id == "run-001"
    assert run.name == "seven steps"
    assert not begun.resume
    assert (run.record.steps, run.record.recipe, run.record.command) == (7, "map", "napari-fhn train x")
    assert run.record.classes == begun.job.classes == ("class 1", "class 2")
    assert len(run.record.labels) == 32
    assert run.job() == begun.job
    assert begun.job.run == run.id
    assert Path(begun.job.prediction) == run.prediction
    assert not np.load(run.prediction).any()
    assert work.runs.current is None  # nothing was trained yet
    assert [one.record for one in Session(work.session.folder).runs] == [run.record]


def test_a_new_training_touches_no_older_one(work):
    first = work.train("first")
    before = {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()}
    second = work.train("second", steps=5)
    assert {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()} == before
    assert [first.id, second.id] == names(work) == ["run-001", "run-002"]
    assert work.runs.current == second
    assert (first.step, second.step) == (2, 5)


def test_runs_are_called_by_their_numbers(work):
    assert work.train().name == "Run 1"
    work.runs.rename(work.runs.get("run-001"), "Run 2")
    assert work.train().name == "Run 2 (2)"


def test_a_number_is_given_once(work):
    first, second = work.train(), work.train()
    work.runs.select(first)
    work.runs.delete(second)
    assert work.train().id == "run-003"
    assert Session(work.session.folder).runs.place().name == "run-004"


def test_runs_are_found_by_folder_number_and_name(work):
    first, second = work.train("first"), work.train("2")
    assert work.runs.get("run-001") == work.runs.get("1") == work.runs.get("first") == first
    assert work.runs.get("2") == second  # a name before a number, and here both
    with pytest.raises(ProjectError, match=r"no one run 'third'.*run-001 \(first\), run-002 \(2\)"):
        work.runs.get("third")


def test_many_runs_are_in_their_order(work):
    for number in (1000, 2, 999):
        (work.runs.folder / f"run-{number:03d}").mkdir(parents=True)
        (work.runs.folder / f"run-{number:03d}" / "run.json").touch()
    assert names(work) == ["run-002", "run-999", "run-1000"]


def test_renaming(work):
    first, second = work.train("first"), work.train("second")
    renamed = work.runs.rename(first, "  with  wells ")
    assert renamed.name == work.runs.get("run-001").name == "with wells"
    assert work.runs.rename(renamed, "with wells").name == "with wells"
    for name, said in ((" ", "1 to 80"), ("x" * 81, "1 to 80"), ("with wells", "another run is called")):
        with pytest.raises(ProjectError, match=said):
            work.runs.rename(second, name)
    assert work.runs.get("2").name == "second"


def test_a_name_that_is_taken_is_refused_before_anything_is_made(work):
    work.train("first")
    with pytest.raises(ProjectError, match="another run is called 'first'"):
        jobs.begin(work.project, small_settings(), name="first")
    assert names(work) == ["run-001"]


def test_deleting(work):
    first, second = work.train("first"), work.train("second")
    with pytest.raises(ProjectError, match="'second' is the run whose network predicts"):
        work.runs.delete(second)
    assert second.folder.is_dir()
    used = first.disk_used()
    assert work.runs.delete(first).freed == used > 0
    assert names(work) == ["run-002"]
    assert not list(work.runs.folder.glob(".*"))
    work.runs.delete(second)  # the last one
    assert work.runs.current is None
    assert names(work) == []


def test_a_deletion_that_was_cut_off_is_ended(work):
    run = work.train()
    run.folder.rename(run.folder.with_name(f".{run.id}.deleted"))
    assert names(work) == []
    work.session.release()
    work.session.acquire("a test")
    assert not list(work.runs.folder.glob(".*"))
    assert work.session.manifest.current_run == ""


def test_selecting(work):
    first, second = work.train(), work.train()
    work.runs.select(first)
    assert work.runs.current == first
    assert Session(work.session.folder).runs.trained() == first
    begun = work.begin()
    with pytest.raises(ProjectError, match="has no network"):
        work.runs.select(begun.run)
    assert second.has_model


def test_nothing_was_trained_yet(work):
    with pytest.raises(ProjectError, match="no trained network yet"):
        work.runs.trained()


# How a training ends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [Failed("Out of memory."), None, done(stopped=True)])
def test_a_training_without_a_network_leaves_nothing(work, end):
    first = work.train("first")
    begun = work.begin()
    assert work.runs.finish(begun.run, end) is None
    assert not begun.run.folder.exists()
    assert names(work) == ["run-001"]
    assert work.runs.current == first
    assert work.train().id == "run-003"


def test_what_others_have_put_there_stays(work):
    begun = work.begin()
    (begun.run.folder / "notes.txt").write_text("mine")
    work.runs.finish(begun.run, None)
    assert [path.name for path in begun.run.folder.iterdir()] == ["notes.txt"]
    work.session.release()
    work.session.acquire("a test")
    assert (begun.run.folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("end", "state", "message"),
    [
        (done(), "finished", "Trained."),
        (done(stopped=True), "stopped", "Trained."),
        (Failed("Out of memory."), "failed", "Out of memory."),
        (None, "cut off", ""),
    ],
)
def test_how_it_ended_is_written(work, end, state, message):
    begun = work.begin()
    trained(begun.run, begun.job)
    run = work.runs.finish(begun.run, end)
    assert (run.record.state, run.record.message) == (state, message)
    assert work.runs.current == run  # the first network is better than none


@pytest.mark.parametrize(("end", "current"), [(done(), 1), (done(stopped=True), 1), (Failed("x"), 0), (None, 0)])
def test_only_a_training_that_has_ended_becomes_the_current_run(work, end, current):
    first = work.train("a good one")
    begun = work.begin()
    trained(begun.run, begun.job, steps=1)
    second = work.runs.finish(begun.run, end)
    assert work.runs.current == (first, second)[current]


BEGINS = """
import sys
from napari_fhn.project import Project
from napari_fhn.project.runs import jobs
sys.path.insert(0, sys.argv[2])
from conftest import small_settings, trained
project = Project.open(sys.argv[1])
project.session.acquire("a script")
begun = jobs.begin(project, small_settings(9))
if sys.argv[3] == "network":
    trained(begun.run, begun.job, steps=4)
print(begun.run.id, flush=True)
sys.stdin.readline()
"""


@pytest.mark.usefixtures("copied_processes")
@pytest.mark.parametrize("how", ["network", "nothing"])
def test_a_training_whose_process_was_killed(work, how):
    first = work.train("first")
    work.session.release()
    command = [sys.executable, "-c", BEGINS, str(work.session.folder), str(Path(__file__).parents[1]), how]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "run-002\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    # Whoever only looks changes nothing.
    assert [run.record.state for run in Session(work.session.folder).runs] == ["finished", "begun"]
    work.session.acquire("the desk")
    assert work.runs.current == first
    if how == "nothing":
        assert work.session.notes == []
        assert names(work) == ["run-001"]
    else:
        (said,) = work.session.notes
        assert said == ("The training 'Run 2' was cut off after 4 steps: it can go on, or be chosen among the runs.")
        cut = work.runs.get("2")
        assert cut.record.state == "cut off"
        assert work.runs.to_resume() == cut
        begun = jobs.begin(work.project, small_settings(20), Beginning(resume=True))
        assert begun.resume
        assert begun.run == cut
        assert begun.run.record.steps == 20


def test_killed_at_any_moment_of_the_beginning(work):
    """The process dies before one change that it makes after the other; the next one opens, and trains."""
    first = work.train("first")
    work.session.release()
    changes = [
        (record, "write_bytes"),
        (record.files, "write_bytes"),
        (runs, "copy_beginning"),
        (runs, "empty_prediction"),
        (Path, "mkdir"),
    ]

    def begin():
        project = Project.open(work.session.folder)
        project.session.acquire("a script")
        jobs.begin(project, small_settings(9), Beginning(network=first.folder))

    for at in range(1, 50):
        if not killed(at, changes, begin):
            break
        work.session.acquire("the desk")
        assert work.session.notes == []
        assert names(work) == ["run-001"]
        assert work.runs.current == first
        work.session.release()
    assert at > 5
    work.session.acquire("the desk")
    assert names(work) == ["run-001"]  # the one that came through made no network either
    assert work.train("next") == work.runs.current


def test_killed_while_it_goes_back_to_a_checkpoint(work):
    """Whichever change it dies before, the last network stays, and no run is listed that has none."""
    first = work.train("first")
    shutil.copytree(first.model, first.model / "checkpoints" / "step-00001")
    before = {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()}
    work.session.release()
    changes = [
        (record.files, "write_bytes"),
        (shutil, "copytree"),
        (shutil, "copy2"),
        (Path, "mkdir"),
        (Path, "rmdir"),
        (Path, "rename"),
    ]

    def go_back():
        session = Session(work.session.folder)
        session.acquire("a script")
        session.runs.at_step(session.runs.trained(), 1)

    for at in range(1, 50):
        if not killed(at, changes, go_back):
            break
        work.session.acquire("the desk")
        assert work.runs.current == first
        assert all(run.has_model for run in work.runs)
        assert {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()} == before
        for run in work.runs.all()[1:]:
            work.runs.delete(run)
        work.session.release()
    assert at > 6
    work.session.acquire("the desk")
    assert work.runs.current.name == "first at step 1"


def test_a_disk_that_is_full_leaves_no_run(work, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    work.project.stage()
    monkeypatch.setattr("napari_fhn.project.runs.runs.empty_prediction", full)
    with pytest.raises(ProjectError, match="No space left"):
        work.begin()
    assert names(work) == []
    assert not work.runs.folder.exists()


def test_a_network_to_begin_with_that_is_none(work, tmp_path):
    first = work.train("first")
    with pytest.raises(JobError, match="holds no trained network"):
        jobs.begin(work.project, small_settings(), Beginning(network=tmp_path / "nowhere"))
    assert names(work) == ["run-001"]
    assert work.runs.current == first


def test_a_run_begins_with_a_copy_of_a_network(work):
    first = work.train("first")
    begun = jobs.begin(work.project, small_settings(), Beginning(network=first.folder))
    assert begun.run.record.begun_with == "first"
    assert Path(begun.job.start_from) == begun.run.begun_with
    assert (begun.run.begun_with / "model.json").read_bytes() == (first.model / "model.json").read_bytes()
    work.runs.finish(begun.run, None)
    assert not begun.run.folder.exists()


# Going on -------------------------------------------------------------------------------------------------------------


def test_the_newest_that_can_go_on_goes_on(work):
    assert work.runs.to_resume() is None
    with pytest.raises(ProjectError, match="no training to go on with"):
        jobs.begin(work.project, small_settings(), Beginning(resume=True))
    first, second, third = work.train(), work.train(), work.train()
    (third.model / "training.safetensors").unlink()
    assert work.runs.to_resume() == second
    assert jobs.begin(work.project, small_settings(30), Beginning(resume=True, run="run-001")).run == first
    with pytest.raises(ProjectError, match="no training to go on with"):
        jobs.begin(work.project, small_settings(), Beginning(resume=True, run="3"))


def test_what_it_said_before_is_told_again(work):
    run = work.train()
    list(kept([Progress("train", 1, 2), Note("said"), done()], run.job(), "train"))
    begun = jobs.begin(work.project, small_settings(30), Beginning(resume=True))
    assert [update for update in begun.told if isinstance(update, Note)] == [Note("said")]


# What is damaged ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": "napari-fhn run", "version": 9}', b"\xff"])
def test_a_run_whose_record_is_damaged_is_still_there(work, content):
    run = work.train("first")
    (run.folder / RUN).write_bytes(content)
    (found,) = work.runs
    assert found.name == "Run 1"
    assert found.has_model
    assert str(run.folder / RUN) in found.record.message
    work.session.release()
    work.session.acquire("a test")
    assert (run.folder / f"{RUN}.damaged").read_bytes() == content
    assert work.runs.rename(found, "again").name == "again"


@pytest.mark.parametrize("name", ["model/model.json", "job.json", "prediction.json", "prediction.npy"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 5000])
def test_a_run_with_a_damaged_file_is_listed(work, name, content):
    work.train("first")
    second = work.train("second")
    (second.folder / name).write_bytes(content)
    for run in Session(work.session.folder).runs:
        assert run.name
        assert run.step >= 0
        assert run.score is None
        assert run.has_prediction in (True, False)
        assert run.disk_used() > 0
    work.session.release()
    work.session.acquire("a test")
    assert names(work) == ["run-001", "run-002"]


def test_a_current_run_that_is_gone_is_replaced(work):
    first, second = work.train("first"), work.train("second")
    work.session.release()
    os.rename(second.folder, work.session.folder.parent / "taken")
    session = Session(work.session.folder)
    session.acquire("a test")
    assert session.runs.current == first
    assert session.notes == ["The run run-002 is gone. 'first' predicts now."]
    session.release()


def test_a_job_of_an_earlier_run_repeats_itself_elsewhere(work):
    run = work.train("first")
    content = json.loads((run.folder / JOB).read_text())
    assert content["labels"] == "../../labels.npy"
    assert content["model"] == "model"


def test_held_out_labels_are_those_that_were_asked_for(work):
    begun = jobs.begin(work.project, small_settings(), held_out=HeldOut(count=1))
    assert len(begun.job.held_out) == 1
    work.runs.finish(begun.run, None)
    begun = jobs.begin(work.project, small_settings(), held_out=HeldOut(count=9))
    (note,) = begun.notes
    assert note.endswith("1 of 9 is held out: more would take a class away.")


def test_a_prediction_is_one_only_where_something_was_predicted(work):
    run = work.train(predict=False)
    assert not run.has_prediction
    assert run.prediction.is_file()
    predicted(run)
    assert run.has_prediction
    assert run.provenance().shape == SHAPE
