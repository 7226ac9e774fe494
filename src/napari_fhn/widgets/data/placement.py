"""How a survey lies on the canvas: scale, units, orientation, contrast.

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
from napari.components import ViewerModel
from napari.layers import Image
from numpy.typing import NDArray

from napari_fhn.surveys import SurveyGeometry
from napari_fhn.surveys.kinds import is_line, is_seismic, spatial_dims, vertical_axis
from napari_fhn.surveys.maps import grid_of, map_units
from napari_fhn.widgets.data import readout

VERTICAL_EXAGGERATION = 4.0
"""One millisecond is drawn as long as this many metres (at 2000 m/s it is one metre deep)."""

_TRACE_STEPS = 1.25
"""Width of a trace in samples where the file says nothing about distances."""

_SECTIONS = 3
"""Sections looked at for the contrast."""

_THIN, _WIDE = 0.2, 50.0
"""Traces so many samples wide are drawn by their distances; beyond that these are no distances, but numbers."""

UPRIGHT = {2: (1, 0), 3: (0, 2, 1)}
"""Order of the viewer's axes, by their number, in which the last one runs down."""

_METRES = {"m": 1.0, "ft": 0.3048, "km": 1000.0}

_DEGREE = 111_200.0
"""Metres in a degree of latitude."""


def image_layer(survey: xr.DataArray, name: str | None = None) -> tuple[Any, dict[str, Any], str]:
    """Return a survey as napari's layer data: values stay lazy, bad bands are left out of sight.

    Parameters
    ----------
    survey : xarray.DataArray
        As :func:`napari_fhn.surveys.open` gives it.
    name : str, optional
        Other than the survey's.

    Returns
    -------
    tuple
        ``(data, attributes, "image")``; the whole survey stays in ``metadata["survey"]``.
    """
    shown = survey
    if "band" in survey.dims and "good" in survey.coords and bool(survey["good"].any()):
        shown = survey.isel(band=np.flatnonzero(np.asarray(survey["good"])))
    seismic = is_seismic(survey)
    attributes: dict[str, Any] = {
        "name": name or str(survey.name or "survey"),
        "metadata": {"survey": survey},
        "colormap": "gray",
        "contrast_limits": contrast(shown, symmetric=seismic),
        "interpolation2d": "linear" if seismic else "nearest",
        **_grid(survey),
    }
    return shown, attributes, "image"


def contrast(survey: xr.DataArray, *, symmetric: bool) -> tuple[float, float]:
    """Return contrast limits from percentiles of a few sections, which is all that is read.

    Parameters
    ----------
    survey : xarray.DataArray
        The values.
    symmetric : bool
        Around zero, as seismic amplitudes are.
    """
    return clipped(sampled(survey), 1.0 if symmetric else 2.0, symmetric=symmetric)


def clipped(values: NDArray[np.float64], percent: float, *, symmetric: bool) -> tuple[float, float]:
    """Return the limits beyond which a share of the values lies.

    Parameters
    ----------
    values : ndarray
        Finite.
    percent : float
        Of the values at each end; around zero, of their sizes.
    symmetric : bool
        Around zero, where there are values on both sides of it.
    """
    if not values.size:
        return 0.0, 1.0
    if symmetric and values.min() < 0:
        limit = float(np.percentile(np.abs(values), 100 - percent)) or 1.0
        return -limit, limit
    low, high = (float(v) for v in np.percentile(values, (percent, 100 - percent)))
    return (low, high) if low < high else (low, low + 1.0)


def sampled(survey: xr.DataArray) -> NDArray[np.float64]:
    """Return the finite values of a few sections.

    Parameters
    ----------
    survey : xarray.DataArray
        Of any number of axes; a map is read as it is.
    """
    places = np.unique(np.linspace(0, len(survey) - 1, _SECTIONS + 2).round().astype(int)[1:-1])
    axis = survey.dims[0]
    parts = [survey] if survey.ndim < 3 else [survey.isel({axis: int(k)}) for k in places]
    values = np.concatenate([np.asarray(part).ravel() for part in parts]).astype(np.float64)
    nodata = survey.attrs.get("nodata")
    return np.asarray(values[np.isfinite(values) & (values != nodata if nodata is not None else True)])


def _grid(survey: xr.DataArray) -> dict[str, Any]:
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


def is_upright(layer: Any) -> bool:
    """Whether a layer shows a volume, or a line, whose last axis is time or depth."""
    survey = layer.metadata.get("survey") if isinstance(layer, Image) else None
    return survey is not None and vertical_axis(survey) == survey.ndim - 1 and survey.ndim in UPRIGHT


def stand_upright(viewer: ViewerModel) -> None:
    """Turn sections upright, unless the person has already turned the axes."""
    ndim = viewer.dims.ndim
    if ndim in UPRIGHT and tuple(viewer.dims.order) == tuple(range(ndim)):
        viewer.dims.order = UPRIGHT[ndim]
        fit(viewer)


def lie_flat(viewer: ViewerModel) -> None:
    """Turn a map back after a line stood upright in its place, unless the person has turned the axes otherwise."""
    if tuple(viewer.dims.order) == UPRIGHT[2]:
        viewer.dims.order = (0, 1)
        fit(viewer)


def fit(viewer: ViewerModel) -> None:
    """Show the whole of what is open."""
    getattr(viewer, "fit_to_view", viewer.reset_view)()


def on_arrival(viewer: ViewerModel | None, n: int = 1) -> None:
    """Turn the next layers that a reader or sample hands over upright, and let them answer in their own numbers.

    Parameters
    ----------
    viewer : ViewerModel or None
        Where they will arrive.
    n : int
        How many there will be.
    """
    if viewer is None:
        return
    left = [n]

    def arrived(event: Any) -> None:
        left[0] -= 1
        if left[0] <= 0:
            viewer.layers.events.inserted.disconnect(arrived)
        readout.attach(event.value)
        beside(viewer, event.value)
        if is_upright(event.value):
            stand_upright(viewer)

    viewer.layers.events.inserted.connect(arrived)


def beside(viewer: ViewerModel, layer: Any) -> None:
    """Move a map to its place beside the first map of the viewer in the same CRS.

    Canvas coordinates are counted from the corner of the first map: those of a CRS are too long for a graphics card.
    """
    corner = _corner(layer)
    other = next((one for one in viewer.layers if one is not layer and isinstance(one, Image) and _corner(one)), None)
    theirs = None if other is None else _corner(other)
    if corner is None or other is None or theirs is None or corner[0] != theirs[0]:
        return
    where = layer.translate.copy()
    apart = {"y": theirs[1] - corner[1], "x": corner[2] - theirs[2]}
    for dim, metres in apart.items():
        own, its = layer.axis_labels.index(dim), other.axis_labels.index(dim)
        where[own] += metres + min(other.extent.world[:, its]) - min(layer.extent.world[:, own])
    layer.translate = where


def _corner(layer: Any) -> tuple[str, float, float] | None:
    """CRS of a map in metres, and northing and easting of the middle of its upper left cell; None for other layers."""
    survey = layer.metadata.get("survey") if isinstance(layer, Image) else None
    if survey is None or not {"y", "x"} <= set(survey.dims) & set(survey.coords):
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
    return f"Line {survey.name}" if survey.name else "Line"
