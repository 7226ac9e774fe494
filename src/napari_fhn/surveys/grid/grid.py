"""The place of a survey as plain numbers: what axes it has, where they run, on which map."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from rasterio import Affine
from rasterio.crs import CRS

from napari_fhn import record
from napari_fhn.sentence import counted
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.grid.axis import TOLERANCE, VERTICAL, Along, AxisLike, GridAxis
from napari_fhn.surveys.maps import grids as maps
from napari_fhn.surveys.rio import rio, transform_of

#: Along the traces of a line, what says where they are, the surest first.
_OF_TRACES = (("x", "y"), ("inline", "crossline"), ("cdp",))
#: A trace farther off than this part of a bin is drawn nearer to its neighbour's place than to its own.
_HALF_A_BIN = 0.5


#: Kinds of file whose inlines and crosslines have numbers, and are not counted.
_NUMBERED = ("SEG-Y", "Seismic Unix", "OpenVDS", "ZGY")


@dataclass(frozen=True)
class Grid:
    """Where a survey lies; what two surveys are compared by, and what is saved on it is written with.

    Bands are no part of it. All fields are plain, so that it can be kept in a file.

    Attributes
    ----------
    axes : tuple of GridAxis
        Of space, in the order of the survey.
    crs : str
        Of x and y, as WKT; empty where it is not known.
    transform : tuple of float
        From column and row to x and y (a, b, c, d, e, f), only where rows and columns do not run along x and y.
    geometry : SurveyGeometry or None
        From inline and crossline numbers to map coordinates.
    along : tuple of Along
        Numbers beside those of an axis: the places of the traces of a line.
    source, format, kind, name : str
        As in the survey: its file, the kind of file, the kind of data, what it is called.
    read_as : str
        Options that open `source` the same way again, as JSON.
    """

    axes: tuple[GridAxis, ...]
    crs: str = ""
    transform: tuple[float, ...] = ()
    geometry: SurveyGeometry | None = None
    along: tuple[Along, ...] = ()
    source: str = ""
    format: str = ""
    kind: str = ""
    name: str = ""
    read_as: str = "{}"

    def __post_init__(self) -> None:
        if self.read_as != "{}" and not isinstance(record.parse(self.read_as), dict):
            raise ValueError("what it was read as is no mapping of options")

    @classmethod
    def of(cls, survey: xr.DataArray) -> Grid:
        """Return the grid of a survey, or of a part of one.

        Parameters
        ----------
        survey : xarray.DataArray
            As `napari_fhn.surveys.open` gives it, or any other array with named axes. Its values are not read.
        """
        dims = [str(dim) for dim in survey.dims if dim != "band"]
        attrs = survey.attrs
        geometry = attrs.get("geometry")
        crs, transform = _map_of(survey, dims)
        lines = geometry is not None or str(attrs.get("format", "")).startswith(_NUMBERED)
        axes = []
        for dim in dims:
            coordinate = survey.coords.get(dim)
            numbers, said = (None, {}) if coordinate is None else (coordinate.values, coordinate.attrs)
            if dim in ("y", "x") and transform:
                numbers, said = np.arange(survey.sizes[dim], dtype=np.float64), {}
            numbered = (lines and dim in ("inline", "crossline")) or (bool(crs) and dim in ("y", "x"))
            axes.append(GridAxis.of(dim, numbers, survey.sizes[dim], said, numbered=numbered))
        return cls(
            axes=tuple(axes),
            crs=crs,
            transform=transform,
            geometry=None if geometry is None else _plain(geometry),
            along=tuple(_along(survey, dims)),
            source=str(attrs.get("source", "") or ""),
            format=str(attrs.get("format", "")),
            kind=str(attrs.get("kind", "")),
            name=str(survey.name or ""),
            read_as=json.dumps(dict(attrs.get("read_as", None) or {}), default=str),
        )

    @classmethod
    def from_axes(cls, axes: Sequence[AxisLike], shape: Sequence[int]) -> Grid:
        """Return the grid that a job knows: its axes, without a map.

        Parameters
        ----------
        axes : sequence of AxisLike
            As `napari_fhn.training.job.Axis`; those that are missing only count.
        shape : sequence of int
            Of the labels.
        """
        made = [GridAxis.like(axis, int(n)) for axis, n in zip(axes, shape, strict=False)]
        made += [GridAxis(f"axis_{k}", int(shape[k]), counted=True) for k in range(len(made), len(shape))]
        return cls(tuple(made))

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(axis.name for axis in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels along each axis."""
        return tuple(axis.size for axis in self.axes)

    @property
    def placed(self) -> bool:
        """Whether anything says where it lies; otherwise its voxels are only counted."""
        return bool(self.transform) or any(not axis.counted for axis in self.axes) or bool(self.along)

    @property
    def options(self) -> dict[str, Any]:
        """Options that open the survey the same way again."""
        found: dict[str, Any] = json.loads(self.read_as)
        return found

    @property
    def words(self) -> str:
        """Where it lies, for a person: "inlines 1001 to 1128, crosslines 2001 to 2383, times 400 to 1036 ms"."""
        map_grid = self.on_map()
        if map_grid is None:
            return ", ".join(axis.words for axis in self.axes)
        left, bottom, right, top = (f"{side:.10g}" for side in bounds(map_grid))
        rest = [axis.words for axis in self.axes if axis.name not in ("y", "x")]
        return ", ".join([*rest, f"x {left} to {right}, y {bottom} to {top} ({map_grid})"])

    def axis(self, name: str) -> GridAxis | None:
        """Return an axis by its name; None where there is none."""
        return next((axis for axis in self.axes if axis.name == name), None)

    def on_map(self) -> maps.Grid | None:
        """Return rows and columns as a grid of cells on the map; None where nothing says where they are."""
        rows, columns = self.axis("y"), self.axis("x")
        if rows is None or columns is None:
            return None
        shape, crs = (rows.size, columns.size), CRS.from_wkt(self.crs) if self.crs else None
        if self.transform:
            return maps.Grid(shape, Affine(*self.transform), crs)
        if rows.counted or columns.counted or rows.values or columns.values:
            return None
        x, y = columns.first - columns.step / 2, rows.first - rows.step / 2
        return maps.Grid(shape, Affine(columns.step, 0.0, x, 0.0, rows.step, y), crs)

    def apart(self, other: Grid) -> str:
        """Say in what the place of another grid differs from this one's.

        Parameters
        ----------
        other : Grid
            Where one of the two has no place, only sizes and the names of axes are compared.

        Returns
        -------
        str
            Phrases such as "its inlines run from 6001 to 6128 instead of 1001 to 1128"; empty where both lie at the
            same place, within a hundredth of a step.
        """
        if self is other:
            return ""
        named = _names_apart(self, other)
        if named:
            return named
        mine, theirs = self.on_map(), other.on_map()
        found = []
        if mine is not None and theirs is not None:
            found.append(maps.difference(mine, theirs))
        elif {"y", "x"} <= set(self.dims) & set(other.dims):
            cells = [tuple(a.size for a in grid.axes if a.name in ("y", "x")) for grid in (other, self)]
            if cells[0] != cells[1]:
                found.append("{} x {} cells instead of {} x {}".format(*cells[0], *cells[1]))
        for a, b in zip(self.axes, other.axes, strict=True):
            if not {a.name, b.name} <= {"y", "x"}:
                found.append(a.apart(b))
        found.append(self.contradicts(other) or (_traces_apart(self, other) if not any(found) else ""))
        return ", ".join(phrase for phrase in found if phrase)

    def contradicts(self, other: Grid) -> str:
        """Say where the same survey numbers stand for other map coordinates; empty where they do not.

        Parameters
        ----------
        other : Grid
            Compared within the numbers that both have, where both say where they are.
        """
        a, b = self.geometry, other.geometry
        pairs = [(self.axis(name), other.axis(name)) for name in ("inline", "crossline")]
        if a is None or b is None or a == b:
            return ""
        corners = []
        for mine, theirs in pairs:
            if mine is None or theirs is None:
                return ""
            low = max(min(mine.ends), min(theirs.ends))
            high = min(max(mine.ends), max(theirs.ends))
            if low > high:
                return ""
            corners.append((low, high))
        inline, crossline = (grid.ravel() for grid in np.meshgrid(*corners))
        here, there = np.array(a.to_xy(inline, crossline)), np.array(b.to_xy(inline, crossline))
        far = np.hypot(*(there - here))
        bins = min(np.hypot(*a.inline_step), np.hypot(*a.crossline_step))
        k = int(far.argmax())
        if far[k] <= _HALF_A_BIN * bins:
            return ""
        return (
            f"its inline {inline[k]:g}, crossline {crossline[k]:g} lies at x {there[0, k]:.10g}, y {there[1, k]:.10g} "
            f"instead of x {here[0, k]:.10g}, y {here[1, k]:.10g}"
        )

    def template(self) -> xr.DataArray:
        """Return a survey of zeros on this grid, without memory of its own, for `napari_fhn.surveys.save`.

        Returns
        -------
        xarray.DataArray
            uint8, with the axes, coordinates and attributes of the survey whose grid it is. SEG-Y takes its headers
            from ``attrs["source"]``, which must still be there.
        """
        zeros = np.broadcast_to(np.zeros((), np.uint8), self.shape)
        survey = self.put(xr.DataArray(zeros, dims=self.dims, name=self.name or None))
        survey.attrs.update(
            source=self.source, kind=self.kind, format=self.format, read_as=self.options, nodata=None, notes=()
        )
        if "inline" in self.dims or "trace" in self.dims:
            survey.attrs["geometry"] = self.geometry
        return survey

    def put(self, values: xr.DataArray) -> xr.DataArray:
        """Give values of this shape the coordinates of the grid.

        Parameters
        ----------
        values : xarray.DataArray
            With the axes of the grid, and perhaps ``band``, whose coordinates stay, as the attributes do.
        """
        kept = {name: one for name, one in values.coords.items() if set(one.dims) == {"band"}}
        result = xr.DataArray(values.variable, coords=kept, name=values.name, attrs=dict(values.attrs))
        coords: dict[str, Any] = {}
        for axis in self.axes:
            said = {"units": axis.unit, "long_name": axis.long_name}
            coords[axis.name] = (axis.name, axis.numbers, {key: text for key, text in said.items() if text})
        for one in self.along:
            said = {"units": one.unit} if one.unit else {}
            coords[one.name] = (one.axis, np.array(one.values), {"long_name": one.name, **said})
        result = result.assign_coords(coords)
        map_grid = self.on_map()
        return result if map_grid is None else maps.place(result, map_grid)


