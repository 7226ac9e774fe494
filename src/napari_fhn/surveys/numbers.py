"""A survey's own numbers: from the index of a voxel to inline, crossline, time, row, column, map coordinates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from rasterio.crs import CRS

from napari_fhn.surveys import SurveyGeometry
from napari_fhn.surveys.maps import Grid, grid_of, map_units

VERTICAL = {"twt": "ms", "depth": "m", "sample": ""}
"""Axes of time and depth, and their units where the survey says none."""

_CALLED = {"y": "row", "x": "column", "twt": "time"}
_FINE = 20
"""Map coordinates are written with enough digits to tell this part of a cell."""


@dataclass(frozen=True, eq=False)
class NumberedAxis:
    """One axis of a layer.

    Attributes
    ----------
    name : str
        Of the survey's dimension: ``inline``, ``twt``, ``y``, ...
    values : ndarray of float64, shape (n,)
        Its numbers; rows and columns are counted from 0, as tables of points count them.
    unit : str
        "ms", "m", ... or empty.
    """

    name: str
    values: NDArray[np.float64]
    unit: str = ""

    @property
    def called(self) -> str:
        """What a person calls it."""
        return _CALLED.get(self.name, self.name.replace("_", " "))

    @property
    def step(self) -> float:
        """Mean step of the numbers, 1 for a single one."""
        v = self.values
        return float(v[-1] - v[0]) / (v.size - 1) if v.size > 1 and v[-1] != v[0] else 1.0

    def index(self, number: float) -> float:
        """Return the fractional index of a number, also outside."""
        return (number - float(self.values[0])) / self.step


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of a layer, without its values.

    Attributes
    ----------
    axes : tuple of NumberedAxis
        In the order of the layer's array.
    wavelengths : ndarray of float64 or None
        In nanometres, one per band.
    geometry : SurveyGeometry or None
        Of a seismic volume.
    grid : Grid or None
        Of a map that has map coordinates.
    track : tuple of ndarray or None
        x and y (m) of each trace of a 2D line.
    crs : str
        Name of the grid's CRS, such as "WGS 84 / UTM zone 32N".
    unit : str
        Of map coordinates: "m", "ft", "deg" or empty.
    """

    axes: tuple[NumberedAxis, ...]
    wavelengths: NDArray[np.float64] | None = None
    geometry: SurveyGeometry | None = None
    grid: Grid | None = None
    track: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    crs: str = ""
    unit: str = ""

    @classmethod
    def of(cls, survey: xr.DataArray) -> Numbers:
        """Take the numbers from a survey's coordinates; no value is read.

        Parameters
        ----------
        survey : xarray.DataArray
            As `napari_fhn.surveys.open` gives it, or a part of it.
        """
        dims = [str(dim) for dim in survey.dims]
        axes = tuple(_axis(survey, dim) for dim in dims)
        waves = None
        if "band" in dims and "wavelength" in survey.coords:
            waves = np.asarray(survey["wavelength"], np.float64)
        geometry = survey.attrs.get("geometry")
        if isinstance(geometry, SurveyGeometry) and {"inline", "crossline"} <= set(dims):
            return cls(axes, waves, geometry, unit=geometry.units)
        if {"y", "x"} <= set(dims) and {"y", "x"} <= set(survey.coords):
            grid = grid_of(survey)
            if grid.placed:
                return cls(axes, waves, grid=grid, crs=_crs_name(grid), unit=map_units(grid.crs))
        if "trace" in dims and {"x", "y"} <= set(survey.coords):
            track = (np.asarray(survey["x"], np.float64), np.asarray(survey["y"], np.float64))
            return cls(axes, waves, track=track, unit=str(survey["x"].attrs.get("units", "m")))
        return cls(axes, waves)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(axis.name for axis in self.axes)

    def axis(self, name: str) -> NumberedAxis:
        """Return the axis of a name."""
        return self.axes[self.names.index(name)]

    @property
    def placed(self) -> bool:
        """Whether voxels have map coordinates."""
        return self.geometry is not None or self.grid is not None or self.track is not None

    def to_xy(self, index: Sequence[int]) -> tuple[float, float] | None:
        """Return the map coordinates of a voxel's middle, None where the survey has none."""
        at = dict(zip(self.names, index, strict=True))
        if self.geometry is not None:
            lines = (self.axis(name).values[at[name]] for name in ("inline", "crossline"))
            x, y = self.geometry.to_xy(*lines)
            return float(x), float(y)
        if self.grid is not None:
            x, y = self.grid.transform * (at["x"] + 0.5, at["y"] + 0.5)
            return float(x), float(y)
        if self.track is not None:
            return float(self.track[0][at["trace"]]), float(self.track[1][at["trace"]])
        return None

    def from_xy(self, x: float, y: float) -> dict[str, float]:
        """Return fractional indices by axis of map coordinates, also outside; empty where there are none."""
        if self.geometry is not None:
            inline, crossline = self.geometry.to_numbers(x, y)
            return {
                "inline": self.axis("inline").index(float(inline)),
                "crossline": self.axis("crossline").index(float(crossline)),
            }
        if self.grid is not None:
            column, row = ~self.grid.transform * (x, y)
            return {"y": float(row) - 0.5, "x": float(column) - 0.5}
        if self.track is not None:
            return {"trace": float(np.argmin(np.hypot(self.track[0] - x, self.track[1] - y)))}
        return {}

    @property
    def digits(self) -> int:
        """Decimals with which map coordinates are written."""
        if self.geometry is not None:
            cell = min(np.hypot(*self.geometry.inline_step), np.hypot(*self.geometry.crossline_step))
        elif self.grid is not None:
            cell = min(self.grid.cell)
        else:
            return 1
        return int(np.clip(np.ceil(-np.log10(cell / _FINE)), 0, 8)) if cell > 0 else 1


