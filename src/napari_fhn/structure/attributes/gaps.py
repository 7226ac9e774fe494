"""Gaps in the data: filled smoothly before what looks around a voxel, and gaps again after it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]


def filled(values: NDArray[np.floating]) -> Values:
    """Return a map, or another array, whose gaps are filled smoothly from what lies around them.

    Means over cells of two voxels a side, of cells of these and so on, each of those that have data; a gap takes the
    finest mean that is known there, interpolated. It is near a membrane stretched over the gap, and takes one pass.

    Parameters
    ----------
    values : ndarray of float
        Of any shape; NaN where there are none.

    Returns
    -------
    ndarray of float32
        Finite; zeros where nothing at all is known.

    Examples
    --------
    >>> filled(np.array([[1.0, np.nan], [1.0, 1.0]], np.float32)).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    known = np.isfinite(values)
    start = np.where(known, values, 0).astype(np.float32)
    if known.all():
        return start
    if not known.any():
        return np.zeros(values.shape, np.float32)
    return np.where(known, start, _pulled(start, known.astype(np.float32)))


def filled_traces(values: NDArray[np.floating], axis: int) -> Values:
    """Return traces whose gaps are interpolated along them; a trace without any value is 0.

    Parameters
    ----------
    values : ndarray of float
        Of any shape; NaN where there are none.
    axis : int
        Along which traces run.
    """
    known = np.isfinite(values)
    if known.all():
        return np.ascontiguousarray(values, np.float32)
    out = np.moveaxis(np.where(known, values, 0).astype(np.float32), axis, -1).copy()
    there = np.moveaxis(known, axis, -1)
    whole = there.any(axis=-1) & ~there.all(axis=-1)
    samples = np.arange(out.shape[-1])
    for place in zip(*np.nonzero(whole), strict=True):
        where = there[place]
        out[place][~where] = np.interp(samples[~where], samples[where], out[place][where])
    return np.moveaxis(out, -1, axis)


def _pulled(values: Values, weights: Values) -> Values:
    """Return a value for every voxel: its own where it has one, else that of the coarser level."""
    if max(values.shape) <= 1:
        return values
    pad = [(0, size % 2 if size > 1 else 0) for size in values.shape]
    sums, counts = np.pad(values * weights, pad), np.pad(weights, pad)
    for axis, size in enumerate(sums.shape):
        if size > 1:
            pairs = (*sums.shape[:axis], size // 2, 2, *sums.shape[axis + 1 :])
            sums, counts = sums.reshape(pairs).sum(axis + 1), counts.reshape(pairs).sum(axis + 1)
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    coarse = _pulled(means, np.minimum(counts, 1).astype(np.float32))
    for axis, size in enumerate(values.shape):
        if size > 1:
            coarse = _finer(coarse, axis, size)
    share = np.minimum(weights, 1)
    mixed: Values = (share * values + (1 - share) * coarse).astype(np.float32)
    return mixed


def _finer(values: Values, axis: int, size: int) -> Values:
    """Return values at twice as many places along an axis, interpolated between the middles of the coarse ones."""
    places = (np.arange(size) - 0.5) / 2
    low = np.clip(np.floor(places).astype(int), 0, values.shape[axis] - 1)
    high = np.minimum(low + 1, values.shape[axis] - 1)
    share = np.clip(places - low, 0, 1).astype(np.float32)
    share = share.reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    found: Values = values.take(low, axis) * (1 - share) + values.take(high, axis) * share
    return found
