"""What volumes in bricks have in common: axes with units, and a place on the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from napari_fhn.surveys.geometry import SurveyGeometry

Vertical = Literal["twt", "depth"]
Point = tuple[float, float]

#: Vertical units: what the axis is, and the factor to milliseconds or metres.
_VERTICAL: dict[str, tuple[Vertical, float]] = {
    "ms": ("twt", 1.0), "s": ("twt", 1000.0), "us": ("twt", 0.001),
    "m": ("depth", 1.0), "km": ("depth", 1000.0), "ft": ("depth", 0.3048), "ussft": ("depth", 1200 / 3937),
}  # fmt: skip
_SPELT = {
    "msec": "ms", "millisecond": "ms", "milliseconds": "ms", "sec": "s", "second": "s", "seconds": "s",
    "microsecond": "us", "microseconds": "us", "meter": "m", "metre": "m", "meters": "m", "metres": "m",
    "foot": "ft", "feet": "ft", "usft": "ussft", "us-ft": "ussft", "ftus": "ussft", "kilometer": "km",
}  # fmt: skip
_WORDS = {"twt": "two-way time in milliseconds", "depth": "depth in metres"}
#: Smaller steps between lines, in metres or feet, are those of coordinates that nobody filled in.
_SMALLEST_BIN = 1e-3


def said_unit(unit: str) -> str:
    """Return a unit of length or time as this project writes it; empty for what is none."""
    word = unit.strip().lower().rstrip(".")
    word = _SPELT.get(word, word)
    return word if word in _VERTICAL else ""


def vertical_axis(
    start: float, step: float, n: int, unit: str, vertical: Vertical | None
) -> tuple[str, tuple[str, Any, dict[str, str]], list[str]]:
    """Return the vertical axis in milliseconds or metres.

    Parameters
    ----------
    start, step : float
        As the file has them.
    n : int
        Samples.
    unit : str
        Of both, as the file writes it; empty, or a word for "none", where it says nothing.
    vertical : {"twt", "depth"}, optional
        What a person says that it is: in milliseconds or metres where the unit of the file is none of these.

    Returns
    -------
    name : {"twt", "depth", "sample"}
        Samples are counted from 0 where nothing says how far apart they are.
    coordinate : tuple
        As xarray takes it.
    notes : list of str
    """
    said, notes, name, factor = said_unit(unit), list[str](), vertical, 1.0
    if said:
        name, factor = _VERTICAL[said]
        if vertical is not None and vertical != name:
            name, factor = vertical, 1.0
            notes.append(
                f"The file says that its vertical axis is in {said}; as asked it was taken for {_WORDS[name]}."
            )
        elif name == "depth" and factor != 1:
            notes.append(f"Depths are in {said} in the file and in metres here.")
    if name is None:
        notes.append(
            "The file gives no unit for its vertical axis, so it counts samples. If you know it, open it with "
            "vertical='twt' (milliseconds) or vertical='depth' (metres)."
        )
        return "sample", ("sample", np.arange(n, dtype=np.float64), {"long_name": "sample"}), notes
    numbers = (start + step * np.arange(n, dtype=np.float64)) * factor
    attrs = {"units": "ms", "long_name": "two-way time"} if name == "twt" else {"units": "m", "long_name": "depth"}
    return name, (name, numbers, attrs), notes


def geometry_of(
    numbers: Sequence[Point], corners: Sequence[Point], shape: Sequence[int], units: str
) -> tuple[SurveyGeometry | None, list[str]]:
    """Return the place of a volume by three of its corners.

    Parameters
    ----------
    numbers : sequence of (float, float)
        Start and step of the inline numbers, and of the crossline numbers.
    corners : sequence of (float, float)
        x and y at the first inline and crossline, at the last inline and first crossline, and at the first inline and
        last crossline.
    shape : sequence of int
        Inlines and crosslines.
    units : {"m", "ft"}
        Of x and y.

    Returns
    -------
    geometry : SurveyGeometry or None
        None where the corners span no area.
    notes : list of str
        Why not.
    """
    origin, along, across = (np.asarray(corner, dtype=np.float64) for corner in corners)
    if min(shape[:2]) < 2:
        return None, []
    steps = [(along - origin) / (shape[0] - 1), (across - origin) / (shape[1] - 1)]
    bins = [float(np.hypot(*step)) for step in steps]
    area = abs(steps[0][0] * steps[1][1] - steps[0][1] * steps[1][0])
    if not np.isfinite([origin, *steps]).all() or min(bins) < _SMALLEST_BIN or area < 1e-6 * bins[0] * bins[1]:
        return None, ["The file holds no map coordinates of its corners."]
    first, increments = [], []
    for k, (start, step) in enumerate(numbers):
        # Numbers ascend in what is handed out, whichever way the file has them.
        if step < 0:
            origin, steps[k] = origin + (shape[k] - 1) * steps[k], -steps[k]
        first.append(float(start + (shape[k] - 1) * step if step < 0 else start))
        increments.append(float(abs(step)))
    place, one, other = ((float(x), float(y)) for x, y in (origin, *steps))
    return SurveyGeometry((first[0], first[1]), (increments[0], increments[1]), place, one, other, units), []


def labelled(
    path: Path,
    variable: xr.Variable,
    coords: Mapping[str, Any],
    *,
    format: str,
    notes: Sequence[str],
    attrs: Mapping[str, Any],
) -> xr.DataArray:
    """Return a survey whose line numbers ascend.

    Parameters
    ----------
    path : Path
        The file.
    variable : xarray.Variable
        Lazy values with named axes.
    coords : mapping
        As xarray takes them.
    format : str
        What the file is.
    notes : sequence of str
        Worth showing to a person.
    attrs : mapping
        Further attributes: ``geometry``, ``read_as``.
    """
    said = {"source": str(path.absolute()), "kind": "seismic", "format": format, "nodata": None, "geometry": None}
    survey = xr.DataArray(variable, coords=coords, name=path.stem, attrs={**said, **attrs, "notes": tuple(notes)})
    turned = {
        dim: slice(None, None, -1)
        for dim in ("inline", "crossline")
        if dim in survey.dims and survey.sizes[dim] > 1 and float(survey[dim][1]) < float(survey[dim][0])
    }
    return survey.isel(turned) if turned else survey
