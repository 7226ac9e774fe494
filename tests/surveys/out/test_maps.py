from __future__ import annotations

import os
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.transform import Affine

from napari_fhn import surveys
from napari_fhn.labels import ClassTable
from napari_fhn.labels.classes.class_table import LabelClass
from napari_fhn.surveys import bricks
from napari_fhn.surveys.out.classes import save_classes
from napari_fhn.surveys.out.saving import save

CLASSES = ClassTable((LabelClass(1, "salt", "#ff0080"), LabelClass(3, "sand, wet & <old>", "#00ff00")))
TRANSFORM = Affine(30, 0, 300000, 0, -20, 6000000)


def scene(folder, transform=TRANSFORM, crs="EPSG:32633", name="in.tif"):
    with rasterio.open(
        folder / name, "w", driver="GTiff", width=5, height=4, count=3, dtype="int16", crs=crs, transform=transform
    ) as file:
        file.write(np.arange(60, dtype=np.int16).reshape(3, 4, 5))
    return surveys.open(folder / name)


def close(a: Affine, b: Affine) -> bool:
    return np.allclose(a[:6], b[:6])


@pytest.mark.parametrize("suffix", [".tif", ".img", ".dat"])
@pytest.mark.parametrize("kind", ["uint8", "int16", "float32", "float64", "bool"])
def test_classes_and_layers_come_back_value_for_value(tmp_path, suffix, kind):
    like = scene(tmp_path)
    for values in (
        np.random.default_rng(0).integers(0, 2, (4, 5)).astype(kind),
        np.random.default_rng(0).integers(0, 2, (6, 4, 5)).astype(kind),
    ):
        names = [f"class {k}" for k in range(len(values))] if values.ndim == 3 else []
        out = save(tmp_path / f"out{suffix}", values, like, names=names)
        with rasterio.open(out) as file:
            assert file.driver == {".tif": "GTiff"}.get(suffix, "ENVI")
            assert file.crs.to_epsg() == 32633
            assert close(file.transform, TRANSFORM)
            np.testing.assert_array_equal(file.read().squeeze(), values)
            assert list(file.descriptions) == names or not names
    left = {"in.tif", f"out{suffix}"} | ({"out.hdr"} if suffix != ".tif" else set())
    assert {name for name in os.listdir(tmp_path) if not name.endswith(".aux.xml")} == left


def test_a_part_of_a_rotated_image_keeps_its_place(tmp_path):
    turned = Affine(20, 10, 300000, 10, -20, 6000000)
    like = scene(tmp_path, turned)[:, 1:, 2:]
    out = save(tmp_path / "out.tif", np.ones((3, 3), np.uint8), like)
    with rasterio.open(out) as file:
        x, y = turned[0] * 2 + turned[1] * 1 + turned[2], turned[3] * 2 + turned[4] * 1 + turned[5]
        assert close(file.transform, Affine(20, 10, x, 10, -20, y))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_an_image_without_a_map_is_saved_without_one(tmp_path):
    like = scene(tmp_path, Affine.identity(), None)
    values = np.arange(20, dtype=np.uint8).reshape(4, 5)
    for name in ("out.tif", "out.img"):
        with rasterio.open(save(tmp_path / name, values, like)) as file:
            assert file.crs is None
            np.testing.assert_array_equal(file.read(1), values)


def test_names_and_colours_go_along(tmp_path):
    like = scene(tmp_path)
    values = np.array([[0, 1, 3, 1, 0]] * 4, np.uint8)
    with rasterio.open(save(tmp_path / "out.tif", values, like, classes=CLASSES, nodata=0)) as file:
        assert file.colormap(1)[1] == (255, 0, 128, 255)
        assert file.colormap(1)[3] == (0, 255, 0, 255)
        assert file.nodata == 0
    with rasterio.open(save(tmp_path / "out.img", values, like, classes=CLASSES)) as file:
        header = file.tags(ns="ENVI")
        np.testing.assert_array_equal(file.read(1), values)
    assert header["file_type"] == "ENVI Classification"
    assert header["classes"] == "4"
    assert header["class_names"] == "{Unclassified, salt, class 2, sand  wet & <old>}"
    assert header["class_lookup"] == "{0, 0, 0, 255, 0, 128, 0, 0, 0, 0, 255, 0}"
    with xr.open_dataset(save(tmp_path / "out.nc", values, like, classes=CLASSES), engine="h5netcdf") as data:
        assert data["out"].attrs["flag_values"].tolist() == [1, 3]
        assert data["out"].attrs["flag_meanings"] == "salt sand,_wet_&_<old>"


def test_tables_as_csv_and_qgis_style(tmp_path):
    assert ClassTable.from_csv(save_classes(tmp_path / "classes.csv", CLASSES), as_values=True) == CLASSES
    root = ElementTree.parse(save_classes(tmp_path / "map.qml", CLASSES)).getroot()
    renderer = root.find("pipe/rasterrenderer")
    assert renderer is not None
    assert renderer.get("type") == "paletted"
    entries = [(e.get("value"), e.get("label"), e.get("color")) for e in renderer.iter("paletteEntry")]
    assert entries == [("1", "salt", "#ff0080"), ("3", "sand, wet & <old>", "#00ff00")]
    with pytest.raises(surveys.SurveyError, match="not known for class tables"):
        save_classes(tmp_path / "map.sld", CLASSES)
    assert sorted(os.listdir(tmp_path)) == ["classes.csv", "map.qml"]


