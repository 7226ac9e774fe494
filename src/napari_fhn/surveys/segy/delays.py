"""Delays that differ by trace (byte 109): whether they are to be believed, and the axis that they span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_fhn.sentence import counted
from napari_fhn.surveys.segy.grid import Line, Order
from napari_fhn.surveys.segy.headers import factor
from napari_fhn.surveys.segy.reading import Reading
from napari_fhn.surveys.segy.shifts import WHOLE, Shifts
from napari_fhn.surveys.segy.values import NO_TRACE, decode

_DELAY, _TIME_SCALAR, _IDENTITY = 109, 215, 29
#: A common axis of a volume has at most so many times the samples of a trace. Lines over deep water go further, as
#: short records of single pings do.
_TIMES, _TIMES_OF_LINES, _OF_LINES = 8, 20, 2000
#: Traces of one delay that are looked at for samples, and different delays that are looked at so.
_TRACES, _DELAYS = 32, 64
#: Formats of single bytes: class numbers, of which none lies between two others.
_CODES = (8, 16)


@dataclass(frozen=True)
class Delays:
    """Where the vertical axis begins, and how traces lie on it.

    Attributes
    ----------
    start_ms : float
        Time of its first sample.
    shifts : Shifts or None
        None where all traces begin there.
    notes : tuple of str
        What is worth saying.
    """

    start_ms: float
    shifts: Shifts | None = None
    notes: tuple[str, ...] = ()


def delays(reading: Reading, order: Order, step_ms: float) -> Delays:
    """Read when the traces of a file begin.

    Parameters
    ----------
    reading : Reading
        The file.
    order : Grid, TraceMap or Line
        Traces without a place do not count.
    step_ms : float
        Sample interval; 0 where none is given.

    Returns
    -------
    Delays
    """
    told, headers = reading.options.delay_ms, reading.headers
    looked = headers.look(_DELAY) * factor(headers.look(_TIME_SCALAR))
    common = _commonest(looked)
    if told is not None:
        return Delays(float(told))
    if np.ptp(looked) == 0:
        return Delays(common)
    varies = f"The delay recording time (byte 109) varies from {looked.min():g} to {looked.max():g} ms between traces"
    way_out = "give one for all of them with delay_ms="
    if step_ms <= 0:
        words = f"{varies}; without a sample interval it moves none of them: open it with sample_interval_ms="
        return Delays(common, notes=(f"{words}.",))
    delay, scalar, identity = headers.all(_DELAY, _TIME_SCALAR, _IDENTITY, progress=reading.progress)
    begins = delay * factor(scalar)
    traces = np.arange(begins.size, dtype=np.int64)
    counts = ~np.isin(identity, NO_TRACE) | np.isin(identity, NO_TRACE).all()
    if not isinstance(order, Line):
        counts &= order.places(traces)[0] >= 0
    common = _commonest(begins[counts])
    # Padding is mostly written without a delay.
    begins[~counts] = common
    _leave_padding(reading, begins, common)
    low, high = float(begins.min()), float(begins.max())
    if low == high:
        return Delays(common, notes=(f"{varies}; {common:g} ms was taken, that of all traces with samples.",))
    start = common - step_ms * np.ceil((common - low) / step_ms - WHOLE)
    of = (begins - start) / step_ms
    whole = np.abs(of - np.rint(of)) <= WHOLE
    of = np.where(whole, np.rint(of), of)
    n_own = reading.layout.n_samples
    n = n_own + int(np.ceil(of.max()))
    most = max(_TIMES_OF_LINES * n_own, _OF_LINES) if isinstance(order, Line) else _TIMES * n_own
    if n > most:
        words = f"{varies}, too far for one axis; {common:g} ms, that of most traces, was used for all"
        return Delays(common, notes=(f"{words}: if that is wrong, {way_out}.",))
    nearest = reading.layout.format in _CODES
    words = f"{varies}; they were brought onto one axis of {counted(n, 'samples')} from {start:g} ms"
    if not whole.all():
        how = "took the nearest sample" if nearest else "were interpolated between samples"
        words += (
            f", for which {counted(int(np.count_nonzero(~whole)), 'traces')} {how}, as they begin between two of it"
        )
    return Delays(start, Shifts(n, of, nearest), (f"{words}. If that is wrong, {way_out}.",))


def _commonest(values: NDArray[np.float64]) -> float:
    different, counts = np.unique(values, return_counts=True)
    return float(different[counts.argmax()])


def _leave_padding(reading: Reading, begins: NDArray[np.float64], common: float) -> None:
    """Give the commonest delay to traces of another that hold nothing but zeros, as padding does."""
    layout, file = reading.layout, reading.headers.file
    different, counts = np.unique(begins, return_counts=True)
    # The rare ones: a file has few kinds of padding.
    for value in different[np.argsort(counts, kind="stable")][:_DELAYS]:
        if value == common:
            continue
        traces = np.flatnonzero(begins == value)
        some = traces[np.unique(np.linspace(0, traces.size - 1, _TRACES).astype(np.int64))]
        head = layout.trace_header_bytes
        raw = file.gather(some, head, layout.trace_bytes)
        values = np.empty((some.size, layout.n_samples), dtype=np.float32)
        decode(raw, layout, values)
        if not np.nan_to_num(values).any():
            begins[traces] = common
