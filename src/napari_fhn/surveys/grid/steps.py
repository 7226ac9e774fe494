"""Along one axis: which values of an axis belong to each place of another, exactly or between two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray

from napari_fhn.surveys.grid.axis import TOLERANCE, VERTICAL, Along, GridAxis, unit_factor
from napari_fhn.surveys.grid.errors import PlaceError
from napari_fhn.surveys.grid.grid import Grid

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]

#: Along these, voxels are cells or samples of something continuous; along others they are lines with numbers.
_CONTINUOUS = (*VERTICAL, "y", "x", "z")
_OF_TRACES = (("x", "y"), ("inline", "crossline"), ("cdp",))


@dataclass(frozen=True)
class Step:
    """Where the values along one axis of a grid come from.

    Attributes
    ----------
    low : ndarray of int
        Index into the values, -1 where there are none.
    high, weight : ndarray
        The other index, and how much it counts, where amounts are interpolated.
    words : str
        What is done along it.
    beyond : bool
        Whether some of the values lie outside the grid.
    identity : bool
        Whether every value stays where it is.
    """

    low: Ints
    high: Ints
    weight: Floats
    words: str = ""
    beyond: bool = False
    identity: bool = False

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Where the grid has values."""
        return self.low >= 0

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.inside.any())

    @property
    def exact(self) -> bool:
        """Whether nothing is interpolated."""
        return not self.weight.any()


def step_along(target: GridAxis, own: GridAxis, from_: Grid, to: Grid, path: Path) -> Step:
    """Find out where the values along one axis come from."""
    if target.name == "trace":
        found = _by_trace(target, from_, to)
        if found is not None:
            return _taken(found, own, target, "its traces were brought over by their places")
    if target.counted or own.counted:
        if own.size != target.size:
            what = (
                f"it has {own.size} {target.called} and the survey {target.size}, and nothing says which belongs where"
            )
            raise PlaceError(path, what, "Use one grid, or a file with coordinates")
        word = "" if target.counted and own.counted else f"its {own.called} were taken one by one, as they only count"
        return replace(_taken(np.arange(own.size), own, target, ""), words="" if target.name == "trace" else word)
    if unit_factor(own.unit, target.unit) is None:
        what = f"its {own.called} are in {own.unit} and those of the survey in {target.unit}"
        raise PlaceError(path, what, "Convert them first")
    own = own.into(target.unit)
    place = _positions(own, target.numbers)
    near = np.rint(place)
    spacing = abs(target.step / own.step) if own.size > 1 < target.size and own.step else 1.0
    within = np.abs(place - near) <= TOLERANCE * min(1.0, spacing)
    on_line = within & (near >= 0) & (near <= own.size - 1)
    between = np.isfinite(place) & (place >= -0.5) & (place < own.size - 0.5)
    if target.name not in _CONTINUOUS or (on_line == between).all():
        low = np.where(on_line, near, -1).astype(np.intp)
        turned = own.size > 1 < target.size and own.step * target.step < 0
        ways = [f"its {own.called} run the other way and were turned round"] if turned else []
        finer = own.size > 1 < target.size and abs(target.step) > (1 + TOLERANCE) * abs(own.step)
        if finer and target.name in _CONTINUOUS:
            ways.append(f"its {own.called}, {_apart(own)}, were taken {_apart(target)}")
        return _taken(low, own, target, "; ".join(ways))
    place = np.where(between, np.clip(place, 0, own.size - 1), 0)
    low = np.minimum(np.floor(place + TOLERANCE * min(1.0, spacing)), own.size - 1).astype(np.intp)
    weight = np.clip(place - low, 0, 1)
    weight[weight <= TOLERANCE * min(1.0, spacing)] = 0
    high = np.where(weight > 0, np.minimum(low + 1, own.size - 1), low)
    what = f"its {own.called}, {_apart(own)}, were resampled to be {_apart(target)}"
    if abs(abs(own.step) - abs(target.step)) <= TOLERANCE * abs(target.step):
        what = f"its {own.called} lie between those of the survey and were resampled"
    beyond = _beyond(own, target)
    return Step(np.where(between, low, -1), high.astype(np.intp), np.where(between, weight, 0.0), what, beyond)


def _apart(axis: GridAxis) -> str:
    return f"{abs(axis.step):.6g} {axis.unit}".rstrip() + " apart"


def _taken(low: Ints, own: GridAxis, target: GridAxis, words: str) -> Step:
    identity = own.size == target.size and bool((low == np.arange(target.size)).all())
    used = np.zeros(own.size, bool)
    used[low[low >= 0]] = True
    # Between the ends all may be left out: every second sample is what a grid of twice the step asks for.
    beyond = bool(used.any()) and not (used[0] and used[-1]) and _beyond(own, target)
    return Step(low, low, np.zeros(low.size), "" if identity else words, beyond, identity)


def _beyond(own: GridAxis, target: GridAxis) -> bool:
    """Whether an axis reaches farther than a grid by more than a step."""
    low, high = min(target.ends), max(target.ends)
    reach = max(abs(target.step), abs(own.step)) * (1 - TOLERANCE)
    return min(own.ends) <= low - reach or max(own.ends) >= high + reach


def _positions(axis: GridAxis, numbers: Floats) -> Floats:
    """Fractional indices of numbers along an axis; NaN where an uneven one has none."""
    if not axis.values:
        return np.asarray((numbers - axis.first) / axis.step)
    values = np.array(axis.values)
    order = np.argsort(values, kind="stable")
    steps = np.diff(values)
    if (steps > 0).all() or (steps < 0).all():
        place = np.interp(numbers, values[order], order.astype(np.float64), left=np.nan, right=np.nan)
        return np.asarray(place)
    # Neither up nor down: a number is where it is, or nowhere.
    at = np.clip(np.searchsorted(values[order], numbers), 0, values.size - 1)
    there = np.isclose(values[order][at], numbers, rtol=0, atol=1e-6)
    return np.where(there, order[at], np.nan)


def _by_trace(target: GridAxis, own: Grid, grid: Grid) -> Ints | None:
    """Index of the trace of a line that lies where each trace of a grid does; None where nothing says where."""
    for names in _OF_TRACES:
        lots = [[a for name in names for a in one.along if a.name == name] for one in (grid, own)]
        if any(len(lot) != len(names) for lot in lots):
            continue
        here, there = (_points(lot) for lot in lots)
        steps = np.hypot.reduce(np.diff(here, axis=0), axis=1) if len(here) > 1 else np.ones(1)
        reach = max(0.5 * float(np.median(steps)), TOLERANCE) if names == ("x", "y") else TOLERANCE
        far, nearest = scipy.spatial.cKDTree(there).query(here, distance_upper_bound=reach)
        # Of traces at one place, each has its own.
        if len(here) == len(there) and (np.hypot.reduce(here - there, axis=1) <= reach).all():
            return np.arange(target.size)
        return np.where(np.isfinite(far), nearest, -1).astype(np.intp)
    return None


def _points(lot: list[Along]) -> Floats:
    return np.array([one.values for one in lot]).T
