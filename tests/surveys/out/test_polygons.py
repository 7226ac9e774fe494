"""A predicted map as polygons, read back by pyogrio."""

from __future__ import annotations

import os

import numpy as np
import pyogrio
import pytest
import shapely
import xarray as xr
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.transform import Affine

from napari_fhn import surveys
from napari_fhn.labels import ClassTable
from napari_fhn.surveys.maps.polygons import read_polygons
from napari_fhn.surveys.out import save_polygons
from napari_fhn.surveys.rio import rio

UPRIGHT = Affine(30.0, 0, 5e5, 0, -30.0, 6e6)
TURNED = UPRIGHT @ Affine.rotation(20)
TABLE = ClassTable.of_codes({10: "trees", 80: "=water", 300: "Geröll"})


def raster(shape: tuple[int, int], transform: Affine = UPRIGHT, crs: str | None = "EPSG:32632") -> xr.DataArray:
    like = xr.DataArray(np.zeros((1, *shape), np.float32), dims=("band", "y", "x"), attrs={"source": "map.tif"})
    if not (transform.b or transform.d):
        x, _ = transform @ (np.arange(shape[1]) + 0.5, np.zeros(shape[1]))
        _, y = transform @ (np.zeros(shape[0]), np.arange(shape[0]) + 0.5)
        like = like.assign_coords(x=x, y=y)
    like = rio(like).write_transform(transform)
    return rio(like).write_crs(CRS.from_string(crs)) if crs else like


@pytest.mark.parametrize(("suffix", "transform"), [(".gpkg", UPRIGHT), (".geojson", UPRIGHT), (".gpkg", TURNED)])
def test_polygons_are_the_cells_of_their_classes(tmp_path, suffix, transform):
    codes = np.random.default_rng(1).choice(np.array([0, 10, 80, 300], np.uint16), (20, 30))
    path = tmp_path / f"cover{suffix}"
    entries = [type("Entry", (), {"value": e.code, "name": e.name, "color": e.color}) for e in TABLE]
    count = save_polygons(path, codes, raster(codes.shape, transform), entries, history=["Predicted, été"])
    meta, _, wkb, columns = pyogrio.raw.read(path)
    fields = dict(zip(meta["fields"], columns, strict=True))
    assert meta["crs"] == "EPSG:32632"
    shapes = shapely.from_wkb(wkb)
    assert len(shapes) == count
    assert shapely.is_valid(shapes).all()
    drawn = rasterize(list(zip(shapes, fields["code"], strict=True)), codes.shape, transform=transform, dtype="uint16")
    np.testing.assert_array_equal(drawn, codes)
    assert set(zip(fields["code"], fields["class"], fields["color"], strict=True)) == {
        (entry.code, entry.name, entry.color) for entry in TABLE
    }
    np.testing.assert_allclose(fields["area_m2"], shapely.area(shapes), rtol=1e-6)
    np.testing.assert_allclose(fields["area_m2"], fields["cells"] * 900.0)
    assert fields["cells"].sum() == np.count_nonzero(codes)
    described = pyogrio.read_info(path)["layer_metadata"] if suffix == ".gpkg" else path.read_text()
    assert "Predicted, été" in str(described)
    again = read_polygons(path, "class")
    assert again.classes == ("=water", "Geröll", "trees")


def test_small_areas_are_left_out_and_the_unit_is_that_of_the_crs(tmp_path):
    codes = np.zeros((8, 8), np.uint8)
    codes[0, 0], codes[2:5, 2:5] = 1, 1
    for crs, transform, name, cell in (
        ("EPSG:4326", Affine(0.5, 0, 10, 0, -0.5, 50), "area_deg2", 0.25),
        ("EPSG:2263", UPRIGHT, "area_ft2", 900.0),
        (None, UPRIGHT, "area", 900.0),
    ):
        path = tmp_path / "cover.gpkg"
        assert save_polygons(path, codes, raster(codes.shape, transform, crs), at_least=2) == 1
        meta, _, _, columns = pyogrio.raw.read(path)
        fields = dict(zip(meta["fields"], columns, strict=True))
        assert fields[name].tolist() == pytest.approx([9 * cell])
        assert fields["class"].tolist() == ["1"]


def test_what_has_no_polygons_is_refused(tmp_path):
    codes = np.ones((4, 5), np.uint8)
    odd = "+proj=tmerc +lat_0=3 +lon_0=7.3 +k=0.9999 +x_0=1 +y_0=2 +ellps=bessel +units=m"
    for name, values, like, words in (
        ("a.shp", codes, raster((4, 5)), "not known for polygons"),
        ("a.gpkg", codes[1:], raster((4, 5)), "there are classes for .*, and the survey has 4 x 5"),
        ("a.gpkg", codes * 0, raster((4, 5)), "no polygon has 1 cell"),
        ("a.gpkg", codes, raster((4, 5), Affine.identity(), None), "no map coordinates"),
        ("a.geojson", codes, raster((4, 5), crs=odd), "EPSG number"),
        ("a.geojson", codes, raster((4, 5), crs=None), "EPSG number"),
    ):
        with pytest.raises(surveys.SurveyError, match=words):
            save_polygons(tmp_path / name, values, like)
    assert os.listdir(tmp_path) == []
