"""Neighbouring traces read along a slope: how well they agree there, and by how much the slope is off.

This is plane-wave destruction [1]_ with the shift done in full: what is left of the difference of neighbouring traces
after moving them by the slope says, by one step of Gauss and Newton, how the slope has to change. A derivative on the
grid takes a steep reflector for a gentler one; the shift does not.

.. [1] S. Fomel, Applications of plane-wave destruction filters, Geophysics 67, 2002, 1946-1960.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .windows import Field, smoothed

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


def agreement(amplitude: Field, weight: Field | None, slopes: Field) -> Agreement:
    """Read the traces beside each node along its slopes.

    Parameters
    ----------
    amplitude : ndarray of float32, shape (..., 2 n)
        Data, the vertical axis last; 0 where there are none.
    weight : ndarray of float32 or None
        1 where there are data, 0 where there are none; None where there are everywhere.
    slopes : ndarray of float32, shape (lateral axes, ..., n)
        Samples per trace.
    """
    lateral, samples = amplitude.ndim - 1, amplitude.shape[-1]
    traces = amplitude.shape[:-1]
    upper, lower = amplitude[..., 0::2], amplitude[..., 1::2]
    # Where data are everywhere the counts are the same all the way down.
    own = np.ones((*traces, 1), np.float32) if weight is None else np.minimum(weight[..., 0::2], weight[..., 1::2])
    centre = np.asarray(np.float32(0.5) * (upper + lower) * own)
    vertical, count = (lower - upper) * own, own.copy()
    lines, across = [], []
    node = 2 * np.arange(samples // 2, dtype=np.float32) + np.float32(0.5)
    for axis in range(lateral):
        mean, power, read = centre.copy(), centre * centre, own.copy()
        change, tilt, spread = np.zeros_like(centre), np.zeros_like(own), np.zeros_like(own)
        for step in (*range(-APART, 0), *range(1, APART + 1)):
            here, there = _pair(traces, axis, step)
            place = node + np.float32(step) * slopes[axis][here]
            value, slant, seen = _read(amplitude, weight, place, there)
            mean[here] += value
            vertical[here] += slant
            read[here] += seen
            tilt[here] += np.float32(step) * seen
            spread[here] += np.float32(step * step) * seen
            change[here] += np.float32(step) * value
            value *= value
            power[here] += value
        share = np.asarray(1 / np.maximum(read, 1), np.float32)
        lines.append(Line(mean * share, power * share, read * own))
        # Traces to one side alone would take the amplitude itself for a change.
        across.append(np.asarray((change - tilt * centre) * own / np.maximum(spread, 1), np.float32))
        count += read - own
    return Agreement(lines, np.asarray(vertical * own / np.maximum(count, 1), np.float32), across)


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


def _pair(traces: tuple[int, ...], axis: int, step: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Index the traces that have a neighbour so many steps away, and those neighbours."""
    size = traces[axis]
    low, high = slice(0, max(0, size - abs(step))), slice(min(size, abs(step)), size)
    here, there = (low, high) if step > 0 else (high, low)
    before = (slice(None),) * axis
    return (*before, here), (*before, there)


def _read(
    amplitude: Field, weight: Field | None, place: Field, there: tuple[slice, ...]
) -> tuple[Field, Field, Field | np.float32]:
    """Read traces between samples: the value, its change from sample to sample, and 1 where there were data."""
    traces, samples = amplitude.shape[:-1], amplitude.shape[-1]
    np.clip(place, 0, np.float32(samples - 1.001), out=place)
    index = place.astype(np.int32)
    place -= index
    first = np.arange(int(np.prod(traces)), dtype=np.int32).reshape(*traces, 1)
    index += first[there] * np.int32(samples)
    flat = amplitude.ravel()
    value = flat.take(index)
    seen: Field | np.float32 = np.float32(1)
    if weight is not None:
        seen = weight.ravel().take(index)
    index += 1
    change = flat.take(index)
    if weight is not None:
        seen = np.minimum(seen, weight.ravel().take(index))
    change -= value
    place *= change
    value += place
    if weight is not None:
        value *= seen
        change *= seen
    return value, change, seen
