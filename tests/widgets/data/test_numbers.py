"""Where a voxel lies, in words: the status bar of images, labels and predictions."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
import xarray as xr

from napari_fhn import sample_data, surveys
from napari_fhn.surveys.numbers import Numbers, describe
from napari_fhn.widgets.data import readout


@pytest.fixture(scope="module")
def seismic():
    return surveys.open(sample_data.SEISMIC.survey)


@pytest.fixture(scope="module")
def cube():
    return surveys.open(sample_data.HYPERSPECTRAL.dates[0])


def test_seismic_in_lines_milliseconds_and_map_coordinates(seismic):
    words = describe(seismic, (63, 50, 83.2))
    assert words == "inline 1064, crossline 2101, 732 ms; X 484026.5, Y 6513953.8 m"
    x, y = seismic.attrs["geometry"].to_xy(1064, 2101)
    assert (round(float(x), 1), round(float(y), 1)) == (484026.5, 6513953.8)


def test_rasters_in_rows_columns_crs_and_wavelength(cube):
    words = describe(cube, (30, 10, 20))
    nm = float(cube["wavelength"][30])
    assert words == f"row 10, column 20; X 612945, Y 5330955 m, WGS 84 / UTM zone 32N; band 31, {nm:.0f} nm"
    assert float(cube["x"][20]) == 612945
    assert float(cube["y"][10]) == 5330955


@pytest.mark.parametrize("index", [(-0.6, 0, 0), (0, 192, 0), (0, 0, 159.6), (np.nan, 0, 0)])
def test_outside_nothing_is_said(seismic, index):
    assert describe(seismic, index) == ""


def test_feet_degrees_lines_and_plain_arrays(tmp_path):
    degrees = xr.DataArray(
        np.zeros((1, 4, 5)),
        dims=("band", "y", "x"),
        coords={
            "band": [1],
            "y": ("y", 60.0 - 0.001 * np.arange(4), {"units": "deg"}),
            "x": ("x", 10.0 + 0.001 * np.arange(5), {"units": "deg"}),
        },
        attrs={"kind": "maps"},
    ).rio.write_crs(4326)
    assert describe(degrees, (0, 1, 2)) == "row 1, column 2; lat 59.99900, lon 10.00200 deg, WGS 84"
    line = xr.DataArray(
        np.zeros((3, 4)),
        dims=("trace", "twt"),
        coords={
            "trace": [0.0, 1.0, 2.0],
            "twt": ("twt", [0.0, 2.0, 4.0, 6.0], {"units": "ms"}),
            "x": ("trace", [5.0, 6.0, 7.0], {"units": "m"}),
            "y": ("trace", [8.0, 8.0, 8.0], {"units": "m"}),
        },
    )
    assert describe(line, (2, 3)) == "trace 2, 6 ms; X 7.0, Y 8.0 m"
    plain = xr.DataArray(np.zeros((3, 4)), dims=("axis_0", "axis_1"))
    assert describe(plain, (1, 2)) == "axis 0 1, axis 1 2"


def test_a_rotated_map_keeps_its_coordinates(tmp_path):
    path = tmp_path / "turned.tif"
    turned = (
        rasterio.Affine.translation(500000, 6000000) * rasterio.Affine.rotation(30) * rasterio.Affine.scale(10, -10)
    )
    with rasterio.open(path, "w", driver="GTiff", height=4, width=5, count=1, dtype="float32", crs=32632,
                       transform=turned) as file:  # fmt: skip
        file.write(np.zeros((1, 4, 5), np.float32))
    numbers = Numbers.of(surveys.open(path))
    x, y = turned * (2.5, 1.5)
    assert numbers.to_xy((0, 1, 2)) == pytest.approx((x, y))
    assert numbers.from_xy(x, y) == pytest.approx({"y": 1, "x": 2})


def look(viewer, layer, index):
    viewer.layers.selection.active = layer
    viewer.mouse_over_canvas = True
    for axis in viewer.dims.not_displayed:
        viewer.dims.set_point(axis, layer.data_to_world(index)[axis])
    viewer.cursor.position = tuple(layer.data_to_world(index))
    viewer.update_status_from_cursor()
    return viewer.status["coordinates"]


def test_the_status_bar_of_image_labels_and_prediction(viewer, dock, spin):
    viewer.open_sample("napari-fhn", "seismic")
    image = viewer.layers[0]
    words = "inline 1019, crossline 2057, 440 ms; X 482"
    value = int(np.asarray(image.data[18, 28, 10]))
    assert look(viewer, image, (18, 28, 10)).startswith(words)
    assert viewer.status["value"] == str(value)
    dock.labels.load.click()
    assert spin(lambda: len(dock.desk.book.state.counts) == 7)
    told = look(viewer, dock.desk.book.layer, (18, 28, 10))
    assert told.startswith(words)
    assert told.endswith(": 1 Marine cover")
    assert look(viewer, dock.desk.prediction.layer, (18, 28, 10)).startswith(words)
    dock.desk.labelling.edits.rename(1, "Mud")
    assert look(viewer, dock.desk.book.layer, (18, 28, 10)).endswith(": 1 Mud")


def test_bands_out_of_sight_do_not_shift_the_wavelength(viewer, cube):
    viewer.open_sample("napari-fhn", "hyperspectral")
    layer = viewer.layers[0]
    good = np.flatnonzero(np.asarray(cube["good"]))
    place = int(np.flatnonzero(good != np.arange(good.size))[0])
    told = look(viewer, layer, (place, 10, 20))
    assert f"{float(cube['wavelength'][good[place]]):.0f} nm" in told
    assert "row 10, column 20" in told


def test_other_layers_are_left_alone(viewer):
    layer = viewer.add_image(np.zeros((4, 5)))
    readout.attach(layer)
    assert "get_status" not in vars(layer)
