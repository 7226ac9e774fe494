from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_fhn.labels import LabelError, nearest_column


def test_the_nearest_column_is_copied_and_its_gaps_filled():
    labels = np.zeros((1, 5, 6), np.uint8)
    labels[0, 0] = [1, 0, 0, 2, 0, 0]
    labels[0, 4, 5] = 3
    out = nearest_column(labels)
    assert out[0, 0].tolist() == [1, 1, 2, 2, 2, 2]
    assert out[0, 1].tolist() == out[0, 0].tolist()
    assert out[0, 3].tolist() == [3] * 6
    np.testing.assert_array_equal(nearest_column(np.moveaxis(labels, -1, 0), 0), np.moveaxis(out, -1, 0))


def test_nothing_labelled_is_said():
    with pytest.raises(LabelError, match="nothing is labelled"):
        nearest_column(np.zeros((2, 2, 2), np.uint8))


@settings(deadline=None)
@given(
    hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.sampled_from([0, 0, 0, 1, 2])
    ).filter(np.any)
)
def test_on_a_map_every_pixel_takes_a_nearest_label(labels):
    out = nearest_column(labels, vertical_axis=None)
    known = np.argwhere(labels)
    for place in np.ndindex(labels.shape):
        distance = np.linalg.norm(known - place, axis=1)
        near = known[distance <= distance.min() + 1e-9]
        assert out[place] in {labels[tuple(k)] for k in near}
