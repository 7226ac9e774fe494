"""The folder of a piece of work: its manifest on disk, one writer, and nothing lost by opening it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from tests.project.conftest import SHAPE, trained

from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.project import ProjectError, Session, SessionInUse
from napari_fhn.project.sessions.lock import FILE as LOCK
from napari_fhn.project.sessions.manifest import FILE as MANIFEST


def test_looking_at_a_folder_makes_nothing(tmp_path):
    session = Session(tmp_path / "work")
    assert not session.exists
    assert session.manifest.surveys == ()
    assert session.classes is None
    assert not session.has_labels
    assert session.holder() is None
    assert list(session.runs) == []
    assert session.disk_used() == 0
    assert not session.folder.exists()


@pytest.mark.parametrize(("made", "said"), [(True, "it is no session"), (False, "there is no such folder")])
def test_what_is_no_session_is_said(tmp_path, made, said):
    folder = tmp_path / "work"
    if made:
        folder.mkdir()
    with pytest.raises(ProjectError, match=said) as refused:
        Session.existing(folder)
    assert "session.json" in str(refused.value)


def test_a_folder_is_absolute_from_the_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = Session("work")
    monkeypatch.chdir("/")
    assert session.folder == tmp_path / "work"
    assert session.name == "work"


def test_what_is_changed_is_on_disk(tmp_path):
    session = Session(tmp_path)
    with session.writing("a test"):
        session.set_classes(ClassTable.default(3))
        session.change(kind="map")
    found = Session.existing(tmp_path)
    assert found.manifest.kind == "map"
    assert found.classes == ClassTable.default(3)
    assert found.manifest.created.endswith("+00:00")
    assert found.manifest.program.startswith("napari-fhn ")


def test_the_manifest_is_that_of_the_disk_while_others_write(tmp_path):
    one, other = Session(tmp_path), Session(tmp_path)
    with one.writing("a test"):
        one.change(kind="map")
        assert other.manifest.kind == "map"
        one.change(kind="cube")
        assert other.manifest.kind == "cube"


def test_nothing_is_written_where_nothing_changes(tmp_path):
    session = Session(tmp_path)
    session.change(kind="map")
    before = os.stat(tmp_path / MANIFEST).st_mtime_ns
    session.change(kind="map")
    assert os.stat(tmp_path / MANIFEST).st_mtime_ns == before


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path):
    session = Session(tmp_path / "work")
    with session.writing("a test"):
        assert session.lock.held
        with session.writing("within"):  # by the same one
            pass
        assert session.lock.held
    assert not session.folder.exists()
    with pytest.raises(KeyError), session.writing("a test"):
        raise KeyError
    assert not session.folder.exists()
    (tmp_path / "own").mkdir()
    with Session(tmp_path / "own").writing("a test"):
        pass
    assert list((tmp_path / "own").iterdir()) == []


def test_whoever_is_refused_changes_nothing(tmp_path):
    with Session(tmp_path / "work").writing("the desk"):
        other = Session(tmp_path / "work")
        assert other.holder().program == "the desk"
        with pytest.raises(SessionInUse, match="the desk"), other.writing("napari-fhn train"):
            pass
        with pytest.raises(SessionInUse, match="the desk"):
            other.change(kind="map")
        with pytest.raises(SessionInUse):
            other.runs.rename(None, "x")
        assert not (tmp_path / "work" / MANIFEST).exists()


def test_whoever_was_taken_over_writes_no_more(work):
    first, second = work.session, Session(work.session.folder)
    second.acquire("the desk", take_over=True)
    second.change(kind="taken over")
    for write in (
        lambda: first.change(kind="map"),
        lambda: work.project.paint(np.ones(SHAPE, np.uint8)),
        lambda: work.begin(),
    ):
        with pytest.raises(SessionInUse, match="the desk"):
            write()
    second.release()
    with pytest.raises(ProjectError, match="taken it over meanwhile"):
        first.change(kind="map")
    assert first.manifest.kind == "taken over"
    assert list(first.runs) == []


WRITES = """
import sys
from napari_fhn.project import Session
session = Session(sys.argv[1])
session.acquire("a script")
session.change(kind="map")
print("written", flush=True)
sys.stdin.readline()
"""


@pytest.mark.usefixtures("copied_processes")
def test_a_killed_writer_leaves_a_session_to_go_on_with(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "written\n"
    with pytest.raises(SessionInUse, match="a script"):
        Session(tmp_path).acquire("the desk")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    session = Session(tmp_path)
    with session.writing("the desk"):
        assert session.manifest.kind == "map"
        session.change(kind="cube")
    assert Session(tmp_path).manifest.kind == "cube"
    assert not (tmp_path / LOCK).exists()


def test_a_manifest_of_a_later_version_stops_the_opening_and_nothing_else(work):
    work.session.release()
    path = work.session.folder / MANIFEST
    whole = path.read_bytes()
    later = whole.replace(b'"version": 2', b'"version": 3')
    path.write_bytes(later)
    session = Session(work.session.folder)
    with pytest.raises(ProjectError, match="Update napari-fhn"):
        session.acquire("the desk")
    assert session.holder() is None
    assert path.read_bytes() == later
    assert not (work.session.folder / LOCK).exists()
    path.write_bytes(whole)
    session.acquire("the desk")
    assert session.known().any()
    session.release()


def test_labels_of_another_survey_are_refused(tmp_path):
    session = Session(tmp_path)
    session.label_volume((3, 4))[0, 0] = 1
    with pytest.raises(LabelError):
        session.label_volume((4, 4))
    assert session.label_volume((3, 4))[0, 0] == 1


def test_labels_that_are_not_there_or_damaged_are_said(tmp_path):
    session = Session(tmp_path)
    with pytest.raises(ProjectError, match="nothing is labelled"):
        session.known()
    session.labels.write_bytes(b"\x93NUMPY")
    with pytest.raises(ProjectError, match="cannot be read"):
        session.known()


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_a_session_is_at_home_anywhere(work, tmp_path, how):
    run = work.train("first")
    work.session.release()
    target = tmp_path / "far" / "away"
    target.parent.mkdir()
    how(work.session.folder, target)
    there = Session.existing(target)
    with there.writing("a test"):
        assert there.notes == []
        assert there.runs.current.id == run.id
        job = there.runs.current.job()
        assert all(path.startswith(str(target)) for path in (job.labels, job.prediction, job.model, job.inputs[0].path))
        assert os.path.exists(job.inputs[0].path)


def test_disk_used_counts_what_is_there(work):
    before = work.session.disk_used()
    begun = work.begin()
    trained(begun.run, begun.job)
    (begun.run.model / "large").write_bytes(os.urandom(100_000))
    assert work.session.disk_used() - before >= 100_000
    assert begun.run.disk_used() >= 100_000


@pytest.mark.parametrize("name", ["session.json", "labels.npy", "inputs", "runs", "runs/run-001", "runs/run-001/model"])
def test_nothing_is_written_through_a_link_that_leads_out_of_it(work, tmp_path, name):
    work.train()
    work.session.release()
    place, other = work.session.folder / name, tmp_path / "of somebody else"
    place.rename(other)
    place.symlink_to(other)
    session = Session(work.session.folder)
    with pytest.raises(ProjectError, match="a link that leads out of the folder work"), session.writing("a test"):
        pass
    assert session.holder() is None
    assert not session.lock.path.exists()
    place.unlink()
    other.rename(place)
    with session.writing("a test"):
        assert session.runs.trained().has_prediction


def test_links_to_surveys_and_to_the_session_itself_are_taken(work, tmp_path):
    work.train()
    work.session.release()
    (work.session.folder / "survey.npy").symlink_to(work.session.labels)
    (tmp_path / "elsewhere.npy").touch()
    (work.session.folder / "other.npy").symlink_to(tmp_path / "elsewhere.npy")
    (tmp_path / "short").symlink_to(work.session.folder)
    with Session(tmp_path / "short").writing("a test"):
        pass


@pytest.mark.parametrize("where", ["../../other/runs/run-001", "{other}/runs/run-001", "../runs/run-001"])
def test_the_current_run_is_one_of_its_own(work, tmp_path, where):
    work.train()
    work.session.release()
    shutil.copytree(work.session.folder, tmp_path / "other")
    with work.session.writing("another"):
        work.session.change(current_run=where.format(other=tmp_path / "other"))
    assert work.session.runs.current is None
    with work.session.writing("another"):
        assert work.session.runs.current.folder == work.session.runs.folder / "run-001"
