"""How a survey is drawn: which way its axes run, how long a voxel is along each, and what a section is called.

Sections stand upright: crosslines, or the traces of a line, run to the right, two-way time runs down, the slider steps
over inlines.
Time keeps its own milliseconds (what the status bar shows is true), and the lateral axes are drawn in metres
divided by :data:`VERTICAL_EXAGGERATION`. Maps lie with north up and pixels as square as they are on the ground, in
metres, whichever way the rows of the file run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn.sentence import begun
from napari_fhn.surveys import SurveyGeometry
from napari_fhn.surveys.kinds import is_line, spatial_dims, vertical_axis
from napari_fhn.surveys.maps import grid_of, map_units

VERTICAL_EXAGGERATION = 4.0
"""One millisecond is drawn as long as this many metres (at 2000 m/s it is one metre deep)."""

_TRACE_STEPS = 1.25
"""Width of a trace in samples where the file says nothing about distances."""

_THIN, _WIDE = 0.2, 50.0
"""Traces so many samples wide are drawn by their distances; beyond that these are no distances, but numbers."""

UPRIGHT = {2: (1, 0), 3: (0, 2, 1)}
"""Order of the viewer's axes, by their number, in which the last one runs down."""

_METRES = {"m": 1.0, "ft": 0.3048, "km": 1000.0}

_DEGREE = 111_200.0
"""Metres in a degree of latitude."""


def axes_of(survey: xr.DataArray) -> dict[str, Any]:
    """Return how the axes of a survey are drawn; no value is read.

    Parameters
    ----------
    survey : xarray.DataArray
        As :func:`napari_fhn.surveys.open` gives it.

    Returns
    -------
    dict
        For each axis the ``scale`` of a voxel, where the first one lies (``translate``), ``units`` and ``axis_labels``.
    """
    axis = vertical_axis(survey)
    vertical = None if axis is None else spatial_dims(survey)[axis]
    geometry = survey.attrs.get("geometry")
    bins = geometry.bin_size if isinstance(geometry, SurveyGeometry) else None
    cells = _cells(survey)
    scale, translate, units = [], [], []
    for dim in map(str, survey.dims):
        step, start, unit = 1.0, 0.0, "pixel"
        if dim in ("inline", "crossline", "trace") and vertical is not None:
            if bins is not None and dim != "trace":
                step = bins[dim == "crossline"] / VERTICAL_EXAGGERATION
            else:
                step = _between_traces(survey, _step(survey, vertical))
        elif dim == vertical:
            step, start = _step(survey, dim), float(survey[dim][0])
            unit = {"ms": "ms", "m": "m"}.get(str(survey[dim].attrs.get("units", "")), "pixel")
        elif dim in cells:
            step, unit = cells[dim]
            if step < 0:
                # The last row (column) is drawn first, and the corner of the view stays at zero.
                start = -step * (survey.sizes[dim] - 1)
        scale.append(step)
        translate.append(start)
        units.append(unit)
    return {
        "scale": scale,
        "translate": translate,
        "units": units,
        "axis_labels": tuple(str(dim) for dim in survey.dims),
    }


def _between_traces(survey: xr.DataArray, sample: float) -> float:
    """Width of a trace of a line on the canvas, where a sample is so long."""
    if {"x", "y"} <= set(survey.coords) and survey["x"].ndim == 1 and survey["x"].size > 1:
        unit = _METRES.get(str(survey["x"].attrs.get("units", "")), 0.0)
        apart = np.hypot(*(np.diff(np.asarray(survey[c], np.float64)) for c in "xy"))
        width = float(np.median(apart)) * unit / VERTICAL_EXAGGERATION
        if _THIN * sample <= width <= _WIDE * sample:
            return width
    return _TRACE_STEPS * sample


def _cells(survey: xr.DataArray) -> dict[str, tuple[float, str]]:
    """Step on the canvas and its unit for y and x of a map, so that north is up and east is to the right.

    Metres where the map has a length for a unit. Degrees are drawn as metres in the middle of the map, so that what is
    square on the ground is square on the screen.
    """
    if not {"y", "x"} <= set(survey.dims):
        return {}
    if not {"y", "x"} <= set(survey.coords):
        return {"y": (1.0, "pixel"), "x": (1.0, "pixel")}
    grid = grid_of(survey)
    if not grid.placed:
        return {"y": (1.0, "pixel"), "x": (1.0, "pixel")}
    width, height = grid.cell
    rotated = bool(grid.transform.b or grid.transform.d)
    # Northing that grows with the rows, or easting that falls with the columns, is drawn the other way round.
    down = -1.0 if grid.transform.e > 0 and not rotated else 1.0
    right = -1.0 if grid.transform.a < 0 and not rotated else 1.0
    unit = str(survey["y"].attrs.get("units", "")) or map_units(grid.crs)
    if unit == "deg":
        rows, columns = grid.shape
        latitude = (grid.transform * (columns / 2, rows / 2))[1]
        across = max(float(np.cos(np.radians(latitude))), 0.01)
        return {"y": (down * height * _DEGREE, "m"), "x": (right * width * _DEGREE * across, "m")}
    metres = _METRES.get(unit)
    factor, unit = (1.0, "pixel") if metres is None else (metres, "m")
    return {"y": (down * height * factor, unit), "x": (right * width * factor, unit)}


