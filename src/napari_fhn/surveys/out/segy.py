"""SEG-Y out: every header of the source byte for byte, the samples of a prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.blocks import ArrayLike, Told, pieces, read, release
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.moving import check_room

_HEADERS, _TEXT, _TRACE_HEADER = 3600, 3200, 240
_FORMAT_AT = 3224
_SAMPLE_BYTES = {1: 4, 2: 4, 3: 2, 4: 4, 5: 4, 6: 8, 7: 3, 8: 1, 9: 8, 10: 4, 11: 2, 12: 8, 15: 3, 16: 1}
_INTEGERS: tuple[tuple[int, type[np.integer[Any]]], ...] = ((8, np.int8), (16, np.uint8), (3, np.int16), (2, np.int32))
_END_OF_TEXT = "((SEG: EndText))"
#: Bytes of traces written at once.
_BLOCK = 32 * 2**20
#: Headers looked at to see whether a survey is the one of its source.
_N_LOOKED_AT = 256

Endian = Literal["big", "little"]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_Numbers = Callable[[NDArray[np.void]], tuple[Floats, Floats]]
_Place = Callable[[NDArray[np.void], int], tuple[Ints, Ints]]


@dataclass(frozen=True)
class _Source:
    """Where the bytes of the source are, as far as copying its headers needs to know."""

    path: Path
    endian: Endian
    n_samples: int
    sample_bytes: int
    first: int
    header_bytes: int
    n_traces: int
    tail: int

    def headers(self, start: int, count: int) -> NDArray[np.void]:
        """Headers of some traces, without reading the samples in between."""
        trace = np.dtype([("header", f"V{self.header_bytes}"), ("samples", f"V{self.n_samples * self.sample_bytes}")])
        offset = self.first + start * trace.itemsize
        # Mapped anew for each block: a mapping of the whole file would count as memory of this process.
        traces = np.memmap(self.path, dtype=trace, mode="r", offset=offset, shape=(count,))
        return np.array(traces["header"])


def write_segy(path: Path, values: ArrayLike, like: xr.DataArray, named: Path, told: Told | None = None) -> None:
    """Write values as SEG-Y with the headers of the file `like` was opened from.

    Text, binary, extended and trace headers, and what follows the last trace, are copied byte for byte in the
    source's trace and byte order; only the sample format code (bytes 3225-3226) is set anew. Trace ``i`` of the file
    gets the values at its inline and crossline; places without a trace stay without one. A few tens of megabytes are
    in memory at a time.

    Parameters
    ----------
    path : Path
        Where to write.
    values : ArrayLike, shape (inline, crossline, sample) or (trace, sample)
        On the grid of `like`, which must be the whole survey.
    like : xarray.DataArray
        As `napari_fhn.surveys.open` gave it; its source must still be there, unchanged.
    named : Path
        The name to use in sentences.
    told : callable, optional
        Told the share that is done.

    Raises
    ------
    SurveyError
        When there is no SEG-Y source, or `like` is not the whole of it.
    """
    source = _look(like, values, named)
    place = _placing(source, like, named, values)
    code, kind = _sample_format(values)
    stored = np.dtype(kind).newbyteorder(">" if source.endian == "big" else "<")
    out_trace = np.dtype([("header", f"V{source.header_bytes}"), ("samples", stored, (source.n_samples,))])
    check_room(path, source.first + source.n_traces * out_trace.itemsize + source.tail)
    rows = max(1, _BLOCK // out_trace.itemsize)
    top = 0
    with path.open("wb") as out, source.path.open("rb") as file:
        out.write(file.read(source.first))
        for start in range(0, source.n_traces, rows):
            count = min(rows, source.n_traces - start)
            block = np.empty(count, dtype=out_trace)
            headers = source.headers(start, count)
            block["header"] = headers
            block["samples"] = _gather(values, *place(headers, start))
            release(values)
            if stored.itemsize == 1:
                top = max(top, int(block["samples"].max(initial=0)))
            out.write(block.view(np.uint8).data)
            if told is not None:
                told((start + count) / source.n_traces)
        file.seek(-source.tail, 2)
        out.write(file.read(source.tail))
        if kind is np.uint8 and top <= 127:
            # The bytes are the same, and signed ones are known to programs older than revision 2.
            code = 8
        out.seek(_FORMAT_AT)
        out.write(code.to_bytes(2, source.endian))


def _look(like: xr.DataArray, values: ArrayLike, named: Path) -> _Source:
    """Find the headers to copy."""
    path = Path(str(like.attrs.get("source", "")))
    said = str(like.attrs.get("format", ""))
    if not said.startswith("SEG-Y"):
        raise SurveyError(
            named, "SEG-Y needs the headers of a SEG-Y survey, and this one is none", "Use .tif, .nc, .zarr or .npy"
        )
    if not path.is_file():
        raise SurveyError(named, f"the survey's file {path}, whose headers are needed, is gone", "Put it back")
    size = path.stat().st_size
    n_samples = int(like.shape[-1])
    with path.open("rb") as file:
        head = file.read(_HEADERS)
        endian = _endian(head, said)
        code = _integer(head, 3225, endian)
        n_text = _integer(head, 3505, endian)
        modern = max(head[3500:3502], default=0) >= 2
        first = _HEADERS + _TEXT * n_text if n_text >= 0 else _end_of_text(file)
    header_bytes = _TRACE_HEADER * (1 + (max(0, _integer(head, 3507, endian)) if modern else 0))
    trailer = _TEXT * max(0, _integer(head, 3529, endian, 4)) if modern else 0
    sample_bytes = _SAMPLE_BYTES.get(code, 0)
    trace_bytes = header_bytes + n_samples * sample_bytes
    room = size - first - (trailer if trailer < size - first else 0)
    n_traces = room // trace_bytes
    if like.ndim == 2 and n_traces >= like.shape[0]:
        n_traces = like.shape[0]
    whole = values.shape == like.shape and (like.ndim == 3 or n_traces == like.shape[0])
    if not (whole and sample_bytes and n_traces > 0):
        raise _not_whole(named, path, values)
    # Half a trace behind the last one is damage, which is not copied; a trailer of text is part of the file.
    tail = trailer if size - first - n_traces * trace_bytes == trailer else 0
    return _Source(path, endian, n_samples, sample_bytes, first, header_bytes, n_traces, tail)


def _endian(head: bytes, said: str) -> Endian:
    """Byte order as the reader found it, else the one in which the format code makes sense."""
    if "little-endian" in said:
        return "little"
    if "big-endian" in said:
        return "big"
    return "big" if _integer(head, 3225, "big") in _SAMPLE_BYTES else "little"


def _integer(head: bytes, byte: int, endian: Endian, size: int = 2) -> int:
    return int.from_bytes(head[byte - 1 : byte - 1 + size], endian, signed=True)


def _end_of_text(file: Any) -> int:
    """Find the first trace behind a number of extended text headers that the file does not say."""
    first = _HEADERS
    file.seek(first)
    while block := file.read(_TEXT):
        first += len(block)
        if any(_END_OF_TEXT in block.decode(code, "ignore") for code in ("ascii", "cp037")):
            break
    return first


def _not_whole(named: Path, source: Path, values: ArrayLike) -> SurveyError:
    return SurveyError(
        named,
        f"values of shape {values.shape} are not the whole survey {source.name}",
        "Save the prediction of the whole survey",
    )


def _placing(source: _Source, like: xr.DataArray, named: Path, values: ArrayLike) -> _Place:
    """Return what gives the places on the grid of a block of headers that starts at some trace."""
    if like.ndim == 2:
        return lambda headers, start: (np.arange(start, start + len(headers)), np.zeros(len(headers), np.int64))
    spread = np.unique(np.linspace(0, source.n_traces - 1, _N_LOOKED_AT).round().astype(np.int64))
    looked_at = np.concatenate([source.headers(int(k), 1) for k in spread])
    for numbers in _numberings(source, like):
        i, _ = _on_grid(numbers, like, looked_at)
        # Fields that nobody filled in hold zeros, and 0 may be a number of the grid.
        filled = like.shape[:2] == (1, 1) or any(number.any() for number in numbers(looked_at))
        if filled and (i >= 0).any() and _may_be_off(source, numbers, looked_at, i):
            break
    else:
        raise _not_whole(named, source.path, values)

    def place(headers: NDArray[np.void], start: int) -> tuple[Ints, Ints]:
        i, j = _on_grid(numbers, like, headers)
        if not _may_be_off(source, numbers, headers, i):
            raise _not_whole(named, source.path, values)
        return i, j

    return place


def _numberings(source: _Source, like: xr.DataArray) -> Iterator[_Numbers]:
    """Ways to get inline and crossline numbers from headers; the one that fits the survey is taken."""
    places = like.attrs.get("header_bytes", (189, 193))
    for size in (4, 2) if places else ():
        yield partial(_header_numbers, source, places, size)
    geometry = like.attrs.get("geometry")
    if isinstance(geometry, SurveyGeometry):
        for places in ((181, 185), (73, 77)):
            yield partial(_map_numbers, source, places, geometry)


def _field(source: _Source, headers: NDArray[np.void], byte: int, size: int = 4) -> Ints:
    """One integer field of every header, by its first byte counted from 1."""
    raw = headers.view(np.uint8).reshape(len(headers), -1)[:, byte - 1 : byte - 1 + size]
    kind = np.dtype(f"i{size}").newbyteorder(">" if source.endian == "big" else "<")
    return np.ascontiguousarray(raw).view(kind)[:, 0].astype(np.int64)


def _header_numbers(
    source: _Source, places: tuple[int, int], size: int, headers: NDArray[np.void]
) -> tuple[Floats, Floats]:
    inline, crossline = (_field(source, headers, place, size).astype(np.float64) for place in places)
    return inline, crossline


def _map_numbers(
    source: _Source, places: tuple[int, int], geometry: SurveyGeometry, headers: NDArray[np.void]
) -> tuple[Floats, Floats]:
    scalar = _field(source, headers, 71, 2)
    size = np.abs(np.where(scalar == 0, 1, scalar)).astype(np.float64)
    factor = np.where(scalar < 0, 1 / size, size)
    inline, crossline = geometry.to_numbers(*(_field(source, headers, place) * factor for place in places))
    return (
        np.round((inline - geometry.numbers[0]) / geometry.increments[0]) * geometry.increments[0]
        + geometry.numbers[0],
        np.round((crossline - geometry.numbers[1]) / geometry.increments[1]) * geometry.increments[1]
        + geometry.numbers[1],
    )


def _on_grid(numbers: _Numbers, like: xr.DataArray, headers: NDArray[np.void]) -> tuple[Ints, Ints]:
    """Indices of every trace along both lateral axes of the survey, -1 where it lies on no place of it."""
    found = []
    for dim, number in zip(like.dims[:2], numbers(headers), strict=True):
        axis = np.asarray(like[dim], dtype=np.float64)
        step = (axis[-1] - axis[0]) / (axis.size - 1) if axis.size > 1 else 1.0
        index = (number - axis[0]) / step
        near = np.round(index)
        good = (np.abs(index - near) < 1e-3) & (near >= 0) & (near < axis.size)
        found.append(np.where(good, near, -1).astype(np.int64))
    off = (found[0] < 0) | (found[1] < 0)
    return np.where(off, -1, found[0]), np.where(off, -1, found[1])


def _may_be_off(source: _Source, numbers: _Numbers, headers: NDArray[np.void], i: Ints) -> bool:
    """Say whether the traces off the grid are padding: without numbers, or marked as dead or dummy (byte 29)."""
    off = i < 0
    if not off.any():
        return True
    inline, crossline = numbers(headers[off])
    padding = (inline == 0) & (crossline == 0)
    return bool((padding | np.isin(_field(source, headers[off], 29, 2), (2, 3))).all())


def _gather(values: ArrayLike, i: Ints, j: Ints) -> NDArray[Any]:
    """Traces at pairs of indices, shape (n, sample); zeros where the indices are -1."""
    on = i >= 0
    if not on.all():
        out = np.zeros((len(i), values.shape[-1]), dtype=values.dtype)
        if on.any():
            out[on] = _gather(values, i[on], j[on])
        return out
    (i0, i1), (j0, j1) = (int(i.min()), int(i.max()) + 1), (int(j.min()), int(j.max()) + 1)
    if values.ndim == 2:
        return read(values, slice(i0, i1))[i - i0]
    if (i1 - i0) * (j1 - j0) <= 2 * len(i):
        return np.asarray(read(values, slice(i0, i1), slice(j0, j1))[i - i0, j - j0])
    # The traces are scattered: two halves lie closer together.
    half = len(i) // 2
    return np.concatenate([_gather(values, i[:half], j[:half]), _gather(values, i[half:], j[half:])])


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
