"""A large map is cut into parts, of which those come first where somebody looks."""

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training.prediction.map_parts import grown, nearest_first, parts


@pytest.mark.parametrize("shape", [(821, 680), (1, 40_000), (3, 5), (200, 200)])
def test_parts_are_the_map_and_none_is_too_large(shape):
    covered = np.zeros(shape, int)
    for part in parts(shape):
        covered[part.slices] += 1
        assert np.prod(part.shape) <= 2**15
        assert max(part.shape) <= 2 * min(part.shape) or 1 in part.shape or part.shape == shape
    assert (covered == 1).all()


def test_columns_of_a_line_stay_whole():
    assert {part.shape[1] for part in parts((5000, 400), 1)} == {400}


def test_no_part_is_short_beside_what_it_needs_around_it():
    assert min(part.shape[0] for part in parts((5000, 400), 1, (60, 0))) >= 240
    assert parts((500, 500), None, (500, 500)) == [Box.whole((500, 500))]


def test_the_part_in_view_comes_first():
    cut = parts((600, 600))
    assert nearest_first(cut, (10, 590), (600, 600))[0] == next(
        part for part in cut if part.start[0] == 0 and part.stop[1] == 600
    )
    first = nearest_first(cut, None, (600, 600))[0]
    assert all(a <= 300 <= b for a, b in zip(first.start, first.stop, strict=True))


def test_it_grows_as_far_as_the_map_goes():
    assert grown(Box((2, 5), (4, 9)), (3, 3), (10, 10)) == Box((0, 2), (7, 10))
