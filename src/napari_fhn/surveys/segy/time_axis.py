"""The vertical axis of a SEG-Y file: where it starts, its step, and which header was believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_fhn.sentence import counted
from napari_fhn.surveys.segy.delays import delays
from napari_fhn.surveys.segy.grid import Order
from napari_fhn.surveys.segy.headers import Headers
from napari_fhn.surveys.segy.reading import Reading
from napari_fhn.surveys.segy.shifts import Shifts

_SAMPLES, _INTERVAL = 115, 117
#: Stacked records are longer, and shorter, than these, in milliseconds; beyond them the unit is likely wrong.
_SHORTEST, _LONGEST = 1.0, 100_000.0
#: A sample interval of up to so many "microseconds" may have been meant in milliseconds.
_FEW = 20


@dataclass(frozen=True)
class TimeAxis:
    """The vertical axis.

    Attributes
    ----------
    start_ms, step_ms : float
        First sample and step, in milliseconds (or metres, for depth); step 0 where none is given.
    shifts : Shifts or None
        Where traces begin at times of their own.
    notes : tuple of str
        What headers disagree about.
    """

    start_ms: float
    step_ms: float
    shifts: Shifts | None = None
    notes: tuple[str, ...] = ()


def time_axis(reading: Reading, order: Order) -> TimeAxis:
    """Read the vertical axis from the binary header and the traces, or as it was told.

    Parameters
    ----------
    reading : Reading
        The file.
    order : Grid, TraceMap or Line
        Which trace lies where.

    Returns
    -------
    TimeAxis
    """
    told = reading.options.sample_interval_ms
    step_ms, notes = _interval(reading.headers) if told is None else (float(told), [])
    begins = delays(reading, order, step_ms)
    notes += [*begins.notes, *_counts(reading.headers)]
    return TimeAxis(begins.start_ms, step_ms, begins.shifts, tuple(notes))


def absurd(step_ms: float, n_samples: int) -> bool:
    """Say whether a sample interval makes a record that no survey has."""
    return step_ms > 0 and not _SHORTEST <= step_ms * (n_samples - 1) <= _LONGEST


def _interval(headers: Headers) -> tuple[float, list[str]]:
    """Sample interval in milliseconds by the headers, 0 where they give none, and what is odd about it."""
    notes: list[str] = []
    layout = headers.layout
    intervals = headers.look(_INTERVAL) & 0xFFFF
    different, counts = np.unique(intervals[intervals > 0], return_counts=True)
    trace_us = int(different[counts.argmax()]) if different.size else 0
    if different.size > 1:
        notes.append(
            f"The sample interval of the traces (byte 117) varies from {different[0]} to {different[-1]} microseconds."
        )
    binary_us = layout.interval_us
    step_us = binary_us if binary_us > 0 else float(trace_us)
    n = layout.n_samples
    if trace_us > 0 and binary_us > 0 and abs(trace_us - binary_us) >= 1:
        believed = "binary header was"
        if absurd(binary_us / 1000, n) and not absurd(trace_us / 1000, n):
            step_us, believed = float(trace_us), "traces were"
        notes.append(
            f"The sample interval is {binary_us:g} in the binary header (byte 3217) and {trace_us} in the "
            f"traces (byte 117); the {believed} believed."
        )
    elif trace_us > 0 and binary_us <= 0:
        notes.append(
            f"The binary header gives no sample interval ({binary_us:g} at byte 3217); {trace_us} microseconds of the "
            "traces (byte 117) was taken."
        )
    if step_us == 0:
        notes.append(
            "No sample interval is given (bytes 3217 and 117), so the vertical axis counts samples. If you know it, "
            "open it with sample_interval_ms=."
        )
    if absurd(step_us / 1000, n):
        meant = f"{step_us:g}" if step_us <= _FEW else "4"
        notes.append(
            f"A sample interval of {step_us:g} microseconds makes a record of {step_us * (n - 1) / 1000:.4g} ms, which "
            f"is doubtful. If another is meant, say it in milliseconds, such as sample_interval_ms={meant}."
        )
    return step_us / 1000.0, notes


def _counts(headers: Headers) -> list[str]:
    """Say where trace headers count other samples than there are."""
    layout = headers.layout
    counts_told = np.unique(headers.look(_SAMPLES) & 0xFFFF)
    told = counts_told[(counts_told != 0) & (counts_told != layout.n_samples & 0xFFFF)]
    if not told.size or any("sample count" in note for note in layout.notes):
        return []
    return [
        f"Some trace headers count {counted(told[0], 'samples')} (byte 115) where the traces have "
        f"{layout.n_samples}; the "
        "binary header was believed, which the size of the file bears out."
    ]
