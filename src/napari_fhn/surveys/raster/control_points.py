"""Where a raster lies, by its transform or by ground control points."""

from __future__ import annotations

import numpy as np
import rasterio
import rasterio.transform

from napari_fhn.sentence import counted
from napari_fhn.surveys.maps.grids import Grid

#: Ground control points tell a grid from so many on, and where it meets them up to this part of a pixel.
_FEWEST_POINTS, _OFF = 3, 0.5


def grid_of_dataset(dataset: rasterio.DatasetReader) -> tuple[Grid, list[str]]:
    """Return where a raster lies, by its transform, else by ground control points that a regular grid fits."""
    shape = (dataset.height, dataset.width)
    points, crs = dataset.gcps
    if not dataset.transform.is_identity or len(points) < _FEWEST_POINTS:
        return Grid(shape, dataset.transform, dataset.crs), []
    told = f"Its place is told by {counted(len(points), 'ground control points')}"
    transform = rasterio.transform.from_gcps(points)
    if not transform.is_degenerate:
        back = ~transform
        off = [np.hypot(*np.subtract(back * (one.x, one.y), (one.col, one.row))) for one in points]
        if max(off) <= _OFF:
            return Grid(shape, transform, crs), [f"{told}, which a grid fits to {max(off):.2g} of a pixel."]
    return Grid(shape, dataset.transform, dataset.crs), [
        f"{told}, which no regular grid fits, and so it is not known here. Warp it onto a map in a GIS to have it."
    ]
