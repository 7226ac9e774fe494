"""Labels dealt out into folds, and what is kept away from them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.labels import LabelError, bodies, candidates, edge
from napari_fhn.labels.volumes.folds import folds, grown, kept_away


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 9))
def test_every_fold_leaves_every_class_known(seed, most):
    rng = np.random.default_rng(seed)
    labels = np.zeros((15, 15), np.uint8)
    labels[::2, ::2] = rng.choice([0, 0, 0, 1, 2, 3], (8, 8))
    boxes = bodies(labels, None)
    dealt = folds(labels, boxes, most, seed % 7)
    assert dealt == folds(labels, boxes, most, seed % 7)
    every = [box for fold in dealt for box in fold]
    assert len(set(every)) == len(every) <= len(boxes)
    assert len(dealt) <= most
    counts = {value: sum((labels[box.slices] == value).any() for box in boxes) for value in (1, 2, 3)}
    for fold in dealt:
        assert fold
        training = labels.copy()
        for box in fold:
            training[box.slices] = 0
        assert set(np.unique(training)) == set(np.unique(labels)) | {0}
    for value, total in counts.items():
        of_it = [sum((labels[box.slices] == value).any() for box in fold) for fold in dealt]
        if total > 1 and dealt:
            assert sum(of_it) == total  # all of single-class bodies are dealt out
            if len(dealt) > 1:
                assert max(of_it) <= -(-total // min(len(dealt), most)) + 1


def test_a_hundred_points_are_eight_folds_and_few_bodies_one_each():
    labels = np.zeros((40, 40), np.uint8)
    labels[::4, ::4] = np.random.default_rng(0).choice([1, 2], (10, 10))
    dealt = folds(labels, bodies(labels, None))
    assert len(dealt) == 8
    assert {len(fold) for fold in dealt} <= {11, 12, 13, 14}
    wells = np.zeros((9, 9, 4), np.uint8)
    for at in ((1, 1), (4, 4), (7, 7)):
        wells[at] = 1, 1, 2, 2
    assert [len(fold) for fold in folds(wells, bodies(wells, -1))] == [1, 1, 1]
    with pytest.raises(LabelError, match="in 1 fold"):
        folds(wells, [], 1)


def test_what_is_kept_away_leaves_half_of_the_labels_and_every_class():
    labels = np.ones((1, 40), np.uint8)
    labels[0, 30:] = 2
    margin, cost = kept_away(labels, [Box((0, 0), (1, 10))], None, 99)
    assert (margin, cost) == (15, 0.5)
    # Two labels of class 1 are left, and one of them has to stay.
    labels[0, 12:30] = 0
    margin, cost = kept_away(labels, [Box((0, 0), (1, 10))], None, 99)
    assert (margin, cost) == (1, pytest.approx(1 / 12))


def test_boxes_grow_sideways_within_the_survey():
    assert grown([Box((0, 4, 2), (2, 5, 3))], 3, (4, 9, 8), 2) == (Box((0, 1, 2), (4, 8, 3)),)
    assert grown([Box((2,), (3,))], 1, (9,), None) == (Box((1,), (4,)),)


def test_what_is_too_large_to_be_held_out_as_a_whole_is_cut():
    wells = np.zeros((40, 60, 30), np.uint8)
    for at in ((3, 5), (20, 30), (30, 50)):
        wells[at] = 1
    assert edge(wells, 2) is None
    assert candidates(wells, 2) == bodies(wells, 2)
    with_slice = wells.copy()
    with_slice[:, :, 12] = 2
    assert edge(with_slice, 2) == 10
    cut = candidates(with_slice, 2)
    assert len(cut) == 24
    assert all(box.shape[2] == 30 for box in cut)
    section = wells * 0
    section[7] = 1
    assert len(candidates(section, 2)) == 6
    assert len(candidates(section, 2, 20)) == 3
    assert edge(np.zeros((9, 9), np.uint8), None) is None
