"""Which trace of a SEG-Y file lies where: a grid of inlines and crosslines, or a line.

For a regular grid the trace number is an affine function of the two indices, whatever the sorting and direction,

    trace(i, j) = first + i * inline_stride + j * crossline_stride

so nothing per trace needs to be kept (`Grid`). Missing traces, irregular outlines and odd orders need a map of trace
numbers (`TraceMap`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: A map may have so many places per trace; beyond that the traces lie on no grid worth drawing.
MOST_PLACES_PER_TRACE = 25


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

    inlines: Floats
    crosslines: Floats
    first: int
    inline_stride: int
    crossline_stride: int
    sorting: str

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inlines and crosslines."""
        return self.inlines.size, self.crosslines.size

    @property
    def full(self) -> bool:
        """Always True: every place has its trace."""
        return True

    def traces(self, i: range, j: range) -> Ints:
        """Trace numbers of a box of places, shape (len(i), len(j)); -1 where there is none."""
        return (
            self.first
            + np.arange(i.start, i.stop, i.step, dtype=np.int64)[:, None] * self.inline_stride
            + (np.arange(j.start, j.stop, j.step, dtype=np.int64) * self.crossline_stride)
        )

    def places(self, traces: Ints) -> tuple[Ints, Ints]:
        """Inline and crossline indices of trace numbers, each of their shape."""
        # The file goes down an axis whose stride is negative.
        strides = (self.inline_stride, self.crossline_stride)
        slow, fast = (0, 1) if self.sorting == "inline" else (1, 0)
        t = np.asarray(traces, dtype=np.int64)
        indices = {slow: t // abs(strides[slow]), fast: t % abs(strides[slow]) // abs(strides[fast])}
        i, j = (indices[k] if strides[k] > 0 else self.shape[k] - 1 - indices[k] for k in (0, 1))
        return i, j


@dataclass(frozen=True, eq=False)
class TraceMap:
    """A grid of traces that has gaps, or is in an order of its own.

    Attributes
    ----------
    inlines, crosslines : ndarray of float64, shape (n_inline,), (n_crossline,)
        Survey numbers, ascending with a constant step.
    numbers : ndarray of int32 or int64, shape (n_inline, n_crossline)
        Trace number of each place, -1 where there is none.
    n_traces : int
        Traces in the file, those without a place included.
    sorting : {"inline", "crossline"}
        The number that most neighbouring traces share.
    repeats : ndarray of int64, shape (n_repeat, 2)
        Traces whose place an earlier one has, and that place in `numbers` counted row by row.
    """

    inlines: Floats
    crosslines: Floats
    numbers: NDArray[np.integer]
    n_traces: int
    sorting: str
    repeats: Ints = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inlines and crosslines."""
        return self.inlines.size, self.crosslines.size

    @cached_property
    def full(self) -> bool:
        """Whether every place has its trace."""
        return bool((self.numbers >= 0).all())

    def traces(self, i: range, j: range) -> Ints:
        """Trace numbers of a box of places, shape (len(i), len(j)); -1 where there is none."""
        return self.numbers[np.ix_(np.asarray(i, dtype=np.intp), np.asarray(j, dtype=np.intp))].astype(np.int64)

    def places(self, traces: Ints) -> tuple[Ints, Ints]:
        """Inline and crossline indices of trace numbers, each of their shape; -1 for a trace without a place."""
        flat = self._places[traces]
        known = flat >= 0
        n = self.crosslines.size
        return np.where(known, flat // n, -1), np.where(known, flat % n, -1)

    @cached_property
    def _places(self) -> Ints:
        flat = np.full(self.n_traces, -1, dtype=np.int64)
        known = np.flatnonzero(self.numbers.ravel() >= 0)
        flat[self.numbers.ravel()[known]] = known
        flat[self.repeats[:, 0]] = self.repeats[:, 1]
        return flat


@dataclass(frozen=True)
class Line:
    """A 2D line: the traces in the order of the file."""

    n_traces: int

    @property
    def sorting(self) -> str:
        """Always "line"."""
        return "line"

    @property
    def full(self) -> bool:
        """Always True."""
        return True


Order = Grid | TraceMap | Line


@dataclass(frozen=True)
class Axis:
    """Survey numbers with a constant step, ascending."""

    start: int
    step: int
    size: int

    @property
    def numbers(self) -> Floats:
        """The numbers, shape (size,)."""
        return (self.start + self.step * np.arange(self.size, dtype=np.int64)).astype(np.float64)

    def __str__(self) -> str:
        return f"{self.start} to {self.start + self.step * (self.size - 1)}" + (
            f" step {self.step}" if self.step > 1 else ""
        )


def place_keys(inline: Ints, crossline: Ints) -> Ints:
    """Turn pairs of numbers (of 4 bytes) into one number each, equal where both are."""
    return (inline << 32) + (crossline & 0xFFFFFFFF)


def axis_of(values: Ints) -> Axis:
    """Find the axis that numbers lie on, without the few that lie far off at either end.

    A single damaged trace header must not stretch a survey over a million empty lines.

    Parameters
    ----------
    values : ndarray of int64, shape (n,)
        Numbers of traces, n > 0.

    Returns
    -------
    Axis
        Its step is the largest that meets all numbers kept.
    """
    unique, counts = np.unique(values, return_counts=True)
    first, last = 0, unique.size - 1
    spare = max(1, values.size // 100)
    while last - first > 2:
        above, below = unique[last] - unique[last - 1], unique[first + 1] - unique[first]
        rest = max(int(unique[last - 1] - unique[first + 1]), 10)
        if above >= below and above > rest and counts[last] <= spare:
            spare -= counts[last]
            last -= 1
        elif below > rest and counts[first] <= spare:
            spare -= counts[first]
            first += 1
        else:
            break
    kept = unique[first : last + 1]
    step = int(np.gcd.reduce(np.diff(kept))) if kept.size > 1 else 1
    return Axis(int(kept[0]), step, int(kept[-1] - kept[0]) // step + 1)


@dataclass(frozen=True)
class Arrangement:
    """What the survey numbers of all traces make.

    Attributes
    ----------
    order : Grid, TraceMap, Line or None
        None where they lie on no grid and no line.
    inlines, crosslines : Axis
        Of the numbers.
    n_places : int
        Different places that have a trace.
    repeats : ndarray of int64
        Traces whose place an earlier one has.
    unnumbered, strays : ndarray of int64
        Traces left out: both numbers empty; a number far off.
    """

    order: Order | None
    inlines: Axis
    crosslines: Axis
    n_places: int
    repeats: Ints
    unnumbered: Ints
    strays: Ints


def arrange(inline: Ints, crossline: Ints) -> Arrangement:
    """Arrange all traces of a file by their survey numbers.

    Parameters
    ----------
    inline, crossline : ndarray of int64, shape (n_trace,)
        In the order of the file, n > 0.

    Returns
    -------
    Arrangement
    """
    n = inline.size
    empty = (inline == 0) & (crossline == 0)
    # One trace may well lie at 0, 0, and many where others have one 0; the rest is padding that was never numbered.
    alone = np.array_equal(inline == 0, empty) and np.array_equal(crossline == 0, empty)
    unnumbered = np.flatnonzero(empty) if alone and 1 < np.count_nonzero(empty) < n else np.empty(0, dtype=np.int64)
    numbered = np.setdiff1d(np.arange(n, dtype=np.int64), unnumbered, assume_unique=True)
    il, xl = inline[numbered], crossline[numbered]
    inlines, crosslines = axis_of(il), axis_of(xl)
    i, j = (il - inlines.start) // inlines.step, (xl - crosslines.start) // crosslines.step
    inside = (i >= 0) & (i < inlines.size) & (j >= 0) & (j < crosslines.size)
    strays = numbered[~inside]
    numbered, i, j = numbered[inside], i[inside], j[inside]
    size = inlines.size * crosslines.size
    nothing = np.empty(0, dtype=np.int64)
    if size > MOST_PLACES_PER_TRACE * max(n, 1000):
        walk = Line(n) if is_walk(il, xl) else None
        n_places = np.unique(place_keys(i, j)).size
        return Arrangement(walk, inlines, crosslines, n_places, nothing, unnumbered, strays)
    flat = i * crosslines.size + j
    numbers: NDArray[np.integer] = np.full(size, -1, dtype=np.int32 if n < 2**31 else np.int64)
    # Written backwards, so that the first trace of a place stays.
    numbers[flat[::-1]] = numbered[::-1]
    again = numbers[flat] != numbered
    repeats = numbered[again]
    n_places = numbered.size - repeats.size
    order = _order(numbers.reshape(inlines.size, crosslines.size), inlines, crosslines, n, il, xl, n_places)
    if isinstance(order, TraceMap):
        order = replace(order, repeats=np.stack([repeats, flat[again]], axis=1))
    return Arrangement(order, inlines, crosslines, n_places, repeats, unnumbered, strays)


def _order(
    numbers: NDArray[np.integer], inlines: Axis, crosslines: Axis, n: int, il: Ints, xl: Ints, n_places: int
) -> Order | None:
    if 1 in numbers.shape or (n_places < 0.5 * numbers.size and is_walk(il, xl)):
        return Line(n)
    same_inline, same_crossline = np.count_nonzero(np.diff(il) == 0), np.count_nonzero(np.diff(xl) == 0)
    sorting = "inline" if same_inline >= same_crossline else "crossline"
    if n_places == numbers.size == n:
        first = int(numbers[0, 0])
        strides = int(numbers[1, 0]) - first, int(numbers[0, 1]) - first
        grid = Grid(
            inlines.numbers,
            crosslines.numbers,
            first,
            *strides,
            "inline" if abs(strides[0]) > abs(strides[1]) else "crossline",
        )
        if np.array_equal(numbers, grid.traces(range(inlines.size), range(crosslines.size))):
            return grid
    if n_places * MOST_PLACES_PER_TRACE < numbers.size:
        return None
    return TraceMap(inlines.numbers, crosslines.numbers, numbers, n, sorting)


def is_walk(il: Ints, xl: Ints) -> bool:
    """Tell an arbitrary line, where each trace neighbours the one before, from a volume with gaps."""
    reach = [int(np.diff(np.unique(v)).min()) if np.unique(v).size > 1 else 1 for v in (il, xl)]
    return bool((np.abs(np.diff(il)) <= 2 * reach[0]).all() and (np.abs(np.diff(xl)) <= 2 * reach[1]).all())
