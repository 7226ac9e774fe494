"""A prediction in a store held against a truth by tasks and workers: the same counts as from all of it at once."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from tests.project.data.test_in_place import template

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.labels import ClassTable
from napari_fhn.project.predictions import counting
from napari_fhn.project.predictions.prediction_store import PredictionStore
from napari_fhn.surveys import SurveyError
from napari_fhn.training.prediction.sharding import ShardPlan
from napari_fhn.training.scores.score import confusion, near_boundaries, scores

SHAPE = (9, 21, 32)
CODES = np.array([0, 10, 20, 30])


def made(tmp_path):
    """Make a store of classes by codes and a truth that begins later and is turned; return their values."""
    rng = np.random.default_rng(0)
    truth = (np.indices(SHAPE).sum(axis=0) // 9 % 4).astype(np.uint8)
    predicted = np.where(rng.random(SHAPE) < 0.2, rng.integers(0, 4, SHAPE), np.maximum(truth, 1)).astype(np.uint8)
    said = {"run": "", "shape": list(SHAPE), "classes": ["a", "b", "c"], "inputs": [], "labels": "", "parts": []}
    plan = ShardPlan(SHAPE, SHAPE, 3, ("classes",), {"model": "m"}, said, 5)
    table = ClassTable.of_names(("a", "b", "c"), codes=(10, 20, 30))
    store = PredictionStore(tmp_path / "p.zarr", template(SHAPE), table)
    store.begin(plan)
    store.put(0, plan.shards.box(0), {"classes": predicted})
    store.collect()
    part = template(SHAPE).copy(data=CODES[truth].astype(np.int16))[2:, ::-1]
    surveys.save(tmp_path / "t.zarr", part.values, part)
    known = truth.copy()
    known[:2] = 0
    return known, predicted


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setattr(counting, "_SIDE", 8)
    return (tmp_path, *made(tmp_path))


def line(folder, *more):
    return [
        "score",
        "--prediction",
        f"{folder}/p.zarr",
        "--truth",
        f"{folder}/t.zarr",
        "--output",
        f"{folder}/s",
        *more,
    ]


def test_tasks_count_what_all_at_once_would(work, capsys):
    folder, truth, predicted = work
    assert main(line(folder, "--task", "2/3", "--json")) == 0
    assert json.loads(capsys.readouterr().out)["of"] == 24
    assert main(line(folder, "--task", "1/3")) == 0
    assert "it goes on from there" in capsys.readouterr().out
    assert main(line(folder, "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    edges = np.where(near_boundaries(truth, 2), truth, 0)
    for name, known in (("scores", truth), ("boundaries", edges)):
        expected = scores(confusion(predicted, known, 3))
        assert found[name]["confusion"] == [list(row) for row in expected.confusion]
    assert found["codes"] == [10, 20, 30]
    assert main(line(folder)) == 0, "counted already"
    out = capsys.readouterr().out
    assert "kappa" in out
    # The truth begins later and is turned: what was done to it is said at this door as at others.
    (note,) = found["notes"]
    assert note
    assert out.startswith(note)
    assert sorted(path.name for path in (folder / "s").iterdir()) == ["score.json"]


def test_it_stops_between_shards_and_what_does_not_go_together_is_said(work, capsys):
    folder = work[0]
    stop = threading.Event()
    begun = counting.Counting(f"{folder}/p.zarr", f"{folder}/t.zarr", f"{folder}/s")
    for done in counting.count_shards(begun, stop=stop):
        if done == 2:
            stop.set()
    assert begun.begin() == {0, 1}
    with pytest.raises(SurveyError, match="22 of 24 shards are not counted"):
        begun.collect()
    other = template(SHAPE).copy(data=np.full(SHAPE, 40, np.int16))
    surveys.save(folder / "o.zarr", other.values, other)
    strange = counting.Counting(f"{folder}/p.zarr", f"{folder}/o.zarr", f"{folder}/new")
    with pytest.raises(SurveyError, match="it holds 40, which are no classes"):
        list(counting.count_shards(strange))
    with pytest.raises(SurveyError, match="the score of something else is there"):
        counting.Counting(f"{folder}/p.zarr", f"{folder}/o.zarr", f"{folder}/s").begin()
    with pytest.raises(SurveyError, match="does not say which classes it has"):
        counting.Counting(f"{folder}/t.zarr", f"{folder}/t.zarr", f"{folder}/s")
    for wrong, said in (
        (["score", "--task", "1/2"], "go with a --prediction"),
        (line(folder)[:-2], "into an --output"),
        (line(folder, "--folds", "2"), "has no session"),
    ):
        assert main(wrong) == 2
        assert said in capsys.readouterr().err
