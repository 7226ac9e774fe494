"""Labels, truths and masks out of files of every kind, on the grid of a survey."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from rasterio.warp import calculate_default_transform, reproject

from napari_fhn import surveys
from napari_fhn.surveys import Grid, PlaceError, SurveyError, read_classes, read_mask
from napari_fhn.surveys.grid import GridAxis
from survey_files import rasters as factory

GRID = Grid(
    (GridAxis("inline", 4, 101.0), GridAxis("crossline", 5, 202.0, 2.0), GridAxis("twt", 6, 400.0, 4.0, "ms")),
    kind="seismic",
)
VALUES = (np.arange(120) % 4).reshape(4, 5, 6).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".nc", ".zarr", ".npy", ".npz"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_whole_numbers_of_any_type_and_file(tmp_path, suffix, dtype):
    path = tmp_path / f"labels{suffix}"
    if suffix == ".npz":
        np.savez(path, labels=VALUES.astype(dtype))
    else:
        surveys.save(path, VALUES.astype(dtype), GRID.template())
    found = read_classes(path, GRID)
    assert found.values.dtype == np.uint8
    np.testing.assert_array_equal(found.values, VALUES)
    assert found.values.dims == GRID.dims
    assert ("voxel by voxel" in found.words) == (suffix in (".npy", ".npz"))


def test_segy_on_its_survey(volume, tmp_path):
    survey = surveys.open(volume)
    surveys.save(tmp_path / "labels.sgy", VALUES, survey)
    found = read_classes(tmp_path / "labels.sgy", survey)
    np.testing.assert_array_equal(found.values, VALUES)
    assert found.words == ""
    in_depth = surveys.open(volume, vertical="depth")
    np.testing.assert_array_equal(read_classes(tmp_path / "labels.sgy", in_depth).values, VALUES)


@pytest.mark.parametrize("suffix", [".tif", ".img", ".nc"])
def test_maps(tmp_path, suffix):
    survey = surveys.open(factory.tiff(tmp_path, values=factory.cube()))
    grid = Grid.of(survey)
    values = (np.arange(np.prod(grid.shape)) % 3).reshape(grid.shape).astype(np.int16)
    values[0, 0] = -1
    surveys.save(tmp_path / f"labels{suffix}", values, survey, nodata=-1)
    found = read_classes(tmp_path / f"labels{suffix}", survey)
    np.testing.assert_array_equal(found.values, np.maximum(values, 0))
    assert found.words == ""


def test_what_is_missing_is_no_class(tmp_path):
    values = VALUES.astype(np.float32)
    values[0] = np.nan
    np.save(tmp_path / "gaps.npy", values)
    found = read_classes(tmp_path / "gaps.npy", GRID).values.values
    assert not found[0].any()
    np.testing.assert_array_equal(found[1:], VALUES[1:])
    mask = read_mask(tmp_path / "gaps.npy", GRID).values.values
    np.testing.assert_array_equal(mask, (found != 0).astype(np.uint8))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (VALUES + 0.5, "not all of them are whole"),
        (VALUES.astype(np.int32) * 100, "to 300"),
    ],
)
def test_what_is_no_class_is_refused(tmp_path, values, said):
    np.save(tmp_path / "odd.npy", values)
    with pytest.raises(SurveyError, match=said):
        read_classes(tmp_path / "odd.npy", GRID)


def test_labels_in_the_order_of_the_survey_s_file_are_turned_as_it_was(tmp_path):
    stored = np.moveaxis(VALUES, 2, 0)
    np.save(tmp_path / "volume.npy", stored.astype(np.float32))
    np.save(tmp_path / "labels.npy", stored)
    np.savez(tmp_path / "labels.npz", stored)
    axes = ("twt", "inline", "crossline")
    survey = surveys.open(tmp_path / "volume.npy", axes=axes)
    for name in ("labels.npy", "labels.npz"):
        for found in (
            read_classes(tmp_path / name, survey, axes=axes),
            read_classes(tmp_path / name, survey),
            read_classes(tmp_path / name, Grid.of(survey)),
        ):
            np.testing.assert_array_equal(found.values, VALUES)
            assert "its axes were taken to be twt, inline, crossline" in found.words
    # Labels that were saved on the survey itself lie as it does.
    np.save(tmp_path / "saved.npy", VALUES)
    found = read_classes(tmp_path / "saved.npy", survey)
    np.testing.assert_array_equal(found.values, VALUES)
    assert "as the survey itself" in found.words


def test_labels_of_a_cube_have_its_axes_without_bands(tmp_path):
    values = VALUES[0]
    np.save(tmp_path / "cube.npy", np.zeros((6, 5, 3), np.float32))
    np.save(tmp_path / "labels.npy", values.T)
    survey = surveys.open(tmp_path / "cube.npy", axes=("x", "y", "band"))
    np.testing.assert_array_equal(read_classes(tmp_path / "labels.npy", survey).values, values)


def test_options_of_the_survey_s_file_that_labels_do_not_take_are_left_out(tmp_path):
    surveys.save(tmp_path / "labels.nc", VALUES, GRID.template())
    found = read_classes(
        tmp_path / "labels.nc", GRID, inline_byte=9, variable="cube", axes=("inline", "crossline", "twt")
    )
    np.testing.assert_array_equal(found.values, VALUES)


@pytest.mark.parametrize(
    ("save", "said"),
    [
        (lambda path: np.savez(path, a=VALUES, b=VALUES), "holds 2 arrays"),
        (lambda path: np.savez(path, VALUES[:3]), "its shape is 3 x 5 x 6"),
        (lambda path: path.write_bytes(b"PK\x03\x04 no archive"), "not a whole npz archive"),
    ],
)
def test_archives_that_do_not_fit_are_one_sentence(tmp_path, save, said):
    save(tmp_path / "labels.npz")
    with pytest.raises(SurveyError, match=said):
        read_classes(tmp_path / "labels.npz", GRID)


def test_colours_are_no_classes(tmp_path):
    survey = surveys.open(factory.tiff(tmp_path, values=factory.cube()))
    with pytest.raises(PlaceError, match="bands, and one value for each voxel is needed"):
        read_classes(Path(survey.attrs["source"]), survey)


_CASES = Path(__file__).parents[3] / "shared" / "cases"


@pytest.mark.skipif(not _CASES.is_dir(), reason="without the shared cases")
def test_cases():
    places = _CASES / "places"
    image = surveys.open(places / "img.tif")
    right = read_classes(places / "lab_ok.tif", image).values
    assert set(np.unique(right)) == {1, 2}
    xr.testing.assert_equal(read_classes(places / "lab_southup.tif", image).values, right)
    classes = _CASES / "classes"
    assert set(np.unique(read_classes(classes / "lab_wc.tif", surveys.open(classes / "img.tif")).values)) == {
        10,
        30,
        80,
    }


def test_a_class_that_lies_between_the_samples_of_the_survey_is_named(tmp_path):
    """Labels every 2 ms and on every crossline, on a survey of every second of both."""
    fine = Grid(
        (GridAxis("inline", 4, 101.0), GridAxis("crossline", 9, 202.0), GridAxis("twt", 13, 398.0, 2.0, "ms")),
        kind="seismic",
    )
    values = np.zeros(fine.shape, np.uint8)
    values[:, ::2, 5] = 1  # 408 ms, of which the survey has a sample
    values[:, ::2, 4] = 2  # 406 ms: between two of them
    values[2, 3, 5] = 3  # crossline 205: between two of them
    surveys.save(tmp_path / "fine.nc", values, fine.template())
    found = read_classes(tmp_path / "fine.nc", GRID)
    assert np.unique(found.values).tolist() == [0, 1]
    assert "fine.nc: nothing is left of 2 (20 voxels), 3 (1 voxel) on the grid of the survey" in found.words
    # What lies beside the survey is not lost between its voxels, and that it was left out is said another way.
    part = Grid((GridAxis("inline", 2, 101.0), *GRID.axes[1:]), kind="seismic")
    assert "nothing is left of 2 (10 voxels) on the grid" in read_classes(tmp_path / "fine.nc", part).words
    # On its own grid, and on every second sample from the other one on, it is there.
    assert "nothing is left" not in read_classes(tmp_path / "fine.nc", fine).words
    other = Grid((*fine.axes[:2], GridAxis("twt", 6, 402.0, 4.0, "ms")), kind="seismic")
    assert "nothing is left of 1 (20 voxels), 3 (1 voxel)" in read_classes(tmp_path / "fine.nc", other).words
    # A code that means "nothing" is no class that could be lost.
    values[values == 2] = 255
    surveys.save(tmp_path / "nothing.nc", values, fine.template())
    words = read_classes(tmp_path / "nothing.nc", GRID).words
    assert "nothing is left of 3 (1 voxel) on" in words


def raster(path: Path, codes: np.ndarray, cell: float, crs: str = "EPSG:32633", angle: float = 0.0) -> Path:
    transform = Affine.translation(500_000, 6_000_000) @ Affine.rotation(angle) @ Affine.scale(cell, -cell)
    how = {"dtype": codes.dtype, "width": codes.shape[1], "height": codes.shape[0], "count": 1, "crs": crs}
    with rasterio.open(path, "w", driver="GTiff", transform=transform, **how) as file:
        file.write(codes[np.newaxis])
    return path


@pytest.mark.parametrize("angle", [0.0, 20.0])
def test_a_class_that_lies_between_the_cells_of_a_map_is_named(tmp_path, angle):
    survey = surveys.open(raster(tmp_path / "map.tif", np.ones((20, 20), np.float32), 30.0))
    fine = np.zeros((200, 200), np.uint8)
    fine[40:160, 20:70] = 7
    fine[82, 82] = 9
    fine[0, 199] = 8 if angle else 0  # turned, this corner lies beyond the survey: it is lost to no cell
    path = raster(tmp_path / "fine.tif", fine, 3.0, angle=angle)
    found = read_classes(path, survey)
    assert np.unique(found.values).tolist() == [0, 7]
    assert "nothing is left of 9 (1 voxel) on the grid of the survey" in found.words
    stored = surveys.classes.stored_classes(path, survey)
    assert stored.words({7: 1, 9: 2}, {9: "dyke"})[0].startswith("fine.tif: nothing is left of 9 dyke (1 voxel) on")


def test_a_class_that_lies_between_the_cells_of_another_map_is_named(tmp_path):
    survey = surveys.open(raster(tmp_path / "map.tif", np.ones((20, 20), np.float32), 30.0))
    fine = np.zeros((250, 250), np.uint8)
    fine[40:160, 20:70] = 7
    fine[100, 100] = 9
    fine[249, 249] = 8  # beyond the survey
    utm = raster(tmp_path / "utm.tif", fine, 3.0)
    with rasterio.open(utm) as file:
        crs = rasterio.crs.CRS.from_epsg(3857)
        transform, width, height = calculate_default_transform(file.crs, crs, 250, 250, *file.bounds)
        moved = np.zeros((height, width), np.uint8)
        reproject(fine, moved, src_transform=file.transform, src_crs=file.crs, dst_transform=transform, dst_crs=crs)
    assert set(np.unique(moved)) == {0, 7, 8, 9}
    how = {"dtype": "uint8", "width": width, "height": height, "count": 1, "crs": crs, "transform": transform}
    with rasterio.open(tmp_path / "web.tif", "w", driver="GTiff", **how) as file:
        file.write(moved[np.newaxis])
    words = read_classes(tmp_path / "web.tif", survey).words
    assert "nothing is left of 9 (" in words
    assert " 8 (" not in words


def test_a_mask_of_which_nothing_is_left_is_told(tmp_path):
    survey = surveys.open(raster(tmp_path / "map.tif", np.ones((20, 20), np.float32), 30.0))
    fine = np.zeros((200, 200), np.uint8)
    fine[82, 82] = 1
    assert "nothing is left of it" in read_mask(raster(tmp_path / "mask.tif", fine, 3.0), survey).words
    fine[85, 85] = 1
    assert "nothing is left" not in read_mask(raster(tmp_path / "met.tif", fine, 3.0), survey).words
    assert "nothing is left" not in read_mask(raster(tmp_path / "none.tif", 0 * fine, 3.0), survey).words


def test_one_of_several_images_is_found_by_the_grid_though_the_survey_s_axes_are_named(tmp_path):
    path = tmp_path / "labels.tif"
    values = (np.arange(42) % 3).reshape(6, 7).astype(np.uint8)
    for k, image in enumerate((values, np.zeros((3, 4), np.uint8))):
        how = {"driver": "GTiff", "width": image.shape[1], "height": image.shape[0], "count": 1, "dtype": "uint8"}
        with rasterio.open(path, "w", **how, APPEND_SUBDATASET=k > 0) as file:
            file.write(image[np.newaxis])
    np.save(tmp_path / "survey.npy", np.zeros((6, 7), np.float32))
    survey = surveys.open(tmp_path / "survey.npy", axes=("y", "x"))
    np.testing.assert_array_equal(read_classes(path, survey).values, values)
    np.testing.assert_array_equal(read_classes(path, survey, axes=("y", "x")).values, values)