def _step(survey: xr.DataArray, dim: str) -> float:
    values = np.asarray(survey[dim], dtype=np.float64)
    return (abs(float(values[-1] - values[0])) / (values.size - 1) if values.size > 1 else 1.0) or 1.0


def is_upright(survey: xr.DataArray) -> bool:
    """Whether the last axis of a volume, or of a line, is time or depth."""
    return vertical_axis(survey) == survey.ndim - 1 and survey.ndim in UPRIGHT


def across(axis: int, ndim: int, vertical: int | None = None) -> tuple[int, ...]:
    """Return the order of the viewer's axes in which the section across one of them is in view, upright.

    Parameters
    ----------
    axis : int
        The one that the section does not run along.
    ndim : int
        How many axes there are.
    vertical : int, optional
        The axis of time or depth.

    Examples
    --------
    >>> across(1, 3, vertical=2)  # a crossline: inlines run to the right, time down
    (1, 2, 0)
    """
    others = [other for other in range(ndim) if other != axis]
    return (axis, *sorted(others, key=lambda other: other != vertical))


def upright(order: tuple[int, ...], before: tuple[int, ...], vertical: int) -> tuple[int, ...]:
    """Return the order of the viewer's axes that stands upright, where one that does not was chosen.

    Parameters
    ----------
    order : tuple of int
        As it was chosen.
    before : tuple of int
        As it was until then. Where the axes were rolled by one the section across the next axis is meant.
    vertical : int
        The axis of time or depth.

    Examples
    --------
    >>> upright((1, 0, 2), before=(0, 2, 1), vertical=2)  # napari's roll: from an inline to a crossline
    (1, 2, 0)
    >>> upright((0, 1, 2), before=(1, 2, 0), vertical=2)  # and on to a time slice
    (2, 0, 1)
    """
    if len(order) == 3 and order != before and order == (before[-1], *before[:-1]):
        return across((before[0] + 1) % 3, 3, vertical)
    return (*order[:-2], order[-1], order[-2]) if order[-1] == vertical else order


def corner_of(survey: xr.DataArray) -> tuple[str, float, float] | None:
    """CRS of a map in metres, and northing and easting of the middle of its upper left cell; None for other surveys."""
    if not {"y", "x"} <= set(survey.dims) & set(survey.coords):
        return None
    grid = grid_of(survey)
    metres = _METRES.get(map_units(grid.crs))
    if not grid.placed or grid.crs is None or metres is None or grid.transform.b or grid.transform.d:
        return None
    y, x = (np.asarray(survey[dim], np.float64) for dim in ("y", "x"))
    return str(grid.crs.to_wkt()), float(y.max()) * metres, float(x.min()) * metres


def section_title(survey: xr.DataArray, point: Callable[[int], int], displayed: tuple[int, ...]) -> str:
    """Say which section is in view, by its survey number.

    Parameters
    ----------
    survey : xarray.DataArray
        The survey.
    point : callable
        Index in view along an axis.
    displayed : tuple of int
        Axes on the canvas.

    Returns
    -------
    str
        "Inline 1064", "732 ms", "Band 12, 652 nm", "magnetics"; when everything is in view "Line F3-12" or
        "Crossline 1155" for a line, and else nothing.
    """
    if is_line(survey) and set(range(survey.ndim)) <= set(displayed):
        return _line_title(survey)
    words = []
    for axis, dim in enumerate(map(str, survey.dims)):
        if axis in displayed:
            continue
        index = min(max(point(axis), 0), survey.sizes[dim] - 1)
        value = float(survey[dim][index]) if dim in survey.coords else float(index)
        if dim == "twt":
            words.append(f"{value:g} ms")
        elif dim == "depth":
            words.append(f"{value:g} m")
        elif dim == "band":
            name = str(survey["band_name"].values[index]) if "band_name" in survey.coords else ""
            nm = f", {float(survey['wavelength'][index]):.0f} nm" if "wavelength" in survey.coords else ""
            words.append(name if name and not nm else f"Band {value:g}{nm}")
        else:
            words.append(f"{dim.replace('_', ' ').capitalize()} {value:g}")
    return ", ".join(words)


def _line_title(survey: xr.DataArray) -> str:
    """Name a line: by the number that all its traces share, else by its own name."""
    for number in ("inline", "crossline"):
        values = np.unique(np.asarray(survey[number], np.float64)) if number in survey.coords else np.zeros(0)
        if values.size == 1 and values[0]:
            return f"{number.capitalize()} {values[0]:g}"
    name = str(survey.name or "Line")
    return begun(name) if "line" in name.lower() else f"Line {name}"
