"""Map coordinates of traces: where they stand, their units, and a grid found from them alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_fhn.surveys.segy.grid import Axis, Grid
from napari_fhn.surveys.segy.headers import Headers, Ints, factor
from napari_fhn.surveys.segy.rows import Rows

Floats = NDArray[np.float64]

#: CDP, source and group coordinates, in the order they are believed for stacked traces.
PLACES = ((181, 185), (73, 77), (81, 85))
_SCALAR_BYTE, _UNITS_BYTE = 71, 89
#: Bytes of a survey number, and of a coordinate.
_FIELD = 4
_ANGLES = {2: "seconds of arc", 3: "decimal degrees", 4: "degrees, minutes and seconds"}
#: How far off its place a trace may lie on a grid found from coordinates, in bins.
_OFF = 0.35


@dataclass(frozen=True)
class Places:
    """Which header bytes hold the coordinates of a file.

    Attributes
    ----------
    x_byte, y_byte : int
        Their first bytes; 0 where there are none.
    angles : str
        What they are where they are no lengths; empty otherwise.
    note : str
        Worth saying about them; may be empty.
    given : bool
        A person, or the file's own layout, has said so.
    said : tuple of (int, int)
        Further pairs that the text header names.
    scalar : int or None
        Instead of that of the trace headers.
    """

    x_byte: int
    y_byte: int
    angles: str = ""
    note: str = ""
    given: bool = False
    said: tuple[tuple[int, int], ...] = ()
    scalar: int | None = None

    def touch(self, numbers: Sequence[int]) -> bool:
        """Say whether they share bytes with survey numbers that begin at some others."""
        return touches(self.x_byte, numbers) or touches(self.y_byte, numbers)


def touches(byte: int, numbers: Sequence[int]) -> bool:
    """Say whether a field of four bytes shares any with one of others, given their first bytes; 0 is no field."""
    return bool(byte) and any(number and abs(byte - number) < _FIELD for number in numbers)


def find_places(
    headers: Headers,
    given: tuple[int, int] = (0, 0),
    numbers: Sequence[int] = (),
    said: tuple[tuple[int, int], ...] = (),
    scalar: int | None = None,
) -> Places:
    """Find the bytes of the coordinates among those where programs write them.

    Parameters
    ----------
    headers : Headers
        Of the file.
    given : tuple of int
        Bytes to take instead; 0 to look for them.
    numbers : sequence of int
        First bytes of the survey numbers: coordinates are never taken from those.
    said : tuple of (int, int)
        Pairs that the text header names; they are looked at first.
    scalar : int, optional
        Coordinate scalar instead of that of the trace headers.

    Returns
    -------
    Places
    """
    units = np.bincount(np.clip(headers.look(_UNITS_BYTE), 0, 5)).argmax()
    angles = _ANGLES.get(int(units), "")
    note = f"The coordinates are {angles} (byte 89), not lengths, and were left alone." if angles else ""
    if any(given):
        pair = given[0] or PLACES[0][0], given[1] or PLACES[0][1]
        return Places(*pair, angles, note, given=True, said=said, scalar=scalar)
    for x_byte, y_byte in dict.fromkeys((*said, *PLACES)):
        if touches(x_byte, numbers) or touches(y_byte, numbers):
            continue
        x, y = headers.look(x_byte), headers.look(y_byte)
        if x.any() and y.any() and (np.ptp(x) > 0 or np.ptp(y) > 0):
            if (x_byte, y_byte) != PLACES[0] and not note:
                taken = any(touches(byte, numbers) for byte in PLACES[0])
                why = "hold the inline and crossline numbers" if taken else "are empty or no coordinates"
                name = dict(zip(PLACES, ("CDP", "source", "group"), strict=True)).get((x_byte, y_byte))
                words = f"{name} coordinates (bytes" if name else "those the text header names (bytes"
                if (x_byte, y_byte) in said and not taken:
                    note = f"The coordinates are taken from bytes {x_byte} and {y_byte}, as the text header says."
                else:
                    field = "Bytes 181 and 185" if taken else "The CDP coordinates (bytes 181 and 185)"
                    note = f"{field} {why}; {words} {x_byte} and {y_byte}) were taken."
            return Places(x_byte, y_byte, angles, note, said=said, scalar=scalar)
    return Places(0, 0, said=said, scalar=scalar)


def beside(headers: Headers, places: Places, numbers: Sequence[int]) -> Places:
    """Return coordinates that share no byte with the survey numbers: those found, or the next best.

    Parameters
    ----------
    headers : Headers
        Of the file.
    places : Places
        As they were found, or given.
    numbers : sequence of int
        First bytes of the survey numbers.

    Returns
    -------
    Places
    """
    if not places.touch(numbers):
        return places
    return find_places(headers, (0, 0), numbers, places.said, places.scalar)


def looked_at(headers: Headers, places: Places) -> tuple[Floats, Floats]:
    """Return the coordinates of the traces looked at, scalar applied; zeros where there are none."""
    if not places.x_byte:
        nothing = np.zeros(headers.traces.size)
        return nothing, nothing
    scalar = headers.look(_SCALAR_BYTE)
    x, y = headers.look(places.x_byte), headers.look(places.y_byte)
    return scaled(x, scalar, places.scalar), scaled(y, scalar, places.scalar)


def scaled(values: Ints, scalar: Ints, told: int | None = None) -> Floats:
    """Apply the coordinate scalars (byte 71) of traces, or the one told; 0 where a coordinate overflowed."""
    # What was too large to be written stands at the limit of 4 bytes.
    given = np.abs(values) < 2**31 - 1
    return np.where(given, values * factor(scalar if told is None else np.full_like(scalar, told)), 0.0)


@dataclass(frozen=True)
class Binned:
    """A grid found from coordinates alone.

    Attributes
    ----------
    i, j : ndarray of int64, shape (n_trace,)
        Row and place in the row of each trace, from 0; -1 for a trace without coordinates.
    bins : tuple of float
        Distance between rows, and between places in a row.
    worst : float
        How far the farthest trace lies off its place, in bins.
    """

    i: Ints
    j: Ints
    bins: tuple[float, float]
    worst: float


def bin_coordinates(x: Floats, y: Floats) -> Binned | None:
    """Find the grid that coordinates of traces lie on: rotate, count rows, count places in a row.

    The direction of a row is that in which neighbouring traces of the file follow each other.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n_trace,)
        In the order of the file, both 0 where a trace has none.

    Returns
    -------
    Binned or None
        None where they make no grid of at least two rows.
    """
    known = np.flatnonzero((x != 0) | (y != 0))
    if known.size < 4:
        return None
    points = np.stack([x[known], y[known]], axis=1)
    fast = _row_step(points)
    if fast is None:
        return None
    length = float(np.hypot(*fast))
    along = fast / length
    across = np.array([-along[1], along[0]])
    # From a trace in the middle, so that an error of the angle does the least harm.
    middle = points[np.hypot(*(points - np.median(points, axis=0)).T).argmin()]
    rows = _rows((points - middle) @ across, length)
    if rows is None:
        return None
    i, spacing = rows
    j = _places_in_rows(((points - middle) @ along) / length, i)
    # What is not at right angles, or not quite the angle: fit, count again, until nothing changes.
    fit = np.empty((3, 2))
    for _ in range(5):
        columns = np.stack([np.ones(known.size), i, j], axis=1)
        solved, _, rank, _ = np.linalg.lstsq(columns, points, rcond=None)
        fit = np.asarray(solved, dtype=np.float64)
        if rank < 3 or abs(np.linalg.det(fit[1:])) < 1e-3 * length * spacing:
            return None
        exact = np.linalg.solve(fit[1:].T, (points - fit[0]).T)
        again = np.round(exact).astype(np.int64)
        if np.array_equal(again[0], i) and np.array_equal(again[1], j):
            break
        i, j = again
    worst = float(np.abs(exact - again).max())
    if worst > _OFF:
        return None
    i, j = i - i.min(), j - j.min()
    # Rows and places are counted the way the file goes.
    if known.size > 1:
        i = i.max() - i if i[0] > i[-1] else i
        step = np.diff(j)[np.diff(i) == 0]
        step = step[step != 0]
        j = j.max() - j if step.size and step[0] < 0 else j
    out = np.full((2, x.size), -1, dtype=np.int64)
    out[0, known], out[1, known] = i, j
    return Binned(out[0], out[1], (float(np.hypot(*fit[1])), float(np.hypot(*fit[2]))), worst)


def _row_step(points: Floats) -> Floats | None:
    """Find the step from trace to trace along a row, or None where neighbours do not follow each other."""
    steps = np.diff(points, axis=0)
    lengths = np.hypot(*steps.T)
    moving = lengths > 0
    if np.count_nonzero(moving) < 0.5 * len(steps):
        return None
    typical = float(np.median(lengths[moving]))
    alike = np.flatnonzero(np.abs(lengths - typical) < 0.25 * typical)
    if alike.size < 0.4 * len(steps):
        return None
    first = steps[alike[alike.size // 2]]
    sign = np.sign(steps[alike] @ first)
    same = np.abs(steps[alike] @ first) > 0.9 * lengths[alike] * np.hypot(*first)
    if np.count_nonzero(same) < 0.4 * len(steps):
        return None
    # The mean of many steps is what rounding of single ones hides.
    return np.asarray((steps[alike[same]] * sign[same, None]).mean(axis=0))


def _rows(across: Floats, length: float) -> tuple[Ints, float] | None:
    """Sort distances across the rows into rows; give the row of each and their spacing."""
    order = np.argsort(across, kind="stable")
    ordered = across[order]
    # Steps within a row are what rounding leaves, steps to the next row are many times that: cut where they part.
    steps = np.sort(np.maximum(np.diff(ordered), 0.01 * length))
    jumps = steps[1:] / steps[:-1] * (steps[1:] > 0.05 * length)
    if not jumps.size or jumps.max() < 2:
        return None
    at = int(jumps.argmax())
    starts = np.flatnonzero(np.diff(ordered) > np.sqrt(steps[at] * steps[at + 1])) + 1
    bounds = np.concatenate([[0], starts, [ordered.size]])
    sizes = np.diff(bounds)
    middles = np.add.reduceat(ordered, bounds[:-1]) / sizes
    # A trace that lies off its row is no row: rows of a size are counted, and what lies between them by those.
    firm = sizes >= 0.25 * np.median(np.repeat(sizes, sizes))
    firm |= np.count_nonzero(firm) < 2
    gaps = np.diff(middles[firm])
    spacing = float(np.median(gaps[gaps < 1.5 * gaps.min()]))
    # Counted from gap to gap: with rounded coordinates the spacing is off by a little, which adds up over many rows.
    counted = np.concatenate([[0], np.cumsum(np.round(gaps / spacing))])
    below = np.maximum(np.cumsum(firm) - 1, 0)
    beyond = (middles - middles[firm][below]) * counted[-1] / (middles[firm][-1] - middles[firm][0])
    numbers = (counted[below] + np.round(beyond)).astype(np.int64)
    counts = np.empty(across.size, dtype=np.int64)
    counts[order] = np.repeat(numbers, sizes)
    return counts, spacing


def _places_in_rows(along: Floats, row: Ints) -> Ints:
    """Count places along rows whose starts shift evenly against each other, by up to half a bin from row to row."""
    back = np.unique(row, return_inverse=True)[1]
    turns = np.exp(2j * np.pi * along)
    phase = np.angle(np.bincount(back, turns.real) + 1j * np.bincount(back, turns.imag)) / (2 * np.pi)
    return np.asarray(np.round(along - np.unwrap(phase, period=1.0)[back]), dtype=np.int64)


def grid_by_position(rows: Rows) -> Grid | None:
    """Turn a regular order of coordinates into a grid numbered from 1.

    Parameters
    ----------
    rows : Rows
        Of coordinates.

    Returns
    -------
    Grid or None
        None where the rows do not span an area.
    """
    area = abs(rows.slow[0] * rows.fast[1] - rows.slow[1] * rows.fast[0])
    if area < 0.05 * np.hypot(*rows.slow) * np.hypot(*rows.fast) or area == 0:
        return None
    axes = Axis(1, 1, rows.n_rows), Axis(1, 1, rows.n_fast)
    return Grid(axes[0].numbers, axes[1].numbers, 0, rows.n_fast, 1, "inline")