def bounds(grid: maps.Grid) -> tuple[float, float, float, float]:
    """Return the smallest x and y and the largest x and y of the corners of a map."""
    rows, columns = grid.shape
    corners = np.array([grid.transform * corner for corner in ((0, 0), (columns, 0), (0, rows), (columns, rows))])
    (left, bottom), (right, top) = corners.min(axis=0), corners.max(axis=0)
    return float(left), float(bottom), float(right), float(top)


def _names_apart(one: Grid, other: Grid) -> str:
    """In what the kinds of axes of two grids differ."""
    if len(one.axes) != len(other.axes):
        return f"it has {counted(len(other.axes), 'axes')} ({_sizes(other)}) instead of {len(one.axes)} ({_sizes(one)})"
    pairs = list(zip(one.dims, other.dims, strict=True))
    if any({"twt", "depth"} <= {mine, theirs} for mine, theirs in pairs):
        return "it is in depth instead of time" if "depth" in other.dims else "it is in time instead of depth"
    strange = [pair for pair in pairs if pair[0] != pair[1] and not same_meaning(*pair)]
    if strange:
        return f"its axes are {', '.join(other.dims)} instead of {', '.join(one.dims)}"
    return ""


def same_meaning(mine: str, theirs: str) -> bool:
    """Whether axes of two names may be the same one: one has no name, or counts the samples of the other."""
    nameless = mine.startswith("axis_") or theirs.startswith("axis_") or "dim_" in mine or "dim_" in theirs
    return nameless or {mine, theirs} <= set(VERTICAL)


