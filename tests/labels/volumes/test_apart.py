"""How far what is held out lies from the labels of training."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.labels import LabelError, blocks, far_from_training
from napari_fhn.labels.volumes.apart import apart, far_enough


def wells() -> np.ndarray:
    labels = np.zeros((1, 60, 4), np.uint8)
    labels[0, [5, 20, 50]] = 1
    return labels


def test_wells_lie_apart_by_their_distance():
    held_out = [Box((0, 20, 0), (1, 21, 4))]
    found = apart(wells(), held_out, 2, 40)
    # Kept away is as much of the radius as leaves the well; it is 15 traces from the next one.
    assert (found.margin, found.nearest, found.median, found.longest) == (14, 15, 15, 60)
    assert "lies 15 traces from the nearest label of training and more; the network sees 40." in found.words
    assert "so that it has learnt from nothing" in apart(wells(), held_out, -1, 10).words
    assert "farther than the survey is long (60)" in apart(wells(), held_out, -1, 99).words


def test_where_the_survey_is_harder_it_is_said():
    labels = np.zeros((90, 90), np.uint8)
    labels[:3, :3] = 1
    labels[0, 5] = 1
    found = apart(labels, [Box((0, 5), (1, 6))], None, 30)
    assert found.nearest == 3
    assert "Half of the survey lies" in found.words
    assert "expect less there" in found.words
    # The other way round: what is scored lies alone.
    labels[:] = 0
    labels[::6, ::6] = 1
    labels[30:60, 30:60] = 0
    labels[45, 45] = 1
    found = apart(labels, [Box((45, 45), (46, 46))], None, 30)
    assert "Half of the survey lies within" in found.words
    assert "expect more there" in found.words


def test_dense_labels_keep_half_of_every_block():
    labels = np.ones((24, 24), np.uint8)
    held_out = blocks(labels, 12, None)[:1]
    found = apart(labels, held_out, None, 30)
    target = np.zeros_like(labels)
    target[held_out[0].slices] = 1
    far_enough(target, labels, held_out, None, found.margin)
    # Two of its sides border on labels of training.
    assert (found.margin, target.sum()) == (3, 81)
    far_enough(target, labels, held_out, None, found.margin + 1)
    assert target.sum() == 64  # of 144: less than half


def test_a_block_of_a_time_slice_is_apart_from_its_own_slice():
    labels = np.zeros((12, 12, 60), np.uint8)
    labels[:, :, 10] = labels[:, :, 50] = 1
    held_out = [blocks(labels, 6, 2)[0]]
    assert held_out[0].shape == (6, 6, 30)
    target = np.zeros_like(labels)
    target[held_out[0].slices] = labels[held_out[0].slices]
    far_enough(target, labels, held_out, 2, 3)
    assert target.sum() == 9
    assert target[:, :, 10].sum() == 9


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 4))
def test_boxes_over_all_of_a_column_agree_with_far_from_training(seed, margin):
    rng = np.random.default_rng(seed)
    labels = rng.choice([0] * 20 + [1, 2], (9, 10, 3)).astype(np.uint8)
    held_out = blocks(labels, 5, 2)[:2]
    if not held_out or any(box.shape[2] != 3 for box in held_out):
        return
    target = np.zeros_like(labels)
    for box in held_out:
        target[box.slices] = labels[box.slices]
    expected = target * far_from_training(labels, held_out, 2, margin)[..., None]
    far_enough(target, labels, held_out, 2, margin)
    np.testing.assert_array_equal(target, expected)


def test_nothing_to_measure():
    labels = wells()
    assert apart(labels, [Box.whole(labels.shape)], 2, 5) is None
    assert apart(labels, [Box((0, 0, 0), (1, 2, 4))], 2, 5) is None
    with pytest.raises(LabelError, match="margin of -1"):
        far_enough(labels, labels, [], 2, -1)
