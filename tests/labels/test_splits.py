from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import label

from napari_fhn.labels import Box, bodies, hold_out, splits

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
