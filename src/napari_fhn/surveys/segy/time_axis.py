"""The vertical axis of a SEG-Y file: where it starts, its step, and which header was believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_fhn.surveys.segy.headers import Headers, factor

_DELAY, _SAMPLES, _INTERVAL, _TIME_SCALAR = 109, 115, 117, 215


@dataclass(frozen=True)
class TimeAxis:
    """The vertical axis.

    Attributes
    ----------
    start_ms, step_ms : float
        First sample and step, in milliseconds (or metres, for depth); step 0 where none is given.
    notes : tuple of str
        What headers disagree about.
    """

    start_ms: float
    step_ms: float
    notes: tuple[str, ...] = ()


def time_axis(headers: Headers) -> TimeAxis:
    """Read the vertical axis from the binary header and the traces looked at.

    Parameters
    ----------
    headers : Headers
        Of the file.

    Returns
    -------
    TimeAxis
    """
    notes = []
    layout = headers.layout
    delays = headers.look(_DELAY) * factor(headers.look(_TIME_SCALAR))
    # The commonest, not the first: dead and padded traces often have none.
    different, counts = np.unique(delays, return_counts=True)
    delay = float(different[counts.argmax()])
    if different.size > 1:
        notes.append(
            f"The delay recording time (byte 109) varies from {different[0]:g} to {different[-1]:g} ms between "
            f"traces; {delay:g} ms, that of most traces, was used for all."
        )
    intervals = headers.look(_INTERVAL)
    different, counts = np.unique(intervals[intervals > 0], return_counts=True)
    trace_us = int(different[counts.argmax()]) if different.size else 0
    if different.size > 1:
        notes.append(
            f"The sample interval of the traces (byte 117) varies from {different[0]} to {different[-1]} microseconds."
        )
    binary_us = layout.interval_us
    if trace_us > 0 and binary_us > 0 and abs(trace_us - binary_us) >= 1:
        notes.append(
            f"The sample interval is {binary_us:g} in the binary header (byte 3217) and {trace_us} in the "
            "traces (byte 117); the binary header was believed."
        )
    elif trace_us > 0 and binary_us <= 0:
        notes.append(
            f"The binary header gives no sample interval ({binary_us:g} at byte 3217); {trace_us} microseconds of the "
            "traces (byte 117) was taken."
        )
    step_us = binary_us if binary_us > 0 else float(trace_us)
    if step_us == 0:
        notes.append("No sample interval is given (bytes 3217 and 117), so the vertical axis counts samples.")
    counts_told = np.unique(headers.look(_SAMPLES) & 0xFFFF)
    told = counts_told[(counts_told != 0) & (counts_told != layout.n_samples & 0xFFFF)]
    if told.size and not any("sample count" in note for note in layout.notes):
        notes.append(
            f"Some trace headers count {told[0]} samples (byte 115) where the traces have {layout.n_samples}; the "
            "binary header was believed, which the size of the file bears out."
        )
    return TimeAxis(delay, step_us / 1000.0, tuple(notes))
