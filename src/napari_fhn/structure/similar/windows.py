"""Means over windows around some places of an axis, of which only what the windows need is read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


class Window:
    """Windows along one axis.

    Parameters
    ----------
    centres : ndarray of int
        Where they lie, ascending.
    half : int
        Indices on each side; they are cut off at the ends of the axis.
    size : int
        Length of the axis.
    whole : bool
        All of the axis is read, whatever the windows need.

    Attributes
    ----------
    read : ndarray of int
        The indices that are needed, ascending.
    first, last : ndarray of int
        The ends of each window, in `read`; the last is outside.

    Examples
    --------
    >>> import numpy as np
    >>> window = Window(np.array([2, 12]), 1, 20)
    >>> window.read.tolist()
    [1, 2, 3, 4, 11, 12, 13, 14]
    """

    def __init__(self, centres: NDArray[np.int64], half: int, size: int, *, whole: bool = False) -> None:
        low, high = np.maximum(centres - half, 0), np.minimum(centres + half, size - 1)
        needed = np.full(size, whole)
        # One more than the window, because differences are with the next one.
        for a, b in zip(low, high + 2, strict=True):
            needed[a:b] = True
        self.read = np.flatnonzero(needed)
        self.first = np.searchsorted(self.read, low)
        self.last = np.searchsorted(self.read, high) + 1

    def runs(self) -> Iterator[tuple[int, int]]:
        """Yield the stretches that are read without a gap, as first index and the one after the last."""
        breaks = np.flatnonzero(np.diff(self.read) > 1) + 1
        for run in np.split(self.read, breaks):
            yield int(run[0]), int(run[-1]) + 1


def averaged(values: NDArray[np.float32], window: Window, axis: int) -> NDArray[np.float32]:
    """Return the means of values over windows along an axis."""
    length = window.last - window.first
    if (length == 1).all():
        return np.take(values, window.first, axis)
    zero = np.zeros_like(np.take(values, [0], axis), dtype=np.float64)
    # In double precision: the sum along a trace is much larger than what a window differs by.
    summed = np.concatenate([zero, np.cumsum(values, axis, dtype=np.float64)], axis)
    shape = [1] * values.ndim
    shape[axis] = -1
    total = np.take(summed, window.last, axis) - np.take(summed, window.first, axis)
    found: NDArray[np.float32] = (total / length.reshape(shape)).astype(np.float32)
    return found
