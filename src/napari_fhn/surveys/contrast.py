"""Between which values a survey is drawn from black to white, told by a few of its sections."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

_SECTIONS = 3
"""Sections looked at for the contrast."""

OF_NOTHING = (0.0, 1.0)
"""Contrast limits where there are no values."""


def contrast(survey: xr.DataArray, *, symmetric: bool) -> tuple[float, float]:
    """Return contrast limits from percentiles of a few sections, which is all that is read.

    Parameters
    ----------
    survey : xarray.DataArray
        The values.
    symmetric : bool
        Around zero, as seismic amplitudes are.
    """
    return clipped(sampled(survey), 1.0 if symmetric else 2.0, symmetric=symmetric)


def clipped(values: NDArray[np.float64], percent: float, *, symmetric: bool) -> tuple[float, float]:
    """Return the limits beyond which a share of the values lies.

    Parameters
    ----------
    values : ndarray
        Finite.
    percent : float
        Of the values at each end; around zero, of their sizes.
    symmetric : bool
        Around zero, where there are values on both sides of it.
    """
    if not values.size:
        return OF_NOTHING
    if symmetric and values.min() < 0:
        limit = float(np.percentile(np.abs(values), 100 - percent)) or 1.0
        return -limit, limit
    low, high = (float(v) for v in np.percentile(values, (percent, 100 - percent)))
    return (low, high) if low < high else (low, low + 1.0)


def sampled(survey: xr.DataArray) -> NDArray[np.float64]:
    """Return the finite values of a few sections.

    Parameters
    ----------
    survey : xarray.DataArray
        Of any number of axes; a map is read as it is.
    """
    places = np.unique(np.linspace(0, len(survey) - 1, _SECTIONS + 2).round().astype(int)[1:-1])
    axis = survey.dims[0]
    parts = [survey] if survey.ndim < 3 else [survey.isel({axis: int(k)}) for k in places]
    values = np.concatenate([np.asarray(part).ravel() for part in parts]).astype(np.float64)
    nodata = survey.attrs.get("nodata")
    return np.asarray(values[np.isfinite(values) & (values != nodata if nodata is not None else True)])
