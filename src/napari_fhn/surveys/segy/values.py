"""The samples of a SEG-Y file, read when they are asked for and not before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import segyio
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from napari_fhn.surveys.segy.binary import Layout
from napari_fhn.surveys.segy.grid import Line, Order
from napari_fhn.surveys.segy.headers import number
from napari_fhn.surveys.segy.shifts import Shifts
from napari_fhn.surveys.segy.trace_bytes import TraceBytes, ascending

#: Types of the samples as they are stored; 3-byte integers and IBM floats have none.
_STORED = {2: "i4", 3: "i2", 5: "f4", 6: "f8", 8: "i1", 9: "i8", 10: "u4", 11: "u2", 12: "u8", 16: "u1"}
_IBM, _SHORTEST = 1, (8, 16)
#: Trace identification of dead and of dummy traces.
NO_TRACE = (2, 3)
_IDENTITY_BYTE = 29


def value_type(format: int, *, gaps: bool = False) -> np.dtype[Any]:
    """Type the samples are handed out in: single bytes as they are, everything else as float32.

    Parameters
    ----------
    format : int
        Sample format code.
    gaps : bool
        Some values may be missing, which no integer can say.

    Returns
    -------
    numpy.dtype
    """
    return np.dtype({8: np.int8, 16: np.uint8}.get(format, np.float32) if not gaps else np.float32)


def decode(raw: NDArray[np.uint8], layout: Layout, out: NDArray[Any]) -> None:
    """Turn stored samples into numbers.

    Parameters
    ----------
    raw : ndarray of uint8, shape (n, k * bytes per sample)
        As stored.
    layout : Layout
        Says how.
    out : ndarray, shape (n, k)
        Filled; float samples that are no finite number become NaN, which stands for "missing" everywhere.
    """
    mark = ">" if layout.endian == "big" else "<"
    if layout.format == _IBM:
        words = np.ascontiguousarray(raw).view(f"{mark}u4").astype(">u4")
        out[...] = _native()(words, _IBM, copy=False).reshape(out.shape)
    elif layout.format in (7, 15):
        # Into the upper three bytes of four: the shift down then carries the sign.
        wide = np.zeros((*out.shape, 4), dtype=np.uint8)
        thirds = raw.reshape(*out.shape, 3)
        wide[..., 1:] = thirds if layout.endian == "little" else thirds[..., ::-1]
        out[...] = wide.view("<i4" if layout.format == 7 else "<u4")[..., 0] >> 8
    else:
        stored = np.ascontiguousarray(raw).view(mark + _STORED[layout.format])
        with np.errstate(over="ignore", invalid="ignore"):
            out[...] = stored
    if layout.format in (_IBM, 5, 6):
        # Infinities, and what float32 cannot hold: a mean would carry one over everything.
        np.putmask(out, ~np.isfinite(out), np.nan)


@cache
def _native() -> Callable[..., NDArray[Any]]:
    """`segyio.tools.native`, ready to be called.

    It is compiled, and segyio loads what it has compiled with the first file that is opened, whatever comes of that.
    """
    with suppress(OSError):
        segyio.open(str(Path(__file__).with_name("nothing.sgy")))
    native: Callable[..., NDArray[Any]] = segyio.tools.native
    return native


class SegyValues(BackendArray):
    """Lazy samples, shape (inline, crossline, sample) or (trace, sample).

    Only the traces asked for are read, in the order of the file. Places without a trace are NaN, and so are traces
    marked dead or dummy. Slices may be asked for from several threads. Pickling drops the file handle.

    Parameters
    ----------
    layout : Layout
        The byte layout.
    order : Grid, TraceMap or Line
        The trace order.
    dead : bool
        Some traces are marked dead or dummy (byte 29 is 2 or 3): look at that of each trace read.
    shifts : Shifts, optional
        How traces that begin at times of their own lie on the axis.
    """

    def __init__(self, layout: Layout, order: Order, *, dead: bool = False, shifts: Shifts | None = None) -> None:
        self.layout = layout
        self.order = order
        self.dead = dead
        self.shifts = shifts
        lateral = (order.n_traces,) if isinstance(order, Line) else order.shape
        self.shape = (*lateral, layout.n_samples if shifts is None else shifts.n)
        self.dtype = value_type(layout.format, gaps=dead or not order.full or shifts is not None)
        self._file = TraceBytes(layout)

    def __getstate__(self) -> tuple[Layout, Order, bool, Shifts | None]:
        return self.layout, self.order, self.dead, self.shifts

    def __setstate__(self, state: tuple[Layout, Order, bool, Shifts | None]) -> None:
        self.__init__(state[0], state[1], dead=state[2], shifts=state[3])  # type: ignore[misc]

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        if isinstance(key, indexing.BasicIndexer):
            # xarray's adapter stumbles over empty slices with negative steps; `_read` takes any basic key.
            return self._read(key.tuple)
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        """Read the box of a basic key (integers drop their axis)."""
        ranges = [
            range(n)[k] if isinstance(k, slice) else range(int(k) % n, int(k) % n + 1)
            for k, n in zip(key, self.shape, strict=True)
        ]
        *lateral, samples = ranges
        if isinstance(self.order, Line):
            traces = np.asarray(lateral[0], dtype=np.int64)
        else:
            traces = self.order.traces(lateral[0], lateral[1])
        box = self._read_traces(traces.ravel(), samples).reshape(*traces.shape, len(samples))
        return box[tuple(slice(None) if isinstance(k, slice) else 0 for k in key)]

    def _read_traces(self, traces: NDArray[np.int64], samples: range) -> NDArray[Any]:
        """Read samples of traces in any order; -1 is no trace. Shape (len(traces), len(samples))."""
        out = np.empty((traces.size, len(samples)), dtype=self.dtype)
        if not out.size:
            return out
        rows = np.flatnonzero(traces >= 0)
        if rows.size < traces.size:
            out[...] = np.nan
        if not ascending(traces[rows]):
            rows = rows[np.argsort(traces[rows], kind="stable")]
        wanted = traces[rows]
        if self.shifts is not None:
            self._read_shifted(self.shifts, wanted, rows, samples, out)
        else:
            self._read_straight(wanted, rows, samples, out)
        if self.dead:
            identity = number(self._file.gather(wanted, 28, 30), _IDENTITY_BYTE, self.layout, _IDENTITY_BYTE)
            out[rows[np.isin(identity, NO_TRACE)]] = np.nan
        return out

    def _read_straight(
        self, wanted: NDArray[np.int64], rows: NDArray[np.intp], samples: range, out: NDArray[Any]
    ) -> None:
        """Read samples of traces in the order of the file into rows of an array."""
        low, high = min(samples[0], samples[-1]), max(samples[0], samples[-1])
        width, head = self.layout.sample_bytes, self.layout.trace_header_bytes
        whole = samples.step == 1
        for part, raw in self._file.pieces(wanted, head + low * width, head + (high + 1) * width):
            into = rows[part]
            straight = whole and into[-1] - into[0] == into.size - 1 and ascending(into)
            decoded = (
                out[into[0] : into[-1] + 1] if straight else np.empty((into.size, high + 1 - low), dtype=self.dtype)
            )
            decode(raw, self.layout, decoded)
            if not straight:
                out[into] = decoded if whole else decoded[:, :: samples.step]

    def _read_shifted(
        self, shifts: Shifts, wanted: NDArray[np.int64], rows: NDArray[np.intp], samples: range, out: NDArray[Any]
    ) -> None:
        """Read samples of the common axis, of traces in the order of the file, into rows of an array."""
        out[...] = np.nan
        if not wanted.size:
            return
        low, high = min(samples[0], samples[-1]), max(samples[0], samples[-1])
        n_own, width, head = self.layout.n_samples, self.layout.sample_bytes, self.layout.trace_header_bytes
        first, last = shifts.window(wanted, low, high, n_own)
        if last < first:
            return
        along = np.asarray(samples, dtype=np.int64)
        for part, raw in self._file.pieces(wanted, head + first * width, head + (last + 1) * width):
            decoded = np.empty((len(raw), last + 1 - first), dtype=np.float32)
            decode(raw, self.layout, decoded)
            out[rows[part]] = shifts.onto_axis(decoded, wanted[part], first, n_own, along)
