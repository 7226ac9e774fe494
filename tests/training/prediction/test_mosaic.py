"""Tiles put together in any order give the same; what is in view comes first; slices across sections, coarsely."""

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training.control import Focus
from napari_fhn.training.prediction.mosaic import mosaic
from napari_fhn.training.prediction.slices import coarse_first
from napari_fhn.training.prediction.tiles import Cut, Lattice

BLOCKS = Lattice((Cut(0, 50, 2, 20, 8, 4), Cut(3, 41, 2, 16, 6, 3)))
SECTIONS = Lattice((Cut(0, 40, 1, 1), Cut(0, 12, 2, 12)))


def noise(box: Box, used: Box):
    """Tiles that do not agree."""
    seen = np.random.default_rng([*box.start, *box.stop]).random((2, *box.shape)).astype(np.float32)
    return seen[(slice(None), *used.within(box))]


def together(lattice, **how):
    found = np.full((2, *lattice.region.shape), np.nan, np.float32)
    for box, values in mosaic(lattice, noise, **how):
        into = (slice(None), *box.within(lattice.region))
        assert np.isnan(found[into]).all()
        found[into] = values
    return found


def test_the_view_changes_the_order_and_nothing_else():
    looks = iter([None, Focus(0, 45), Focus(1, 4), *[Focus(0, 20)] * 100])
    assert np.array_equal(together(BLOCKS), together(BLOCKS, focus=lambda: next(looks)))


def test_what_is_finished_is_left_out_and_the_rest_the_same():
    zones = [box for box, _ in mosaic(BLOCKS, noise)]
    done = set(zones[::3])
    found, whole = together(BLOCKS, finished=done), together(BLOCKS)
    for box in zones:
        into = (slice(None), *box.within(BLOCKS.region))
        assert np.isnan(found[into]).all() if box in done else np.array_equal(found[into], whole[into])


def test_tiles_that_nobody_needs_are_not_computed():
    zones = [box for box, _ in mosaic(BLOCKS, noise)]
    computed = []
    left = {zones[0]}
    list(mosaic(BLOCKS, lambda box, used: computed.append(box) or noise(box, used), finished=set(zones) - left))
    assert 0 < len(computed) <= 4


def test_nearest_first_and_again_when_the_view_moves():
    view = [Focus(0, 30)]
    order = []
    for box, _ in mosaic(SECTIONS, noise, focus=lambda: view[0]):
        order.append(box.start[0])
        if len(order) == 5:
            view[0] = Focus(0, 3)
    assert order[:5] == [30, 29, 31, 28, 32]  # as far on either side
    assert order[5:10] == [3, 2, 4, 1, 5]
    assert sorted(order) == list(range(40))


def test_a_view_across_all_sections_is_filled_coarse_first():
    order = [box.start[0] for box, _ in mosaic(SECTIONS, noise, focus=lambda: Focus(1, 6))]
    assert order[:3] == [0, 32, 16]
    assert sorted(order) == list(range(40))


@pytest.mark.parametrize("size", [1, 5, 16, 17, 100])
def test_a_coarse_way_over_a_slice_comes_to_every_section_and_hides_none(size):
    filled = np.full(size, -1)
    seen = []
    for count, (index, stands_for) in enumerate(coarse_first(size)):
        assert not set(range(index, index + stands_for)) & set(seen)
        filled[index : index + stands_for] = index
        seen.append(index)
        if count + 1 == -(-size // 16):
            assert (filled >= 0).all(), "few sections fill all of it"
    assert sorted(seen) == list(range(size))
    assert np.array_equal(filled, np.arange(size))
