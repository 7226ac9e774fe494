"""What is minimised, from the command line."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import prepared

from napari_fhn.box import Box
from napari_fhn.cli import main
from napari_fhn.cli.objective import add_objective, ignored, objective
from napari_fhn.training import Job, JobError, Objective
from napari_fhn.training.objective import Absence, Order, Share, Smoothness

SHAPE = (8, 10, 32)


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_objective(parser)
    return parser.parse_args(arguments)


def test_nothing_said_leaves_the_recipe_as_it_is():
    base = Objective(("dice",), balance="full", knowledge=(Smoothness(),))
    assert objective(options(), base) == base
    assert ignored(options(), SHAPE) == ()


def test_options_become_an_objective():
    said = options(
        *("--loss", "cross-entropy+dice", "--balance", "none", "--share", "Salt=0.02:0.1", "--share", "Sand=:0.5"),
        *("--order", "Top, Base", "--absent", "Salt=shelf.npy", "--smooth"),
    )
    assert objective(said, Objective(gamma=3.0)) == Objective(
        ("cross-entropy", "dice"),
        "none",
        gamma=3.0,
        knowledge=(
            Share("Salt", 0.02, 0.1),
            Share("Sand", 0.0, 0.5),
            Order(("Top", "Base")),
            Absence("Salt", mask=str(Path("shelf.npy").absolute())),
            Smoothness(),
        ),
    )
    assert objective(options("--order", "--smooth", "2"), Objective()).knowledge == (Order(), Smoothness(weight=2.0))
    assert ignored(options("--ignore", "0:2,:,4:", "--ignore", "1:2,3:4,5:6"), SHAPE) == (
        Box((0, 0, 4), (2, 10, 32)),
        Box((1, 3, 5), (2, 4, 6)),
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (("--loss", "hinge"), "cross-entropy, focal"),
        (("--share", "Salt"), "write it as in Salt=0.02:0.1"),
        (("--share", "Salt=few:many"), "no two numbers"),
        (("--share", "Salt=0.5:0.2"), "share of Salt"),
        (("--absent", "shelf.npy"), "write it as in"),
        (("--order", "Top"), "two or more"),
    ],
)
def test_what_cannot_be_read_is_explained(said, words):
    with pytest.raises(JobError, match=words):
        objective(options(*said), Objective())


@pytest.mark.parametrize("text", ["0:2,:", "a:b,:,:", "0:2", "1,2,3"])
def test_a_box_that_cannot_be_read_is_explained(text):
    with pytest.raises(JobError, match="start:stop for each of the 3 axes"):
        ignored(options("--ignore", text), SHAPE)


def test_a_box_outside_is_refused():
    with pytest.raises(JobError, match="no box inside the survey"):
        ignored(options("--ignore", "0:9,:,:"), SHAPE)


def test_a_job_holds_what_was_said(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("map.npy", np.random.default_rng(0).standard_normal((20, 24)).astype(np.float32))
    Path("points.csv").write_text("row,col,class\n4,5,sand\n12,8,clay\n")
    common = ["map.npy", "--session", "s"]
    given = [*common, "--points", "points.csv", "--point-radius", "3"]
    rest = ["--fall-off", "2", "--share", "sand=0.2:0.6", "--ignore", "0:2,:"]
    found = prepared(*given, *rest)
    job = Job.load(found.begun.run.folder / "job.json")
    assert job == found.begun.job
    assert job.schedule.objective.knowledge == (Share("sand", 0.2, 0.6),)
    assert job.ignored == (Box((0, 0), (2, 24)),)
    labels, weights = np.load(job.labels), np.load(job.weights)
    assert (labels > 0).sum() == 2 * 29
    np.testing.assert_array_equal(labels > 0, weights > 0)
    assert weights[4, 5] == 100
    assert weights[4, 7] == 61

    # The same again is the same; another fall-off, or none, would change what the session holds.
    assert alike(prepared(*given, *rest).begun.job, job)
    assert prepared(*common).begun.job.weights == job.weights
    assert main(["train", *given, "--fall-off", "4"]) == 2
    assert "other weights of labels, which are never overwritten" in capsys.readouterr().err
    assert main(["train", *given]) == 2
    np.testing.assert_array_equal(np.load(job.weights), weights)
    # A share of a class that does not exist is a sentence.
    assert main(["train", *common, "--share", "salt=0:0.1"]) == 2
    assert "speaks of salt; the classes are sand, clay" in capsys.readouterr().err


def alike(one: Job, other: Job) -> bool:
    """Whether jobs differ in nothing but the run that they are."""
    return replace(one, run="", model="", prediction="") == replace(other, run="", model="", prediction="")


def test_without_a_survey_the_session_remembers_what_was_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("map.npy", np.random.default_rng(0).standard_normal((20, 24)).astype(np.float32))
    Path("points.csv").write_text("row,col,class\n4,5,sand\n12,8,clay\n4,15,sand\n14,18,clay\n")
    mask = np.zeros((20, 24), np.uint8)
    mask[:5] = 1
    np.save("shelf.npy", mask)
    said = ["--hold-out", "1", "--steps", "3", "--absent", "clay=shelf.npy", "--ignore", "0:2,:", "--smooth"]
    first = prepared("map.npy", "--session", "s", "--points", "points.csv", "--point-radius", "3", *said).begun.job
    assert len(first.held_out) == 1
    kept = next(term.mask for term in first.schedule.objective.knowledge if isinstance(term, Absence))
    np.testing.assert_array_equal(np.load(kept), mask)
    Path("s").rename("moved")
    Path("shelf.npy").unlink()
    again = prepared("--session", "moved").begun.job
    assert again.schedule.steps == 3
    assert (again.held_out, again.ignored) == (first.held_out, first.ignored)
    moved = next(term.mask for term in again.schedule.objective.knowledge if isinstance(term, Absence))
    assert Path(moved).parent == tmp_path / "moved" / "masks"
    assert prepared("--session", "moved", "--steps", "4", "--hold-out", "0").begun.job.schedule.steps == 4
