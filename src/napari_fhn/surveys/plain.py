"""A survey as training takes it: plain values, lazily, with its good bands and with NaN for what is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

_CHANNEL = "band"


def good_bands(survey: xr.DataArray) -> list[int]:
    """Return the numbers of the bands that are on no bad-band list, from 0."""
    if "good" not in survey.coords:
        return list(range(survey.sizes.get(_CHANNEL, 1)))
    return [int(k) for k in np.flatnonzero(np.asarray(survey["good"], dtype=bool))]


class BandsLast:
    """A lazy array ``(y, x, band)`` of the good bands of a survey, read row by row.

    Parameters
    ----------
    survey : xarray.DataArray
        With an axis ``band`` somewhere.
    """

    def __init__(self, survey: xr.DataArray) -> None:
        array = self._array = values(survey)
        axis = self._axis = survey.dims.index(_CHANNEL)
        channels = self._channels = good_bands(survey)
        self.dtype = np.dtype(array.dtype)
        self.shape = (*(size for a, size in enumerate(array.shape) if a != axis), len(channels))
        self.ndim = array.ndim

    def __getitem__(self, index: tuple[int]) -> NDArray[Any]:
        (row,) = index
        before = self._axis == 0
        values = np.asarray(self._array[(slice(None), row) if before else (row,)])
        bands = 0 if before else self._axis - 1
        return np.moveaxis(values.take(self._channels, axis=bands), bands, -1)


class _WithoutNodata:
    """A lazy array whose "no data" value reads as NaN, slice by slice; float32."""

    dtype = np.dtype(np.float32)

    def __init__(self, array: xr.DataArray, nodata: float) -> None:
        self._array = array
        self._nodata = nodata
        self.shape = array.shape
        self.ndim = array.ndim

    def __getitem__(self, index: Any) -> NDArray[np.float32]:
        values = np.asarray(self._array[index])
        return np.where(values == values.dtype.type(self._nodata), np.float32(np.nan), values.astype(np.float32))


def values(survey: xr.DataArray) -> Any:
    """Return what has the shape, the type and the slices of a survey; its "no data" value reads as NaN."""
    nodata = survey.attrs.get("nodata")
    if nodata is None or np.isnan(nodata) or survey.dtype.kind not in "iuf":
        return survey
    kept = survey.dtype.kind == "f" or np.iinfo(survey.dtype).min <= nodata <= np.iinfo(survey.dtype).max
    # A value that the file's numbers cannot hold occurs nowhere in it.
    return _WithoutNodata(survey, float(nodata)) if kept else survey
