"""Where a surface over the traces of a survey, such as a horizon, is seen on a section: as lines."""

from __future__ import annotations

import numpy as np
import skimage
from numpy.typing import NDArray

from napari_fhn.surveys.cuts import Cut, Path


def lines(samples: NDArray[np.float32], where: Cut) -> list[NDArray[np.float64]]:
    """Return the lines in which a section cuts a surface, as the section is drawn.

    Parameters
    ----------
    samples : ndarray of float, shape (inline, crossline) or (trace,)
        How deep it lies, in samples from the first; NaN where there is none.
    where : Plane or Path
        The section of the survey, whose last axis is vertical; of a line the one that there is.

    Returns
    -------
    list of ndarray of float64, shape (n, 2)
        Places from the top and from the left, in voxels of what :func:`napari_fhn.surveys.cuts.cut` draws. On a slice
        they are contours.

    Examples
    --------
    >>> from napari_fhn.surveys.cuts import Plane
    >>> dipping = np.array([[3.0, 4.0, np.nan, 6.0, 7.0]] * 2)
    >>> [line.tolist() for line in lines(dipping, Plane(0, 1))]
    [[[3.0, 0.0], [4.0, 1.0]], [[6.0, 3.0], [7.0, 4.0]]]
    >>> [line.tolist() for line in lines(dipping, Plane(2, 6))]
    [[[1.0, 3.0], [0.0, 3.0]]]
    """
    deep = np.asarray(samples, np.float64)
    if isinstance(where, Path):
        return _runs(deep[tuple(where.traces.T)])
    if where.axis is None or deep.ndim == 1:
        return _runs(deep)
    if where.axis < deep.ndim:
        return _runs(np.take(deep, where.index, where.axis))
    contours = skimage.measure.find_contours(deep, where.index)  # type: ignore[no-untyped-call]
    return [np.asarray(line, np.float64) for line in contours]


def _runs(along: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Cut a row of depths where there are none; a single one is no line."""
    there = np.flatnonzero(np.isfinite(along))
    parts = np.split(there, np.flatnonzero(np.diff(there) > 1) + 1)
    return [np.column_stack([along[part], part]) for part in parts if part.size > 1]


def joined(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return lines one after the other, with NaN between them, as one array.

    Examples
    --------
    >>> joined([np.zeros((2, 2)), np.ones((2, 2))])[:, 0].tolist()
    [0.0, 0.0, nan, 1.0, 1.0]
    """
    if not parts:
        return np.zeros((0, 2))
    gap = np.full((1, 2), np.nan)
    return np.concatenate([piece for part in parts for piece in (part, gap)][:-1])
