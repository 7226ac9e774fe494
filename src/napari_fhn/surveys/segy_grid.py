"""Which trace of a SEG-Y file lies where: a regular grid of inlines and crosslines, or a line.

For a regular grid the trace number is an affine function of the two indices, whatever the sorting
and direction,

    trace(i, j) = first + i * inline_stride + j * crossline_stride

so nothing per trace needs to be kept. An irregular outline would need a map of trace numbers instead; this is
the place where it would be made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_fhn.surveys.errors import SurveyError

Ints = NDArray[np.integer]


@dataclass(frozen=True)
class Grid:
    """A full regular grid of traces, axes ascending in survey numbers.

    Attributes
    ----------
    inlines, crosslines : ndarray of float64, shape (n_inline,), (n_crossline,)
        Survey numbers, ascending with a constant step.
    first, inline_stride, crossline_stride : int
        Trace number of (0, 0) and what one step along each axis adds to it.
    sorting : {"inline", "crossline"}
        "inline": neighbouring traces of the file lie on one inline.
    """

    inlines: NDArray[np.float64]
    crosslines: NDArray[np.float64]
    first: int
    inline_stride: int
    crossline_stride: int
    sorting: str

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inlines and crosslines."""
        return self.inlines.size, self.crosslines.size

    def trace(self, i: int, j: int) -> int:
        """Trace number of inline index `i` and crossline index `j`."""
        return self.first + i * self.inline_stride + j * self.crossline_stride


@dataclass(frozen=True)
class Line:
    """A 2D line: the traces in the order of the file."""

    n_traces: int

    @property
    def sorting(self) -> str:
        """Always "line"."""
        return "line"


def find_grid(
    path: Path, inline: Ints, crossline: Ints, offset: Ints, record: Ints, cdp: Ints, places: tuple[int, int]
) -> Grid | Line:
    """Find how the traces of a file are laid out from their header numbers.

    Parameters
    ----------
    path : Path
        For the sentences.
    inline, crossline : ndarray of int, shape (n_trace,)
        Survey numbers of every trace.
    offset, record, cdp : ndarray of int, shape (n_looked_at,)
        Source-receiver offset, field record and CDP number of an evenly spread choice of traces.
    places : tuple of int
        Header bytes the inline and crossline numbers came from, for the sentences.

    Returns
    -------
    Grid or Line

    Raises
    ------
    SurveyError
        For single traces, pre-stack gathers and irregular layouts, each with what it is.
    """
    n = inline.size
    where = f"bytes {places[0]} and {places[1]} of the trace headers"
    elsewhere = "If the numbers live elsewhere, open it with e.g. inline_byte=9, crossline_byte=21"
    if n == 1:
        raise SurveyError(path, "it holds a single trace, which is neither a line nor a volume", "Open a survey")
    if not inline.any() and not crossline.any():
        return _unnumbered_line(path, n, offset, record, cdp, where, elsewhere)
    pairs = np.stack([inline, crossline], axis=1).astype(np.int64)
    inlines, i = np.unique(inline, return_inverse=True)
    crosslines, j = np.unique(crossline, return_inverse=True)
    n_places = np.unique(i.astype(np.int64) * crosslines.size + j).size
    if n_places < n:
        offsets = np.unique(offset)
        if offsets.size > 1:
            raise SurveyError(
                path,
                f"it is pre-stack: {n} traces on {n_places} places, offsets {offsets[0]} to {offsets[-1]}",
                "Stack it first; only post-stack surveys are read",
            )
        raise SurveyError(
            path,
            f"{n - n_places} of {n} traces repeat an inline and crossline ({where}) another trace has",
            f"Remove the duplicates. {elsewhere}",
        )
    if inlines.size == 1 or crosslines.size == 1 or _is_walk(pairs, inlines, crosslines):
        return Line(n)
    if n != inlines.size * crosslines.size:
        raise SurveyError(
            path,
            f"its outline is irregular: {n} traces, but {inlines.size} inlines ({inlines[0]} to "
            f"{inlines[-1]}) x {crosslines.size} crosslines ({crosslines[0]} to {crosslines[-1]}) need "
            f"{inlines.size * crosslines.size} ({where})",
            f"Export it padded to a full rectangle. {elsewhere}",
        )
    for name, numbers in (("inline", inlines), ("crossline", crosslines)):
        steps = np.diff(numbers)
        odd = np.flatnonzero(steps != steps[0])
        if odd.size:
            at = odd[0]
            raise SurveyError(
                path,
                f"the {name} numbers are unevenly spaced: {numbers[at]} is followed by {numbers[at + 1]}, "
                f"steps before are {steps[0]}",
                f"Export it with a constant {name} step",
            )
    trace = np.empty((inlines.size, crosslines.size), dtype=np.int64)
    trace[i, j] = np.arange(n)
    first, inline_stride, crossline_stride = (
        int(trace[0, 0]),
        int(trace[1, 0] - trace[0, 0]),
        int(trace[0, 1] - trace[0, 0]),
    )
    expected = first + np.arange(inlines.size)[:, None] * inline_stride + np.arange(crosslines.size) * crossline_stride
    wrong = trace != expected
    if wrong.any():
        a, b = np.argwhere(wrong)[0]
        raise SurveyError(
            path,
            "its traces are sorted neither by inline nor by crossline: "
            f"inline {inlines[a]}, crossline {crosslines[b]} is trace {trace[a, b] + 1}, not "
            f"{expected[a, b] + 1}",
            "Export it sorted by inline",
        )
    return Grid(
        inlines=inlines.astype(np.float64),
        crosslines=crosslines.astype(np.float64),
        first=first,
        inline_stride=inline_stride,
        crossline_stride=crossline_stride,
        sorting="inline" if abs(inline_stride) > abs(crossline_stride) else "crossline",
    )


def _unnumbered_line(path: Path, n: int, offset: Ints, record: Ints, cdp: Ints, where: str, elsewhere: str) -> Line:
    """Take traces without inline and crossline numbers for a line, unless they look like gathers."""
    offsets = np.unique(offset)
    if offsets.size > 1:
        raise SurveyError(
            path,
            f"it is pre-stack: {n} traces with offsets {offsets[0]} to {offsets[-1]} and no inline or "
            f"crossline numbers ({where})",
            f"Stack it first. {elsewhere}",
        )
    records = np.unique(record)
    if records.size > 1 and np.unique(cdp).size < cdp.size:
        raise SurveyError(
            path,
            f"it looks like shot gathers: no inline, crossline ({where}) or CDP numbers, but field records "
            f"{records[0]} to {records[-1]}",
            f"Stack it first. {elsewhere}",
        )
    return Line(n)


def _is_walk(pairs: Ints, inlines: Ints, crosslines: Ints) -> bool:
    """Tell an arbitrary line, where each trace neighbours the one before, from a volume with gaps."""
    if len(pairs) >= inlines.size * crosslines.size:
        return False
    reach = np.array([np.diff(inlines).min(), np.diff(crosslines).min()])
    return bool((np.abs(np.diff(pairs, axis=0)) <= 2 * reach).all())