def _sizes(grid: Grid) -> str:
    return " x ".join(map(str, grid.shape))


def _traces_apart(one: Grid, other: Grid) -> str:
    """In what the places of the traces of two lines differ."""
    for names in _OF_TRACES:
        mine, theirs = ([a for name in names for a in grid.along if a.name == name] for grid in (one, other))
        if len(mine) != len(names) or len(theirs) != len(names):
            continue
        if any(len(a.values) != len(b.values) for a, b in zip(mine, theirs, strict=True)):
            return f"it has {counted(len(theirs[0].values), 'traces')} instead of {len(mine[0].values)}"
        a, b = (np.array([along.values for along in lot]) for lot in (mine, theirs))
        steps = np.hypot.reduce(np.diff(a, axis=1), axis=0) if a.shape[1] > 1 else np.ones(1)
        far = np.hypot.reduce(a - b, axis=0) if len(names) > 1 else np.abs(a - b)[0]
        k = int(far.argmax())
        if far[k] > max(_HALF_A_BIN * float(np.median(steps)), TOLERANCE):
            here, there = (", ".join(f"{n} {v:.10g}" for n, v in zip(names, lot[:, k], strict=True)) for lot in (a, b))
            return f"its trace {k} lies at {there} instead of {here}"
        return ""
    return ""


