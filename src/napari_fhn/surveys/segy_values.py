"""The samples of a SEG-Y file, read when they are asked for and not before."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np
import segyio
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy_grid import Grid, Line
from napari_fhn.surveys.segy_layout import Layout


def value_type(format: int) -> np.dtype[Any]:
    """Type the samples are handed out in: single bytes as they are, everything else as float32."""
    return np.dtype({8: np.int8, 16: np.uint8}.get(format, np.float32))


class SegyValues(BackendArray):
    """Lazy samples, shape (inline, crossline, sample) or (trace, sample).

    Reads go through segyio, one call per line along the shorter lateral axis (one call in all where the
    traces asked for are evenly spaced in the file, as for a whole time slice), and copy only the samples
    asked for. A lock guards the one file handle, since slices are asked for from several threads. Pickling
    drops the handle.

    Parameters
    ----------
    layout : Layout
        The byte layout.
    order : Grid or Line
        The trace order.
    """

    def __init__(self, layout: Layout, order: Grid | Line) -> None:
        self.layout = layout
        self.order = order
        lateral = order.shape if isinstance(order, Grid) else (order.n_traces,)
        self.shape = (*lateral, layout.n_samples)
        self.dtype = value_type(layout.format)
        self._lock = threading.Lock()
        self._file: segyio.SegyFile | None = None

    def __getstate__(self) -> tuple[Layout, Grid | Line]:
        return self.layout, self.order

    def __setstate__(self, state: tuple[Layout, Grid | Line]) -> None:
        self.__init__(*state)  # type: ignore[misc]

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
        if isinstance(self.order, Grid):
            strides = (self.order.inline_stride, self.order.crossline_stride)
            first = self.order.first
        else:
            # A line is a grid of one row.
            lateral.insert(0, range(1))
            strides, first = (0, 1), 0
        box = self._read_box(first, strides, (lateral[0], lateral[1]), samples)
        if not isinstance(self.order, Grid):
            box = box[0]
        return box[tuple(slice(None) if isinstance(k, slice) else 0 for k in key)]

    def _read_box(
        self, first: int, strides: tuple[int, int], lateral: tuple[range, range], samples: range
    ) -> NDArray[Any]:
        a, b = lateral
        if not (len(a) and len(b) and len(samples)):
            return np.empty((len(a), len(b), len(samples)), dtype=self.dtype)
        flip = samples.step < 0
        if flip:
            samples = samples[::-1]
        start = first + a[0] * strides[0] + b[0] * strides[1]
        step_a, step_b = a.step * strides[0], b.step * strides[1]
        swap = len(b) < len(a)
        outer, inner, step_outer, step_inner = (
            (len(b), len(a), step_b, step_a) if swap else (len(a), len(b), step_a, step_b)
        )
        # Where either axis continues the other evenly, all traces are one arithmetic progression: a single
        # call.
        if step_a == step_b * len(b):
            swap, outer, inner, step_inner = False, 1, len(a) * len(b), step_b
        elif step_b == step_a * len(a):
            swap, outer, inner, step_inner = True, 1, len(a) * len(b), step_a
        with self._lock:
            file = self._open()
            buffer = np.empty((outer, inner, len(samples)), dtype=file.dtype)
            for k in range(outer):
                self._read_line(file, buffer[k], start + k * step_outer, step_inner, inner, samples)
        box = buffer.reshape(len(b), len(a), -1).swapaxes(0, 1) if swap else buffer.reshape(len(a), len(b), -1)
        if flip:
            box = box[..., ::-1]
        return box.astype(self.dtype, copy=False)

    @staticmethod
    def _read_line(
        file: segyio.SegyFile, buffer: NDArray[Any], start: int, step: int, count: int, samples: range
    ) -> None:
        """Read `samples` of `count` traces, `step` apart: the one place where samples come in."""
        file.xfd.gettr(buffer, start, step, count, samples.start, samples.stop, samples.step, len(samples))

    def _open(self) -> segyio.SegyFile:
        # The file is mapped into memory: had it become shorter, reading past its end would end the program.
        size = self.layout.path.stat().st_size
        if size < self.layout.file_bytes:
            raise SurveyError(
                self.layout.path,
                f"it has become shorter since it was opened ({size} bytes, {self.layout.file_bytes} before)",
                "Open it again",
            )
        if self._file is None:
            self._file = open_file(self.layout)
        return self._file


def open_file(layout: Layout) -> segyio.SegyFile:
    """Open a file with segyio, mapped into memory where the system can, geometry left alone.

    Raises
    ------
    SurveyError
        When segyio cannot, or counts samples and traces differently than `layout`.
    """
    try:
        with warnings.catch_warnings():
            # Of a format it does not know segyio only warns; read_layout has refused those.
            warnings.simplefilter("ignore")
            file = segyio.open(str(layout.path), ignore_geometry=True, endian=layout.endian)
    except (RuntimeError, ValueError, IndexError, OSError) as error:
        raise SurveyError(layout.path, f"segyio cannot open it ({error})", "Export it again") from error
    if file.tracecount != layout.n_traces or len(file.samples) != layout.n_samples:
        counted = f"{file.tracecount} traces of {len(file.samples)} samples"
        file.close()
        raise SurveyError(
            layout.path,
            f"its headers disagree: {layout.n_traces} traces of {layout.n_samples} samples, or {counted}",
            "Export it again",
        )
    file.mmap()
    return file
