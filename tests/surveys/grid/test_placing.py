"""Values brought onto a grid: turned, cropped, taken by number, resampled with a word, or refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.warp
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn import surveys
from napari_fhn.surveys.grid import Grid, PlaceError, onto
from napari_fhn.surveys.maps import grids as maps

UTM = rasterio.CRS.from_epsg(32633)


def block(
    first=(1001, 2001, 400.0), step=(1, 2, 4.0), shape=(4, 5, 6), last="twt", dtype=np.uint8, **attrs
) -> xr.DataArray:
    """A volume whose values are all different."""
    dims = ("inline", "crossline", last)
    coords = {
        dim: (
            dim,
            a + s * np.arange(n, dtype=np.float64),
            {"units": "ms" if dim == "twt" else "m"} if dim == last else {},
        )
        for dim, a, s, n in zip(dims, first, step, shape, strict=True)
    }
    values = (1 + np.arange(np.prod(shape))).reshape(shape).astype(dtype)
    return xr.DataArray(values, coords, dims, name="labels", attrs=attrs)


def chart(shape=(12, 15), cell=30.0, corner=(366000.0, 5810000.0), crs=UTM, dtype=np.uint8) -> xr.DataArray:
    """A map whose values are all different."""
    values = (1 + np.arange(np.prod(shape))).reshape(shape).astype(dtype)
    grid = maps.Grid(shape, rasterio.Affine(cell, 0, corner[0], 0, -cell, corner[1]), crs)
    return maps.place(xr.DataArray(values, dims=("y", "x"), name="labels"), grid)


def test_what_lies_there_is_left_as_it_is():
    values = block()
    placed = onto(values, block(), classes=True)
    assert placed.values is values
    assert placed.words == ""
    assert placed.covered == 1


@given(st.data())
def test_turned_cropped_and_padded_values_come_back(data):
    """Whatever part of a volume is taken, whichever way its axes run and lie: each value is back in its place."""
    whole = block(shape=(5, 4, 6))
    part = whole
    for dim, n in whole.sizes.items():
        low = data.draw(st.integers(0, n - 1))
        high = data.draw(st.integers(low + 1, n))
        step = data.draw(st.sampled_from([1, 2, 3]))
        part = part.isel({dim: slice(low, high, step)})
        if data.draw(st.booleans()):
            part = part.isel({dim: slice(None, None, -1)})
    part = part.transpose(*data.draw(st.permutations(whole.dims)))
    # One entry says nothing about a step; its place is known all the same.
    placed = onto(part, whole, classes=True)
    expected = whole.copy(data=np.zeros(whole.shape, np.uint8))
    expected.loc[{dim: part[dim] for dim in part.dims}] = part
    lines = [dim for dim in ("inline", "crossline") if part.sizes[dim] > 1]
    got = placed.values.values
    taken = {dim: [int(k) for k in np.flatnonzero(np.isin(whole[dim], part[dim]))] for dim in whole.dims}
    index = np.ix_(*(taken[dim] for dim in whole.dims))
    np.testing.assert_array_equal(got[index], expected.values[index])
    # Between lines that are there nothing is known; samples in between are those of the nearest.
    for dim in lines:
        gone = np.setdiff1d(np.arange(whole.sizes[dim]), taken[dim])
        assert not got.take(gone, axis=whole.dims.index(dim)).any()
    # And back again: the whole brought onto the part is the part.
    np.testing.assert_array_equal(onto(whole, part, classes=True).values.values, part.values)
    np.testing.assert_array_equal(onto(whole, part, classes=False).values.values, part.values)


@given(st.integers(1, 4), st.integers(0, 1), st.booleans())
def test_whole_factors_repeat_and_take_exactly(factor, flipped, amounts):
    coarse = chart((6, 5), 30.0 * factor, dtype=np.float32)
    fine = chart((6 * factor, 5 * factor), 30.0)
    if flipped:
        coarse = coarse.isel(y=slice(None, None, -1))
    repeated = onto(coarse, fine, classes=True).values
    straight = coarse.isel(y=slice(None, None, -1)) if flipped else coarse
    np.testing.assert_array_equal(repeated.values, np.kron(straight.values, np.ones((factor, factor))))
    back = onto(repeated, coarse, classes=not amounts).values
    if factor % 2 or not amounts:
        np.testing.assert_array_equal(back.values, coarse.values)


def test_a_plane_stays_a_plane_between_samples():
    times = np.arange(400.0, 424.0, 4.0)
    plane = block(dtype=np.float32).copy(data=np.broadcast_to(times, (4, 5, 6)).astype(np.float32))
    finer = block(step=(1, 2, 2.5), shape=(4, 5, 9), dtype=np.float32)
    placed = onto(plane, finer, classes=False)
    expected = np.clip(finer["twt"].values, 400, 420)
    np.testing.assert_allclose(placed.values.values[2, 3], expected)
    assert "its times, 4 ms apart, were resampled to be 2.5 ms apart" in placed.words
    assert placed.values.dtype == np.float32


def test_a_gap_is_not_filled_from_its_neighbours():
    amounts = block(dtype=np.int16, nodata=-999)
    amounts.values[:, :, 2] = -999
    finer = onto(amounts, block(step=(1, 2, 2.0), shape=(4, 5, 11)), classes=False).values
    missing = np.isnan(finer.values[0, 0])
    assert missing.tolist() == [k in (3, 4, 5) for k in range(11)]
    assert finer.attrs["nodata"] is None
    moved = onto(amounts.isel(twt=slice(None, None, -1)), block(), classes=False).values
    assert moved.dtype == np.int16
    assert moved.attrs["nodata"] == -999


def test_the_share_and_what_is_left_out_are_said():
    placed = onto(block(first=(1003, 2001, 400.0)), block(), classes=True)
    assert placed.covered == 0.5
    assert "it covers inlines 1003 to 1004, 50 % of the survey, and elsewhere nothing is labelled" in placed.words
    assert "what lies beyond the survey was left out" in placed.words
    np.testing.assert_array_equal(placed.values.values[2:], block().values[:2])
    assert not placed.values.values[:2].any()
    amounts = onto(block(first=(1003, 2001, 400.0), dtype=np.float32), block(), classes=False).values
    assert np.isnan(amounts.values[:2]).all()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (block(first=(6001, 2001, 400.0)), "they do not meet"),
        (block(first=(1001.5, 2001, 400.0)), "they do not meet"),
        (block(last="depth"), "it is in depth and the survey in time"),
        (block().isel(twt=0, drop=True), "its shape is 4 x 5 (2 axes)"),
        (block().drop_vars("twt").isel(twt=slice(3)), "it has 3 times and the survey 6"),
        (xr.DataArray(np.zeros((4, 5, 7), np.uint8)), "its shape is 4 x 5 x 7 and the survey's 4 x 5 x 6"),
        (block().rename(inline="z"), "its axes are z, crossline, twt"),
    ],
)
def test_what_is_refused_is_one_sentence(values, said):
    with pytest.raises(PlaceError) as caught:
        onto(values, block(), classes=True, name="other.sgy")
    assert said in str(caught.value)
    assert str(caught.value).startswith("other.sgy: ")
    assert caught.value.way_out
    assert isinstance(caught.value, surveys.SurveyError)


def test_the_same_numbers_at_another_place_are_refused():
    here = surveys.SurveyGeometry((1001.0, 2001.0), (1.0, 2.0), (0.0, 0.0), (0.0, 25.0), (12.5, 0.0))
    there = surveys.SurveyGeometry((1001.0, 2001.0), (1.0, 2.0), (7000.0, 0.0), (0.0, 25.0), (12.5, 0.0))
    with pytest.raises(PlaceError, match="lies at x 7000, y 0 instead of x 0, y 0"):
        onto(block(geometry=there), block(geometry=here), classes=True)


def test_what_only_counts_is_taken_voxel_by_voxel_with_a_word():
    bare = xr.DataArray(block().values, name="bare")
    placed = onto(bare, block(), classes=True)
    np.testing.assert_array_equal(placed.values.values, block().values)
    assert placed.words == "bare: it says nothing about its place, and so it was taken voxel by voxel."
    assert Grid.of(placed.values) == Grid.of(block(name="")) or Grid.of(placed.values).apart(Grid.of(block())) == ""
    assert onto(bare, bare.copy(), classes=True).words == ""
    named = xr.DataArray(block().transpose("twt", "inline", "crossline").values, dims=("twt", "inline", "crossline"))
    np.testing.assert_array_equal(onto(named, block(), classes=True).values.values, block().values)


def test_seconds_are_milliseconds():
    seconds = block().assign_coords(twt=("twt", np.arange(0.4, 0.424, 0.004), {"units": "s"}))
    np.testing.assert_array_equal(onto(seconds, block(), classes=True).values.values, block().values)


def test_a_map_in_another_crs():
    grid = maps.grid_of(chart())
    west, south, east, north = rasterio.warp.transform_bounds(UTM, "EPSG:4326", 366060, 5809700, 366390, 5809940)
    degrees = maps.Grid((80, 100), rasterio.transform.from_bounds(west, south, east, north, 100, 80),
                        rasterio.CRS.from_epsg(4326))  # fmt: skip
    halves = np.repeat([[1, 2]], 80, axis=0).repeat(50, axis=1).astype(np.uint8)
    placed = onto(maps.place(xr.DataArray(halves, dims=("y", "x"), name="halves"), degrees), chart(), classes=True)
    assert placed.values.dtype == np.uint8
    assert set(np.unique(placed.values)) == {0, 1, 2}
    assert "EPSG:4326 and was brought onto" in placed.words
    assert placed.covered == pytest.approx(0.6, abs=0.15)
    row = placed.values.values[6]
    assert row[3] == 1
    assert row[11] == 2
    assert row[0] == 0
    assert maps.grid_of(placed.values) == grid
    far = chart(corner=(10.0, 50.0), cell=0.001, crs=rasterio.CRS.from_epsg(4326))
    with pytest.raises(PlaceError, match="they do not meet"):
        onto(far, chart(), classes=True)


def test_a_rotated_map_is_resampled():
    turned = rasterio.Affine(30.0, 4.0, 366000.0, 4.0, -30.0, 5810000.0)
    values = maps.place(xr.DataArray(np.full((12, 15), 3, np.uint8), dims=("y", "x"), name="turned"),
                        maps.Grid((12, 15), turned, UTM))  # fmt: skip
    placed = onto(values, chart(), classes=True)
    assert (placed.values.values == 3).mean() > 0.7
    assert "it lies on" in placed.words
    assert onto(values, Grid.of(values), classes=True).words == ""


def test_bands_stay_in_front_and_are_read_a_box_at_a_time():
    bands = xr.concat([chart(dtype=np.float32), 10 * chart(dtype=np.float32)], "band").assign_coords(
        band=[1, 2], wavelength=("band", [450.0, 550.0])
    )
    moved = onto(bands.isel(y=slice(None, None, -1)), chart(), classes=False).values
    assert moved.dims == ("band", "y", "x")
    np.testing.assert_array_equal(moved["wavelength"], [450, 550])
    np.testing.assert_array_equal(moved[1, 2:9:3, ::-2].values, bands[1, 2:9:3, ::-2].values)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(moved))[0].values, bands[0].values)


def test_lines_by_the_places_of_their_traces():
    def line(first: int, n: int, turned: bool = False) -> xr.DataArray:
        k = np.arange(first, first + n)[:: -1 if turned else 1]
        coords = {"trace": np.arange(float(n)), "x": ("trace", 25.0 * k), "y": ("trace", 3.0 * k),
                  "twt": ("twt", [0.0, 4.0], {"units": "ms"})}  # fmt: skip
        return xr.DataArray(np.stack([k, k + 100], 1).astype(np.uint8), coords, ("trace", "twt"), name="line")

    np.testing.assert_array_equal(onto(line(10, 8, turned=True), line(10, 8), classes=True).values, line(10, 8))
    part = onto(line(12, 3), line(10, 8), classes=True)
    assert part.values.values[:, 0].tolist() == [0, 0, 12, 13, 14, 0, 0, 0]
    assert "its traces were brought over by their places" in part.words
    with pytest.raises(PlaceError, match="do not meet"):
        onto(line(400, 8), line(10, 8), classes=True)


_CASES = Path(__file__).parents[4] / "shared" / "cases" / "places"


@pytest.mark.skipif(not _CASES.is_dir(), reason="without the shared cases")
def test_cases():
    image, volume = (surveys.open(_CASES / name) for name in ("img.tif", "vol.sgy"))
    labels = {path.name: surveys.open(path) for path in _CASES.glob("lab_*")}
    right = labels["lab_ok.tif"].values
    np.testing.assert_array_equal(onto(labels["lab_southup.tif"], image, classes=True).values, right)
    for name in ("lab_shift.tif", "lab_othercrs.tif"):
        with pytest.raises(PlaceError, match="do not meet"):
            onto(labels[name], image, classes=True)
    coarse = onto(labels["lab_coarse_res.tif"], image, classes=True)
    assert "10 m apart, were taken 30 m apart" in coarse.words
    assert "11 % of the survey" in coarse.words
    by_number = onto(labels["lab_otherrange.sgy"], volume, classes=True).values
    assert set(np.unique(by_number.sel(inline=slice(108, 115)))) == {1}
    assert not by_number.sel(inline=slice(100, 107)).any()
    resampled = onto(labels["lab_otherdt.sgy"], volume, classes=True)
    np.testing.assert_array_equal(resampled.values[:, :, :20], labels["lab_otherdt.sgy"][:, :, ::2])
    assert "its times, 2 ms apart, were taken 4 ms apart" in resampled.words
