"""Where wells run through a survey, in its voxels, and back in its own numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.wells.well import DeviatedWell, Well
from napari_fhn.surveys.kinds import kind_of


def heads(wells: Iterable[Well | DeviatedWell], survey: xr.DataArray) -> dict[str, tuple[float, ...]]:
    """Return where wells lie, in voxels along inline and crossline, on a line along its traces.

    Parameters
    ----------
    wells : iterable of Well or DeviatedWell
        Those without a place are left out.
    survey : xarray.DataArray
        Seismic.

    Returns
    -------
    dict
        Place by name.
    """
    traces = Traces.of(survey)
    places = {well.name: _head(well, traces) for well in wells}
    return {name: tuple(place.tolist()) for name, place in places.items() if place is not None}


def track(well: Well | DeviatedWell, survey: xr.DataArray) -> NDArray[np.float64] | None:
    """Return the path of a well in voxels of a survey.

    Parameters
    ----------
    well : Well or DeviatedWell
        The well.
    survey : xarray.DataArray
        Seismic.

    Returns
    -------
    ndarray of float64, shape (n, axes), or None
        From top to bottom; None where the well has no place in the survey.
    """
    traces = Traces.of(survey)
    n = survey.shape[-1]
    head = _head(well, traces)
    if head is None:
        return None
    if isinstance(well, Well) or not traces.has_xy:
        head = np.rint(head)
        return np.array([[*head, 0.0], [*head, n - 1.0]])
    if well.xy is not None:
        x, y = well.xy
    elif traces.is_line:
        x, y = (float(traces.survey[c].values[int(head[0])]) for c in "xy")
    else:
        x, y = traces.geometry.to_xy(**numbers_at(head, survey))
    axis = np.asarray(survey[survey.dims[-1]], np.float64)
    places = traces.by_xy(x + well.dx_m / traces.metres, y + well.dy_m / traces.metres)
    sample = np.interp(well.vertical, axis, np.arange(n, dtype=np.float64))
    path = np.column_stack([places, sample])
    path = path[np.isfinite(path).all(axis=1)]
    return path if len(path) > 1 else None


def numbers_at(point: NDArray[np.float64], survey: xr.DataArray) -> dict[str, float]:
    """Return the inline and crossline number at a place in voxels, on a line the number of the trace.

    Parameters
    ----------
    point : ndarray of float64
        Along the lateral axes of the survey; outside means its edge.
    survey : xarray.DataArray
        Seismic.
    """
    found = {}
    for axis, dim in enumerate(("inline", "crossline") if kind_of(survey) == "seismic volume" else ("trace",)):
        values = np.asarray(Traces.of(survey).survey[dim], np.float64)
        found[dim] = float(values[min(max(round(float(point[axis])), 0), values.size - 1)])
    return found


def described(well: Well | DeviatedWell) -> str:
    """Say where a well is, in the words of its file."""
    if well.xy is not None:
        return f"x {well.xy[0]:.0f}, y {well.xy[1]:.0f}"
    if well.trace is not None:
        return f"trace {well.trace:g}"
    return f"{well.inline:g}, {well.crossline:g}"


def _head(well: Well | DeviatedWell, traces: Traces) -> NDArray[np.float64] | None:
    try:
        place = np.asarray(traces.of_well(well), np.float64).reshape(-1)
    except LabelError:
        return None
    return place if np.isfinite(place).all() else None
