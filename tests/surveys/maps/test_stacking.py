from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
import xarray as xr
from rasterio.transform import from_origin

from napari_fhn import surveys
from napari_fhn.project.data.staging import stage
from napari_fhn.surveys.maps.grids import grid_of
from napari_fhn.surveys.maps.polygons import read_polygons
from napari_fhn.surveys.maps.stacking import Categories, stack
from survey_files import rasters as factory

CORNER = (366000.0, 5810000.0)


def raster(folder: Path, name: str, values: np.ndarray, cell: float = 30.0, **options):
    (folder / name).mkdir()
    options = {"transform": from_origin(*CORNER, cell, cell), **options}
    return surveys.open(factory.tiff(folder / name, values=values[None], name=f"{name}.tif", **options))


def test_maps_of_unlike_cells_come_onto_the_finest(tmp_path):
    rows, columns = np.mgrid[:40, :50].astype(np.float32)
    fine = raster(tmp_path, "fine", rows + columns)
    coarse = raster(tmp_path, "coarse", 2 * rows[:20, :25] + 2 * columns[:20, :25] + 1, 60.0)
    maps = stack([coarse, fine])
    assert maps.sizes == {"band": 2, "y": 40, "x": 50}
    assert maps["band_name"].values.tolist() == ["coarse", "fine"]
    # A cell of 60 m has its middle where four of 30 m meet.
    np.testing.assert_allclose(maps.values[0, 1:-1, 1:-1], (rows + columns)[1:-1, 1:-1], atol=1e-3)
    np.testing.assert_array_equal(maps.values[1], fine.values[0])
    assert any("grid of fine, the finest: 40 x 50 cells of 30 m" in note for note in maps.attrs["notes"])
    assert any(
        "coarse (20 x 25 cells of 60 m, EPSG:32633) was interpolated bilinearly" in n for n in maps.attrs["notes"]
    )
    chosen = stack([coarse, fine], like=coarse)
    assert chosen.sizes == {"band": 2, "y": 20, "x": 25}
    np.testing.assert_allclose(chosen.values[1], fine.values[0].reshape(20, 2, 25, 2).mean((1, 3)))
    assert any("fine" in note and "averaged" in note for note in chosen.attrs["notes"])


def test_classes_become_channels_of_nothing_but_zero_and_one(tmp_path):
    codes = np.zeros((20, 30), np.uint8)
    codes[:10, :7], codes[10:, 15:], codes[0, 29] = 3, 7, 255
    rocks = raster(tmp_path, "rocks", codes, nodata=255)
    amounts = raster(tmp_path, "mag", np.ones((40, 60), np.float32), 15.0)
    maps = stack([amounts, Categories(rocks, {3: "granite", 7: "shale", 9: "absent"})])
    assert maps["band_name"].values.tolist() == ["mag", "rocks: granite", "rocks: shale"]
    twice = np.kron(codes, np.ones((2, 2), np.uint8))
    for band, code in ((1, 3), (2, 7)):
        np.testing.assert_array_equal(maps.values[band], np.where(twice == 255, np.nan, twice == code))
    assert any("class of the nearest cell" in note for note in maps.attrs["notes"])
    assert any("2 classes, a band each; the values 0 are no class" in note for note in maps.attrs["notes"])
    assert stack([amounts, Categories(rocks)])["band_name"].values.tolist() == [
        "mag",
        "rocks: 0",
        "rocks: 3",
        "rocks: 7",
    ]
    staged = np.load(stage(tmp_path / "s", "maps", maps).path)
    np.testing.assert_array_equal(staged, maps.values)


def test_a_coarse_cell_takes_the_most_frequent_class(tmp_path):
    codes = np.array([[1, 1, 2, 2], [1, 2, 2, 2], [2, 2, 1, 1], [2, 2, 1, 2]], np.uint8)
    rocks = raster(tmp_path, "rocks", codes, 10.0)
    grid = raster(tmp_path, "grid", np.zeros((2, 2), np.float32), 20.0)
    maps = stack([Categories(rocks)], like=grid)
    np.testing.assert_array_equal(maps.values[0], [[1, 0], [0, 1]])
    assert any("most frequent" in note for note in maps.attrs["notes"])


def test_another_crs_is_brought_along(tmp_path):
    here = raster(tmp_path, "here", np.ones((100, 100), np.float32))
    degrees = from_origin(12.9, 52.6, 0.01, 0.01)
    there = raster(tmp_path, "there", np.full((60, 60), 5, np.float32), crs="EPSG:4326", transform=degrees)
    maps = stack([there, here])
    assert maps.rio.crs.to_string() == factory.UTM
    np.testing.assert_array_equal(maps.values[0], 5)
    far = raster(tmp_path, "far", np.ones((9, 9), np.float32), crs="EPSG:4326", transform=from_origin(-70, 10, 1, 1))
    with pytest.raises(surveys.SurveyError, match="no value within"):
        stack([far, here], like=here)


