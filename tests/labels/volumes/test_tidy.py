"""Smoother predictions."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_fhn.labels.volumes.tidy import fill_holes, remove_small, smooth
from napari_fhn.labels.volumes.tidy_slabs import tidied as by_slabs

CLASSES = arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=3, max_side=9), elements=st.integers(0, 3))


def test_a_lone_voxel_is_outvoted_and_an_edge_stays():
    values = np.ones((9, 9), np.uint8)
    values[:, 5:] = 2
    speckled = values.copy()
    speckled[2, 2] = 3
    np.testing.assert_array_equal(smooth(speckled, 1), values)
    np.testing.assert_array_equal(smooth(speckled, 0), speckled)


def test_a_small_body_goes_to_the_nearest_class_and_a_large_one_stays():
    values = np.ones((12, 12, 12), np.uint8)
    values[:, :, 6:] = 2
    values[2:4, 2:4, 2:4] = 3  # 8 voxels
    values[2:5, 2:5, 8:11] = 3  # 27 voxels
    tidied = remove_small(values, 20)
    assert (tidied[2:4, 2:4, 2:4] == 1).all()
    assert (tidied[2:5, 2:5, 8:11] == 3).all()
    np.testing.assert_array_equal(remove_small(values, 8), values)


def test_only_bodies_too_small_leaves_all():
    values = np.array([[1, 2], [2, 1]], np.uint8)
    np.testing.assert_array_equal(remove_small(values, 5), values)


def test_a_hole_is_closed_and_a_bay_is_not():
    values = np.full((11, 11), 1, np.uint8)
    values[2:9, 2:9] = 2
    values[4:6, 4:6] = 3  # inside 2
    values[0:3, 10] = 3  # at the border
    filled = fill_holes(values, 4)
    assert (filled[4:6, 4:6] == 2).all()
    assert (filled[0:3, 10] == 3).all()
    np.testing.assert_array_equal(fill_holes(values, 3)[4:6, 4:6], values[4:6, 4:6])


@given(CLASSES, st.integers(1, 2), st.integers(1, 6))
def test_no_class_is_invented_and_what_is_not_predicted_stays(values, radius, size):
    before = values.copy()
    for tidied in (smooth(values, radius), remove_small(values, size)):
        assert set(np.unique(tidied)) <= set(np.unique(values))
        np.testing.assert_array_equal(tidied == 0, values == 0)
    assert set(np.unique(fill_holes(values, size))) <= set(np.unique(values))
    np.testing.assert_array_equal(values, before)


LINES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 4)), elements=st.integers(0, 3))


@given(LINES, st.integers(0, 2), st.integers(0, 6), st.integers(0, 4))
def test_slabs_are_what_the_whole_is(values, radius, smallest, largest):
    whole = smooth(values, radius)
    whole = fill_holes(whole, largest) if largest else whole
    whole = remove_small(whole, smallest) if smallest > 1 else whole
    slabs = list(by_slabs(values, radius, smallest, largest, at_once=1))
    assert [slab.stop for slab, _ in slabs[:-1]] == [slab.start for slab, _ in slabs[1:]]
    np.testing.assert_array_equal(np.concatenate([part for _, part in slabs]), whole)