def _map_of(survey: xr.DataArray, dims: Sequence[str]) -> tuple[str, tuple[float, ...]]:
    """CRS and, where rows and columns do not run along x and y, the transform of a survey."""
    if not {"y", "x"} <= set(dims):
        return "", ()
    from rioxarray.exceptions import RioXarrayError

    crs = rio(survey).crs
    try:
        kept = transform_of(survey)
    except RioXarrayError:
        return (crs.to_wkt() if crs else ""), ()
    if not (kept.b or kept.d):
        return (crs.to_wkt() if crs else ""), ()
    if {"y", "x"} <= set(survey.coords):
        # There x and y count pixels of the whole image, of which this may be a part.
        kept = kept @ Affine.translation(float(survey["x"][0]), float(survey["y"][0]))
    return (crs.to_wkt() if crs else ""), tuple(float(number) for number in kept[:6])


def _along(survey: xr.DataArray, dims: Sequence[str]) -> list[Along]:
    found = []
    for name, one in survey.coords.items():
        if name in survey.dims or len(one.dims) != 1 or one.dims[0] not in dims or one.dtype.kind not in "iuf":
            continue
        values: NDArray[np.float64] = np.asarray(one.values, np.float64)
        if np.isfinite(values).all():
            unit = str(one.attrs.get("units", ""))
            found.append(Along(str(name), str(one.dims[0]), tuple(values.tolist()), unit))
    return found


def _plain(geometry: SurveyGeometry) -> SurveyGeometry:
    """The geometry in Python's own numbers."""
    return SurveyGeometry(
        numbers=_pair(geometry.numbers),
        increments=_pair(geometry.increments),
        origin=_pair(geometry.origin),
        inline_step=_pair(geometry.inline_step),
        crossline_step=_pair(geometry.crossline_step),
        units=str(geometry.units),
    )


def _pair(numbers: tuple[float, float]) -> tuple[float, float]:
    return float(numbers[0]), float(numbers[1])


def file_of(grid: Grid) -> Path:
    """Return the file that sentences about a grid name."""
    return Path(grid.source or grid.name or "survey")
