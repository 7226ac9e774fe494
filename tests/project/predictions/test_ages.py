"""Of which voxels a prediction is stale is told from its parts, for whatever is looked at."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.project.predictions.ages import Stale
from napari_fhn.surveys.cuts import Path, Plane, cut
from napari_fhn.training.prediction.parts import Part

SHAPE = (6, 7, 8)


def part(start, stop):
    return Part(Box(start, stop), 1)


PARTS = [
    (part((0, 0, 0), SHAPE), True),
    (part((1, 0, 0), (3, 7, 8)), False),
    (part((2, 3, 4), (6, 5, 8)), False),
    (part((2, 4, 5), (3, 7, 6)), True),
]


@pytest.fixture
def whole():
    out = np.zeros(SHAPE, bool)
    for one, stale in PARTS:
        out[tuple(slice(a, b) for a, b in zip(one.box.start, one.box.stop, strict=True))] = stale
    return out


@pytest.mark.parametrize(
    "key",
    [
        (slice(None),) * 3,
        (2,),
        (slice(None), 4),
        (slice(None), slice(None), 5),
        (slice(0, 6, 2), slice(1, None, 3), slice(None, None, 4)),
        (-1, slice(2, 2), 3),
        (2, 4, 5),
    ],
)
def test_any_part_of_it_is_what_the_whole_says(whole, key):
    np.testing.assert_array_equal(Stale(SHAPE, PARTS)[key], whole[key])


def test_sections_and_fences_are_cut_from_it_as_from_the_prediction(whole):
    stale = Stale(SHAPE, PARTS)
    for where in (Plane(0, 2), Plane(1, 4), Plane(2, 5), Path(np.array([[2, 4], [0, 0], [5, 3]]))):
        np.testing.assert_array_equal(cut(stale, where, 2, (9, 9)), cut(whole, where, 2, (9, 9)))


def test_of_other_data_all_of_it_is_stale():
    assert Stale(SHAPE, PARTS, all=True)[1].all()
    assert Stale(SHAPE, PARTS[1:2]).any is False
