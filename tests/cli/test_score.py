"""`napari-fhn score`: on labels held out, on a truth, and on each well left out in turn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.cli.conftest import run_of
from tests.project.predicted import predict, predicted

from napari_fhn import surveys
from napari_fhn.box import Box
from napari_fhn.cli import main
from napari_fhn.project import SurveySet

pytestmark = pytest.mark.usefixtures("small")


SHAPE = (8, 10, 32)
WELL = Box((4, 6, 0), (7, 9, 32))


@pytest.fixture
def session(survey, tmp_path) -> list[str]:
    """A session of two wells, one of them held out, with some prediction; no network is needed to score it."""
    labels = np.zeros(SHAPE, np.uint8)
    for i, j, boundary in ((2, 3, 15), (5, 7, 18)):
        for at in ((i, j), (i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
            labels[at] = np.where(np.arange(32) < boundary, 1, 2)
    classes = np.random.default_rng(0).integers(1, 3, SHAPE).astype(np.uint8)
    opened = SurveySet.of({"small": surveys.open(survey)})
    predicted(tmp_path / "s", classes, surveys=opened, held_out=(WELL,), labels=labels, outputs=False)
    return ["--session", "s"]


def test_on_labels_held_out_and_on_a_truth(session, capsys):
    np.save("truth.npy", np.load(run_of("s").prediction))
    assert main(["score", *session, "--truth", "truth.npy"]) == 0
    said = capsys.readouterr().out
    held_out, truth = said.split("Scores where nothing was labelled")
    assert held_out.startswith("Scores on labels held out (160 voxels)")
    assert "IoU of the nearest column" in held_out
    assert "accuracy 1.000" in truth
    assert main(["score", *session, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "Evaluation"
    assert told["network"]["voxels"] == 160
    counts = np.array(told["network"]["confusion"])
    assert told["network"]["accuracy"] == pytest.approx(np.trace(counts) / 160)
    assert told["bodies"][0]["box"]["stop"][2] == 32


def test_what_is_not_predicted_counts_as_wrong_and_is_said(session, capsys):
    run = run_of("s")
    predict(run, run.job(), np.load(run.prediction), run.description().sha256, share=0.25)
    assert main(["score", *session]) == 2
    assert "75 % of the survey is not predicted" in capsys.readouterr().err
    assert main(["score", *session, "--partial"]) == 0
    told = capsys.readouterr()
    assert "160 of the voxels are not predicted yet" in told.out
    assert "accuracy 0.000" in told.out
    assert "75 % of the survey is not predicted" in told.err


def test_labels_that_have_changed_since_are_said(session, capsys):
    known = np.load("s/labels.npy", mmap_mode="r+")
    known[0, 0] = 1
    known.flush()
    assert main(["score", *session]) == 0
    assert "the labels have changed since it was trained" in capsys.readouterr().err


def test_each_well_left_out_in_turn(session, capsys):
    before = np.load(run_of("s").prediction)
    assert main(["score", *session, "--leave-one-out", "--steps", "1", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    folds = [line for line in lines if line["kind"] == "Fold"]
    assert [fold["scores"]["voxels"] for fold in folds] == [160, 160]
    assert lines[-1]["kind"] == "Spread"
    assert lines[-1]["pooled"]["voxels"] == 320
    kept = json.loads((run_of("s").folder / "leave-one-out.json").read_text())
    assert kept["mean"] == lines[-1]["mean"]
    np.testing.assert_array_equal(np.load(run_of("s").prediction), before)
    assert main(["score", *session, "--leave-one-out", "--steps", "1", "--blocks", "4"]) == 0
    said = capsys.readouterr().out
    assert "Fold 1 of " in said
    assert "all of them as one" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--truth", "absent.npy"], "there is no such file"),
        (["--truth", "flat.npy"], "use one grid"),
        (["--margin", "99"], "nothing is left to score"),
        (["--margin", "-1"], "a margin of -1 voxels"),
        (["--leave-one-out", "--truth", "flat.npy"], "leave --truth and --drawn out"),
        (["--leave-one-out", "--drawn", "class"], "leave --truth and --drawn out"),
        (["--leave-one-out", "--margin", "-1"], "a margin of -1 voxels"),
        (["--leave-one-out", "--folds", "1"], "in 1 fold"),
        (["--folds", "3"], "go with --leave-one-out"),
        (["--blocks", "3"], "go with --leave-one-out"),
        (["--leave-one-out", "--blocks", "99"], "0 can be spared"),
    ],
)
def test_what_is_wrong_is_one_sentence(session, arguments, sentence, capsys):
    np.save("flat.npy", np.zeros((8, 10), np.uint8))
    assert main(["score", *session, *arguments]) == 2
    told = capsys.readouterr().err
    assert sentence.lower() in told.lower()
    assert told.splitlines()[-1].startswith("napari-fhn: ")


def test_nothing_to_score_on(tmp_path, capsys):
    predicted(tmp_path / "e", np.ones(SHAPE, np.uint8))
    assert main(["score", "--session", "e"]) == 2
    assert "nothing to score on" in capsys.readouterr().err
