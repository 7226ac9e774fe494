"""SEG-Y out: every header of the source byte for byte, the samples of a prediction."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.blocks import ArrayLike, Told, pieces, read, release
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.moving import check_room
from napari_fhn.surveys.out.history import on_cards, write_beside
from napari_fhn.surveys.remote.fetching import local
from napari_fhn.surveys.segy.binary import HEADERS_BYTES, TRACE_HEADER_BYTES, Layout
from napari_fhn.surveys.segy.grid import Line, Order
from napari_fhn.surveys.segy.layout import read_layout
from napari_fhn.surveys.segy.survey import SegySurvey, inspect
from napari_fhn.surveys.segy.text import TEXT_BYTES
from napari_fhn.surveys.segy.trace_bytes import TraceBytes

#: Sample formats that hold integers, the smallest first.
_INTEGERS: tuple[tuple[int, type[np.integer[Any]]], ...] = ((8, np.int8), (16, np.uint8), (3, np.int16), (2, np.int32))
#: Bytes of traces written at once.
_BLOCK = 32 * 2**20

Ints = NDArray[np.int64]


def write_segy(
    path: Path,
    values: ArrayLike,
    like: xr.DataArray,
    named: Path,
    told: Told | None = None,
    history: Sequence[str] = (),
) -> None:
    """Write values as SEG-Y with the headers of the file `like` was opened from.

    Text, binary, extended and trace headers, and what follows the last trace, are copied byte for byte in the
    source's trace and byte order; only the sample format code (bytes 3225-3226) is set anew, and a history goes on
    cards of the text header that are empty. Counts of the binary
    header that the source was not believed for are corrected where the new file could not be read with them.
    Trace ``i`` of the file gets the values at its inline and crossline, padding gets zeros; places without a trace
    stay without one. A few tens of megabytes are in memory at a time.

    Parameters
    ----------
    path : Path
        Where to write.
    values : ArrayLike, shape (inline, crossline, sample) or (trace, sample)
        On the grid of `like`, which must be the whole survey.
    like : xarray.DataArray
        As `napari_fhn.surveys.open` gave it; its source must still be there, unchanged. It is read again as
        ``attrs["read_as"]`` says.
    named : Path
        The name to use in sentences.
    told : callable, optional
        Told the share that is done.
    history : sequence of str, optional
        What made the values; see `napari_fhn.surveys.out.history`.

    Raises
    ------
    SurveyError
        When there is no SEG-Y source, or `like` is not the whole of it.
    """
    survey = source_of(values, like, named)
    layout, headers = survey.layout, TraceBytes(survey.layout)
    code, kind = _sample_format(values)
    stored = np.dtype(kind).newbyteorder(">" if layout.endian == "big" else "<")
    trace = np.dtype([("header", np.uint8, layout.trace_header_bytes), ("samples", stored, layout.n_samples)])
    check_room(path, layout.first_trace + layout.n_traces * trace.itemsize + layout.trailer_bytes)
    rows = max(1, _BLOCK // trace.itemsize)
    top = 0
    with path.open("wb") as out, layout.path.open("rb") as file:
        head = file.read(layout.first_trace)
        if history:
            text, whole = on_cards(head[:TEXT_BYTES], history)
            head = text + head[TEXT_BYTES:]
            if not whole:
                write_beside(path, history)
        out.write(head)
        for start in range(0, layout.n_traces, rows):
            traces = np.arange(start, min(start + rows, layout.n_traces), dtype=np.int64)
            block = np.empty(traces.size, dtype=trace)
            block["header"] = headers.gather(traces, 0, layout.trace_header_bytes)
            found = gather(values, *places_of(survey.order, traces))
            if survey.shifts is not None:
                # Each trace gets what lies at its own samples, behind its own delay.
                found = survey.shifts.off_axis(found, traces, layout.n_samples)
            block["samples"] = found
            release(values)
            if stored.itemsize == 1:
                top = max(top, int(block["samples"].max(initial=0)))
            out.write(block.view(np.uint8).data)
            if told is not None:
                told((start + traces.size) / layout.n_traces)
        file.seek(layout.file_bytes)
        out.write(file.read(layout.trailer_bytes))
        if kind is np.uint8 and top <= 127:
            # The bytes are the same, and signed ones are known to programs older than revision 2.
            code = 8
        _put(out, 3225, "h", code, layout)
    if not _reads_back(path, layout):
        with path.open("rb+") as out:
            _correct_counts(out, layout)


def source_of(values: ArrayLike, like: xr.DataArray, named: Path, kinds: tuple[str, ...] = ("SEG-Y",)) -> SegySurvey:
    """Read the headers of the survey again, the way they were read when it was opened; of a file of these kinds."""
    if not str(like.attrs.get("format", "")).startswith(kinds):
        kind = kinds[-1]
        way_out = "Use .su" if str(like.attrs.get("format", "")).startswith("Seismic Unix") else "Use .tif"
        what = f"{kind} needs the headers of a {' or '.join(kinds)} survey, and this one is none"
        raise SurveyError(named, what, f"{way_out}, .nc, .zarr or .npy")
    source = str(like.attrs.get("source", ""))
    path = local(source)
    if not source:
        raise SurveyError(
            named, "the survey's file, whose headers are needed, is not at hand", "Name it with --like, or put it back"
        )
    if not path.is_file():
        raise SurveyError(named, f"the survey's file {path}, whose headers are needed, is gone", "Put it back")
    try:
        # What the vertical axis is changes nothing of how the traces are laid out.
        how = {name: value for name, value in like.attrs.get("read_as", {}).items() if name != "vertical"}
        survey = inspect(path, **how)
    except SurveyError as error:
        raise SurveyError(
            named,
            f"the survey's file {path.name}, whose headers are needed, has changed since it was opened ({error.what})",
            "Put it back as it was",
        ) from error
    order = survey.order
    same = tuple(values.shape) == like.shape and like.shape[-1] == survey.n_samples
    if isinstance(order, Line):
        same &= like.ndim == 2 and like.shape[0] == order.n_traces
    else:
        axes = zip(like.dims[:2], (order.inlines, order.crosslines), strict=True)
        same &= like.ndim == 3 and all(np.array_equal(like[dim].values, numbers) for dim, numbers in axes)
    if not same:
        raise SurveyError(
            named,
            f"values of shape {tuple(values.shape)} are not the whole survey {path.name}",
            "Save the prediction of the whole survey",
        )
    return survey


def places_of(order: Order, traces: Ints) -> tuple[Ints, Ints]:
    """Indices of traces along both lateral axes, -1 where one has no place."""
    return (traces, np.zeros_like(traces)) if isinstance(order, Line) else order.places(traces)


def _put(out: Any, byte: int, kind: str, number: int, layout: Layout) -> None:
    out.seek(byte - 1)
    out.write(struct.pack((">" if layout.endian == "big" else "<") + kind, number))


def _reads_back(path: Path, layout: Layout) -> bool:
    """Whether traces are found in the new file where they are."""
    try:
        found = read_layout(path)
    except SurveyError:
        return False
    names = ("endian", "n_samples", "n_traces", "first_trace", "trace_header_bytes")
    return all(getattr(found, name) == getattr(layout, name) for name in names)


def _correct_counts(out: Any, layout: Layout) -> None:
    """Set the counts of the binary header to what is true.

    Other sizes of samples can make a wrong count fit the size of the file, and then it would be believed.
    """
    _put(out, 3221, "H", min(layout.n_samples, 0xFFFF), layout)
    _put(out, 3505, "h", (layout.first_trace - HEADERS_BYTES) // TEXT_BYTES, layout)
    if layout.revision == 2:
        _put(out, 3269, "I", layout.n_samples, layout)
        _put(out, 3507, "h", layout.trace_header_bytes // TRACE_HEADER_BYTES - 1, layout)
        _put(out, 3513, "Q", layout.n_traces, layout)
        _put(out, 3521, "Q", layout.first_trace, layout)
        _put(out, 3529, "i", layout.trailer_bytes // TEXT_BYTES, layout)


def gather(values: ArrayLike, i: Ints, j: Ints) -> NDArray[Any]:
    """Traces at pairs of indices, shape (n, sample); zeros where the indices are -1."""
    on = i >= 0
    if not on.all():
        out = np.zeros((len(i), values.shape[-1]), dtype=values.dtype)
        if on.any():
            out[on] = gather(values, i[on], j[on])
        return out
    (i0, i1), (j0, j1) = (int(i.min()), int(i.max()) + 1), (int(j.min()), int(j.max()) + 1)
    if values.ndim == 2:
        return read(values, slice(i0, i1))[i - i0]
    if (i1 - i0) * (j1 - j0) <= 2 * len(i):
        return np.asarray(read(values, slice(i0, i1), slice(j0, j1))[i - i0, j - j0])
    # The traces are scattered: two halves lie closer together.
    half = len(i) // 2
    return np.concatenate([gather(values, i[:half], j[:half]), gather(values, i[half:], j[half:])])


def _sample_format(values: ArrayLike) -> tuple[int, type[np.generic]]:
    """Smallest sample format that holds the values exactly if they are integers, IEEE float otherwise."""
    kind = np.dtype(values.dtype)
    if kind.kind == "b":
        return 8, np.int8
    if kind == np.uint8:
        # Which of the two codes for single bytes is right is known once they have been written.
        return 16, np.uint8
    if kind.kind in "iu":
        low = high = 0
        for piece in pieces(values):
            slab = read(values, piece)
            low, high = min(low, int(slab.min())), max(high, int(slab.max()))
            release(values)
        for code, stored in _INTEGERS:
            limits = np.iinfo(stored)
            if limits.min <= low and high <= limits.max:
                return code, stored
    return 5, np.float32