def test_unlike_nodata_values_all_become_nan(tmp_path):
    maps = []
    for name, nodata in (("a", -9999.0), ("b", -3.4028234663852886e38), ("c", np.nan), ("d", None)):
        values = np.ones((4, 5), np.float32)
        values[1, 2] = -3.4e38 if nodata is None else nodata
        maps.append(raster(tmp_path, name, values, nodata=nodata))
    both = stack(maps)
    assert np.isnan(both.values[:, 1, 2]).all()
    assert np.isnan(both.values).sum() == 4


def test_polygons_go_with_a_raster(tmp_path):
    shape = shapely.box(366000, 5809000, 366000 + 15 * 30, 5810000)
    pyogrio.raw.write(
        tmp_path / "geology.gpkg", shapely.to_wkb(np.array([shape])), [np.array(["granite"], dtype=object)], ["unit"],
        geometry_type="Polygon", crs=factory.UTM,
    )  # fmt: skip
    polygons = read_polygons(tmp_path / "geology.gpkg")
    mag = raster(tmp_path, "mag", np.ones((20, 30), np.float32))
    maps = stack([mag, polygons])
    assert maps["band_name"].values.tolist() == ["mag", "geology: granite"]
    assert maps.values[1, :, :15].all()
    assert not maps.values[1, :, 15:].any()
    assert any("Outside of all polygons every band is 0" in note for note in maps.attrs["notes"])
    assert maps.attrs["sources"] == (str(tmp_path / "mag" / "mag.tif"), str(tmp_path / "geology.gpkg"))
    with pytest.raises(surveys.SurveyError, match="polygons alone"):
        stack([polygons])


def test_names_units_and_bad_bands_of_a_stack_within_a_stack(tmp_path):
    values = factory.cube("float32", (3, 6, 7))

    def named(file):
        file.descriptions, file.units = ("mag", "", "th"), ("nT", "", "ppm")

    survey = surveys.open(factory.tiff(tmp_path, values=values, name="many.tif", after=named))
    maps = stack([survey.assign_coords(good=("band", [True, False, True]))])
    assert maps["band_name"].values.tolist() == ["mag", "th"]
    assert maps["band_unit"].values.tolist() == ["nT", "ppm"]
    np.testing.assert_array_equal(maps.values, values[[0, 2]])


def test_what_is_no_class_is_a_sentence(tmp_path):
    halves = raster(tmp_path, "a", np.full((4, 5), 0.5, np.float32))
    with pytest.raises(surveys.SurveyError, match="not all whole numbers"):
        stack([Categories(halves)])
    many = raster(tmp_path, "b", np.arange(600, dtype=np.uint16).reshape(20, 30))
    with pytest.raises(surveys.SurveyError, match="600 values, too many"):
        stack([Categories(many)])
    with pytest.raises(surveys.SurveyError, match="none of the classes"):
        stack([Categories(many, {9999: "x"})])
    two = xr.concat([many, many], "band")
    with pytest.raises(surveys.SurveyError, match="2 bands, and classes need one"):
        stack([Categories(two)])
    flat = xr.DataArray(
        np.ones((1, 4, 5)), dims=("band", "y", "x"), coords={"y": np.arange(4) + 0.5, "x": np.arange(5) + 0.5}
    )
    with pytest.raises(surveys.SurveyError, match="cannot be brought onto"):
        stack([flat], like=many)


def test_a_plain_grid_is_a_map(tmp_path):
    grid = xr.DataArray(
        np.ones((4, 5), np.float32), dims=("y", "x"), coords={"y": np.arange(4.0), "x": np.arange(5.0)}, name="g"
    )
    assert stack([grid])["band_name"].values.tolist() == ["g"]


def test_sirsam(shared):
    maps = [surveys.open(path) for path in sorted(shared("sirsam").glob("*.tif"))]
    given = [Categories(one, {1: "erosional", 2: "depositional"}) if one.name == "er_depg" else one for one in maps]
    both = stack(given)
    assert both.sizes == {"band": 9, "y": 241, "x": 187}
    values = both.values
    assert np.nanmin(values) > -10
    missing = np.isnan(values)
    assert (missing == missing[0]).all()
    assert missing[0].sum() == 427


def test_lapland(shared):
    maps = surveys.open(shared("lapland/lapland_9band_100m.tif"))
    rocks = surveys.open(shared("lapland/lithology_patches.tif"))
    both = stack([maps, Categories(rocks)])
    assert both.sizes["band"] == 20
    one_hot = both.values[9:]
    known = np.isfinite(one_hot[0])
    assert known.mean() == pytest.approx(np.mean(rocks.values != 255))
    np.testing.assert_array_equal(one_hot[:, known].sum(axis=0), 1)
    assert grid_of(both) == grid_of(maps)
