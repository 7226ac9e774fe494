"""The same stretch of bytes out of many traces: the one place where a SEG-Y file is read.

Plain reads, no memory mapping: had a mapped file become shorter, looking past its end would end the program, and
every page looked at would count as memory of the process until the system takes it back.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy.binary import Layout

#: Bytes read at once: what stays in the processor's cache is copied several times faster.
CHUNK = 2**20
#: Gaps up to this many bytes are read over: a seek costs a disk more than the bytes it leaves out.
GAP = 16 * 2**10
#: Pieces announced to the system at once.
_AHEAD = 256

Progress = Callable[[float], None]


class TraceBytes:
    """Read pieces of traces, in the order of the file.

    Parameters
    ----------
    layout : Layout
        Where the traces are. The file is opened at the first read and closed with this object.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._file: Any = None
        self._lock = threading.Lock()

    def __getstate__(self) -> Layout:
        return self.layout

    def __setstate__(self, layout: Layout) -> None:
        self.__init__(layout)  # type: ignore[misc]

    def pieces(self, traces: NDArray[np.int64], start: int, stop: int) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
        """Read bytes `start` to `stop` of some traces.

        Parameters
        ----------
        traces : ndarray of int64, shape (n,)
            Trace numbers from 0, strictly ascending.
        start, stop : int
            Bytes counted from the first of the trace header.

        Yields
        ------
        slice
            Which of `traces`.
        ndarray of uint8, shape (k, stop - start)
            Their bytes; valid until the next is asked for.

        Raises
        ------
        SurveyError
            When the file ends before them.
        """
        width, size = self.layout.trace_bytes, stop - start
        per_chunk = max(1, CHUNK // width)
        breaks = np.flatnonzero(np.diff(traces) * width - size > GAP) + 1
        starts, ends = np.append(0, breaks), np.append(breaks, traces.size)
        buffer = np.empty(0, dtype=np.uint8)
        for run, (k, run_end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            if run % _AHEAD == 0 and starts.size > 1:
                self._announce(traces[starts[run : run + _AHEAD]], start, size)
            while k < run_end:
                end = min(run_end, int(np.searchsorted(traces, traces[k] + per_chunk)))
                first, last = int(traces[k]), int(traces[end - 1])
                span = (last - first) * width + size
                if buffer.size < span:
                    buffer = np.empty(span, dtype=np.uint8)
                self._fill(buffer[:span], self.layout.first_trace + first * width + start)
                if last - first == end - k - 1:
                    rows = as_strided(buffer, (end - k, size), (width, 1))
                else:
                    rows = as_strided(buffer, (last - first + 1, size), (width, 1))[traces[k:end] - first]
                yield slice(k, end), rows
                k = end

    def gather(
        self, traces: NDArray[np.int64], start: int, stop: int, progress: Progress | None = None
    ) -> NDArray[np.uint8]:
        """Read bytes `start` to `stop` of some traces into one array.

        Parameters
        ----------
        traces : ndarray of int64, shape (n,)
            Trace numbers from 0, in any order.
        start, stop : int
            As in `pieces`.
        progress : callable, optional
            Called with the share that has been read.

        Returns
        -------
        ndarray of uint8, shape (n, stop - start)
        """
        out = np.empty((traces.size, stop - start), dtype=np.uint8)
        order = None if ascending(traces) else np.argsort(traces, kind="stable")
        if order is not None and not ascending(traces[order]):
            unique, back = np.unique(traces, return_inverse=True)
            return self.gather(unique, start, stop, progress)[back]
        for part, rows in self.pieces(traces if order is None else traces[order], start, stop):
            out[part if order is None else order[part]] = rows
            if progress is not None:
                progress(part.stop / traces.size)
        return out

    def _fill(self, buffer: NDArray[np.uint8], offset: int) -> None:
        """Fill `buffer` from byte `offset` of the file."""
        view = memoryview(buffer.data)
        self._opened()
        while len(view):
            count = self._read(view, offset)
            if not count:
                size = os.fstat(self._file.fileno()).st_size
                raise SurveyError(
                    self.layout.path,
                    f"it has become shorter since it was opened ({size} bytes, {self.layout.file_bytes} before)",
                    "Open it again",
                )
            view = view[count:]
            offset += count

    def _announce(self, traces: NDArray[np.int64], start: int, size: int) -> None:
        """Tell the system which pieces will be read next: it fetches them side by side, not one after the other."""
        if hasattr(os, "posix_fadvise"):
            file = self._opened()
            for trace in traces.tolist():
                at = self.layout.first_trace + trace * self.layout.trace_bytes + start
                os.posix_fadvise(file.fileno(), at, size, os.POSIX_FADV_WILLNEED)

    def _opened(self) -> Any:
        with self._lock:
            if self._file is None:
                self._file = self.layout.path.open("rb", buffering=0)
                weakref.finalize(self, self._file.close)
            return self._file

    def _read(self, view: memoryview, offset: int) -> int:
        if hasattr(os, "preadv"):
            # Without moving a position that threads, and processes forked off, share.
            return os.preadv(self._file.fileno(), [view], offset)
        with self._lock:
            self._file.seek(offset)
            return int(self._file.readinto(view))


def ascending(traces: NDArray[np.int64]) -> bool:
    """Say whether trace numbers grow strictly, so that they can be read as they come."""
    return bool((traces[1:] > traces[:-1]).all())
