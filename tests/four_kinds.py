"""A small survey of each kind, opened in a viewer as the program opens it."""

from __future__ import annotations

import numpy as np
import rasterio
import xarray as xr
from napari.layers import Layer
from rasterio.transform import from_origin

from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.widgets.data.opening import open_surveys
from napari_fhn.widgets.data.placement import image_layer
from survey_files.segy.lines import line

KINDS = ("volume", "line", "cubes", "maps")


def volume():
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.standard_normal((10, 12, 32)), 2).astype(np.float32)
    coords = {
        "inline": 100 + np.arange(10),
        "crossline": 300 + np.arange(12),
        "twt": ("twt", 4.0 * np.arange(32), {"units": "ms"}),
    }
    geometry = SurveyGeometry((100, 300), (1, 1), (0.0, 0.0), (25.0, 0.0), (0.0, 25.0))
    return xr.DataArray(
        values, coords, ("inline", "crossline", "twt"), name="beds", attrs={"notes": (), "geometry": geometry}
    )


def raster(path, bands):
    rng = np.random.default_rng(bands)
    values = rng.standard_normal((bands, 24, 30)).astype(np.float32)
    values[:, :, 15:] += 3
    with rasterio.open(
        path, "w", driver="GTiff", height=24, width=30, count=bands, dtype="float32", crs="EPSG:32633",
        transform=from_origin(366000, 5810000, 25, 25),
    ) as file:  # fmt: skip
        file.write(values)
    return path


def open_one(viewer, folder, kind):
    if kind == "volume":
        viewer.add_layer(Layer.create(*image_layer(volume())))
    elif kind == "line":
        line(folder / "line.sgy")
        open_surveys(viewer, [folder / "line.sgy"])
    elif kind == "cubes":
        open_surveys(viewer, [raster(folder / f"date{date}.tif", 5) for date in (1, 2)])
    else:
        open_surveys(viewer, [raster(folder / "stack.tif", 3)])
