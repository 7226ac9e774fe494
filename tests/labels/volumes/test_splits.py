from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import label

from napari_fhn.labels import Box, LabelError, blocks, bodies, expendable, far_from_training, hold_out
from napari_fhn.labels.volumes import splits

MAPS = hnp.arrays(
    np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0] * 6 + [1, 2, 3])
)


def test_wells_with_gaps_are_one_body_each():
    labels = np.zeros((10, 10, 8), np.uint8)
    labels[1:3, 1:3, ::3] = 1
    labels[3, 3, 5] = 2  # touches by a corner
    labels[7, 8, 0] = 1
    expected = [Box((1, 1, 0), (4, 4, 8)), Box((7, 8, 0), (8, 9, 8))]
    assert bodies(labels, -1) == expected
    turned = np.moveaxis(labels, -1, 0)
    assert bodies(turned, 0) == [Box((0, *b.start[:2]), (8, *b.stop[:2])) for b in expected]
    assert bodies(np.zeros((3, 3), np.uint8), None) == []


@settings(deadline=None)
@given(MAPS)
def test_boxes_are_disjoint_whole_and_cover_all_labels(labels):
    found = bodies(labels, None)
    cover = np.zeros(labels.shape, int)
    for box in found:
        cover[box.slices] += 1
    assert cover.max(initial=0) <= 1
    assert (cover[labels > 0] == 1).all()
    # An independent labelling: no connected body lies in two boxes.
    connected = label(labels > 0, connectivity=2)
    for k in range(1, connected.max() + 1):
        assert sum((connected[box.slices] == k).any() for box in found) == 1


@settings(deadline=None)
@given(MAPS, st.integers(0, 4), st.integers(0, 5))
def test_every_class_keeps_training_labels(labels, n, seed):
    held = hold_out(labels, n, None, seed)
    assert len(held) <= n
    assert held == hold_out(labels, n, None, seed)
    assert set(held) <= set(bodies(labels, None))
    training = labels.copy()
    for box in held:
        training[box.slices] = 0
    assert set(np.unique(training)) - {0} == set(np.unique(labels)) - {0}


def test_a_lone_body_is_never_held_out_and_new_classes_come_first():
    labels = np.zeros((20, 20), np.uint8)
    labels[0, 0] = 1
    assert hold_out(labels, 1, None) == []
    for k in range(5):
        labels[2 * k, 0] = 1
    labels[1:3, 10] = labels[5:7, 10] = 2
    for seed in range(5):
        seen = {int(labels[box.slices].max()) for box in hold_out(labels, 2, None, seed)}
        assert seen == {1, 2}


def test_slab_by_slab_is_the_same(monkeypatch, tmp_path):
    labels = np.random.default_rng(0).choice([0] * 40 + [1, 2], (30, 20, 10)).astype(np.uint8)
    labels[:, :, 3:] = 0
    whole = [(bodies(labels, axis), hold_out(labels, 3, axis, 1)) for axis in (None, 0, 1, 2)]
    np.save(tmp_path / "l.npy", labels)
    mapped = np.load(tmp_path / "l.npy", mmap_mode="r")
    monkeypatch.setattr(splits, "SLAB_VOXELS", 450)
    assert [(bodies(mapped, axis), hold_out(mapped, 3, axis, 1)) for axis in (None, 0, 1, 2)] == whole


@settings(deadline=None)
@given(MAPS, st.integers(1, 15))
def test_blocks_are_disjoint_and_cover_all_labels(labels, size):
    cover = np.zeros(labels.shape, int)
    for box in blocks(labels, size, None):
        assert labels[box.slices].any()
        assert max(box.shape) <= size
        cover[box.slices] += 1
    assert cover.max(initial=0) <= 1
    assert (cover[labels > 0] == 1).all()


def test_blocks_of_a_volume_run_through_it():
    labels = np.zeros((5, 6, 7), np.uint8)
    labels[1, 1, 2] = labels[4, 5, 3] = 1
    assert blocks(labels, 4, -1) == [Box((0, 0, 0), (4, 4, 7)), Box((4, 4, 0), (5, 6, 7))]
    assert blocks(labels.transpose(2, 0, 1), 4, 0) == [Box((0, 0, 0), (7, 4, 4)), Box((0, 4, 4), (7, 5, 6))]
    with pytest.raises(LabelError, match="blocks of 0 voxels"):
        blocks(labels, 0, -1)


def test_blocks_are_held_out_where_labels_are_dense():
    labels = np.random.default_rng(0).integers(1, 3, (12, 12)).astype(np.uint8)
    assert hold_out(labels, 1, None) == []  # one body, and it is all there is
    cells = blocks(labels, 4, None)
    chosen = hold_out(labels, 2, None, 0, cells)
    assert len(chosen) == 2
    assert set(chosen) <= set(cells)


def test_the_only_body_of_a_class_is_not_expendable():
    labels = np.zeros((9, 9), np.uint8)
    labels[0:2, 0:2], labels[4:6, 4], labels[8, 8] = 1, 1, 2
    found = bodies(labels, None)
    assert expendable(labels, found) == found[:2]
    assert expendable(labels, []) == []


def test_far_from_training():
    labels = np.zeros((1, 9, 4), np.uint8)
    labels[0, 0:3, 1], labels[0, 4:8] = 1, 2
    held_out = [Box((0, 4, 0), (1, 8, 4))]
    for margin, first in [(0, 3), (1, 4), (2, 5)]:
        expected = [index >= first for index in range(9)]
        assert far_from_training(labels, held_out, -1, margin)[0].tolist() == expected
    # On a map, and the other way round: brute force.
    labels = np.random.default_rng(1).choice([0] * 30 + [1], (12, 13)).astype(np.uint8)
    near = far_from_training(labels, [], None, 2)
    for i, j in np.ndindex(near.shape):
        assert near[i, j] == (not labels[max(0, i - 2) : i + 3, max(0, j - 2) : j + 3].any())
    with pytest.raises(LabelError, match="margin of -1"):
        far_from_training(labels, [], None, -1)
