"""Scores equal scikit-learn's, and leave unlabelled voxels out."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from napari_fhn.training import confusion, intersection_over_union
from napari_fhn.training.scores import score
from napari_fhn.training.scores.score import near_boundaries, scores

CLOSE = {"rel": 1e-12, "abs": 1e-12}
classes = arrays(np.uint8, 50, elements=st.integers(0, 4))


@given(classes, classes)
def test_equals_counting_by_hand(predicted, truth):
    iou = intersection_over_union(confusion(predicted, truth, 4))
    known = truth > 0
    for k in range(1, 5):
        p, t = (predicted == k) & known, truth == k
        union = (p | t).sum()
        if union:
            assert iou[k - 1] == pytest.approx((p & t).sum() / union)
        else:
            assert np.isnan(iou[k - 1])


@given(classes, classes.filter(lambda truth: truth.any()))
def test_equals_scikit_learn(predicted, truth):
    found = scores(confusion(predicted, truth, 4))
    p, t = predicted[truth > 0], truth[truth > 0]
    present = np.unique(t)
    every = [1, 2, 3, 4]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of undefined values, which are None here
        np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(t, p, labels=[0, *every]))
        assert found.accuracy == pytest.approx(metrics.accuracy_score(t, p), **CLOSE)
        kappa = metrics.cohen_kappa_score(t, p)
        assert found.kappa is None if np.isnan(kappa) else found.kappa == pytest.approx(kappa, **CLOSE)
        assert found.mean_f1 == pytest.approx(metrics.f1_score(t, p, labels=present, average="macro"), **CLOSE)
        assert found.mean_iou == pytest.approx(metrics.jaccard_score(t, p, labels=present, average="macro"), **CLOSE)
        of_each = {"labels": every, "average": None, "zero_division": np.nan}
        precision, recall, _, support = metrics.precision_recall_fscore_support(t, p, **of_each)
        f1 = metrics.f1_score(t, p, **of_each)
        # scikit-learn has no NaN for the Jaccard index: where it is undefined here, it is 0 there.
        iou = metrics.jaccard_score(t, p, labels=every, average=None)
    assert found.support == tuple(support)
    for mine, theirs in [(found.precision, precision), (found.recall, recall), (found.f1, f1)]:
        assert [np.nan if v is None else v for v in mine] == pytest.approx(list(theirs), nan_ok=True, **CLOSE)
    assert [v or 0.0 for v in found.iou] == pytest.approx(list(iou), **CLOSE)


def test_what_is_not_defined_is_none():
    nothing = scores(confusion(np.zeros(3, int), np.zeros(3, int), 2))
    assert nothing.voxels == 0
    assert nothing.accuracy is nothing.kappa is nothing.mean_iou is nothing.mean_f1 is None
    found = scores(confusion([1, 0, 1], [1, 1, 0], 3))
    assert found.iou == (0.5, None, None)
    assert found.unpredicted == 1
    assert found.mean_iou == 0.5


def test_a_class_that_is_not_there_does_not_count_in_the_mean():
    # A voxel of class 1 taken for class 2, of which there is none: class 1 pays for it, once.
    found = scores(confusion([1, 1, 1, 2], [1, 1, 1, 1], 2))
    assert found.iou == (0.75, 0.0)
    assert found.mean_iou == 0.75


def test_slab_by_slab_is_the_same(monkeypatch):
    predicted, truth = np.random.default_rng(0).integers(0, 4, (2, 7, 5, 3))
    whole = confusion(predicted, truth, 3)
    monkeypatch.setattr(score, "_SLAB_VOXELS", 20)
    np.testing.assert_array_equal(confusion(predicted, truth, 3), whole)


def test_near_boundaries():
    truth = np.array([[1, 1, 1, 2, 2, 0, 3]])
    assert near_boundaries(truth, 1).astype(int).tolist() == [[0, 0, 1, 1, 0, 0, 0]]
    assert near_boundaries(truth, 2).astype(int).tolist() == [[0, 1, 1, 1, 1, 0, 0]]
    assert near_boundaries(truth, 9).astype(int).tolist() == [[1, 1, 1, 1, 1, 0, 1]]
    assert near_boundaries(truth.T, 1).T.tolist() == near_boundaries(truth, 1).tolist()
    with pytest.raises(ValueError, match="at least one"):
        near_boundaries(truth, 0)


def test_shapes_and_values_are_checked():
    with pytest.raises(ValueError, match="differ in shape"):
        confusion(np.zeros(3), np.zeros(4), 2)
    with pytest.raises(ValueError, match="2 classes"):
        confusion([1, 1], [1, 5], 2)