def describe(survey: xr.DataArray | Numbers, index: Sequence[float]) -> str:
    """Say where a voxel lies, in the survey's own numbers.

    Parameters
    ----------
    survey : xarray.DataArray or Numbers
        The survey, or what `Numbers.of` took from it.
    index : sequence of float
        Along each axis; rounded to the nearest voxel.

    Returns
    -------
    str
        "inline 1064, crossline 2101, 732 ms; X 484236.8, Y 6513961.4 m" or
        "row 10, column 20; X 612945, Y 5330955 m, WGS 84 / UTM zone 32N; band 12, 652 nm"; empty outside.
    """
    numbers = survey if isinstance(survey, Numbers) else Numbers.of(survey)
    if not np.isfinite(index).all():
        return ""
    at = [round(float(k)) for k in index]
    if any(not 0 <= k < axis.values.size for k, axis in zip(at, numbers.axes, strict=True)):
        return ""
    parts = [", ".join(_word(a, k) for a, k in zip(numbers.axes, at, strict=True) if a.name != "band")]
    xy = numbers.to_xy(at)
    if xy is not None:
        parts.append(coordinates(numbers, *xy) + (f", {numbers.crs}" if numbers.crs else ""))
    if "band" in numbers.names:
        place = numbers.names.index("band")
        nm = "" if numbers.wavelengths is None else f", {numbers.wavelengths[at[place]]:.0f} nm"
        if numbers.axes[place].values.size > 1 or nm:
            parts.append(f"band {numbers.axes[place].values[at[place]]:g}{nm}")
    return "; ".join(part for part in parts if part)


def by_axes(survey: xr.DataArray | Numbers, voxel: Sequence[int]) -> str:
    """Say the number of a voxel along each axis of space, such as "inline 1064, crossline 2101, time 732".

    Parameters
    ----------
    survey : xarray.DataArray or Numbers
        The survey, or what `Numbers.of` took from it.
    voxel : sequence of int
        Along each axis but that of the bands.
    """
    numbers = survey if isinstance(survey, Numbers) else Numbers.of(survey)
    axes = [axis for axis in numbers.axes if axis.name != "band"]
    return ", ".join(f"{axis.called} {axis.values[k]:g}" for axis, k in zip(axes, voxel, strict=True))


def coordinates(numbers: Numbers, x: float, y: float) -> str:
    """Write map coordinates with the digits and units of a survey."""
    digits = numbers.digits
    if numbers.unit == "deg":
        return f"lat {y:.{digits}f}, lon {x:.{digits}f} deg"
    return f"X {x:.{digits}f}, Y {y:.{digits}f} {numbers.unit}".rstrip()


def _word(axis: NumberedAxis, index: int) -> str:
    value = float(axis.values[index])
    if axis.name in VERTICAL and axis.unit:
        return f"{value:g} {axis.unit}"
    return f"{axis.called} {value:.10g}"


def _axis(survey: xr.DataArray, dim: str) -> NumberedAxis:
    n = survey.sizes[dim]
    if dim in ("y", "x") or dim not in survey.coords or survey[dim].dtype.kind not in "iuf":
        return NumberedAxis(dim, np.arange(n, dtype=np.float64))
    unit = str(survey[dim].attrs.get("units", "")) or VERTICAL.get(dim, "")
    return NumberedAxis(dim, np.asarray(survey[dim], np.float64), unit)


def _crs_name(grid: Grid) -> str:
    if grid.crs is None:
        return ""
    code = grid.crs.to_epsg()
    # Files often hold a definition without a name, whose code has one.
    full = CRS.from_epsg(code) if code else grid.crs
    name = re.match(r'\w+\["([^"]+)"', full.wkt)
    return name[1] if name and name[1] not in ("unnamed", "unknown") else str(grid.crs.to_string())[:40]
