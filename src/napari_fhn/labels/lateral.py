"""Where the traces of a survey lie, by their numbers and on the map."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import scipy
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from napari_fhn.labels.errors import LabelError, LabelWarning
from napari_fhn.labels.tables.units import METRES
from napari_fhn.surveys.kinds import is_line

#: On a 2D line a place counts as on a trace within this many trace spacings of it.
OFF_LINE = 1.0


class Placed(Protocol):
    """What has a place in a survey: a well, or the head of one."""

    @property
    def inline(self) -> float:
        """Inline number, or NaN."""

    @property
    def crossline(self) -> float:
        """Crossline number, or NaN."""

    @property
    def xy(self) -> tuple[float, float] | None:
        """Map coordinates."""

    @property
    def trace(self) -> float | None:
        """Number of a trace along a line."""


@dataclass(frozen=True)
class Traces:
    """The traces of a survey.

    Attributes
    ----------
    survey : xarray.DataArray
        Dims ``(inline, crossline, vertical)``, or ``(trace, vertical)`` with the coordinates ``inline`` and
        ``crossline``, ``x`` and ``y``, or ``cdp`` along ``trace``.
    shape : tuple of int
        Number of traces along each lateral axis.
    """

    survey: xr.DataArray
    shape: tuple[int, ...]

    @classmethod
    def of(cls, survey: xr.DataArray) -> Traces:
        """Look at a survey; its values are not touched.

        Raises
        ------
        LabelError
            When it is neither a volume nor a line.
        """
        if survey.dims[:2] == ("inline", "crossline"):
            return cls(survey, survey.shape[:2])
        if is_line(survey):
            line = _with_traces(survey)
            return cls(line, line.shape[:1])
        axes = ", ".join(map(str, survey.dims))
        raise LabelError(
            f"picks need a survey with inlines and crosslines, or a line of traces, not one of {axes}",
            "Open a seismic volume or line",
        )

    @property
    def is_line(self) -> bool:
        """Whether the survey is a 2D line."""
        return len(self.shape) == 1

    @property
    def geometry(self) -> Any:
        """Place of a volume on the map (`napari_fhn.surveys.SurveyGeometry`), or None."""
        return self.survey.attrs.get("geometry")

    @property
    def metres(self) -> float:
        """Metres in one unit of the survey's map coordinates."""
        if self.is_line:
            named = self.survey["x"].attrs.get("units", "m") if "x" in self.survey.coords else "m"
        else:
            named = getattr(self.geometry, "units", "m")
        return METRES.get(str(named), 1.0)

    @property
    def has_xy(self) -> bool:
        """Whether the survey has a place on the map."""
        return {"x", "y"} <= set(self.survey.coords) if self.is_line else self.geometry is not None

    def by_numbers(self, inline: ArrayLike, crossline: ArrayLike, reach: float = OFF_LINE) -> NDArray[np.float64]:
        """Find the traces of inline and crossline numbers.

        Parameters
        ----------
        inline, crossline : array_like, shape (n,)
            Numbers, not necessarily whole.
        reach : float, optional
            How far from a line a place may lie, in trace spacings.

        Returns
        -------
        ndarray of float64, shape (n, 2) or (n, 1)
            Fractional index along each lateral axis, beyond the ends where a place lies outside; on a line the
            index of the nearest trace, NaN where it is farther than `reach`.

        Raises
        ------
        LabelError
            When a line's traces have no numbers.
        """
        i, j = np.broadcast_arrays(np.atleast_1d(np.asarray(inline, np.float64)), np.asarray(crossline, np.float64))
        if self.is_line:
            return self._nearest(("inline", "crossline"), i, j, reach)
        parts = [_fraction(self.survey[dim].values, v) for dim, v in (("inline", i), ("crossline", j))]
        return np.stack(parts, axis=1)

    def by_xy(self, x: ArrayLike, y: ArrayLike, reach: float = OFF_LINE) -> NDArray[np.float64]:
        """Find the traces of map coordinates (in the survey's unit), as `by_numbers` does.

        Raises
        ------
        LabelError
            When the survey has no place on the map.
        """
        a, b = np.broadcast_arrays(np.atleast_1d(np.asarray(x, np.float64)), np.asarray(y, np.float64))
        if self.is_line:
            return self._nearest(("x", "y"), a, b, reach)
        if self.geometry is None:
            raise LabelError(
                f"the survey '{self.survey.name}' has no place on the map, so x and y do not tell where a pick lies",
                "Use inline and crossline numbers",
            )
        return self.by_numbers(*self.geometry.to_numbers(a, b))

    def by_count(self, number: ArrayLike, of: str = "trace") -> NDArray[np.float64]:
        """Find the traces of a line by the numbers that count along it.

        Parameters
        ----------
        number : array_like, shape (n,)
            Numbers, not necessarily whole.
        of : {"trace", "cdp"}, optional
            Which numbers they are: those of the axis ``trace``, or CDP numbers.

        Returns
        -------
        ndarray of float64, shape (n, 1)
            Index of the nearest trace, NaN for numbers that lie farther from those of all traces than these from each
            other.

        Raises
        ------
        LabelError
            When the survey is no line, or its traces have no such numbers.
        """
        wanted = np.atleast_1d(np.asarray(number, np.float64))
        called = {"trace": "trace numbers", "cdp": "CDP numbers"}[of]
        if not self.is_line:
            raise LabelError(
                f"{called} do not tell where a trace of the volume '{self.survey.name}' lies",
                "Give inline and crossline, or x and y",
            )
        own = np.asarray(self.survey[of], np.float64) if of == "trace" or of in self.survey.coords else np.zeros(0)
        if np.unique(own).size < min(2, self.shape[0]):
            raise LabelError(
                f"the traces of the line '{self.survey.name}' have no {called} of their own",
                "Give x and y, inline and crossline, or trace numbers",
            )
        order = np.argsort(own, kind="stable")
        ranked = own[order]
        after = np.searchsorted(ranked, wanted).clip(0, own.size - 1)
        before = (after - 1).clip(0)
        nearest = np.where(np.abs(ranked[before] - wanted) <= np.abs(ranked[after] - wanted), before, after)
        steps = np.diff(np.unique(own))
        reach = float(np.median(steps)) if steps.size else 1.0
        with np.errstate(invalid="ignore"):
            near = np.abs(ranked[nearest] - wanted) < reach
        return np.where(near, order[nearest], np.nan)[:, np.newaxis]

    def by_roles(
        self, roles: tuple[str, ...], values: NDArray[np.float64], unit: str = "", of: str = ""
    ) -> NDArray[np.float64]:
        """Find the traces of places as the columns of a table give them.

        Parameters
        ----------
        roles : tuple of str
            ``("inline", "crossline")``, ``("x", "y")``, ``("trace",)`` or ``("cdp",)``.
        values : ndarray, shape (n, roles)
            The places.
        unit, of : str, optional
            Unit of map coordinates and name of the file, as in `convert`.

        Returns
        -------
        ndarray of float64, shape (n, lateral axes)
            As `by_numbers` gives them.
        """
        if roles[0] == "inline":
            return self.by_numbers(values[:, 0], values[:, 1])
        if roles[0] == "x":
            return self.by_xy(*self.convert(unit, values[:, 0], values[:, 1], of))
        return self.by_count(values[:, 0], roles[0])

    def places(self) -> list[tuple[str, ...]]:
        """List the roles of columns that tell a place in this survey, those that tell it best first.

        Numbers are exact and come before coordinates. Numbers of lines are not: inlines and crosslines between which a
        line runs are those of another survey.
        """
        numbers, xy = ("inline", "crossline"), ("x", "y")
        if not self.is_line:
            return [numbers, xy]
        groups = [xy, numbers] if self.has_xy or not set(numbers) <= set(self.survey.coords) else [numbers, xy]
        return [*groups, ("trace",), ("cdp",)]

    def trace_number(self, number: float, of: str) -> float:
        """Return the number on the axis ``trace`` of a trace or CDP number; NaN where the line has no such trace."""
        index = float(self.by_count(number, of)[0, 0])
        return float(np.asarray(self.survey["trace"], np.float64)[int(index)]) if np.isfinite(index) else np.nan

    def of_well(self, well: Placed, reach: float = OFF_LINE) -> NDArray[np.float64]:
        """Find the trace of a well head, as `by_numbers` does.

        Parameters
        ----------
        well : Well, DeviatedWell or Head
            Whose ``trace``, else ``xy``, else ``inline`` and ``crossline`` tell its place.
        reach : float, optional
            How far from a line it may lie, in trace spacings.
        """
        if well.trace is not None:
            return self.by_count(well.trace)
        return self.by_numbers(well.inline, well.crossline, reach) if well.xy is None else self.by_xy(*well.xy, reach)

    def metres_off(self, x: float, y: float) -> float:
        """Return how far a place on the map is from the nearest trace of a line, in metres."""
        return float(self._trees[("x", "y")][0].query([x, y])[0]) * self.metres

    def inside_numbers(self, inline: ArrayLike, crossline: ArrayLike) -> NDArray[np.bool_]:
        """Say which inline and crossline numbers lie on a trace of the survey; none where it has no numbers."""
        try:
            return self.inside(self.by_numbers(inline, crossline))
        except LabelError:
            return np.zeros(np.broadcast(inline, crossline).shape, dtype=bool)

    def inside_xy(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.bool_]:
        """Say which map coordinates lie on a trace of the survey; none where it has no place on the map."""
        if not self.has_xy:
            return np.zeros(np.broadcast(x, y).shape, dtype=bool)
        return self.inside(self.by_xy(x, y))

    def inside(self, index: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say which fractional indices lie within half a trace of the survey's outline."""
        with np.errstate(invalid="ignore"):
            within = (index >= -0.5) & (index <= np.array(self.shape) - 0.5)
        return np.asarray(within.all(axis=1))

    def words(self) -> str:
        """Say where the survey lies, in its numbers."""
        if not self.is_line:
            ends = [self.survey[dim].values[[0, -1]] for dim in ("inline", "crossline")]
            return f"inline, crossline {ends[0][0]:g} to {ends[0][1]:g} and {ends[1][0]:g} to {ends[1][1]:g}"
        names = [c for c in ("inline", "crossline", "x", "y") if c in self.survey.coords]
        ends = [np.asarray(self.survey[c])[[0, -1]] for c in names]
        return "line with " + ", ".join(f"{c} {a:g} to {b:g}" for c, (a, b) in zip(names, ends, strict=True))

    @property
    def spacing(self) -> float:
        """Distance between neighbouring traces in units of the map, the smaller of the two in a volume."""
        if self.is_line:
            return self._trees[("x", "y")][1]
        return float(min(np.hypot(*self.geometry.inline_step), np.hypot(*self.geometry.crossline_step)))

    def _nearest(
        self, names: tuple[str, str], a: NDArray[np.float64], b: NDArray[np.float64], reach: float
    ) -> NDArray[np.float64]:
        if not set(names) <= set(self.survey.coords):
            raise LabelError(
                f"the traces of the line '{self.survey.name}' have no {names[0]} and {names[1]}",
                "Give the picks in numbers that its trace headers hold",
            )
        tree, spacing = self._trees[names]
        found = np.full((a.size, 1), np.nan)
        known = np.isfinite(a) & np.isfinite(b)
        if known.any():
            distance, index = tree.query(np.stack([a[known], b[known]], axis=1))
            found[known, 0] = np.where(distance <= reach * spacing, index, np.nan)
        return found

    @cached_property
    def _trees(self) -> dict[tuple[str, str], tuple[Any, float]]:
        trees = {}
        for names in (("inline", "crossline"), ("x", "y")):
            if set(names) <= set(self.survey.coords):
                places = np.stack([np.asarray(self.survey[name], np.float64) for name in names], axis=1)
                steps = np.hypot(*np.diff(places, axis=0).T)
                steps = steps[steps > 0]
                trees[names] = scipy.spatial.cKDTree(places), float(np.median(steps)) if steps.size else 1.0
        return trees

    def convert(self, unit: str, x: ArrayLike, y: ArrayLike, of: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """Bring map coordinates into the unit of the survey, where their own was said and is another.

        Parameters
        ----------
        unit : str
            "m", "ft" or "km"; empty where it was not said, and is then taken to be the survey's.
        x, y : array_like of float
            Map coordinates.
        of : str
            Name of the file, for the warning.
        """
        factor = METRES.get(unit, self.metres) / self.metres
        if abs(factor - 1) < 1e-9:
            return np.asarray(x), np.asarray(y)
        warnings.warn(f"{of}: its map coordinates are in {unit} and were converted.", LabelWarning, stacklevel=3)
        return np.asarray(x) * factor, np.asarray(y) * factor


def _with_traces(survey: xr.DataArray) -> xr.DataArray:
    """Return a line with the axis ``trace``: an inline or crossline out of a volume has the numbers of that."""
    own = str(survey.dims[0])
    if own == "trace":
        return survey
    if own not in ("inline", "crossline"):
        raise LabelError(
            f"the line '{survey.name}' has its vertical axis first ({', '.join(map(str, survey.dims))})",
            "Transpose it: traces first, then time or depth",
        )
    other = "crossline" if own == "inline" else "inline"
    n = survey.sizes[own]
    line = survey.rename({own: "trace"}).drop_vars([c for c in ("trace", other) if c in survey.coords or c == "trace"])
    line = line.assign_coords(trace=np.arange(n, dtype=np.float64))
    if own in survey.coords and other in survey.coords and survey[other].size == 1:
        numbers = {own: np.asarray(survey[own], np.float64), other: np.full(n, float(survey[other]))}
        line = line.assign_coords({name: ("trace", values) for name, values in numbers.items()})
        geometry = survey.attrs.get("geometry")
        if geometry is not None:
            x, y = geometry.to_xy(numbers["inline"], numbers["crossline"])
            units = {"units": geometry.units}
            line = line.assign_coords(x=("trace", x, units), y=("trace", y, units))
    return line


def _fraction(numbers: NDArray[Any], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fractional index of numbers among the ascending or descending numbers of an axis, beyond its ends too."""
    axis = np.asarray(numbers, dtype=np.float64)
    if axis.size < 2:
        return np.asarray(wanted - axis[0])
    if axis[-1] < axis[0]:
        return axis.size - 1 - _fraction(axis[::-1], wanted)
    index = np.interp(wanted, axis, np.arange(axis.size, dtype=np.float64))
    index = np.where(wanted < axis[0], (wanted - axis[0]) / (axis[1] - axis[0]), index)
    beyond = axis.size - 1 + (wanted - axis[-1]) / (axis[-1] - axis[-2])
    return np.where(wanted > axis[-1], beyond, index)
