"""A section has the values of its voxels, in the places where they are drawn, and nothing else is read."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.surveys.cuts import Path, Plane, covered, cut

VALUES = np.arange(5 * 6 * 7).reshape(5, 6, 7)


class Counted:
    """An array that remembers how much of it was read."""

    def __init__(self):
        self.shape, self.dtype, self.read = VALUES.shape, VALUES.dtype, 0

    def __getitem__(self, key):
        found = VALUES[key]
        self.read += found.size
        return found


@pytest.mark.parametrize(
    ("axis", "expected"),
    [(0, VALUES[2].T), (1, VALUES[:, 2].T), (2, VALUES[:, :, 2])],
    ids=["inline", "crossline", "slice"],
)
def test_sections_stand_upright_and_only_they_are_read(axis, expected):
    values = Counted()
    np.testing.assert_array_equal(cut(values, Plane(axis, 2), 2, (99, 99)), expected)
    assert values.read == expected.size


def test_a_picture_smaller_than_the_section_reads_as_much_less():
    values = Counted()
    found = cut(values, Plane(0, 1), 2, (4, 3))
    np.testing.assert_array_equal(found, VALUES[1, ::2, ::2].T)
    assert values.read == found.size
    assert (covered(7, found.shape[0]), covered(6, found.shape[1])) == (8, 6)


def test_a_path_has_its_traces_in_its_order_and_reads_none_twice():
    values, traces = Counted(), np.array([[3, 1], [3, 2], [3, 2], [3, 3], [0, 5], [3, 1]])
    found = cut(values, Path(traces), 2, (99, 2))
    np.testing.assert_array_equal(found, VALUES[traces[:, 0], traces[:, 1]].T)
    assert values.read == 4 * 7


def test_a_line_is_a_section_itself_and_a_map_lies_as_it_is():
    line = VALUES[0]
    np.testing.assert_array_equal(cut(line, Plane(None), 1, (99, 99)), line.T)
    np.testing.assert_array_equal(cut(line, Plane(None), None, (99, 99)), line)
