"""`napari-fhn runs` and `info --session`: the trainings of a session, and what it holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import run_of
from tests.project.predicted import predicted

from napari_fhn.cli import main
from napari_fhn.project import Session

pytestmark = pytest.mark.usefixtures("small")

SHAPE = (8, 10, 32)


@pytest.fixture
def two(survey, wells, capsys):
    """Two trainings; the second has one step more and other shares, and both have predicted."""
    common = ["train", str(survey), *wells, "--session", "s", "--radius", "1", "--hold-out", "1", "--json"]
    assert main([*common, "--name", "as it is"]) == 0
    assert main(["predict", "--session", "s", "--json"]) == 0
    assert main([*common, "--steps", "3", "--share", "sand=0.2:0.6"]) == 0
    assert main(["predict", "--session", "s", "--json"]) == 0
    capsys.readouterr()
    return ["--session", "s"]


def told(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_they_are_listed(two, capsys):
    assert main(["runs", *two]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].split()[:4] == ["run-001", "as", "it", "is"]
    assert said[2].split()[:4] == ["*", "run-002", "Run", "2"]
    assert "2/2" in said[1]
    assert "finished" in said[2]
    assert "in runs" in said[-1]
    assert main(["runs", "list", *two, "--json"]) == 0
    first, second = told(capsys)
    assert (first["id"], first["name"], first["current"], second["current"]) == ("run-001", "as it is", False, True)
    assert (second["step"], second["steps"], second["predicted"]) == (3, 3, True)
    assert second["bytes"] > 0
    assert second["score"] is not None


def test_they_are_compared(two, capsys):
    assert main(["runs", "compare", "as it is", "2", *two]) == 0
    said = capsys.readouterr().out
    assert "as it is (run-001)" in said
    assert "sand=0.2:0.6" in said
    assert "Their predictions agree on" in said
    assert "learning rate" not in said  # which is alike
    assert main(["runs", "--json", "compare", "1", "run-002", *two]) == 0
    (found,) = told(capsys)
    named = {one["what"]: (one["first"], one["second"]) for one in found["differences"]}
    assert named["steps"] == ("2", "3")
    assert named["shares"] == ("nothing", "sand=0.2:0.6")
    one, other = (np.load(run_of("s", name).prediction) for name in ("1", "2"))
    assert found["agreement"] == pytest.approx(np.mean(one == other))
    assert found["voxels"] == one.size


def test_they_are_renamed_used_and_deleted(two, capsys, monkeypatch):
    assert main(["runs", "rename", "2", "with shares", *two]) == 0
    assert run_of("s").name == "with shares"
    assert main(["runs", "rename", "2", "as it is", *two]) == 2
    assert "another run is called 'as it is'" in capsys.readouterr().err
    assert main(["runs", "delete", "with shares", *two, "--yes"]) == 2
    assert "is the run whose network predicts" in capsys.readouterr().err
    assert main(["runs", "delete", "1", *two]) == 2  # nobody is there to be asked
    assert "say so with --yes" in capsys.readouterr().err
    assert len(Session.existing("s").runs.all()) == 2
    assert main(["runs", "use", "1", *two]) == 0
    assert run_of("s").id == "run-001"
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert main(["runs", "delete", "2", *two]) == 0
    assert len(Session.existing("s").runs.all()) == 2
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert main(["runs", "delete", "2", *two]) == 0
    assert [run.id for run in Session.existing("s").runs] == ["run-001"]
    assert main(["train", *two, "--steps", "1", "--json"]) == 0
    assert run_of("s").id == "run-003"  # a number is given once


def test_the_network_of_an_earlier_step_is_a_run_of_its_own(two, capsys):
    """Going back to a checkpoint takes nothing away: neither the last network nor what would go on."""
    last = run_of("s", "2")
    assert list(last.checkpoints) == [1, 2, 3]
    before = {path: path.read_bytes() for path in last.folder.rglob("*") if path.is_file()}
    assert main(["runs", "use", "2", "--step", "2", *two]) == 0
    assert "'Run 2 at step 2' (run-003) predicts from now on" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in last.folder.rglob("*") if path.is_file()} == before
    made = run_of("s")
    assert (made.id, made.step, made.record.begun_with, made.has_prediction) == ("run-003", 2, "Run 2", False)
    assert main(["predict", *two, "--json"]) == 0
    assert run_of("s").provenance().steps == (2,)
    assert main(["runs", "use", "2", "--step", "7", *two]) == 2
    assert "'Run 2' has no checkpoint of step 7. There are 1, 2, 3" in capsys.readouterr().err
    assert len(Session.existing("s").runs.all()) == 3


def test_a_training_on_what_the_session_remembers_gets_a_name(two, capsys):
    assert main(["train", *two, "--name", "again", "--json"]) == 0
    run = run_of("s")
    assert run.name == "again"
    assert run.job().schedule.steps == 3
    assert len(run.job().held_out) == 1
    assert main(["train", *two, "--name", "again", "--json"]) == 2
    assert "another run is called 'again'" in capsys.readouterr().err


def test_what_a_session_holds(two, survey, capsys):
    assert main(["info", *two]) == 0
    said = capsys.readouterr().out
    assert "survey small: small.sgy" in said
    assert "sand" in said
    assert "known: wells.csv (wells)" in said
    assert "* run-002" in said
    assert main(["info", *two, "--json"]) == 0
    (found,) = told(capsys)
    assert found["kind"] == "Session"
    assert found["data"] == "seismic volume"
    assert [one["found"] for one in found["surveys"]] == [True]
    assert sum(found["labelled"].values()) == np.count_nonzero(np.load("s/labels.npy"))
    assert [run["id"] for run in found["runs"]] == ["run-001", "run-002"]
    survey.rename("elsewhere.sgy")
    assert main(["info", *two]) == 0
    assert "small.sgy is not in " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["runs"], "are required: --session"),
        (["runs", "--session", "absent"], "there is no such folder"),
        (["runs", "compare", "1", "9", "--session", "s"], "there is no one run '9'"),
        (["runs", "delete", "--session", "s"], "are required: RUN"),
        (["runs", "burn", "--session", "s"], "invalid choice: 'burn'"),
        (["info"], "name a survey file"),
        (["info", "small.sgy", "--session", "s"], "name files or --session"),
        (["train", "--session", "s", "--run", "1"], "a new one is always a run of its own"),
        (["train", "--session", "s", "--axes", "y,x"], "how a survey is read goes with the survey"),
        (["score", "--session", "s", "--job", "j.json"], "leave --session out"),
        (["score", "--job", "j.json", "--run", "1"], "--run goes with --session"),
        (["predict", "--session", "s", "--run", "9"], "there is no one run '9'"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments, sentence, tmp_path, capsys):
    predicted(Path("s"), np.ones(SHAPE, np.uint8))
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
