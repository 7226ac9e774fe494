"""Seismic Unix (``.su``): the traces of SEG-Y, in either byte order, without the headers in front of them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from napari_fhn.sentence import counted
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy.binary import SAMPLE_BYTES, TRACE_HEADER_BYTES, Endian, Layout

SUFFIXES = (".su",)
FLOAT = 5
_SAMPLES, _INTERVAL = 115, 117
_ENDIANS: tuple[tuple[Endian, str], ...] = (("little", "<"), ("big", ">"))
#: Trace headers looked at to tell whether a reading of the file is right.
_N_PROBES = 16
_METRES = "A Seismic Unix file does not say whether its coordinates are metres or feet; they were taken for metres."


def looks_like_su(path: Path) -> bool:
    """Say whether the traces of a file count their own samples, as those of Seismic Unix do."""
    try:
        return bool(read_su_layout(path).n_traces)
    except SurveyError:
        return False


def read_su_layout(path: Path, sample_format: int | None = None, *, incomplete: bool = False) -> Layout:
    """Find out byte order and length of the traces, which are told by the traces alone.

    Parameters
    ----------
    path : Path
        The file; some of its trace headers and its size are looked at.
    sample_format : int, optional
        Code of SEG-Y for the samples, where they are no IEEE floats of 4 bytes.
    incomplete : bool
        Take the whole traces of a file that is cut short, instead of refusing it.

    Returns
    -------
    Layout
        Without text headers, the first trace at the beginning.

    Raises
    ------
    SurveyError
        When the traces do not count their samples, or do not end where the file does.
    """
    size, format = path.stat().st_size, FLOAT if sample_format is None else sample_format
    if format not in SAMPLE_BYTES:
        raise SurveyError(path, f"sample_format={sample_format} is not read", f"Readable are {sorted(SAMPLE_BYTES)}")
    if size < TRACE_HEADER_BYTES:
        what = f"it ends at byte {size}, inside its first trace header ({TRACE_HEADER_BYTES} bytes)"
        raise SurveyError(path, what, "Copy it again from its source")
    found: list[tuple[float, bool, Layout]] = []
    with path.open("rb") as file:
        for endian, mark in _ENDIANS:
            n_samples, interval = _told(file, 0, mark)
            if not n_samples:
                continue
            trace = TRACE_HEADER_BYTES + n_samples * SAMPLE_BYTES[format]
            layout = Layout(
                path=path, endian=endian, format=format, n_samples=n_samples, n_traces=size // trace, first_trace=0,
                interval_us=float(interval), feet=False, revision=0, notes=(_METRES,),
            )  # fmt: skip
            if layout.n_traces:
                found.append((_agreement(file, layout, mark), size % trace == 0, layout))
    if not found:
        what = "its first trace does not say how many samples it has (bytes 115-116), or says more than there are"
        raise SurveyError(path, what, "If it is SEG-Y, give it the suffix .sgy; else write it again with 'ns' set")
    # A count of the wrong byte order makes a few long traces, which agree with themselves.
    agreement, whole, layout = max(found, key=lambda one: (one[0] + one[1], one[2].n_traces))
    if agreement < 1:
        what = f"its traces do not all count {counted(layout.n_samples, 'samples')} (bytes 115-116)"
        raise SurveyError(path, what, "If it is SEG-Y, give it the suffix .sgy; else write its traces in one length")
    if not whole and not incomplete:
        left = size - layout.file_bytes
        what = (
            f"it is cut short: {counted(layout.n_traces, 'traces')} of {layout.n_samples} samples "
            f"leave {left} bytes over"
        )
        raise SurveyError(path, what, "Copy it again, or open it with incomplete=True")
    return layout


def _told(file: BinaryIO, at: int, mark: str) -> tuple[int, int]:
    """Samples and sample interval by a trace header."""
    file.seek(at + _SAMPLES - 1)
    block = file.read(_INTERVAL + 2 - _SAMPLES)
    samples, interval = struct.unpack(mark + "HH", block) if len(block) == 4 else (0, 0)
    return int(samples), int(interval)


def _agreement(file: BinaryIO, layout: Layout, mark: str) -> float:
    """Share of the trace headers looked at that count as many samples as the first."""
    n = layout.n_traces
    probes = {0, min(1, n - 1), n - 1, *(k * n // _N_PROBES for k in range(_N_PROBES))}
    counts = [_told(file, layout.trace_bytes * trace, mark)[0] for trace in probes]
    return sum(count == layout.n_samples for count in counts) / len(counts)
