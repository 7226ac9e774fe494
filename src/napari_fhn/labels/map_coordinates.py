"""Where the cells of a map lie."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError, LabelWarning

if TYPE_CHECKING:
    from rasterio.crs import CRS

#: In which longitude and latitude are taken to be, unless somebody says another.
WGS84 = "EPSG:4326"


def map_transform(survey: xr.DataArray) -> NDArray[np.float64]:
    """Return the affine map from cells to map coordinates.

    Parameters
    ----------
    survey : xarray.DataArray
        With the axes ``y`` and ``x``, their coordinates at the middles of cells, and a ``spatial_ref`` where it has a
        rotated grid.

    Returns
    -------
    ndarray of float64, shape (2, 3)
        ``x, y = transform @ (col, row, 1)``, where whole cols and rows are the middles of cells.
    """
    said = str(survey.coords["spatial_ref"].attrs.get("GeoTransform", "")) if "spatial_ref" in survey.coords else ""
    parts = said.split()
    if len(parts) == 6:
        x0, a, b, y0, d, e = map(float, parts)
        # The transform of a file counts from the corners of cells.
        return np.array([[a, b, x0 + (a + b) / 2], [d, e, y0 + (d + e) / 2]])
    x, y = (np.asarray(survey[dim], dtype=np.float64) for dim in ("x", "y"))
    dx, dy = (float(v[-1] - v[0]) / (v.size - 1) if v.size > 1 else 1.0 for v in (x, y))
    return np.array([[dx, 0.0, x[0]], [0.0, dy, y[0]]])


def to_cells(transform: NDArray[np.float64], xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return fractional col and row, shape (n, 2), of map coordinates x and y, shape (n, 2)."""
    return np.asarray(np.linalg.solve(transform[:, :2], (xy - transform[:, 2]).T).T, dtype=np.float64)


def crs_of(text: str, path: Path | None = None) -> CRS:
    """Return the CRS that a person names.

    Raises
    ------
    LabelError
        When there is none of that name.
    """
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        return CRS.from_user_input(text)
    except (CRSError, ValueError) as error:
        raise LabelError(f"there is no CRS '{text}' ({error})", "Name it as in EPSG:32633", path=path) from error


def to_map(at: NDArray[np.float64], survey: xr.DataArray, path: Path, crs: str) -> NDArray[np.float64]:
    """Bring coordinates of another CRS to those of a map; a `LabelWarning` says so.

    Parameters
    ----------
    at : ndarray of float64, shape (n, 2)
        x and y, or longitude and latitude in degrees.
    survey : xarray.DataArray
        The map.
    path : Path
        The file that sentences are about.
    crs : str
        Of the coordinates.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        x and y on the map.

    Raises
    ------
    LabelError
        When these are no degrees, there is no such CRS, or the map has none.
    """
    source = crs_of(crs, path)
    wrong = (np.abs(at[:, 0]) > 360) | (np.abs(at[:, 1]) > 90)
    if source.is_geographic and wrong.any():
        raise LabelError(
            f"its longitudes and latitudes hold {at[wrong][0][0]:g}, {at[wrong][0][1]:g}, which are no degrees",
            "Say which columns are x and y, and their CRS",
            path=path,
        )
    target = map_crs(survey)
    if not target:
        raise LabelError(
            f"its coordinates are in {crs}, and the map does not say its CRS",
            "Save the map with its CRS, or give coordinates of the map",
            path=path,
        )
    # Here and not above: tables of other coordinates need no GDAL.
    from rasterio.errors import RasterioError
    from rasterio.warp import transform

    try:
        x, y = transform(source, target, at[:, 0], at[:, 1])
    except (RasterioError, ValueError) as error:
        what = f"its places cannot be brought to the CRS of the map ({error})"
        raise LabelError(what, "Give coordinates of the map", path=path) from error
    words = f"{path.name}: its coordinates ({crs}) were brought to the CRS of the map."
    warnings.warn(words, LabelWarning, stacklevel=3)
    return np.column_stack([x, y]).astype(np.float64)


def map_crs(survey: xr.DataArray) -> str:
    """Return the CRS of a map as WKT, empty where it has none."""
    return str(survey.coords["spatial_ref"].attrs.get("crs_wkt", "")) if "spatial_ref" in survey.coords else ""
