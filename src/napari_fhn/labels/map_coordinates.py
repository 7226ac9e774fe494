"""Where the cells of a map lie."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray


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


def map_crs(survey: xr.DataArray) -> str:
    """Return the CRS of a map as WKT, empty where it has none."""
    return str(survey.coords["spatial_ref"].attrs.get("crs_wkt", "")) if "spatial_ref" in survey.coords else ""
