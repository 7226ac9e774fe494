"""Where maps lie on the earth, as rioxarray keeps it with an array."""

from __future__ import annotations

from typing import Any

import xarray as xr


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
