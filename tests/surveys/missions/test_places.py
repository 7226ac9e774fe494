"""Scenes that come onto a map by the longitude and latitude of their pixels."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import rasterio.warp
from tests.surveys.arrays.test_prisma import COLUMNS, ROWS, SORTED, product
from tests.surveys.missions.test_missions import envi

from napari_fhn import surveys
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.missions.places import table_of_places


def lattice(lines: int, pixels: int, turned: float = 20.0, step: float = 30.0, epsg: int = 32632):
    """Places of a turned scene: x and y on the map, longitude and latitude."""
    i, j = np.meshgrid(np.arange(lines), np.arange(pixels), indexing="ij")
    cos, sin = np.cos(np.radians(turned)), np.sin(np.radians(turned))
    x, y = 5e5 + step * (j * cos - i * sin), 5e6 - step * (j * sin + i * cos)
    lon, lat = rasterio.warp.transform(f"EPSG:{epsg}", "EPSG:4326", x.ravel(), y.ravel())
    return x, y, np.reshape(lon, x.shape), np.reshape(lat, x.shape)


@pytest.mark.parametrize("turned", [0.0, 20.0, 200.0])
def test_each_cell_shows_the_pixel_that_is_nearest(tmp_path, turned):
    x, y, lon, lat = lattice(14, 11, turned)
    lines, pixels, grid = table_of_places(tmp_path, lon, lat)
    assert grid.crs.to_epsg() == 32632
    assert grid.cell == (30.0, 30.0)
    column, row = np.meshgrid(np.arange(grid.shape[1]), np.arange(grid.shape[0]))
    cx, cy = grid.transform @ (column + 0.5, row + 0.5)
    off = np.hypot(cx[..., None] - x.ravel(), cy[..., None] - y.ravel())
    known = lines >= 0
    assert (known == (pixels >= 0)).all()
    np.testing.assert_array_equal(known, off.min(-1) <= 0.6 * np.hypot(30, 30))
    shown = (lines * 11 + pixels)[known]
    np.testing.assert_allclose(off[known][np.arange(known.sum()), shown], off[known].min(-1), atol=1e-3)
    assert set(shown.tolist()) >= {14 * 11 // 2, 0}, "nothing of the scene is left out"


def test_a_prisma_scene_in_the_geometry_of_its_sensor_comes_onto_the_map(tmp_path):
    path = tmp_path / "PRS_L2C_STD.he5"
    stored = product(path, "L2C")
    x, y, lon, lat = lattice(ROWS, COLUMNS)
    with h5py.File(path, "r+") as file:
        file["HDFEOS/SWATHS/PRS_L2C_HCO/Geolocation Fields/Longitude"] = lon.astype("f4")
        file["HDFEOS/SWATHS/PRS_L2C_HCO/Geolocation Fields/Latitude"] = lat.astype("f4")
    survey = surveys.open(path)
    assert survey.rio.crs.to_epsg() == 32632
    assert "onto EPSG:32632 by the longitude and latitude" in survey.attrs["notes"][-1]
    assert survey["wavelength"].values[0] == 402
    which, band = SORTED[0]
    at = survey[0].sel(x=float(x[2, 1]), y=float(y[2, 1]), method="nearest")
    assert float(at) in stored[which][1:4, band, 0:3]
    assert np.isnan(survey.values).any()
    # The cube itself can still be named.
    name = "HDFEOS/SWATHS/PRS_L2C_HCO/Data Fields/VNIR_Cube"
    assert surveys.open(path, variable=name, axes=("y", "band", "x")).shape == (5, ROWS, COLUMNS)


def test_an_aviris_image_without_a_table_comes_onto_the_map_by_its_places(tmp_path):
    scene = np.random.default_rng(1).random((3, 9, 8)).astype(np.float32)
    x, y, lon, lat = lattice(9, 8, 35.0, 5.0)
    image = envi(tmp_path / "ang20180827t174211_rdn_img", scene, "data ignore value = -9999")
    envi(tmp_path / "ang20180827t174211_rdn_loc", np.stack([lon, lat, 0 * lon]), "")
    survey = surveys.open(image)
    assert survey.rio.crs.to_epsg() == 32632
    for line, pixel in ((0, 0), (4, 4), (8, 7)):
        at = survey[1].sel(x=float(x[line, pixel]), y=float(y[line, pixel]), method="nearest")
        near = scene[1, max(0, line - 1) : line + 2, max(0, pixel - 1) : pixel + 2]
        assert float(at) in near
    # Places of another scene are none of this one.
    envi(tmp_path / "ang20180827t174211_rdn_loc", np.stack([lon[:4], lat[:4]]), "")
    assert surveys.open(image).shape == scene.shape


def test_what_are_no_places_is_refused(tmp_path):
    _, _, lon, lat = lattice(6, 5)
    far = lon.copy()
    far[0, 0] += 40
    for longitude, latitude, words in (
        (lon * 0, lat * 0, "do not give each pixel a place"),
        (lon, lat + 90, "do not give each pixel a place"),
        (lon, lat[:3], "do not give each pixel a place"),
        (far, lat, "those of no scene"),
        (np.full((6, 5), 9.0), np.full((6, 5), 45.0), "do not give each pixel a place"),
    ):
        with pytest.raises(SurveyError, match=words):
            table_of_places(tmp_path / "a.he5", longitude, latitude)
    polar = table_of_places(tmp_path, *np.meshgrid(10 + 0.01 * np.arange(5), 85 - 0.001 * np.arange(6)))[2]
    assert polar.crs.to_epsg() == 32661
