"""Trace headers: any field, of a few traces spread over a file or of all of them."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy import header_cache
from napari_fhn.surveys.segy.binary import TRACE_HEADER_BYTES, Layout
from napari_fhn.surveys.segy.trace_bytes import Progress, TraceBytes

Ints = NDArray[np.int64]

#: Files up to this many traces or bytes have all their headers looked at.
SMALL_TRACES = 1024
SMALL_BYTES = 16 * 2**20
#: First traces of a larger file that are looked at, runs of neighbours, their length, and single traces.
_FIRST, _RUNS, _RUN, _SINGLES = 64, 7, 16, 128
#: 1 divided by the golden ratio: multiples of it never fall into step with a line length.
_GOLDEN = 0.6180339887498949

#: Fields of two bytes: trace identification, coordinate scalar and units, delay, sample count and interval, time
#: scalar. All others are read as four, since survey numbers and coordinates of four bytes stand at any place.
SHORT = frozenset([29, 71, 89, 109, 115, 117, 215])


def chosen_traces(layout: Layout) -> Ints:
    """Choose the traces of a file to look at.

    Parameters
    ----------
    layout : Layout
        The file.

    Returns
    -------
    ndarray of int64, shape (n,)
        Trace numbers, ascending. All of them where the file is small; else the first ones, some runs of
        neighbours, and single ones that keep out of step with any line length.
    """
    n = layout.n_traces
    if n <= SMALL_TRACES or n * layout.trace_bytes <= SMALL_BYTES:
        return np.arange(n, dtype=np.int64)
    first = np.arange(min(_FIRST, n))
    starts = np.linspace(0, n - _RUN, _RUNS + 2)[1:-1].astype(np.int64)
    runs = (starts[:, None] + np.arange(_RUN)).ravel()
    singles = (n * ((np.arange(1, _SINGLES + 1) * _GOLDEN) % 1.0)).astype(np.int64)
    return np.unique(np.concatenate([first, runs, singles, [n - 1]])).astype(np.int64)


class Headers:
    """The trace headers of a file; those looked at are read once, others when they are asked for.

    Parameters
    ----------
    layout : Layout
        The file.
    file : TraceBytes, optional
        How to read it.

    Attributes
    ----------
    traces : ndarray of int64, shape (n,)
        Trace numbers that are looked at, ascending.
    """

    def __init__(self, layout: Layout, file: TraceBytes | None = None) -> None:
        self.layout = layout
        self.file = file or TraceBytes(layout)
        self.traces = chosen_traces(layout)

    @property
    def complete(self) -> bool:
        """Whether all traces are looked at."""
        return self.traces.size == self.layout.n_traces

    @cached_property
    def _block(self) -> NDArray[np.uint8]:
        return self.file.gather(self.traces, 0, TRACE_HEADER_BYTES)

    @cached_property
    def neighbours(self) -> NDArray[np.intp]:
        """Places in `traces` whose successor is the next trace of the file."""
        return np.flatnonzero(np.diff(self.traces) == 1)

    def look(self, byte: int) -> Ints:
        """Return a field of the traces looked at.

        Parameters
        ----------
        byte : int
            Its first byte, from 1.

        Returns
        -------
        ndarray of int64, shape (n,)
        """
        return number(self._block, byte, self.layout)

    def of(self, traces: Ints, *bytes_: int) -> list[Ints]:
        """Return fields of some traces, in any order.

        Parameters
        ----------
        traces : ndarray of int64, shape (n,)
            Trace numbers.
        *bytes_ : int
            First bytes of the fields.

        Returns
        -------
        list of ndarray of int64, shape (n,)
        """
        start, stop = self._window(bytes_)
        block = self.file.gather(np.asarray(traces, dtype=np.int64), start - 1, stop)
        return [number(block, byte, self.layout, start) for byte in bytes_]

    def all(self, *bytes_: int, progress: Progress | None = None) -> list[Ints]:
        """Return fields of all traces.

        Parameters
        ----------
        *bytes_ : int
            First bytes of the fields.
        progress : callable, optional
            Called with the share that has been read: in a large file this takes a while, the first time.

        Returns
        -------
        list of ndarray of int64, shape (n_trace,)
        """
        if self.complete:
            return [self.look(byte) for byte in bytes_]
        if (kept := header_cache.recall(self.layout, bytes_)) is not None:
            return kept
        n = self.layout.n_traces
        start, stop = self._window(bytes_)
        out = [np.empty(n, dtype=np.int64) for _ in bytes_]
        for part, rows in self.file.pieces(np.arange(n, dtype=np.int64), start - 1, stop):
            for values, byte in zip(out, bytes_, strict=True):
                values[part] = number(rows, byte, self.layout, start)
            if progress is not None:
                progress(part.stop / n)
        header_cache.keep(self.layout, bytes_, out)
        return out

    def check(self, byte: int, name: str) -> None:
        """Refuse a byte at which no field can start.

        Raises
        ------
        SurveyError
            With the bytes that can be given.
        """
        if not 1 <= byte <= TRACE_HEADER_BYTES - 3:
            raise SurveyError(
                self.layout.path,
                f"no trace header field starts at byte {byte}",
                f"Give the first byte of a field, 1 to {TRACE_HEADER_BYTES - 3}, e.g. {name}=189",
            )

    @staticmethod
    def _window(bytes_: tuple[int, ...]) -> tuple[int, int]:
        return min(bytes_), max(byte + (1 if byte in SHORT else 3) for byte in bytes_)


def number(block: NDArray[np.uint8], byte: int, layout: Layout, first: int = 1) -> Ints:
    """Read a field out of the bytes of headers.

    Parameters
    ----------
    block : ndarray of uint8, shape (n, k)
        Header bytes from `first` on.
    byte : int
        First byte of the field, from 1.
    layout : Layout
        Says the byte order.
    first : int
        Byte the block starts with.

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    at, width = byte - first, 2 if byte in SHORT else 4
    mark = ">" if layout.endian == "big" else "<"
    field = np.ascontiguousarray(block[:, at : at + width]).view(f"{mark}i{width}")
    return field[:, 0].astype(np.int64)


def factor(scalar: Ints) -> NDArray[np.float64]:
    """Turn SEG-Y scalars (negative: divide, 0: leave) into factors.

    Parameters
    ----------
    scalar : ndarray of int64
        As the header holds them.

    Returns
    -------
    ndarray of float64, same shape
    """
    size = np.abs(np.where(scalar == 0, 1, scalar)).astype(np.float64)
    return np.where(scalar < 0, 1.0 / size, size)
