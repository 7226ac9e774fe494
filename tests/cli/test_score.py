"""`napari-fhn score`: on labels held out, on a truth, and on each well left out in turn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.cli import main
from napari_fhn.cli.commands import parser
from napari_fhn.cli.given import prepare

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def session(survey, wells) -> list[str]:
    """A session of two wells, one of them held out, with some prediction; no network is needed to score it."""
    train = ["train", str(survey), *wells, "--session", "s", "--radius", "1", "--hold-out", "1", "--device", "cpu"]
    job = prepare(parser().parse_args(train)).job
    np.save(job.prediction, np.random.default_rng(0).integers(1, 3, (8, 10, 32)).astype(np.uint8))
    return ["--session", "s"]


def test_on_labels_held_out_and_on_a_truth(session, capsys):
    np.save("truth.npy", np.load("s/prediction.npy"))
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
    np.save("s/prediction.npy", np.zeros((8, 10, 32), np.uint8))
    assert main(["score", *session]) == 0
    said = capsys.readouterr().out
    assert "160 of the voxels are not predicted yet" in said
    assert "accuracy 0.000" in said


def test_each_well_left_out_in_turn(session, capsys):
    before = np.load("s/prediction.npy")
    assert main(["score", *session, "--leave-one-out", "--steps", "1", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    folds = [line for line in lines if line["kind"] == "Fold"]
    assert [fold["scores"]["voxels"] for fold in folds] == [160, 160]
    assert lines[-1]["kind"] == "Spread"
    assert lines[-1]["pooled"]["voxels"] == 320
    kept = json.loads(Path("s/leave-one-out.json").read_text())
    assert kept["mean"] == lines[-1]["mean"]
    np.testing.assert_array_equal(np.load("s/prediction.npy"), before)
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
        (["--leave-one-out", "--truth", "flat.npy"], "leave --truth and --margin out"),
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


def test_nothing_to_score_on(survey, wells, capsys):
    prepare(parser().parse_args(["train", str(survey), *wells, "--session", "s"]))
    assert main(["score", "--session", "s"]) == 2
    assert "nothing to score on" in capsys.readouterr().err
