"""Classes keep the names that a file gives their codes: attributes of CF, categories and tables of rasters."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
import xarray as xr
from tests.doors import map_grid

from napari_fhn import labels, surveys
from napari_fhn.labels import ClassTable, Source
from napari_fhn.project.knowledge import Knowledge
from napari_fhn.surveys import flags
from napari_fhn.surveys.classes import stored_classes

NAMES = {10: "wet sand (old)", 48: "NODATA", 130: "Ton: grün"}


@pytest.fixture
def survey():
    return map_grid().template()


def codes(survey: xr.DataArray) -> np.ndarray:
    out = np.zeros(survey.shape[-2:], np.uint8)
    out[:5], out[5:9], out[9:11] = 10, 130, 48
    return out


def check(path, survey, known=(10, 130), names=NAMES):
    """As a file that is loaded: in the dock, on the command line and in Python it is this that is asked."""
    out = np.zeros(survey.shape[-2:], np.uint8)
    found = Knowledge((Source.of(path, survey),)).burn(survey, out)
    assert found.classes.codes == known
    assert found.classes.names == tuple(names[code] for code in known)
    assert np.unique(out).tolist() == [0, *found.classes.values]


@pytest.mark.parametrize("suffix", [".nc", ".zarr", ".tif", ".img"])
def test_what_is_saved_is_read_with_its_names(tmp_path, survey, suffix):
    classes = [labels.LabelClass(code, name, "#aa5500") for code, name in NAMES.items() if code != 48]
    out = np.where(codes(survey) == 48, 0, codes(survey)).astype(np.uint8)
    check(surveys.save(tmp_path / f"a{suffix}", out, survey, classes=classes, nodata=0), survey)


def test_flags_of_others_name_the_codes(tmp_path, survey):
    """Bytes above 127 as negative numbers, names with underscores, and a code that is named as nothing."""
    made = xr.DataArray(
        codes(survey).view(np.int8),
        dims=("y", "x"),
        coords={"y": survey["y"], "x": survey["x"]},
        attrs={
            "_Unsigned": "true",
            "flag_values": np.array([10, 48, -126], np.int8),
            "flag_meanings": "tree_cover no_data water",
        },
    )
    made.to_dataset(name="lccs_class").to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    check(tmp_path / "a.nc", survey, names={10: "tree_cover", 130: "water"})


@pytest.mark.parametrize(
    ("attrs", "found"),
    [
        ({"flag_values": "0b, 10b", "flag_meanings": "none sand"}, {0: "none", 10: "sand"}),
        ({"flag_values": [1, 2], "flag_meanings": "sand"}, {}),
        ({"flag_values": ["sand"], "flag_meanings": "sand"}, {}),
        ({"flag_masks": [1, 2], "flag_meanings": "cloud shadow"}, {}),
        ({"flag_values": [1], "flag_meanings": "wet_sand", "flag_names": '["wet sand"]'}, {1: "wet sand"}),
        ({"flag_values": [1], "flag_meanings": "wet_sand", "flag_names": "["}, {1: "wet_sand"}),
    ],
)
def test_attributes_that_name_and_that_do_not(attrs, found):
    assert flags.named(attrs, np.dtype("u1")) == found


def raster(path, survey):
    grid = map_grid()
    transform = rasterio.transform.from_origin(366000, 5810015, 30, 30)
    how = {"driver": "GTiff", "height": 14, "width": 16, "count": 1, "dtype": "uint8", "transform": transform}
    with rasterio.open(path, "w", crs=grid.crs, **how) as file:
        file.write(codes(survey), 1)
    return path


def table(path, rows, fields):
    """An attribute table beside a raster, as GDAL keeps it."""
    root = ElementTree.Element("PAMDataset")
    rat = ElementTree.SubElement(ElementTree.SubElement(root, "PAMRasterBand", band="1"), "GDALRasterAttributeTable")
    for index, cells in enumerate(fields):
        column = ElementTree.SubElement(rat, "FieldDefn", index=str(index))
        for tag, text in zip(("Name", "Type", "Usage"), cells, strict=True):
            ElementTree.SubElement(column, tag).text = text
    for index, cells in enumerate(rows):
        row = ElementTree.SubElement(rat, "Row", index=str(index))
        for cell in cells:
            ElementTree.SubElement(row, "F").text = str(cell)
    path.with_name(path.name + ".aux.xml").write_bytes(ElementTree.tostring(root))


def test_an_attribute_table_names_the_codes(tmp_path, survey):
    path = raster(tmp_path / "a.tif", survey)
    fields = [("Count", "0", "1"), ("Value", "0", "0"), ("Group", "2", "0"), ("Class_Name", "2", "0")]
    table(path, [(3, code, "all", name) for code, name in NAMES.items()], fields)
    check(path, survey)


def test_a_table_without_values_has_a_row_for_each_code(tmp_path, survey):
    path = raster(tmp_path / "a.tif", survey)
    table(path, [(0, NAMES.get(code, "")) for code in range(131)], [("Red", "0", "6"), ("Names", "2", "2")])
    check(path, survey)


def test_the_table_of_arcgis_names_the_codes(tmp_path, survey):
    import pyogrio

    path = raster(tmp_path / "a.tif", survey)
    columns = [np.array(list(NAMES)), np.array(list(NAMES.values()), object)]
    pyogrio.raw.write(
        tmp_path / "a.tif.vat.dbf", None, columns, ["Value", "LABEL"], geometry_type=None, driver="ESRI Shapefile",
        encoding="UTF-8",
    )  # fmt: skip
    check(path, survey)
    (tmp_path / "a.tif.vat.dbf").write_bytes(b"\x03 no table")
    assert stored_classes(path, survey).names == {}


def test_names_of_a_survey_are_not_those_of_what_is_made_of_it(tmp_path, survey):
    like = surveys.open(surveys.save(tmp_path / "a.nc", codes(survey), survey, classes=ClassTable.of_names(["sand"])))
    assert like.attrs["classes"] == {1: "sand"}
    path = surveys.save(tmp_path / "b.nc", codes(survey).astype(np.float32), like)
    assert "classes" not in surveys.open(path).attrs


def test_a_band_that_hides_pixels_is_no_band_of_classes(tmp_path, survey):
    transform = rasterio.transform.from_origin(366000, 5810015, 30, 30)
    how = {"driver": "GTiff", "height": 14, "width": 16, "count": 2, "dtype": "uint8", "transform": transform}
    with rasterio.open(
        tmp_path / "a.tif", "w", crs=map_grid().crs, photometric="MINISBLACK", alpha="YES", **how
    ) as file:
        file.write(np.stack([np.full((14, 16), 7, np.uint8), np.where(codes(survey) == 10, 0, 255).astype(np.uint8)]))
    check(tmp_path / "a.tif", survey, known=(7,), names={7: "class 7"})
    assert stored_classes(tmp_path / "a.tif", survey).counts() == {7: 9 * 16}
