"""Where maps lie on the earth, as rioxarray keeps it with an array."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

if TYPE_CHECKING:
    from rioxarray.raster_array import RasterArray


def rio(array: xr.DataArray) -> RasterArray:
    """Return ``array.rio``: CRS and transform of a map.

    rioxarray brings dask's arrays along, which take as long to import as all else a seismic survey is opened with: it
    is imported with the first map.

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

    found: RasterArray = array.rio
    return found
