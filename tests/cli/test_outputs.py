"""What a command writes is nothing that it reads, and no part of a session."""

import os
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.cli import main
from napari_fhn.project import Project, ProjectError, Session
from napari_fhn.project.exporting.exporter import Exporter, Request
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.manifest import KnowledgeEntry, refer


@pytest.fixture
def session(tmp_path, monkeypatch):
    """A session, of which nothing but the manifest and some labels is there, in the folder where commands run."""
    monkeypatch.chdir(tmp_path)
    made = Session("ä s.fhn")
    with made.writing("test"):
        made.change(held_out=made.manifest.held_out)
    np.save(made.labels, np.ones((2, 3), np.uint8))
    return made


PARTS = ("labels.npy", "weights.npy", "session.json", "runs/run-001/prediction.npy", "inputs/a.npy", "kept/new.npy")


def test_no_part_of_a_session_is_written_over_by_what_is_exported(session, capsys):
    folder = session.folder
    path = f"{folder}/labels.npy"
    for part in PARTS:
        assert layout.own(folder / part) == folder.absolute(), part
    commands = (
        ["export", "labels", path, "--session", str(folder)],
        ["predict", "--session", str(folder), "--output", path],
        ["horizon", "a.csv", "--session", str(folder), "--output", path],
        ["report", "--session", str(folder), "--output", path],
        ["similar", "a.npy", "--at", "1 1", "--output", path],
        ["export-network", str(folder), path],
        ["brick", "a.npy", path],
        ["runs", "list", "--session", str(folder), "--log-file", path],
    )
    before = {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()}
    for command in commands:
        assert main(command) == 2, command
        assert "is a part of the session" in capsys.readouterr().err, command
    with pytest.raises(ProjectError, match="is a part of the session"):
        Exporter.of_run(Project(session)).check(Request("labels", Path(path)))
    assert {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()} == before


def test_what_a_person_puts_beside_the_parts_is_none(session):
    for name in ("facies.sgy", "prediction.tif", "runs/run-001/report.html", "out/labels.npy"):
        assert layout.own(session.folder / name) is None
    os.symlink(session.labels, "link.npy")
    assert layout.own("link.npy") == session.folder.absolute()
    assert layout.own("labels.npy") is None


def test_no_file_that_a_command_reads_is_written_over(session, capsys):
    for name in ("picks ü.csv", "a.npy", "p.npy"):
        Path(name).write_text("what somebody made")
    os.link("a.npy", "other name.npy")
    folder = str(session.folder)
    for command in (
        ["horizon", "a.npy", "picks ü.csv", "--output", "./picks ü.csv"],
        ["export", "classes", "p.npy", "--prediction", "p.npy", "--like", "a.npy"],
        ["predict", "a.npy", "--network", folder, "--output", "other name.npy"],
        ["report", "--session", folder, "--truth", "p.npy", "--output", "p.npy"],
        ["info", "a.npy", "--log-file", "a.npy"],
        ["train", "a.npy", "--labels", "p.npy", "--log-file", "p.npy"],
    ):
        assert main(command) == 2, command
        assert "it would be written over: choose another name" in capsys.readouterr().err, command
    assert {Path(name).read_text() for name in ("picks ü.csv", "a.npy", "p.npy")} == {"what somebody made"}


def test_what_a_session_was_made_from_is_not_written_over(session, capsys):
    """Labels that were read months ago are named by no command that exports a prediction."""
    mine = Path("mine.npy")
    np.save(mine, np.ones((2, 3), np.uint8))
    before = mine.read_bytes()
    with session.writing("test"):
        session.change(knowledge=(KnowledgeEntry(refer(mine, session.folder), "labels"),))
    assert main(["export", "labels", str(mine), "--session", str(session.folder)]) == 2
    assert "were read from" in capsys.readouterr().err
    os.symlink(mine, "link.npy")
    for path in (mine, Path("link.npy")):
        with pytest.raises(ProjectError, match="were read from"):
            Exporter.of_run(Project(session)).check(Request("labels", path))
    assert mine.read_bytes() == before
