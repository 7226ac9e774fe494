"""Automatic gain (AGC): amplitudes divided by their root mean square around each sample, to be looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def gained(values: NDArray[Any], half: int, axis: int = -1) -> NDArray[np.float32]:
    """Divide amplitudes by their root mean square in a window along an axis.

    Parameters
    ----------
    values : ndarray
        Amplitudes; NaN where there are none.
    half : int
        Samples of the window before and after each one; at the ends of a trace it is shorter.
    axis : int, optional
        That of time or depth.

    Returns
    -------
    ndarray of float32
        Of the shape of `values`, with a root mean square of about 1; 0 where all around is 0, NaN where there is none.

    Examples
    --------
    >>> quiet_below = np.array([8.0, -8.0, 8.0, -8.0, 1.0, -1.0, 1.0, -1.0])
    >>> gained(quiet_below, 1)[[0, -1]].round(2).tolist()
    [1.0, -1.0]
    """
    moved = np.moveaxis(np.asarray(values, np.float64), axis, -1)
    there = np.isfinite(moved)
    n = moved.shape[-1]
    sums = [
        np.concatenate([np.zeros((*moved.shape[:-1], 1)), np.cumsum(part, axis=-1)], axis=-1)
        for part in (np.where(there, moved, 0.0) ** 2, there.astype(np.float64))
    ]
    first, last = np.maximum(np.arange(n) - half, 0), np.minimum(np.arange(n) + half + 1, n)
    power, count = (one[..., last] - one[..., first] for one in sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        out = moved / np.sqrt(np.maximum(power, 0.0) / count)
    out = np.where(there & ~np.isfinite(out), 0.0, out)
    return np.moveaxis(out, -1, axis).astype(np.float32)


class Gained:
    """A survey with its gain, computed for what is looked at.

    Parameters
    ----------
    values : array_like
        Amplitudes that are read by index, time or depth along the last axis.
    half : int
        As in `gained`.
    level : float
        What a root mean square of 1 becomes.
    """

    def __init__(self, values: Any, half: int, level: float = 1.0) -> None:
        self.values = values
        self.half = half
        self.level = level
        self.shape = tuple(int(n) for n in values.shape)
        self.ndim = len(self.shape)
        self.dtype = np.dtype(np.float32)

    @property
    def size(self) -> int:
        """How many values there are."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[(slice(None),) * self.ndim], dtype=dtype)

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        """Read a part; along time or depth as much more as the window needs."""
        keys = list(key) if isinstance(key, tuple) else [key]
        if Ellipsis in keys:
            at = keys.index(Ellipsis)
            keys[at : at + 1] = [slice(None)] * (self.ndim - len(keys) + 1)
        keys += [slice(None)] * (self.ndim - len(keys))
        wanted, n = keys[-1], self.shape[-1]
        if isinstance(wanted, slice):
            start, stop, step = wanted.indices(n)
            if step < 0:
                whole = self[(*keys[:-1], slice(None))]
                return np.asarray(whole[..., wanted], np.float32)
        else:
            start = int(wanted) % n
            stop, step = start + 1, 1
        low, high = max(0, start - self.half), min(n, stop + self.half)
        part = np.asarray(self.values[(*keys[:-1], slice(low, high))])
        out = self.level * gained(part, self.half)[..., start - low : stop - low : step]
        return np.asarray(out if isinstance(wanted, slice) else out[..., 0], np.float32)
