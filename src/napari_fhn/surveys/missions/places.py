"""A table of places where a mission gives none: made of the longitude and latitude of each pixel of a scene."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio.warp
from numpy.typing import ArrayLike, NDArray
from rasterio import Affine
from rasterio.crs import CRS

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import one_line
from napari_fhn.surveys.maps.grids import GDAL_ERRORS, Grid

#: A map has at most so many cells for each pixel of its scene, which may lie aslant on it.
_MOST = 16
#: How far the nearest pixel of a cell may be, in diagonals of pixels: half of one, and what is uneven about them.
_NEAR = 0.6
#: Beyond, in degrees, maps are those of the poles.
_POLAR = 84.0


def table_of_places(
    path: Path, longitude: ArrayLike, latitude: ArrayLike
) -> tuple[NDArray[np.int32], NDArray[np.int32], Grid]:
    """Find for each cell of a map the pixel whose place is nearest.

    Parameters
    ----------
    path : Path
        The file that errors are about.
    longitude, latitude : array_like, shape (line, pixel)
        Of the pixels' centres, in degrees (WGS 84).

    Returns
    -------
    lines, pixels : ndarray of int32, shape (y, x)
        Counted from 0; -1 where no pixel is near.
    grid : Grid
        Of the map: north up, in the UTM zone of the scene, with cells as large as its pixels.

    Raises
    ------
    SurveyError
        When they are no places of a scene.
    """
    # Here and not above: those who have no such scenes should not wait for it.
    from scipy.spatial import cKDTree

    lon, lat = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
    nowhere = "its longitudes and latitudes do not give each pixel a place"
    way_out = "Copy it again, or name the array with variable= to have it in the geometry of its sensor"
    if lon.shape != lat.shape or lon.ndim != 2 or min(lon.shape) < 2:
        raise SurveyError(path, nowhere, way_out)
    known = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90) & (np.abs(lon) <= 360)
    if not (known & ((lon != 0) | (lat != 0))).all():
        raise SurveyError(path, nowhere, way_out)
    crs = _zone(float(np.median(lon)), float(np.median(lat)))
    try:
        xs, ys = rasterio.warp.transform(CRS.from_epsg(4326), crs, lon.ravel(), lat.ravel())
    except GDAL_ERRORS as error:
        raise SurveyError(path, f"its places are none of {crs.to_string()} ({one_line(error)})", way_out) from error
    x, y = np.reshape(xs, lon.shape), np.reshape(ys, lon.shape)
    sides = [float(np.median(np.hypot(np.diff(x, axis=axis), np.diff(y, axis=axis)))) for axis in (0, 1)]
    if not np.isfinite(x).all() or not np.isfinite(y).all() or not min(sides) > 0:
        raise SurveyError(path, nowhere, way_out)
    cell = float(f"{min(sides):.2g}")
    left, top = float(np.floor(x.min() / cell) * cell), float(np.ceil(y.max() / cell) * cell)
    shape = int(np.ceil((top - y.min()) / cell)) + 1, int(np.ceil((x.max() - left) / cell)) + 1
    if shape[0] * shape[1] > max(_MOST * lon.size, 2**20):
        what = f"its longitudes and latitudes spread over {shape[0]} x {shape[1]} pixels, and are those of no scene"
        raise SurveyError(path, what, way_out)
    tree = cKDTree(np.stack([x.ravel(), y.ravel()], axis=1))
    across = left + cell * (np.arange(shape[1]) + 0.5)
    nearest = np.full(shape, lon.size, np.int64)
    reach = _NEAR * float(np.hypot(sides[0], sides[1]))
    for row in range(shape[0]):
        down = np.full(shape[1], top - cell * (row + 0.5))
        centres = np.stack([across, down], axis=1)
        nearest[row] = tree.query(centres, distance_upper_bound=reach)[1]
    found = nearest < lon.size
    lines = np.where(found, nearest // lon.shape[1], -1).astype(np.int32)
    pixels = np.where(found, nearest % lon.shape[1], -1).astype(np.int32)
    return lines, pixels, Grid(shape, Affine(cell, 0.0, left, 0.0, -cell, top), crs)


def note(grid: Grid) -> str:
    """Say how a scene came onto a map."""
    named = grid.crs.to_string() if grid.crs is not None else "a map"
    return (
        f"It was brought from the geometry of its sensor onto {named} by the longitude and latitude of its pixels: "
        f"cells of {grid.cell[0]:g} m show the nearest one, and those of which it saw nothing have no value."
    )


def _zone(longitude: float, latitude: float) -> CRS:
    """The UTM zone of a place, or the stereographic map of its pole."""
    if abs(latitude) > _POLAR:
        return CRS.from_epsg(32661 if latitude > 0 else 32761)
    zone = int((longitude + 180) % 360 // 6) + 1
    return CRS.from_epsg((32600 if latitude >= 0 else 32700) + zone)
