from __future__ import annotations

import pickle

import numpy as np
import pytest
import rasterio.transform
import xarray as xr
from rasterio import Affine
from rasterio.crs import CRS
from rasterio.enums import Resampling

from napari_fhn import surveys
from napari_fhn.surveys.maps.grids import Grid, cell_metres, difference, grid_of, onto, place
from survey_files import rasters as factory

UTM, DEGREES = CRS.from_epsg(32633), CRS.from_epsg(4326)


def grid(shape=(60, 70), cell=30.0, corner=(366000.0, 5810000.0), crs=UTM):
    return Grid(shape, rasterio.transform.from_origin(*corner, cell, cell), crs)


def plane(on: Grid, bands: int = 2) -> xr.DataArray:
    """Values that are a plane over the map, so that interpolation has an exact answer."""
    rows, columns = np.mgrid[: on.shape[0], : on.shape[1]] + 0.5
    x, y = on.transform.c + on.transform.a * columns, on.transform.f + on.transform.e * rows
    values = np.stack([(k + 1) * (x - 366000) / 100 + (y - 5810000) / 50 for k in range(bands)]).astype(np.float32)
    array = xr.DataArray(values, dims=("band", "y", "x"), coords={"band": np.arange(1, bands + 1)}, name="plane")
    return place(array, on)


def test_a_part_of_a_raster_knows_its_place(tmp_path):
    whole = surveys.open(factory.tiff(tmp_path, values=factory.cube()))
    part = grid_of(whole[:, 2:, 3:])
    assert part.shape == (4, 4)
    assert part.transform.almost_equals(factory.TRANSFORM @ Affine.translation(3, 2))
    assert str(part) == "4 x 4 cells of 30 m, EPSG:32633"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (grid(), ""),
        (grid(corner=(366000.1, 5810000.0)), ""),
        (grid(corner=(366015.0, 5810000.0)), "cells up to 0.5 of their size apart"),
        (grid(corner=(396000.0, 5808000.0)), "shifted 30 km east, 2 km south"),
        (grid(cell=30.1), "apart"),
        (grid(cell=10.0), "cells of 10 m instead of 30 m"),
        (Grid((60, 70), Affine(30, 0, 366000, 0, 30, 5808200), UTM), "stored from the bottom up"),
        (Grid((60, 70), Affine(-30, 0, 368100, 0, -30, 5810000), UTM), "stored from right to left"),
        (grid(shape=(60, 71)), "60 x 71 cells instead of 60 x 70"),
        (grid(crs=CRS.from_epsg(32634)), "EPSG:32634 instead of EPSG:32633"),
        (Grid((60, 70), Affine.identity(), None), "map coordinates on one side only"),
    ],
)
def test_in_what_grids_differ(other, said):
    found = difference(grid(), other)
    assert (found == "") == (said == "")
    assert said in found


def test_cells_are_compared_in_metres():
    assert cell_metres(grid()) == 30
    assert cell_metres(grid(crs=CRS.from_epsg(2263))) == pytest.approx(30 * 0.3048, rel=1e-4)
    in_degrees = Grid((100, 100), rasterio.transform.from_origin(13.0, 52.5, 0.001, 0.001), DEGREES)
    assert cell_metres(in_degrees) == pytest.approx(np.sqrt(111.2 * 111.2 * np.cos(np.radians(52.45))), rel=0.01)


def test_a_plane_stays_a_plane_on_another_grid():
    old, new = grid(), grid(shape=(40, 50), cell=25.0, corner=(366210.0, 5809700.0))
    moved = onto(plane(old), new, Resampling.bilinear)
    assert moved.sizes == {"band": 2, "y": 40, "x": 50}
    np.testing.assert_allclose(moved.values, plane(new).values, atol=1e-3)
    assert difference(new, grid_of(moved)) == ""


def test_what_lies_outside_is_missing_and_nothing_else_is():
    old, new = grid(shape=(20, 20)), grid(shape=(30, 30), corner=(366000.0 - 150, 5810000.0 + 150))
    moved = onto(plane(old, 1), new, Resampling.nearest).values[0]
    np.testing.assert_array_equal(np.isfinite(moved[5:25, 5:25]), True)
    assert np.isnan(moved).sum() == 900 - 400
    np.testing.assert_array_equal(moved[5:25, 5:25], plane(old, 1).values[0])


def test_another_crs_and_nodata():
    old = grid(shape=(200, 200))
    survey = plane(old, 1)
    stored = survey.copy(data=np.where(survey.values > 20, -999, survey.values).astype(np.float32))
    stored.attrs["nodata"] = -999.0
    left, bottom, right, top = rasterio.warp.transform_bounds(UTM, DEGREES, 367500, 5805000, 370500, 5808500)
    new = Grid((80, 90), rasterio.transform.from_bounds(left, bottom, right, top, 90, 80), DEGREES)
    moved = onto(stored, new, Resampling.bilinear)
    known = moved.values[0][np.isfinite(moved.values[0])]
    assert known.size
    assert known.min() > -250
    assert moved["x"].attrs["units"] == "deg"
    x, y = rasterio.warp.transform(DEGREES, UTM, [float(moved["x"][40])], [float(moved["y"][50])])
    expected = (x[0] - 366000) / 100 + (y[0] - 5810000) / 50
    assert float(moved[0, 50, 40]) == pytest.approx(expected, abs=0.2)


def test_bands_are_resampled_one_at_a_time_and_kept():
    moved = onto(plane(grid(), 3), grid(cell=29.0), Resampling.bilinear)
    values = moved.variable._data.array
    assert not values._kept
    whole = moved[1].values
    assert list(values._kept) == [1]
    np.testing.assert_array_equal(moved[1, 5:20:3, ::-2].values, whole[5:20:3, ::-2])
    again = pickle.loads(pickle.dumps(moved))
    np.testing.assert_array_equal(again[1].values, whole)


def test_without_a_place_nothing_can_be_moved():
    flat = xr.DataArray(
        np.zeros((1, 3, 4)), dims=("band", "y", "x"), coords={"y": np.arange(3) + 0.5, "x": np.arange(4) + 0.5}
    )
    with pytest.raises(surveys.SurveyError, match="3 x 4 cells without map coordinates"):
        onto(flat, grid(), Resampling.bilinear)
    with pytest.raises(surveys.SurveyError, match="no CRS"):
        onto(plane(grid(crs=None)), grid(), Resampling.bilinear)
    np.testing.assert_allclose(
        onto(plane(grid(crs=None)), grid(shape=(20, 20), cell=45.0, crs=None), Resampling.bilinear).values[:, 1:, 1:],
        plane(grid(shape=(20, 20), cell=45.0, crs=None)).values[:, 1:, 1:], atol=0.05,
    )  # fmt: skip
    with pytest.raises(surveys.SurveyError, match="no map"):
        grid_of(xr.DataArray(np.zeros((2, 2)), dims=("inline", "twt")))
