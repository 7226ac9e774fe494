"""Thickness of classes on each trace: between the boundaries above and below them, or of all their samples."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.blocks import ArrayLike, Told, pieces, read, release


def thickness(
    values: ArrayLike, like: xr.DataArray, of: Collection[int], *, net: bool = False, progress: Told | None = None
) -> NDArray[np.float64]:
    """Find how thick classes are.

    Parameters
    ----------
    values : ArrayLike of int, shape (inline, crossline, sample) or (trace, sample)
        Classes; read a slab at a time.
    like : xarray.DataArray
        The survey they lie on.
    of : collection of int
        The classes, which count as one.
    net : bool
        Count their samples; else from the first of them down to the last, with what lies between.
    progress : callable, optional
        Told the share that is done, 0 to 1.

    Returns
    -------
    ndarray of float64, shape of `values` without its last axis
        In the unit of the survey's vertical axis. NaN where they do not occur, and where a boundary is not seen: they
        are cut off by the top or the end of the survey.

    Examples
    --------
    >>> classes = np.array([[1, 2, 2, 3, 3], [1, 2, 3, 2, 3], [1, 1, 1, 2, 2], [1, 1, 1, 3, 3]])
    >>> line = xr.DataArray(classes, dims=("trace", "twt"), coords={"twt": 4.0 * np.arange(5)})
    >>> thickness(classes, line, [2]).tolist()
    [8.0, 12.0, nan, nan]
    >>> thickness(classes, line, [2], net=True).tolist()
    [8.0, 8.0, nan, nan]
    """
    axis = np.asarray(like[like.dims[-1]], np.float64)
    step = abs(axis[1] - axis[0]) if axis.size > 1 else 1.0
    found = np.full(tuple(values.shape[:-1]), np.nan)
    for piece in pieces(values):
        inside = np.isin(read(values, piece), list(of))
        first, last = inside.argmax(-1), inside.shape[-1] - 1 - inside[..., ::-1].argmax(-1)
        count = inside.sum(-1) if net else last - first + 1
        whole = inside.any(-1) & (first > 0) & (last < inside.shape[-1] - 1)
        found[piece] = np.where(whole, count * step, np.nan)
        release(values)
        if progress is not None:
            progress(piece.stop / values.shape[0])
    return found
