"""Traces that begin at times of their own (byte 109), and the axis that all of them lie on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: How far from a whole sample a delay may lie and still be one, in samples.
WHOLE = 1e-3


@dataclass(frozen=True, eq=False)
class Shifts:
    """Where the traces of a file lie on one common axis.

    Attributes
    ----------
    n : int
        Samples of the common axis.
    of : ndarray of float64, shape (n_trace,)
        By how many samples each trace begins behind the axis, in the order of the file; 0 or more.
    nearest : bool
        Between samples the nearest is taken, as between class numbers; else they are interpolated.
    """

    n: int
    of: Floats
    nearest: bool = False

    def window(self, traces: NDArray[np.int64], low: int, high: int, n_own: int) -> tuple[int, int]:
        """Return which samples of their own some traces need for samples `low` to `high` of the axis.

        Parameters
        ----------
        traces : ndarray of int64
            Trace numbers.
        low, high : int
            Samples of the common axis, both included.
        n_own : int
            Samples of a trace.

        Returns
        -------
        first, last : int
            Both included; `last` before `first` where none is needed.
        """
        shifts = self.of[traces]
        first = low - int(np.ceil(shifts.max())) - 1
        last = high - int(np.floor(shifts.min())) + 1
        return max(first, 0), min(last, n_own - 1)

    def onto_axis(
        self, own: NDArray[Any], traces: NDArray[np.int64], first: int, n_own: int, samples: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Bring traces onto the common axis.

        Parameters
        ----------
        own : ndarray, shape (n, k)
            Samples `first` to ``first + k - 1`` of the traces.
        traces : ndarray of int64, shape (n,)
            Trace numbers.
        first, n_own : int
            Sample that `own` begins with; samples of a whole trace.
        samples : ndarray of int64, shape (m,)
            Samples of the common axis that are wanted.

        Returns
        -------
        ndarray of float32, shape (n, m)
            NaN where a trace has no sample.
        """
        out = np.full((len(traces), samples.size), np.nan, dtype=np.float32)
        shifts = self.of[traces]
        for shift in np.unique(shifts):
            rows = np.flatnonzero(shifts == shift)
            out[rows] = _at(own[rows], samples - shift, first, n_own, self.nearest)
        return out

    def off_axis(self, values: NDArray[Any], traces: NDArray[np.int64], n_own: int) -> NDArray[Any]:
        """Take from the common axis what lies at each trace's own samples: the way back.

        Parameters
        ----------
        values : ndarray, shape (n, n of the axis)
            Of the traces, on the common axis.
        traces : ndarray of int64, shape (n,)
            Trace numbers.
        n_own : int
            Samples of a trace.

        Returns
        -------
        ndarray, shape (n, n_own), of the type of `values`
        """
        out = np.empty((len(traces), n_own), dtype=values.dtype)
        shifts = self.of[traces]
        nearest = self.nearest or values.dtype.kind not in "f"
        for shift in np.unique(shifts):
            rows = np.flatnonzero(shifts == shift)
            places = np.clip(np.arange(n_own) + shift, 0, self.n - 1)
            out[rows] = _at(values[rows], places, 0, self.n, nearest)
        return out


def _at(own: NDArray[Any], places: NDArray[Any], first: int, n_own: int, nearest: bool) -> NDArray[Any]:
    """Values at places counted in samples of the traces themselves; NaN beyond their ends."""
    places = np.asarray(places, dtype=np.float64)
    inside = (places > -WHOLE) & (places < n_own - 1 + WHOLE)
    # Half a sample goes up, the same way for every trace.
    below = np.floor(places + (0.5 if nearest else WHOLE))
    if nearest:
        inside = (below >= 0) & (below < n_own)
    part = np.maximum(places - below, 0.0)
    k = np.clip(below.astype(np.int64), 0, n_own - 1) - first
    held = inside & (k >= 0) & (k < own.shape[1])
    k = np.where(held, k, 0)
    if not own.shape[1]:
        return np.full((len(own), places.size), np.nan, dtype=np.float32)
    if nearest or part[held].max(initial=0.0) <= WHOLE:
        if held.all():
            return own[:, k]
        return np.where(held, own[:, k], np.float32(np.nan))
    above = np.clip(k + 1, 0, own.shape[1] - 1)
    between = own[:, k] * (1 - part) + own[:, above] * part
    return np.where(held, between, np.nan)
