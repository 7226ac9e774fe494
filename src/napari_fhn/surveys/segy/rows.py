"""Showing from a few traces that a large SEG-Y file is sorted regularly, so that not all need to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_fhn.surveys.segy.grid import Grid

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Rows whose start, and the end of the row before, are looked at before a large file is taken for regular.
_ROWS_LOOKED_AT = 48


@dataclass(frozen=True)
class Rows:
    """A regular order of traces: rows of one length, steps of a constant size.

    Attributes
    ----------
    n_rows, n_fast : int
        Rows in the file, traces in each.
    origin, slow, fast : tuple of float
        The two numbers (or coordinates) of the first trace, and what they change by from row to row and from trace
        to trace.
    """

    n_rows: int
    n_fast: int
    origin: tuple[float, float]
    slow: tuple[float, float]
    fast: tuple[float, float]


def regular_rows(
    at: Callable[[Ints], Floats], n: int, looked_at: Ints, values: Floats, tolerance: float = 0.0
) -> Rows | None:
    """Show from a few traces that a file is sorted regularly, so that not all need to be looked at.

    The length of the first row is found by bisection. Rows of that length must fill the file; and the traces looked
    at, and traces where some rows meet, must have the numbers that follow.

    Parameters
    ----------
    at : callable
        Gives the two numbers or coordinates of some traces, shape (k, 2).
    n : int
        Traces in the file.
    looked_at : ndarray of int64, shape (k,)
        Traces whose `values` are known already.
    values : ndarray of float64, shape (k, 2)
        Their numbers.
    tolerance : float
        How far off a number may be, as a share of the step: 0 for numbers; coordinates are rounded.

    Returns
    -------
    Rows or None
        None where it is not so, or there is but one row.
    """
    if n < 4:
        return None
    origin, following = at(np.array([0, 1]))
    fast = following - origin
    reach = float(np.abs(fast).max())
    if reach == 0:
        return None

    def on_row(t: int, reached: int) -> bool:
        nonlocal fast
        here = at(np.array([t]))[0]
        if float(np.abs(here - origin - t * fast).max()) > max(tolerance * reach * max(1.0, t / max(reached, 1)), 0.0):
            return False
        if tolerance:
            fast = (here - origin) / t
        return True

    known, beyond = 1, 2
    while beyond < n and on_row(beyond, known):
        known, beyond = beyond, 2 * beyond
    beyond = min(beyond, n)
    while beyond - known > 1:
        middle = (known + beyond) // 2
        if on_row(middle, known):
            known = middle
        else:
            beyond = middle
    n_fast = known + 1
    n_rows, rest = divmod(n, n_fast)
    if rest or n_rows < 2:
        return None
    slow = at(np.array([n_fast]))[0] - origin
    if tolerance and n_rows > 2:
        slow = (at(np.array([(n_rows - 1) * n_fast]))[0] - origin) / (n_rows - 1)
    starts = np.unique(np.linspace(1, n_rows - 1, _ROWS_LOOKED_AT).astype(np.int64)) * n_fast
    ends = np.sort(np.concatenate([starts - 1, starts]))
    traces = np.concatenate([looked_at, ends])
    expected = origin + (traces // n_fast)[:, None] * slow + (traces % n_fast)[:, None] * fast
    if float(np.abs(np.concatenate([values, at(ends)]) - expected).max()) > tolerance * reach:
        return None
    return Rows(n_rows, n_fast, *((float(v[0]), float(v[1])) for v in (origin, slow, fast)))


def grid_of_rows(rows: Rows) -> Grid | None:
    """Turn a regular order of survey numbers into a grid.

    Parameters
    ----------
    rows : Rows
        Of inline and crossline numbers.

    Returns
    -------
    Grid or None
        None where not each step changes one number alone.
    """
    by_inline = rows.fast[0] == 0 and rows.slow[1] == 0 and rows.slow[0] != 0
    by_crossline = rows.fast[1] == 0 and rows.slow[0] == 0 and rows.slow[1] != 0
    if not (by_inline or by_crossline):
        return None
    slow, fast = (0, 1) if by_inline else (1, 0)
    counts, steps, strides = [0, 0], [0.0, 0.0], [0, 0]
    counts[slow], counts[fast] = rows.n_rows, rows.n_fast
    steps[slow], steps[fast] = rows.slow[slow], rows.fast[fast]
    strides[slow], strides[fast] = rows.n_fast, 1
    axes, first = [], 0
    for k in (0, 1):
        numbers = rows.origin[k] + steps[k] * np.arange(counts[k])
        if steps[k] < 0:
            numbers = numbers[::-1]
            first += strides[k] * (counts[k] - 1)
            strides[k] = -strides[k]
        axes.append(np.ascontiguousarray(numbers, dtype=np.float64))
    return Grid(axes[0], axes[1], first, strides[0], strides[1], "inline" if by_inline else "crossline")
