"""What labels left out say of the whole: without bias where they are many, with honest intervals where few."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.training.scores.estimating import Estimate, Sample, difference, estimates, together

PREDICTED_AS = np.array([[0.9, 0.1], [0.08, 0.92]])
"""P(predicted | true)."""


def survey(shares):
    """The true matrix of shares of a survey whose rare class is the first one."""
    return np.asarray(shares)[:, None] * PREDICTED_AS


def points(truth, rng):
    predicted = [rng.choice(2, p=PREDICTED_AS[k]) for k in truth]
    bodies = np.zeros((len(truth), 3, 3), np.int64)
    bodies[np.arange(len(truth)), np.array(truth) + 1, np.array(predicted) + 1] = 1
    return bodies


def f1_of(joint):
    return 2 * joint[0, 0] / (joint[0].sum() + joint[:, 0].sum())


def test_points_drawn_by_class_tell_the_rare_class_and_what_is_counted_does_not():
    joint = survey([0.01, 0.99])
    bodies = points([0] * 3000 + [1] * 3000, np.random.default_rng(0))
    found = estimates(Sample(bodies, joint.sum(axis=0)))
    assert found.drawn == "class"
    assert found.f1[0].value == pytest.approx(f1_of(joint), abs=0.03)  # 0.18
    assert found.areas[0].value == pytest.approx(0.01, abs=0.004)
    counted = estimates(Sample(bodies))
    assert counted.f1[0].value > 0.9


def test_points_drawn_by_place_are_weighed_by_what_is_predicted():
    joint = survey([0.2, 0.8])
    rng = np.random.default_rng(1)
    shares = joint.sum(axis=0)
    # Of each predicted class as many, as a map is tested.
    bodies = []
    for k in range(2):
        truth = rng.choice(2, 2000, p=joint[:, k] / shares[k])
        one = np.zeros((2000, 3, 3), np.int64)
        one[np.arange(2000), truth + 1, k + 1] = 1
        bodies.append(one)
    found = estimates(Sample(np.concatenate(bodies), shares), "place")
    assert found.f1[0].value == pytest.approx(f1_of(joint), abs=0.02)
    assert found.accuracy.value == pytest.approx(np.trace(joint), abs=0.02)
    assert found.accuracy.low < np.trace(joint) < found.accuracy.high


@pytest.mark.parametrize(("drawn", "shares"), [("class", [0.1, 0.9]), ("place", [0.3, 0.7])])
def test_intervals_hold_the_truth_nineteen_times_of_twenty(drawn, shares):
    joint, rng = survey(shares), np.random.default_rng(2)
    iou = np.diag(joint) / (joint.sum(axis=0) + joint.sum(axis=1) - np.diag(joint))
    hits = []
    for _ in range(60):
        truth = [0] * 25 + [1] * 25 if drawn == "class" else rng.choice(2, 50, p=shares).tolist()
        found = estimates(Sample(points(truth, rng), joint.sum(axis=0)), drawn).mean_iou
        hits.append(found.low <= iou.mean() <= found.high)
    assert np.mean(hits) >= 0.88


def test_voxels_of_one_well_are_not_independent():
    rng = np.random.default_rng(3)
    wells = np.zeros((6, 3, 3), np.int64)
    for well, right in zip(wells, rng.uniform(0.4, 1, 6), strict=True):
        well[1, 1], well[1, 2] = round(100 * right), round(100 * (1 - right))
        well[2, 2], well[2, 1] = round(100 * right), round(100 * (1 - right))
    found = estimates(Sample(wells))
    assert found.drawn == "place"
    # As 1,200 voxels on their own the interval would be 0.05 wide.
    assert found.accuracy.high - found.accuracy.low > 0.2
    assert found.accuracy.low < found.accuracy.value < found.accuracy.high


def test_one_body_says_nothing_of_another_and_none_says_nothing():
    alone = estimates(Sample(np.array([[[0, 0, 0], [0, 8, 2], [0, 0, 5]]])))
    assert alone.mean_iou == Estimate(pytest.approx((8 / 10 + 5 / 7) / 2))
    nothing = estimates(Sample(np.zeros((2, 3, 3), np.int64)))
    assert nothing.accuracy is None
    assert nothing.bodies == 0
    empty = Sample(np.zeros((1, 3, 3), np.int64))
    assert difference(empty, empty) is None


def test_where_all_are_right_the_interval_is_not_nothing():
    bodies = np.zeros((10, 3, 3), np.int64)
    bodies[:5, 1, 1], bodies[5:, 2, 2] = 1, 1
    found = estimates(Sample(bodies, np.array([0.5, 0.5])))
    assert found.accuracy.value == found.accuracy.high == 1
    assert found.accuracy.low < 0.9


def test_a_class_of_which_nothing_is_held_out_is_not_counted():
    bodies = np.zeros((6, 4, 4), np.int64)
    bodies[:3, 1, 1], bodies[3:, 2, 2] = 10, 10
    bodies[0, 1, 3] = 2
    found = estimates(Sample(bodies, np.array([0.4, 0.3, 0.3])))
    assert found.unseen == (2,)
    assert found.iou[2] is None
    assert found.iou[1].value == 1
    assert found.iou[0].value < 1  # what is taken for the third class counts as wrong, as often as it occurs


def test_what_is_not_predicted_counts_as_wrong():
    bodies = np.zeros((4, 3, 3), np.int64)
    bodies[:2, 1, 1], bodies[2:, 2, 2], bodies[:, 1, 0] = 5, 5, 5
    for drawn in ("place", "class"):
        found = estimates(Sample(bodies, np.array([0.5, 0.5])), drawn)
        assert found.accuracy.value < 0.8
        assert found.recall[0].value < 0.6


def test_a_difference_on_the_same_bodies_is_sharper_than_two_intervals():
    rng = np.random.default_rng(4)
    ease = rng.uniform(0.3, 0.9, 12)

    def of(shift):
        bodies = np.zeros((12, 3, 3), np.int64)
        for body, right in zip(bodies, ease + shift, strict=True):
            for k in (1, 2):
                body[k, k], body[k, 3 - k] = round(100 * right), 100 - round(100 * right)
        return Sample(bodies)

    better, worse = of(0.05), of(0.0)
    found = difference(better, worse)
    assert found.low > 0
    assert difference(worse, better).high < 0
    assert estimates(worse).mean_iou.high > estimates(better).mean_iou.low
    assert difference(worse, worse) == Estimate(0.0, 0.0, 0.0)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(2, 5), st.booleans())
def test_whatever_comes_numbers_are_shares_and_intervals_hold_them(seed, count, classes, weighed):
    rng = np.random.default_rng(seed)
    bodies = rng.poisson(rng.uniform(0, 3), (count, classes + 1, classes + 1))
    bodies[:, 0] = 0
    bodies *= rng.random((count, classes + 1, 1)) < 0.7
    shares = rng.dirichlet(np.ones(classes)) if weighed else None
    for drawn in ("place", "class"):
        found = estimates(Sample(bodies, shares), drawn)
        every = [found.accuracy, found.mean_iou, found.mean_f1]
        every += [*found.iou, *found.f1, *found.precision, *found.recall, *found.areas]
        for one in every:
            if one is not None:
                assert -1e-9 <= one.value <= 1 + 1e-9
                if one.low is not None:
                    assert 0 <= one.low <= one.value + 1e-9
                    assert one.value - 1e-9 <= one.high <= 1
        assert (found.accuracy is None) == (bodies[:, 1:].sum() == 0)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_by_place_points_agree_with_the_closed_form(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(5, 30, (3, 3))
    bodies = np.zeros((matrix.sum(), 4, 4), np.int64)
    at = 0
    for (i, j), n in np.ndenumerate(matrix):
        bodies[at : at + n, i + 1, j + 1] = 1
        at += n
    shares = rng.dirichlet(np.ones(3)) * 0.9 + 1 / 30
    closed = estimates(Sample(bodies, shares), "place")
    # Doubled voxels are no points to the program any more: drawn anew they say the same.
    drawn = estimates(Sample(2 * bodies, shares), "place")
    assert closed.accuracy.value == pytest.approx(drawn.accuracy.value)
    for one, other in zip((closed.accuracy, *closed.recall), (drawn.accuracy, *drawn.recall), strict=True):
        assert one.value == pytest.approx(other.value)
        assert one.high - one.low == pytest.approx(other.high - other.low, rel=0.35, abs=0.01)


def test_samples_together():
    one = Sample(np.ones((2, 3, 3), np.int64), np.array([0.2, 0.8]))
    both = together([one, Sample(np.zeros((1, 3, 3), np.int64), np.array([0.4, 0.6]))])
    assert both.bodies.shape == (3, 3, 3)
    np.testing.assert_allclose(both.shares, [0.3, 0.7])
    assert together([Sample(one.bodies)]).shares is None


def test_in_words():
    assert Estimate(0.584, 0.49, 0.66).words == "0.58 (0.49 to 0.66)"
    assert Estimate(0.5).words == "0.50"