def test_an_envi_image_holds_no_signed_bytes(tmp_path):
    with pytest.raises(surveys.SurveyError, match="holds no int8"):
        save(tmp_path / "out.img", np.zeros((4, 5), np.int8), scene(tmp_path))


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_maps_and_volumes_keep_their_axes(tmp_path, volume, suffix):
    like = scene(tmp_path)
    values = np.random.default_rng(0).random((2, 4, 5)).astype(np.float32)
    for _ in range(2):  # the second time over the first
        out = save(tmp_path / f"map{suffix}", values, like, names=["salt", "säure"])
    options = {"engine": "h5netcdf"} if suffix == ".nc" else {"engine": "zarr", "consolidated": False}
    with xr.open_dataset(out, decode_coords="all", **options) as data:
        array = data["map" if suffix == ".nc" else "values"]
        np.testing.assert_array_equal(array.values, values)
        assert array.dims == ("band", "y", "x")
        assert array.rio.crs.to_epsg() == 32633
        assert close(array.rio.transform(recalc=True), TRANSFORM)
        if suffix == ".nc":
            assert data["band_name"].values.tolist() == ["salt", "säure"]

    survey = surveys.open(volume)
    classes = np.random.default_rng(0).integers(0, 6, survey.shape).astype(np.uint8)
    heard: list[float] = []
    out = save(tmp_path / f"cube{suffix}", classes, survey, nodata=0, progress=heard.append)
    assert heard[-1] == 1
    with xr.open_dataset(out, mask_and_scale=False, **options) as data:
        array = data["cube" if suffix == ".nc" else "values"]
        assert array.dtype == np.uint8
        np.testing.assert_array_equal(array.values, classes)
        for dim in survey.dims:
            np.testing.assert_array_equal(array[dim], survey[dim])
            assert {k: v for k, v in array[dim].attrs.items() if k != "_FillValue"} == survey[dim].attrs
    if suffix == ".zarr":
        again = bricks.open_bricks(out)
        assert again.attrs["geometry"] == survey.attrs["geometry"]
        assert list(bricks.verify(out))[-1].done == classes.nbytes


def test_a_folder_that_is_no_store_is_not_run_over(tmp_path, volume):
    survey = surveys.open(volume)
    (tmp_path / "thesis.zarr").mkdir()
    (tmp_path / "thesis.zarr" / "chapter").write_text("one")
    with pytest.raises(surveys.SurveyError, match="something else than a Zarr store"):
        save(tmp_path / "thesis.zarr", np.zeros(survey.shape, np.uint8), survey)
    assert os.listdir(tmp_path / "thesis.zarr") == ["chapter"]


def test_what_others_put_into_a_store_is_not_run_over(tmp_path, volume):
    survey = surveys.open(volume)
    target, values = tmp_path / "facies.zarr", np.zeros(survey.shape, np.uint8)
    for _ in range(2):
        save(target, values, survey)  # over what is its own
    before = sorted(os.listdir(target))
    (target / "notes").mkdir()
    (target / "notes" / "monday.txt").write_text("one")
    with pytest.raises(surveys.SurveyError, match=r"\(notes\), which would be lost"):
        save(target, values, survey)
    with pytest.raises(surveys.SurveyError, match="notes lies in it"):
        list(bricks.copy_bricks(survey, target))
    assert sorted(os.listdir(target)) == sorted([*before, "notes"])
    assert (target / "notes" / "monday.txt").read_text() == "one"


def test_a_line_is_saved_with_its_places(tmp_path, make_segy):
    cube = np.arange(12, dtype=np.float32).reshape(1, 4, 3)
    survey = surveys.open(make_segy(tmp_path / "line.sgy", np.array([7]), np.arange(4), cube))
    with xr.open_dataset(save(tmp_path / "line.nc", survey.values, survey), engine="h5netcdf") as data:
        np.testing.assert_array_equal(data["values_line"], cube[0])
        np.testing.assert_array_equal(data["crossline"], survey["crossline"])
        assert data["crossline"].dims == ("trace",)


FULL = """
import resource, sys
import numpy as np
from napari_fhn import surveys
like = surveys.open(sys.argv[1]).isel(band=0, drop=True)
values = np.random.default_rng(0).random(like.shape)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    surveys.save(sys.argv[2], values, like)
except surveys.SurveyError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
@pytest.mark.parametrize("suffix", [".tif", ".img"])
@pytest.mark.usefixtures("copied_processes")
def test_a_disk_that_fills_up_is_a_sentence_and_the_old_file_stays(tmp_path, suffix):
    with rasterio.open(
        tmp_path / "in.tif", "w", driver="GTiff", width=300, height=300, count=1, dtype="uint8",
        crs="EPSG:32633", transform=TRANSFORM, compress="deflate",
    ) as file:  # fmt: skip
        file.write(np.zeros((1, 300, 300), np.uint8))
    out = tmp_path / f"out{suffix}"
    out.write_bytes(b"precious")
    command = [sys.executable, "-c", FULL, str(tmp_path / "in.tif"), str(out)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert "could not be written as a whole" in found.stdout or "the disk is full" in found.stdout, found.stderr
    assert out.read_bytes() == b"precious"
    assert sorted(os.listdir(tmp_path)) == ["in.tif", f"out{suffix}"]


@pytest.mark.parametrize("name", ["east", "x", "time", "lines", "depth"])
def test_a_file_may_be_called_as_an_axis_is(tmp_path, name):
    for shape, dims in (((4, 5), ("y", "x")), ((3, 4, 5), ("inline", "crossline", "twt"))):
        values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        like = xr.DataArray(values, dims=dims, coords={dim: np.arange(n) for dim, n in zip(dims, shape, strict=True)})
        path = save(tmp_path / f"{name}.nc", values, like)
        np.testing.assert_array_equal(np.asarray(surveys.open(path)).reshape(shape), values)
