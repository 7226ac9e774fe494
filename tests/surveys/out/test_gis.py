"""Maps of classes as a GIS takes them: cloud-optimised, with palette, names and table, style and catalogue item."""

from __future__ import annotations

import ctypes
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.transform import from_origin

from napari_fhn import surveys
from napari_fhn.labels import ClassTable
from napari_fhn.project.exporting.exporter import Exporter, Request
from napari_fhn.surveys.out import save_stac

TABLE = ClassTable.of_codes({10: "Wald & Wiese", 80: "eau"})


@pytest.fixture
def survey(tmp_path) -> xr.DataArray:
    path = tmp_path / "scene.tif"
    profile = {"driver": "GTiff", "width": 700, "height": 600, "count": 1, "dtype": "float32", "crs": "EPSG:32632"}
    with rasterio.open(path, "w", **profile, transform=from_origin(5e5, 5.6e6, 10, 10)) as file:
        file.write(np.random.default_rng(0).random((1, 600, 700), np.float32))
    return surveys.open(path)


@pytest.fixture
def exported(survey, tmp_path):
    """What `predict --output map.tif --stac` writes, of codes in a file of classes."""
    codes = np.zeros((600, 700), np.uint8)
    codes[:300], codes[400:] = 10, 80
    surveys.save(tmp_path / "given.tif", codes, survey, nodata=0)
    exporter = Exporter.of_file(tmp_path / "given.tif", like=survey, table=TABLE)
    return exporter.write(Request("classes", tmp_path / "map.tif", stac=True))


def test_it_is_cloud_optimised_with_palette_and_nodata(exported, tmp_path):
    with rasterio.open(tmp_path / "map.tif") as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1) == [2]
        assert file.nodata == 0
        assert file.crs.to_epsg() == 32632
        palette = file.colormap(1)
        assert palette[10][:3] == tuple(int(TABLE.colors[1][k : k + 2], 16) for k in (1, 3, 5))
        assert "10 Wald & Wiese" in file.tags()["history"]
        # An overview of classes has classes, and no means of them.
        assert set(np.unique(file.read(1, out_shape=(300, 350)))) == {0, 10, 80}


def test_names_and_colours_lie_where_gdal_keeps_them(exported, tmp_path):
    root = ElementTree.parse(tmp_path / "map.tif.aux.xml")
    names = [one.text or "" for one in root.findall(".//Category")]
    assert (names[0], names[10], names[80], len(names)) == ("unlabelled", "Wald & Wiese", "eau", 81)
    rows = [[cell.text for cell in row] for row in root.findall(".//Row")]
    assert [row[:2] for row in rows] == [["10", "Wald & Wiese"], ["80", "eau"]]


def test_gdal_itself_reads_the_names(exported, tmp_path):
    """GDAL as rasterio brings it; rasterio has no words for the names of categories."""
    libraries = Path(rasterio.__file__).parent.with_name("rasterio.libs")
    found = sorted(libraries.glob("libgdal*.so*"))
    if not found:
        pytest.skip("this rasterio does not bring its own GDAL")
    gdal = ctypes.CDLL(str(found[0]))
    for name in ("GDALOpen", "GDALGetRasterBand", "GDALGetDefaultRAT"):
        getattr(gdal, name).restype = ctypes.c_void_p
    gdal.GDALGetRasterCategoryNames.restype = ctypes.POINTER(ctypes.c_char_p)
    gdal.GDALRATGetValueAsString.restype = ctypes.c_char_p
    gdal.GDALAllRegister()
    opened = ctypes.c_void_p(gdal.GDALOpen(str(tmp_path / "map.tif").encode(), 0))
    band = ctypes.c_void_p(gdal.GDALGetRasterBand(opened, 1))
    # GDAL looks into the file beside the raster when the table is asked for.
    table = ctypes.c_void_p(gdal.GDALGetDefaultRAT(band))
    assert gdal.GDALRATGetRowCount(table) == 2
    assert gdal.GDALRATGetValueAsString(table, 1, 1) == b"eau"
    names = gdal.GDALGetRasterCategoryNames(band)
    assert [names[k].decode() for k in (0, 10, 80)] == ["unlabelled", "Wald & Wiese", "eau"]
    gdal.GDALClose(opened)


def test_style_and_catalogue_item_lie_beside_it(exported, tmp_path):
    assert [path.name for path in exported.paths] == ["map.tif", "map.qml", "map.stac.json"]
    entries = ElementTree.parse(tmp_path / "map.qml").findall(".//paletteEntry")
    assert [(one.get("value"), one.get("label")) for one in entries] == [("10", "Wald & Wiese"), ("80", "eau")]
    item = json.loads((tmp_path / "map.stac.json").read_text())
    west, south, east, north = item["bbox"]
    assert 8.9 < west < east < 9.2
    assert 50.4 < south < north < 50.6
    assert item["assets"]["data"]["href"] == "./map.tif"
    assert [one["value"] for one in item["assets"]["data"]["classification:classes"]] == [10, 80]
    assert item["properties"]["proj:code"] == "EPSG:32632"


def test_a_style_of_somebody_stays_and_old_names_go(exported, survey, tmp_path):
    (tmp_path / "map.qml").write_text("<qgis>mine</qgis>")
    exporter = Exporter.of_file(tmp_path / "given.tif", like=survey, table=TABLE)
    again = exporter.write(Request("classes", tmp_path / "map.tif"))
    assert (tmp_path / "map.qml").read_text() == "<qgis>mine</qgis>"
    assert again.notes[-1] == "map.qml is a style of somebody's own, and stays as it is"
    # Amounts in its place have no names of classes.
    surveys.save(tmp_path / "map.tif", np.zeros((600, 700), np.float32), survey)
    assert not (tmp_path / "map.tif.aux.xml").exists()


def test_a_map_without_a_place_has_no_item(tmp_path):
    with rasterio.open(tmp_path / "a.tif", "w", driver="GTiff", width=4, height=3, count=1, dtype="uint8") as file:
        file.write(np.zeros((1, 3, 4), np.uint8))
    with pytest.raises(surveys.SurveyError, match="it has no CRS"):
        save_stac(tmp_path / "a.tif")
