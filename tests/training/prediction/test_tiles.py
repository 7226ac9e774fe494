"""Tiles cover a region once, whatever its size; what tiles do not disturb comes back unchanged."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.training.prediction.tiles import Cut, Lattice, choose


@st.composite
def cuts(draw):
    multiple = draw(st.sampled_from([1, 2, 4, 8]))
    overlap = draw(st.integers(0, 5))
    fade = draw(st.integers(0, overlap * multiple))
    tile = overlap + max(draw(st.integers(1, 5)), -(-fade // multiple))
    start = draw(st.integers(0, 30))
    stop = start + draw(st.integers(1, 60))
    return Cut(start, stop, multiple, tile * multiple, overlap * multiple, fade)


lattices = st.lists(cuts(), min_size=1, max_size=3).map(lambda found: Lattice(tuple(found)))


def summed(lattice: Lattice, evaluate):
    """Sum up what the tiles say, as a predictor does that keeps all of it."""
    region = lattice.region
    total, told = np.zeros(region.shape), np.zeros(region.shape, int)
    for tile in lattice.tiles():
        seen = lattice.box(tile)
        values = evaluate(seen)
        for zone in lattice.zones(tile):
            inside, into = zone.box.within(seen), zone.box.within(region)
            assert tile in zone.tiles
            total[into] += lattice.weighted(values[inside][np.newaxis], tile, zone.box)[0]
            told[into] += zone.tiles[0] == tile
    assert (told == 1).all(), "every voxel lies in one zone"
    return total


@settings(max_examples=15)
@given(lattices)
def test_a_known_field_comes_back(lattice):
    field = np.random.default_rng(0).random(tuple(cut.last for cut in lattice.cuts)).astype(np.float32)
    out = summed(lattice, lambda seen: field[seen.slices])
    np.testing.assert_allclose(out, field[lattice.region.slices], rtol=1e-5)


@given(lattices)
def test_tiles_are_made_of_whole_cells_and_what_is_used_lies_inside(lattice):
    for tile in lattice.tiles():
        seen, used = lattice.box(tile), lattice.used(tile)
        for cut, a, b, c, d in zip(lattice.cuts, seen.start, seen.stop, used.start, used.stop, strict=True):
            assert a % cut.multiple == b % cut.multiple == 0
            assert a <= c < d <= b
            margin = (cut.overlap - cut.fade) // 2
            assert a == cut.first or c - a >= margin
            assert b == cut.last or b - d >= margin


def test_tiles_that_fade_pass_into_each_other_without_a_step():
    lattice = Lattice((Cut(0, 24, 1, 16, 8, 4),))
    said = iter([1.0, 2.0])
    values = summed(lattice, lambda seen: np.full(seen.shape, next(said), np.float32))
    np.testing.assert_allclose(values[:10], 1)
    np.testing.assert_allclose(values[10:14], [1.2, 1.4, 1.6, 1.8], rtol=1e-6)
    np.testing.assert_allclose(values[14:], 2)


shapes = st.lists(st.tuples(st.integers(1, 500), st.sampled_from([1, 2, 4, 8])), min_size=2, max_size=3)


@given(shapes, st.sampled_from([3, 17, 90]) | st.none(), st.integers(1, 1_000_000))
def test_chosen_tiles_are_within_their_voxels_or_the_smallest(axes, radius, voxels):
    shape, multiples = zip(*axes, strict=True)
    lattice = choose(Box.whole(shape), multiples, radius, voxels)
    tile = [cut.tile for cut in lattice.cuts]
    assert math.prod(tile) <= voxels or all(t <= 4 * m for t, m in zip(tile, multiples, strict=True))
    assert lattice.region == Box.whole(shape)


@pytest.mark.parametrize("radius", [40, None])
def test_one_tile_where_one_is_enough(radius):
    lattice = choose(Box((8, 3), (100, 203)), (4, 8), radius, 92 * 208)
    assert [lattice.box(tile) for tile in lattice.tiles()] == [Box((8, 0), (100, 208))]


def test_tiles_are_exact_where_that_is_not_much_more_work():
    lattice = choose(Box.whole((1000, 1000)), (4, 4), 20, 200 * 200)
    assert all(cut.overlap >= 40 and cut.fade == 0 for cut in lattice.cuts)
    # Halos of 90 in tiles of 200 would mean ten times the work.
    lattice = choose(Box.whole((1000, 1000)), (4, 4), 90, 200 * 200)
    assert all(0 < cut.fade == cut.overlap // 2 < cut.overlap < 90 for cut in lattice.cuts)


@given(shapes, st.sampled_from([3, 17, 90]) | st.none(), st.integers(1, 1_000_000), st.integers(0, 100))
def test_a_region_elsewhere_is_cut_alike(axes, radius, voxels, cells):
    shape, multiples = zip(*axes, strict=True)
    here, away = Box.whole(shape), tuple(cells * m for m in multiples)
    there = Box(away, tuple(n + a for n, a in zip(shape, away, strict=True)))
    for cut, other, a in zip(
        choose(here, multiples, radius, voxels).cuts, choose(there, multiples, radius, voxels).cuts, away, strict=True
    ):
        assert other == replace(cut, start=cut.start + a, stop=cut.stop + a)


def test_an_axis_stays_whole_rather_than_being_cut_everywhere():
    lattice = choose(Box.whole((1000, 30)), (4, 4), 10, 100 * 32)
    assert lattice.cuts[1].count == 1


def test_sections_are_cut_without_overlap():
    lattice = choose(Box.whole((50, 300, 400)), (1, 8, 8), 30, 2**20, (0, 4))
    assert (lattice.cuts[0].tile, lattice.cuts[0].overlap, lattice.cuts[0].count) == (4, 0, 13)
    lattice = choose(Box((7, 0, 0), (50, 300, 400)), (1, 8, 8), 30, 2**20, (0, 5))
    assert [cut.seen(0) for cut in lattice.cuts[:1]] == [(7, 12)]
    assert lattice.cuts[0].count == 9


def test_numbers_that_make_no_tiles_are_refused():
    with pytest.raises(ValueError, match="no tiles"):
        Cut(0, 10, 4, 8, 8)
    with pytest.raises(ValueError, match="no tiles"):
        Cut(0, 10, 4, 6)
    with pytest.raises(ValueError, match="no tiles"):
        Cut(8, 8, 4, 8)
