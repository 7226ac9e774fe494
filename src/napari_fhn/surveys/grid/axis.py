"""One axis of a grid: the numbers along it, their unit, and whether they say where anything is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Numbers along an axis may differ by this part of a step before two grids are two.
TOLERANCE = 0.01
#: Numbers this close to even ones, as a part of a step, are taken for even.
_EVEN = 1e-3
#: Axes that count, whatever numbers they carry: samples without an interval, traces in the order of a file.
_COUNTING = ("sample", "trace")
#: Units of one kind, each in the smallest of its kind.
_UNITS: tuple[Mapping[str, float], ...] = (
    {"us": 1.0, "ms": 1e3, "s": 1e6},
    {"mm": 1.0, "m": 1e3, "km": 1e6, "ft": 304.8},
)
#: What the numbers along an axis are called.
_CALLED = {
    "inline": "inlines", "crossline": "crosslines", "twt": "times", "depth": "depths", "sample": "samples",
    "trace": "traces", "y": "rows", "x": "columns", "z": "levels",
}  # fmt: skip
VERTICAL = ("twt", "depth", "sample")


class AxisLike(Protocol):
    """An axis as a job keeps it."""

    @property
    def name(self) -> str:
        """Such as ``"inline"``."""

    @property
    def unit(self) -> str:
        """Empty for survey numbers."""

    @property
    def first(self) -> float:
        """Value at the first voxel."""

    @property
    def step(self) -> float:
        """From one voxel to the next."""


@dataclass(frozen=True)
class Along:
    """Numbers along an axis beside its own, such as the map coordinates of the traces of a line.

    Attributes
    ----------
    name : str
        ``"x"``, ``"y"``, ``"inline"``, ``"crossline"``, ``"cdp"`` ...
    axis : str
        The axis that they run along.
    values : tuple of float
        One for each of its entries.
    unit : str
        Empty for numbers.
    """

    name: str
    axis: str
    values: tuple[float, ...]
    unit: str = ""


@dataclass(frozen=True)
class GridAxis:
    """What the voxel numbers along one axis of a grid mean.

    Attributes
    ----------
    name : str
        ``"inline"``, ``"crossline"``, ``"twt"``, ``"depth"``, ``"y"``, ``"x"`` ...; ``"axis_0"`` without a name.
    size : int
        Number of voxels.
    first, step : float
        The number of the first voxel, and from one voxel to the next; their mean where they are uneven.
    unit : str
        Such as ``"ms"`` or ``"m"``; empty for survey numbers.
    counted : bool
        Whether the axis only counts voxels: its numbers say nothing about place, time or depth.
    values : tuple of float
        The numbers, where they are not evenly spaced; else empty.
    long_name : str
        As the survey calls it.
    """

    name: str
    size: int
    first: float = 0.0
    step: float = 1.0
    unit: str = ""
    counted: bool = False
    values: tuple[float, ...] = ()
    long_name: str = ""

    @classmethod
    def of(
        cls, name: str, numbers: ArrayLike | None, size: int, attrs: Mapping[str, Any], *, numbered: bool = False
    ) -> GridAxis:
        """Describe the numbers along an axis.

        Parameters
        ----------
        name : str
            Of the axis.
        numbers : array_like or None
            Its coordinate; None, or no numbers, where it has none.
        size : int
            How many voxels it has.
        attrs : mapping
            Of the coordinate: ``units`` and ``long_name``.
        numbered : bool
            Whether it is known that the numbers are those of a survey, even if they run from 0 by 1.

        Returns
        -------
        GridAxis
        """
        unit = str(attrs.get("units", ""))
        long_name = str(attrs.get("long_name", ""))
        values = np.asarray([] if numbers is None else numbers)
        if values.shape != (size,) or size == 0 or values.dtype.kind not in "iuf" or not np.isfinite(values).all():
            return cls(name, size, counted=True, unit=unit, long_name=long_name)
        values = values.astype(np.float64)
        first = float(values[0])
        step = float(values[-1] - values[0]) / (size - 1) if size > 1 else 1.0
        ideal = first + step * np.arange(size)
        even = step != 0 and bool((np.abs(values - ideal) <= _EVEN * abs(step)).all())
        # Numbers that run from 0 by 1 (pixels by their centres from 0.5) and have no unit are made up where none are
        # known.
        plain = even and step == 1.0 and first in (0.0, 0.5) and not unit
        counted = name in _COUNTING or name.startswith("axis_") or (plain and not numbered)
        return cls(name, size, first, step, unit, counted, () if even else tuple(values.tolist()), long_name)

    @classmethod
    def like(cls, axis: AxisLike, size: int) -> GridAxis:
        """Return the axis that a job keeps."""
        plain = axis.step == 1.0 and axis.first in (0.0, 0.5) and not axis.unit
        counted = plain or axis.name in _COUNTING or axis.name.startswith("axis_")
        return cls(axis.name, size, float(axis.first), float(axis.step), axis.unit, counted)

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The numbers along the axis, shape (size,)."""
        if self.values:
            return np.array(self.values)
        return self.first + self.step * np.arange(self.size, dtype=np.float64)

    @property
    def ends(self) -> tuple[float, float]:
        """The first and the last number."""
        if self.values:
            return self.values[0], self.values[-1]
        return self.first, self.first + self.step * (self.size - 1)

    @property
    def called(self) -> str:
        """What its numbers are called: "inlines", "times"."""
        return _CALLED.get(self.name, self.name)

    @property
    def words(self) -> str:
        """From where to where, for a person: "inlines 1001 to 1128", "times 0 to 156 ms"."""
        if self.counted:
            return f"{self.size} {self.called}"
        first, last = self.ends
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.called} {_g(first)} to {_g(last)}{unit}"

    def into(self, unit: str) -> GridAxis:
        """Return the axis in another unit of the same kind; as it is where one of the two is not known.

        Parameters
        ----------
        unit : str
            Such as ``"ms"``.
        """
        factor = unit_factor(self.unit, unit)
        if factor in (None, 1.0):
            return self
        assert factor is not None
        values = tuple(factor * value for value in self.values)
        return GridAxis(
            self.name, self.size, factor * self.first, factor * self.step, unit, self.counted, values, self.long_name
        )

    def apart(self, other: GridAxis) -> str:
        """Say in what another axis of the same name differs; empty where it does not.

        Parameters
        ----------
        other : GridAxis
            Where one of the two only counts, their sizes are all that is compared.

        Returns
        -------
        str
            A phrase: "its inlines run from 6001 to 6128 instead of 1001 to 1128".
        """
        if self.counted or other.counted:
            if self.size == other.size:
                return ""
            return f"it has {other.size} {other.called} instead of {self.size}"
        if unit_factor(other.unit, self.unit) is None:
            return f"its {self.called} are in {other.unit} instead of {self.unit}"
        other = other.into(self.unit)
        unit = f" {self.unit}" if self.unit else ""
        near = TOLERANCE * min(abs(self.step), abs(other.step)) if self.size > 1 < other.size else TOLERANCE
        mine, theirs = self.ends, other.ends
        if self.size == other.size:
            if bool((np.abs(self.numbers - other.numbers) <= near).all()):
                return ""
            if bool((np.abs(self.numbers - other.numbers[::-1]) <= near).all()):
                return f"its {self.called} run from {_g(theirs[0])} to {_g(theirs[1])}{unit}, the other way round"
        if self.size > 1 < other.size and abs(abs(self.step) - abs(other.step)) > TOLERANCE * abs(self.step):
            return f"its {self.called} are {_g(abs(other.step))}{unit} apart instead of {_g(abs(self.step))}{unit}"
        if self.size == other.size and self.name in VERTICAL:
            return f"its {self.called} begin at {_g(theirs[0])}{unit} instead of {_g(mine[0])}{unit}"
        spans = [f"{_g(low)} to {_g(high)}{unit}" for low, high in (theirs, mine)]
        if spans[0] == spans[1]:
            return f"its {self.called} are spaced otherwise"
        return f"its {self.called} run from {spans[0]} instead of {spans[1]}"


def unit_factor(old: str, new: str) -> float | None:
    """Return what numbers in one unit are multiplied by to be in another.

    Parameters
    ----------
    old, new : str
        Such as ``"s"`` and ``"ms"``.

    Returns
    -------
    float or None
        1 where they are the same, or one of them is not said; None where they are not of one kind.
    """
    if old == new or not old or not new:
        return 1.0
    for kind in _UNITS:
        if old in kind and new in kind:
            return kind[old] / kind[new]
    return None


def _g(number: float) -> str:
    return f"{number:.10g}"
