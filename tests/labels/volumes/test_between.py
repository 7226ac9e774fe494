"""Labels from section to section."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.labels import LabelError
from napari_fhn.labels.volumes.between import copied, dense_sections, interpolated, interpolated_at


def two_sections(axis: int, edges=(6, 16)) -> np.ndarray:
    """Sections 1 and 9 of 12, split between two classes at different depths."""
    labels = np.zeros((12, 8, 20), np.uint8)
    for k, edge in zip((1, 9), edges, strict=True):
        labels[k, :, :edge], labels[k, :, edge:] = 1, 2
    return np.moveaxis(labels, 0, axis)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_edge_moves_evenly_between_two_sections(axis):
    labels = two_sections(axis)
    between = np.moveaxis(interpolated(labels, axis, 1, 9), axis, 0)
    assert not between[:2].any()
    assert not between[9:].any()
    depths = [(between[k, 4] == 1).sum() for k in range(2, 9)]
    expected = [6 + 10 * (k - 1) / 8 for k in range(2, 9)]
    assert np.abs(np.array(depths) - expected).max() <= 1


def test_a_body_on_unlabelled_ground_shrinks_and_moves():
    labels = np.zeros((5, 40, 40), np.uint8)
    labels[0, 5:25, 5:25] = 3
    labels[4, 15:25, 15:25] = 3
    middle = interpolated(labels, 0, 0, 4)[2]
    assert set(np.unique(middle)) == {0, 3}
    assert 10 * 10 < (middle == 3).sum() < 20 * 20


def test_sections_that_cannot_be_joined_are_refused():
    labels = two_sections(0)
    for first, last, words in ((1, 2, "nothing lies between"), (1, 5, "no labels"), (9, 1, "no two sections")):
        with pytest.raises(LabelError, match=words):
            interpolated(labels, 0, first, last)


def test_wells_do_not_make_a_section_labelled():
    labels = two_sections(0)
    labels[4, 0, :2] = 1
    assert list(dense_sections(labels, 0)) == [1, 9]


def test_a_section_is_copied_to_its_neighbours_alone():
    labels = two_sections(0)
    wanted = copied(labels, 0, 1, 2)
    assert [k for k in range(12) if wanted[k].any()] == [0, 2, 3]
    np.testing.assert_array_equal(wanted[3], labels[1])


def test_the_nearest_labelled_sections_around_a_place_are_taken():
    labels = two_sections(0)
    np.testing.assert_array_equal(interpolated_at(labels, 0, 4), interpolated(labels, 0, 1, 9))
    with pytest.raises(LabelError, match="no labelled section on either side"):
        interpolated_at(labels, 0, 10)
