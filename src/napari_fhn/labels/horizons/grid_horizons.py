"""Surfaces on grids as horizons at the traces of a survey."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.horizons.horizon_values import on_axis, surface
from napari_fhn.labels.horizons.surface_grids import SurfaceGrid
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.map_coordinates import crs_of, in_degrees, map_crs, own_crs, transformed
from napari_fhn.labels.tables.fill_values import fill_values, in_words, without
from napari_fhn.labels.tables.units import unit as named_unit
from napari_fhn.sentence import counted


def of_grid(
    grid: SurfaceGrid,
    survey: xr.DataArray,
    *,
    units: Mapping[str, str] | None = None,
    z: str | None = None,
    crs: str | None = None,
    survey_crs: str | None = None,
) -> xr.DataArray:
    """Return the values of a surface at the traces of a survey.

    A trace on a node has the value of the node, exactly; one between nodes a linear mean of the nearest four, and none
    where one of these is not defined. Nothing is made up beyond the grid.

    Parameters
    ----------
    grid : SurfaceGrid
        The surface.
    survey : xarray.DataArray
        Volume or line with a place on the map; only its coordinates are used.
    units : mapping, optional
        Unit of ``z``, which no such file tells.
    z : {"down", "up"}, optional
        Which way its values grow, as for picks.
    crs : str, optional
        Of its coordinates, over what the file says; that of the survey where neither says it.
    survey_crs : str, optional
        Of the survey's own coordinates, where it does not say it.

    Returns
    -------
    xarray.DataArray
        As `napari_fhn.labels.horizons.picks.read_horizons` gives it.

    Raises
    ------
    Undeclared
        When the unit or the sign of the values, or a CRS, cannot be told.
    LabelError
        When it is nowhere defined, or lies elsewhere.
    """
    path = grid.path
    traces = Traces.of(survey)
    places = _places(traces)
    theirs = _in_crs_of(grid, places, survey, crs, survey_crs)
    values = grid.values
    if not np.isfinite(values).any():
        raise LabelError(f"it is {grid.format} without a single value", "Check the file", path=path)
    fillers = fill_values(values, of_a_surface=True)
    if fillers:
        n = int(np.isin(values, fillers).sum())
        _warn(
            f"{path.name}: {in_words(fillers)} at {n:,} of {counted(values.size, 'nodes')} lies far from "
            "all others; it was "
            "taken for 'nothing' and left out."
        )
        values = without(values, fillers)
        grid = SurfaceGrid(path, grid.format, values, grid.origin, grid.column_step, grid.row_step, grid.crs)
    nodes = grid.nodes(theirs[:, 0], theirs[:, 1])
    found = grid.at(nodes)
    here = np.isfinite(found)
    if not here.any():
        _refuse(grid, places, traces, crs)
    between = np.any(nodes[here] != np.rint(nodes[here]))
    of = f"of {here.size:,} traces"
    _warn(
        f"{path.name}: it is {grid.words()}; "
        + ("its values were taken linearly between the nodes" if between else "its values were taken at the nodes")
        + (f", and {counted(int((~here).sum()), f'{of} have', f'{of} has')} none." if not here.all() else ".")
    )
    placed = np.full(found.size, np.nan)
    placed[here] = on_axis(found[here], lambda of, evidence: _unit(units, of, evidence, path), survey, z, path)
    return surface(placed.reshape(traces.shape), survey, path.stem, path, int(here.sum()))


def _places(traces: Traces) -> NDArray[np.float64]:
    """Map coordinates of all traces, shape (n, 2)."""
    survey = traces.survey
    if not traces.has_xy:
        raise LabelError(
            f"the survey '{survey.name}' has no place on the map, so a surface on a grid cannot be brought there",
            "Give picks with inline and crossline",
        )
    if traces.is_line:
        return np.stack([np.asarray(survey[name], np.float64) for name in ("x", "y")], axis=1)
    inline, crossline = np.meshgrid(survey["inline"], survey["crossline"], indexing="ij")
    return np.stack([part.ravel() for part in traces.geometry.to_xy(inline, crossline)], axis=1)


def _in_crs_of(
    grid: SurfaceGrid, places: NDArray[np.float64], survey: xr.DataArray, crs: str | None, survey_crs: str | None
) -> NDArray[np.float64]:
    """Bring places of traces to the coordinates of a grid."""
    named = crs or grid.crs
    if not named:
        return places
    source = crs_of(named, grid.path)
    # A file that says its own CRS is in the survey's where nobody says that of the survey.
    if crs is None and not source.is_geographic and not (survey_crs or map_crs(survey)):
        return places
    return transformed(places, own_crs(survey, grid.path, source.to_string(), survey_crs), source, grid.path)


def _unit(
    units: Mapping[str, str] | None, choices: tuple[str, ...], evidence: tuple[str, str] | None, path: Path
) -> str:
    said = (units or {}).get("z")
    if said is not None:
        named = named_unit(said)
        if named in choices:
            return named
        raise LabelError(f"its values cannot be in '{said}'", f"Use {' or '.join(choices)}", path=path)
    if evidence is not None:
        _warn(f"{path.name}: its values have no unit and were read in {evidence[0]}: {evidence[1]}.")
        return evidence[0]
    raise Undeclared(
        "the unit of its values is not said",
        f"Say whether it is {' or '.join(choices)}",
        option="units",
        choices=choices,
        role="z",
        path=path,
    )


def _refuse(grid: SurfaceGrid, places: NDArray[np.float64], traces: Traces, crs: str | None) -> None:
    """Say that a grid lies elsewhere, or ask for its CRS."""
    n, m = grid.values.shape
    ends = np.array(grid.origin) + np.array([[0, 0], [n - 1, m - 1]]) @ np.array([grid.column_step, grid.row_step])
    if crs is None and in_degrees(ends) and not in_degrees(places):
        raise Undeclared(
            f"it is {grid.words()}, which may be longitudes and latitudes, and the survey lies elsewhere",
            "Say its CRS; that of longitudes and latitudes is EPSG:4326 mostly",
            option="crs",
            path=grid.path,
        )
    (left, bottom), (right, top) = places.min(axis=0), places.max(axis=0)
    raise LabelError(
        f"it is {grid.words()}, and has no value in the survey, x {left:.10g} to {right:.10g} and y {bottom:.10g} to "
        f"{top:.10g} ({traces.words()})",
        "Check its coordinates and their CRS, and the survey's place on the map",
        path=grid.path,
    )


def _warn(words: str) -> None:
    warnings.warn(words, LabelWarning, stacklevel=5)
