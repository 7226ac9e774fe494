"""What a few traces of a SEG-Y file say against its headers: samples that are no numbers, or of another format."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_fhn.sentence import counted
from napari_fhn.surveys.segy.binary import FORMAT_NAMES, Layout
from napari_fhn.surveys.segy.trace_bytes import TraceBytes
from napari_fhn.surveys.segy.values import decode

#: Traces looked at, and samples in each, at most.
_TRACES, _SAMPLES = 12, 4096
#: Whole numbers that float32 holds exactly go up to here.
_EXACT = 2**24
#: So many samples are needed before their bits say anything about the format.
_TELLING = 512


def doubts(layout: Layout, file: TraceBytes) -> tuple[str, ...]:
    """Look at some samples and say what is odd about them.

    Parameters
    ----------
    layout : Layout
        Of the file.
    file : TraceBytes
        To read from; a few traces, spread over it.

    Returns
    -------
    tuple of str
        Notes, mostly none.
    """
    traces = np.unique(np.linspace(0, layout.n_traces - 1, _TRACES).astype(np.int64))
    k = min(layout.n_samples, _SAMPLES)
    head = layout.trace_header_bytes
    raw = file.gather(traces, head, head + k * layout.sample_bytes)
    values = np.empty((traces.size, k), dtype=np.float32)
    decode(raw, layout, values)
    notes = []
    seen = f"of the {counted(traces.size, 'traces')} looked at"
    if layout.format in (1, 5, 6):
        bad = ~np.isfinite(values)
        if bad.any():
            count, what = np.count_nonzero(bad.any(axis=1)), "samples that are not finite numbers (NaN or infinite)"
            notes.append(f"{count} {seen} {'holds' if count == 1 else 'hold'} {what}; they are read as missing.")
    if layout.format in (2, 6, 9, 10, 12) and np.abs(np.nan_to_num(values)).max(initial=0) > _EXACT:
        notes.append(
            f"Samples are stored as {FORMAT_NAMES[layout.format]} and read as float32, which keeps 24 bits: values "
            f"beyond {_EXACT:,} are rounded."
        )
    notes += _format_doubt(layout, raw)
    empty = ~np.nan_to_num(values).any(axis=1)
    if empty.all():
        notes.append(f"All samples {seen} are zero or missing.")
    elif empty.any():
        count = np.count_nonzero(empty)
        what = f"{'holds' if count == 1 else 'hold'} nothing but zeros, which may be padding"
        notes.append(f"{count} {seen} {what}; they are read as zeros.")
    return tuple(notes)


def _format_doubt(layout: Layout, raw: NDArray[np.uint8]) -> list[str]:
    """Say where IBM and IEEE floats seem to have been mistaken for each other.

    An IBM float is normalised: the first hexadecimal digit of its fraction is never zero. In an IEEE float the same
    four bits are as often zero as anything else.
    """
    if layout.format not in (1, 5):
        return []
    words = np.ascontiguousarray(raw).view(">u4" if layout.endian == "big" else "<u4").ravel()
    words = np.unique(words[words << 1 != 0])
    if words.size < _TELLING:
        return []
    loose = np.count_nonzero((words >> 20) & 15 == 0) / words.size
    if layout.format == 1 and loose > 0.02:
        other, share = 5, f"{100 * loose:.0f} % of the samples looked at are no normalised IBM floats"
    elif layout.format == 5 and loose == 0:
        other, share = 1, "all samples looked at are normalised IBM floats, which IEEE floats hardly ever are by chance"
    else:
        return []
    return [
        f"The samples may be {FORMAT_NAMES[other]}, and not {FORMAT_NAMES[layout.format]} as bytes 3225-3226 say: "
        f"{share}. If amplitudes look wrong, open it with sample_format={other}."
    ]
