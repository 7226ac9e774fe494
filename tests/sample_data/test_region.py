"""The generated region of the aquifer example, and the large pair of dates."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio

from samples import make_hyperspectral, make_region
from samples.farmland import draw_land
from samples.region import AGES, ROCKS, draw_patches, draw_region
from samples.spectra import bands

SHAPE = (106, 182)


@pytest.fixture(scope="module")
def region():
    return draw_region(shape=SHAPE)


def test_there_are_56_maps_and_each_unit_occurs(region):
    assert len(region.maps) + AGES + ROCKS == 56
    assert set(np.unique(region.geology["rock_age"])) == set(range(1, AGES + 1))
    assert set(np.unique(region.geology["rock_type"])) == set(range(1, ROCKS + 1))
    assert all(np.isfinite(values).all() and values.dtype == np.float32 for values in region.maps.values())


def test_both_classes_are_common_and_no_map_shows_them_alone(region):
    aquifer = region.truth == 1
    assert 0.25 < aquifer.mean() < 0.6
    for values in region.maps.values():
        levels = np.quantile(values, np.linspace(0.02, 0.98, 49))
        guesses = [(values > level, values <= level) for level in levels]
        assert max(np.mean(guess == aquifer) for pair in guesses for guess in pair) < 0.85


def test_it_comes_out_the_same_every_time(region):
    again = draw_region(shape=SHAPE)
    np.testing.assert_array_equal(region.truth, again.truth)
    np.testing.assert_array_equal(region.maps["magnetics"], again.maps["magnetics"])
    assert draw_patches(region.truth) == draw_patches(again.truth)


def test_patches_lie_apart_and_hold_both_classes(region):
    patches = draw_patches(region.truth)
    assert [sum(p.validation is kept for p in patches) for kept in (False, True)] == [30, 10]
    known = np.zeros(SHAPE, int)
    for p in patches:
        known[p.row : p.row + p.size, p.column : p.column + p.size] += 1
    assert known.max() == 1
    shares = np.bincount(region.truth[known > 0])[1:] / known.sum()
    assert shares.min() > 0.2


def test_files_lie_on_one_grid(tmp_path):
    make_region.make(tmp_path, SHAPE)
    for path in tmp_path.glob("*.tif"):
        with rasterio.open(path) as file:
            assert (file.shape, file.crs.to_epsg(), file.transform.c) == (SHAPE, 26912, make_region.CORNER[0])
    with rasterio.open(tmp_path / "patches.tif") as file:
        assert file.nodata == 0


def test_a_sensor_of_184_bands_and_a_scene_of_any_size():
    centre, _, good = bands(make_hyperspectral.FULL_DETECTORS)
    assert centre.size == 184
    assert np.all(np.diff(centre) > 0)
    assert 0.9 < good.mean() < 1
    land = draw_land(shape=(48, 40))
    cube = make_hyperspectral.observe(land.before, make_hyperspectral.DATES[0], bands((6, 9)))
    assert cube.shape[1:] == (48, 40) == land.changed.shape
