"""Where maps lie on the earth, as rioxarray keeps it with an array."""

from __future__ import annotations

from typing import Any

import xarray as xr
from rasterio import Affine


def rio(array: xr.DataArray) -> Any:
    """Return ``array.rio``: CRS and transform of a map.

    rioxarray, and pyproj with it, is imported with the first map: of seismic nobody asks for them.

    Parameters
    ----------
    array : xarray.DataArray
        With axes ``y`` and ``x``, or the variable that describes a CRS.

    Examples
    --------
    >>> import xarray as xr
    >>> rio(xr.DataArray([[0.0]], dims=("y", "x"))).crs is None
    True
    """
    import rioxarray  # noqa: F401  (gives arrays their .rio)

    return array.rio


def transform_of(array: xr.DataArray) -> Affine:
    """Return the transform that an array keeps, from columns and rows to coordinates.

    rioxarray takes one that is turned by a quarter for one that is not, and makes another of the coordinates.

    Parameters
    ----------
    array : xarray.DataArray
        With a CRS or a transform.
    """
    accessor = rio(array)
    kept = (
        array.coords[accessor.grid_mapping].attrs.get("GeoTransform", "")
        if accessor.grid_mapping in array.coords
        else ""
    )
    try:
        said = Affine.from_gdal(*map(float, str(kept).split()))
    except (TypeError, ValueError):
        said = Affine.identity()
    found: Affine = said if said.b or said.d else accessor.transform()
    return found
