"""Neighbouring traces read along a slope: how well they agree there, and by how much the slope is off.

This is plane-wave destruction [1]_ with the shift done in full: what is left of the difference of neighbouring traces
after moving them by the slope says, by one step of Gauss and Newton, how the slope has to change. A derivative on the
grid takes a steep reflector for a gentler one; the shift does not.

.. [1] S. Fomel, Applications of plane-wave destruction filters, Geophysics 67, 2002, 1946-1960.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .windows import Field, parts, smoothed

APART = 2
"""Traces to each side that are read."""
_TINY = np.float32(1e-30)


class Agreement(NamedTuple):
    """What neighbouring traces say along a slope, at the nodes.

    Parameters
    ----------
    lines : list of Line
        The traces along each lateral axis, with the one in the middle.
    vertical : ndarray of float32
        Mean change of the amplitude from sample to sample.
    across : list of ndarray of float32
        Change from trace to trace along each lateral axis, after the shift.
    """

    lines: list[Line]
    vertical: Field
    across: list[Field]


class Line(NamedTuple):
    """The traces along one axis.

    Parameters
    ----------
    mean, power : ndarray of float32
        Mean amplitude of the traces, and mean of its square.
    traces : ndarray of float32, of the same shape or with one node for all
        How many traces were read; 0 where there are no data.
    """

    mean: Field
    power: Field
    traces: Field


class Traces:
    """Traces that are read between their samples.

    Parameters
    ----------
    amplitude : ndarray of float32, shape (..., 2 n)
        Data, the vertical axis last; 0 where there are none.
    weight : ndarray of float32 or None
        1 where there are data, 0 where there are none; None where there are everywhere.
    """

    def __init__(self, amplitude: Field, weight: Field | None) -> None:
        self.amplitude, self.weight = amplitude, weight
        *traces, self._samples = amplitude.shape
        self._first = (self._samples * np.arange(math.prod(traces))).reshape(*traces, 1)
        # Each sample with the change to the next one, as one number: both are looked up in one go.
        flat = amplitude.ravel()
        self._pairs = np.zeros(flat.size, np.complex64)
        self._pairs.real = flat
        np.subtract(flat[1:], flat[:-1], out=self._pairs.imag[:-1])
        self._known = None if weight is None else np.minimum(weight, np.roll(weight, -1)).ravel()

    def read(self, place: Field, there: tuple[slice, ...]) -> tuple[Field, Field, Field | np.float32]:
        """Return values of some traces, their changes from sample to sample, and 1 where there were data."""
        np.clip(place, 0, np.float32(self._samples - 1.001), out=place)
        index = place.astype(np.intp)
        place -= index
        index += self._first[there]
        pairs = self._pairs.take(index)
        change = np.ascontiguousarray(pairs.imag)
        place *= change
        place += pairs.real
        if self._known is None:
            return place, change, np.float32(1)
        seen = self._known.take(index)
        place *= seen
        change *= seen
        return place, change, seen


def agreement(traces: Traces, slopes: Field) -> Agreement:
    """Read the traces beside each node along its slopes.

    Parameters
    ----------
    traces : Traces
        The data.
    slopes : ndarray of float32, shape (lateral axes, ..., n)
        Samples per trace.
    """
    lateral, nodes = len(slopes), slopes.shape[1:]
    # Where data are everywhere the counts are the same all the way down.
    counted = (*nodes[:-1], 1) if traces.weight is None else nodes
    lines = [Line(*(np.empty(shape, np.float32) for shape in (nodes, nodes, counted))) for _ in range(lateral)]
    found = Agreement(lines, np.empty(nodes, np.float32), [np.empty(nodes, np.float32) for _ in range(lateral)])
    for rows in parts(nodes):
        _agree(found, traces, slopes, rows)
    return found


def _agree(found: Agreement, traces: Traces, slopes: Field, rows: slice) -> None:
    """Write what the traces of some rows of the first axis say; their neighbours may lie in others."""
    amplitude, size = traces.amplitude, traces.amplitude.shape[:-1]
    upper, lower = amplitude[rows, ..., 0::2], amplitude[rows, ..., 1::2]
    if traces.weight is None:
        own = np.ones((*upper.shape[:-1], 1), np.float32)
    else:
        own = np.minimum(traces.weight[rows, ..., 0::2], traces.weight[rows, ..., 1::2])
    centre = np.asarray(np.float32(0.5) * (upper + lower) * own)
    vertical, count = (lower - upper) * own, own.copy()
    node = 2 * np.arange(upper.shape[-1], dtype=np.float32) + np.float32(0.5)
    for axis, (line, across) in enumerate(zip(found.lines, found.across, strict=True)):
        mean, power, read = centre.copy(), centre * centre, own.copy()
        change, tilt, spread = np.zeros_like(centre), np.zeros_like(own), np.zeros_like(own)
        for step in (*range(-APART, 0), *range(1, APART + 1)):
            here, there = _pair(size, rows, axis, step)
            place = node + np.float32(step) * slopes[axis][rows][here]
            value, slant, seen = traces.read(place, there)
            mean[here] += value
            vertical[here] += slant
            read[here] += seen
            tilt[here] += np.float32(step) * seen
            spread[here] += np.float32(step * step) * seen
            change[here] += np.float32(step) * value
            value *= value
            power[here] += value
        share = np.asarray(1 / np.maximum(read, 1), np.float32)
        np.multiply(mean, share, out=line.mean[rows])
        np.multiply(power, share, out=line.power[rows])
        np.multiply(read, own, out=line.traces[rows])
        # Traces to one side alone would take the amplitude itself for a change.
        across[rows] = (change - tilt * centre) * own / np.maximum(spread, 1)
        count += read - own
    found.vertical[rows] = vertical * own / np.maximum(count, 1)


def coherence(found: Agreement, window: tuple[float, ...]) -> Field:
    """Return the mean correlation of the traces along each axis, 0 to 1, from their semblance in a window.

    Semblance is the power of the mean trace over the mean power: 1 for traces that are alike, one over their number for
    noise, which becomes 0 here. Where an axis has no other trace, the rest speaks for it.

    Returns
    -------
    ndarray of float32, shape (lateral axes, ..., n)
    """
    shares = np.ones((len(found.lines), *found.vertical.shape), np.float32)
    told = np.zeros(found.vertical.shape, bool)
    for share, line in zip(shares, found.lines, strict=True):
        alike = smoothed(line.mean * line.mean, window) / np.maximum(smoothed(line.power, window), _TINY)
        several = line.traces > 1
        np.copyto(share, np.clip((line.traces * alike - 1) / np.maximum(line.traces - 1, 1), 0, 1), where=several)
        told |= several
    shares *= told
    return shares


def corrected(slopes: Field, found: Agreement, window: tuple[float, ...], steepest: float) -> Field:
    """Change slopes by what the traces still differ, at most one sample per trace."""
    vertical = smoothed(found.vertical * found.vertical, window)
    vertical *= np.float32(1.01)
    np.maximum(vertical, _TINY, out=vertical)
    better = np.empty_like(slopes)
    for axis, across in enumerate(found.across):
        step = smoothed(across * found.vertical, window) / vertical
        better[axis] = np.clip(slopes[axis] - np.clip(step, -1, 1), -steepest, steepest)
    return better


def _pair(traces: tuple[int, ...], rows: slice, axis: int, step: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Index the traces of some rows that have a neighbour so many steps away, and those neighbours among all."""
    first, last = (rows.start, rows.stop) if axis == 0 else (0, traces[axis])
    low = min(last, max(first, -step))
    high = max(low, min(last, traces[axis] - step))
    before = (slice(None),) * (axis - 1)
    there = (*before, slice(low + step, high + step))
    here = (*(slice(None),) * axis, slice(low - first, high - first))
    return here, there if axis == 0 else (rows, *there)
