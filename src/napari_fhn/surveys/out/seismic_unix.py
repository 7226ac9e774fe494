"""Values as Seismic Unix: the trace headers of the survey's file, byte for byte, and samples behind each."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from napari_fhn.sentence import counted
from napari_fhn.surveys.blocks import ArrayLike, Told, release
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.moving import check_room
from napari_fhn.surveys.out.history import write_beside
from napari_fhn.surveys.out.segy import gather, places_of, source_of
from napari_fhn.surveys.segy.binary import TRACE_HEADER_BYTES
from napari_fhn.surveys.segy.trace_bytes import TraceBytes

#: Bytes of the counts that Seismic Unix finds its traces by, from 0.
_SAMPLES, _INTERVAL = 114, 116
_MOST = 0xFFFF
#: Bytes of traces written at once.
_BLOCK = 32 * 2**20


def write_su(
    path: Path,
    values: ArrayLike,
    like: xr.DataArray,
    named: Path,
    told: Told | None = None,
    history: Sequence[str] = (),
) -> None:
    """Write values as Seismic Unix, in the trace order and byte order of the file `like` was opened from.

    Each trace header is the source's, but for the number of samples (bytes 115-116), and the sample interval (bytes
    117-118), which SEG-Y may say in its binary header alone. Big-endian files, as SEG-Y mostly is, are those of Seismic
    Unix where it was built with XDR, which is usual.

    Parameters
    ----------
    path, values, like, named, told
        As in `napari_fhn.surveys.out.segy.write_segy`; `like` may come from SEG-Y or from Seismic Unix.
    history : sequence of str, optional
        What made the values; there is no room for it in the file, so it stands in a text file beside.

    Raises
    ------
    SurveyError
        When there is no such source, `like` is not the whole of it, or traces are longer than the format can count.
    """
    survey = source_of(values, like, named, ("SEG-Y", "Seismic Unix"))
    layout, headers = survey.layout, TraceBytes(survey.layout)
    if layout.n_samples > _MOST:
        what = f"its traces have {counted(layout.n_samples, 'samples')}, and Seismic Unix counts up to {_MOST}"
        raise SurveyError(named, what, "Use .sgy")
    mark = ">" if layout.endian == "big" else "<"
    trace = np.dtype([("header", np.uint8, TRACE_HEADER_BYTES), ("samples", f"{mark}f4", layout.n_samples)])
    check_room(path, layout.n_traces * trace.itemsize)
    count = np.frombuffer(struct.pack(f"{mark}H", layout.n_samples), np.uint8)
    interval = round(1000 * survey.interval_ms)
    step = np.frombuffer(struct.pack(f"{mark}H", min(max(interval, 0), _MOST)), np.uint8)
    rows = max(1, _BLOCK // trace.itemsize)
    with path.open("wb") as out:
        for start in range(0, layout.n_traces, rows):
            traces = np.arange(start, min(start + rows, layout.n_traces), dtype=np.int64)
            block = np.empty(traces.size, dtype=trace)
            block["header"] = headers.gather(traces, 0, TRACE_HEADER_BYTES)
            block["header"][:, _SAMPLES : _SAMPLES + 2] = count
            if 0 < interval <= _MOST:
                block["header"][:, _INTERVAL : _INTERVAL + 2] = step
            found = gather(values, *places_of(survey.order, traces))
            if survey.shifts is not None:
                found = survey.shifts.off_axis(found, traces, layout.n_samples)
            block["samples"] = found
            release(values)
            out.write(block.view(np.uint8).data)
            if told is not None:
                told((start + traces.size) / layout.n_traces)
    if history:
        write_beside(path, history)
