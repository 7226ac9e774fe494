"""Maps of unlike grids and polygons, from the command line."""

from __future__ import annotations

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from tests.cli.conftest import run_of

from napari_fhn.cli import main


def tiff(path, values, cell, crs="EPSG:32633"):
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype=values.dtype,
        crs=crs, transform=from_origin(366000, 5810000, cell, cell),
    ) as file:  # fmt: skip
        file.write(values, 1)
    return str(path)


@pytest.fixture
def maps(small, tmp_path):
    """Magnetics of 24 x 32 cells, gravity half as fine, rocks as a raster and as polygons, and labels."""
    rng = np.random.default_rng(0)
    rocks = np.where(np.arange(32) < 16, 3, 5).astype(np.uint8)
    known = np.zeros((24, 32), np.uint8)
    known[4:8, 4:8], known[4:8, 24:28] = 1, 2
    np.save("known.npy", known)
    west, east = shapely.box(366000, 5809280, 366480, 5810000), shapely.box(366480, 5809280, 366960, 5810000)
    pyogrio.raw.write(
        "geology.gpkg", shapely.to_wkb(np.array([west, east], object)),
        [np.array(["granite", "shale"], object)], ["rock"], geometry_type="Polygon", crs="EPSG:32633",
    )  # fmt: skip
    return [
        tiff("magnetics.tif", rng.standard_normal((24, 32)).astype(np.float32), 30),
        tiff("gravity.tif", rng.standard_normal((12, 16)).astype(np.float32), 60),
    ], tiff("rocks.tif", np.tile(rocks, (24, 1)), 30)


def test_unlike_maps_classes_and_polygons_are_channels_of_one_survey(maps, capsys):
    amounts, rocks = maps
    more = ["--labels", "known.npy", "--session", "work", "--device", "cpu"]
    assert main(["train", *amounts, "geology.gpkg", "--categorical", rocks, *more]) == 0
    said = capsys.readouterr().err
    assert "grid of magnetics, the finest" in said
    assert "gravity (12 x 16 cells of 60 m, EPSG:32633) was interpolated bilinearly" in said
    job = run_of("work").job()
    assert [item.name for item in job.inputs] == ["maps"]
    staged = np.load(job.inputs[0].path)
    assert staged.shape == (6, 24, 32)
    np.testing.assert_array_equal(staged[2:4], staged[4:6])  # the raster and the polygons say the same
    assert main(["predict", "--session", "work", "--output", "rocks-predicted.tif"]) == 0
    with rasterio.open("rocks-predicted.tif") as file:
        assert file.shape == (24, 32)


def test_what_does_not_go_together_is_a_sentence(maps, survey, wells, capsys):
    amounts, _ = maps
    assert main(["train", str(survey), amounts[0], *wells]) == 2
    assert "magnetics.tif: it does not lie on the grid of small.sgy (it has 2 axes" in capsys.readouterr().err
    assert main(["train", str(survey), "geology.gpkg", *wells]) == 2
    assert "polygons and categories go with maps" in capsys.readouterr().err


def test_maps_of_one_size_go_together_where_one_has_no_place(maps, capsys):
    np.save("texture.npy", np.random.default_rng(1).standard_normal((24, 32)).astype(np.float32))
    given = ["--labels", "known.npy", "--session", "both", "--device", "cpu", "--axes", "y,x"]
    assert main(["train", "texture.npy", maps[0][0], *given]) == 0
    assert [item.name for item in run_of("both").job().inputs] == ["texture", "magnetics"]
