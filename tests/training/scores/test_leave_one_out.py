"""Each well left out in turn, by real trainings of a few steps."""

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training import Control, Done, JobError, Progress
from napari_fhn.training.scores.leave_one_out import Fold, Turn, leave_one_out, spread
from napari_fhn.training.scores.score import confusion, scores

BODIES = [Box((i, j, 0), (i + 1, j + 1, 32)) for i, j in [(2, 3), (9, 4), (3, 15)]]
TURNS = [Turn((body,)) for body in BODIES]


@pytest.fixture
def job(layered):
    job, _ = layered
    return replace(job, schedule=replace(job.schedule, steps=2))


def test_every_body_is_left_out_once(job, tmp_path):
    # Of a recipe that no training begins with on such data any more: what was trained then can still be scored.
    news = list(leave_one_out(replace(job, recipe="spectra"), TURNS, tmp_path / "folds"))
    folds = [item for item in news if isinstance(item, Fold)]
    assert [fold.bodies for fold in folds] == [(body,) for body in BODIES]
    assert all(len(fold.each) == 1 and sum(fold.shares) == pytest.approx(1) for fold in folds)
    assert all(fold.reference_sample is None for fold in folds)
    assert [(fold.number, fold.folds) for fold in folds] == [(1, 3), (2, 3), (3, 3)]
    assert all(fold.scores.voxels == 32 and fold.scores.unpredicted == 0 for fold in folds)
    tasks = [item.task for item in news if isinstance(item, Done)]
    assert tasks == ["train", "predict"] * 3
    assert not list((tmp_path / "folds").iterdir())
    # The job's own prediction stays as it was.
    assert not np.load(job.prediction).any()
    whole = spread(folds)
    assert whole.pooled.voxels == 96
    values = [fold.scores.mean_iou for fold in folds]
    assert whole.mean == pytest.approx(np.mean(values))
    assert whole.deviation == pytest.approx(np.std(values, ddof=1))
    assert whole.worst == min(values)
    assert (whole.estimates.bodies, whole.estimates.drawn) == (3, "place")


def test_a_body_left_out_is_not_learnt_from(job, tmp_path):
    # Wrong labels in the body change nothing of what is predicted for it; only the score, which is taken on them.
    labels = np.load(job.labels)
    first = next(item for item in leave_one_out(job, TURNS, tmp_path / "a") if isinstance(item, Fold))
    labels[BODIES[0].slices] = 4 - labels[BODIES[0].slices]
    np.save(job.labels, labels)
    again = next(item for item in leave_one_out(job, TURNS, tmp_path / "b") if isinstance(item, Fold))
    one, other = (np.array(fold.scores.confusion) for fold in (first, again))
    np.testing.assert_array_equal(one[1:], other[:0:-1])


def test_bodies_are_left_out_together_beside_a_reference_that_sees_what_the_network_sees(job, tmp_path):
    away = Box((8, 16, 0), (9, 17, 32))
    turns = [Turn((BODIES[0], BODIES[1]), (away,)), Turn((BODIES[2],))]
    seen = []

    def reference(labels):
        seen.append(labels.any(axis=2))
        return np.full(labels.shape, 2, np.uint8)

    news = list(leave_one_out(job, turns, tmp_path / "folds", reference=reference))
    folds = [item for item in news if isinstance(item, Fold)]
    assert [len(fold.each) for fold in folds] == [2, 1]
    assert folds[0].scores.voxels == 64
    assert [list(zip(*np.nonzero(mask), strict=True)) for mask in seen] == [[(3, 15)], [(2, 3), (8, 16), (9, 4)]]
    assert folds[0].reference_shares == (0, 1, 0)
    assert folds[0].reference_sample.bodies.shape == (2, 4, 4)


def test_a_stop_ends_it(job, tmp_path):
    control = Control()
    news = []
    for item in leave_one_out(job, TURNS, tmp_path, control):
        news.append(item)
        if isinstance(item, Progress):
            control.stop.set()
    assert isinstance(news[-1], Done)
    assert news[-1].stopped


def test_one_body_is_not_enough(job, tmp_path):
    with pytest.raises(JobError, match="1 can be spared"):
        next(leave_one_out(job, TURNS[:1], tmp_path))


def test_the_spread_of_one_fold_is_zero():
    of = scores(confusion([1, 2], [1, 1], 2))
    only = Fold(1, 1, (BODIES[0],), (of,), of)
    assert (spread([only]).mean, spread([only]).deviation) == (0.5, 0.0)
