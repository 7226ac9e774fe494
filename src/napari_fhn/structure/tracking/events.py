"""Events on traces: peaks, troughs and zero crossings between samples, and which of them picks lie on. numpy alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Event = Literal["peak", "trough", "rising", "falling", "waveform"]
EVENTS: tuple[Event, ...] = ("peak", "trough", "rising", "falling", "waveform")
"""What a horizon follows: the largest and the smallest amplitude, a zero crossing to positive or to negative amplitudes
on the way down, or what the trace looks like around the picks, wherever in the wave they lie."""

Floats = NDArray[np.float32]


def nearest_event(traces: Floats, near: NDArray[np.floating], event: Event, within: float) -> NDArray[np.float64]:
    """Find the event of each trace that lies nearest to a place.

    Parameters
    ----------
    traces : ndarray of float32, shape (n, samples)
        Amplitudes.
    near : ndarray of float, shape (n,)
        Where to look, in samples from the first.
    event : {"peak", "trough", "rising", "falling", "waveform"}
        What to look for; the waveform is everywhere.
    within : float
        How far the event may be, in samples.

    Returns
    -------
    ndarray of float64, shape (n,)
        Between samples; NaN where there is none so near.

    Examples
    --------
    >>> trace = np.cos(0.5 * (np.arange(40, dtype=np.float32) - 20.3))[None]
    >>> nearest_event(trace, np.array([18.0]), "peak", 4).round(1).tolist()
    [20.3]
    >>> nearest_event(trace, np.array([18.0]), "trough", 3).tolist()
    [nan]
    """
    if event == "waveform":
        return np.array(near, np.float64)
    values = -traces if event in ("trough", "falling") else traces
    if event in ("peak", "trough"):
        before, at, after = values[:, :-2], values[:, 1:-1], values[:, 2:]
        with np.errstate(invalid="ignore"):
            there = (at >= before) & (at > after)
        bend = before - 2 * at + after
        # The top of the parabola through three samples.
        part = 0.5 * (before - after) / np.where(bend < 0, bend, -1)
        place = np.arange(1, values.shape[1] - 1) + part.clip(-0.5, 0.5)
    else:
        above, below = values[:, :-1], values[:, 1:]
        with np.errstate(invalid="ignore"):
            there = (above < 0) & (below >= 0)
        rise = below - above
        place = np.arange(values.shape[1] - 1) + (-above / np.where(rise > 0, rise, 1)).clip(0, 1)
    off = np.abs(place - np.asarray(near)[:, np.newaxis])
    off = np.where(there & (off <= within), off, np.inf)
    best = off.argmin(axis=1)[:, np.newaxis]
    found = np.take_along_axis(place, best, axis=1)[:, 0].astype(np.float64)
    return np.where(np.isfinite(np.take_along_axis(off, best, axis=1)[:, 0]), found, np.nan)


def event_of(traces: Floats, at: NDArray[np.floating], period: float) -> Event:
    """Tell which event most picks lie on: the one that is nearest to them, if any is within a tenth of a period.

    Parameters
    ----------
    traces : ndarray of float32, shape (n, samples)
        A trace for each pick.
    at : ndarray of float, shape (n,)
        The picks, in samples.
    period : float
        Of the wave, in samples.
    """
    # A pick made by hand lies on a sample: half of one is as near as it can be meant.
    within = max(0.1 * period, 0.75)
    offs = {event: np.abs(nearest_event(traces, at, event, within) - at) for event in EVENTS[:-1]}
    counts = {event: int(np.isfinite(off).sum()) for event, off in offs.items()}
    best = max(counts.values())
    if 2 * best <= len(traces):
        return "waveform"
    alike = [event for event, count in counts.items() if count == best]
    return min(alike, key=lambda event: float(np.nanmean(offs[event])))


def period_of(traces: Floats) -> float:
    """Return the period of the wave on some traces, in samples, from how much neighbouring samples differ.

    Examples
    --------
    >>> round(period_of(np.sin(2 * np.pi * np.arange(200, dtype=np.float32) / 9)[None]), 1)
    9.0
    """
    known = np.where(np.isfinite(traces), traces, 0.0).astype(np.float64)
    known -= known.mean(axis=1, keepdims=True)
    whole = float((known**2).sum())
    if not whole:
        return 8.0
    step = float((np.diff(known, axis=1) ** 2).sum()) / whole
    return float(np.clip(2 * np.pi / np.arccos(np.clip(1 - step / 2, -1.0, 1.0 - 1e-6)), 3.0, 100.0))


def unit(windows: Floats) -> Floats:
    """Return windows (..., m) without their mean and of length 1; all zero where there is nothing but a constant."""
    windows = np.where(np.isfinite(windows), windows, 0)
    windows = windows - windows.mean(axis=-1, keepdims=True)
    length = np.sqrt((windows**2).sum(axis=-1, keepdims=True))
    return np.asarray(np.divide(windows, length, out=np.zeros_like(windows), where=length > 1e-12))
