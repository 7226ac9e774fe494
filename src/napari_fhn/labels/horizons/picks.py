"""Horizons: picks in text files as a surface of two-way time (or depth) on the traces of a survey."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.horizons.grid_horizons import of_grid
from napari_fhn.labels.horizons.horizon_values import on_axis, surface
from napari_fhn.labels.horizons.surface_files import read_surface
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.map_coordinates import ask_for_degrees, on_survey, said_crs
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.fill_values import fill_values, in_words, without
from napari_fhn.labels.tables.roles import Columns
from napari_fhn.labels.tables.sniffing import sniff
from napari_fhn.labels.wells.vertical import of_domain, of_way
from napari_fhn.sentence import counted

#: Tables of more columns than this are matrices, not picks.
_MATRIX = 24


def read_horizon(
    path: str | Path | Table,
    survey: xr.DataArray,
    name: str | None = None,
    *,
    columns: Mapping[str, str | int] | None = None,
    units: Mapping[str, str] | None = None,
    z: str | None = None,
    gap_traces: float = 0.0,
    **places: str | None,
) -> xr.DataArray:
    """Read one horizon; `read_horizons` with a name, or for a file that holds one.

    Raises
    ------
    Undeclared
        With option ``"name"``, when the file holds several and none is named.
    LabelError
        When it holds none of that name, and as `read_horizons`.
    """
    found = read_horizons(path, survey, columns=columns, units=units, z=z, gap_traces=gap_traces, only=name, **places)
    if name is None and len(found) > 1:
        raise Undeclared(
            f"it holds {counted(len(found), 'horizons')}: {', '.join(list(found)[:8])}",
            "Say which",
            option="name",
            choices=tuple(found),
            path=path.path if isinstance(path, Table) else path,
        )
    return next(iter(found.values()))


def read_horizons(
    path: str | Path | Table,
    survey: xr.DataArray,
    *,
    columns: Mapping[str, str | int] | None = None,
    units: Mapping[str, str] | None = None,
    z: str | None = None,
    gap_traces: float = 0.0,
    only: str | None = None,
    crs: str | None = None,
    survey_crs: str | None = None,
) -> dict[str, xr.DataArray]:
    """Read horizons onto the traces of a survey.

    Parameters
    ----------
    path : str, Path or Table
        Picks in columns: ``inline``, ``crossline`` or ``x``, ``y``, on a line also ``trace`` or ``cdp``, and ``twt``,
        ``time`` or ``z`` (in a depth survey ``tvdss``, ``depth`` or ``z``); Charisma lines; IESX cards. A column with
        the name of the horizon tells several apart. Times are two-way, as those of seismic data are. Or a surface on a
        grid of its own (Irap classic, ZMap+, CPS-3, ESRI, Surfer, GeoTIFF), whose values are taken at the traces.
    survey : xarray.DataArray
        Volume ``(inline, crossline, vertical)`` or line ``(trace, vertical)``; only its coordinates are used.
    columns, units : mapping, optional
        Column and unit by role, where the header does not tell them.
    z : {"down", "up"}, optional
        Whether values grow downwards or upwards. Needed where they have both signs; values that are all negative
        grow upwards and are turned.
    gap_traces : float, optional
        Traces without a pick this near to one are filled by linear interpolation. By default none is.
    only : str, optional
        Read the horizon of this name alone.
    crs : str, optional
        Of its map coordinates, where it is not that of the survey, as in ``"EPSG:4326"``; longitudes and latitudes are
        those of WGS 84 without.
    survey_crs : str, optional
        Of the survey's own coordinates, where it does not say it.

    Returns
    -------
    dict of str to xarray.DataArray
        By name, that of the file where no column names them. Each ``(inline, crossline)`` or ``(trace,)``, float64, in
        the unit of the survey's vertical axis, NaN where there is no pick; several picks at a trace are averaged. In
        ``attrs``: ``units``, ``source``, ``n_picks``.

    Raises
    ------
    AmbiguousColumns, Undeclared
        When columns, units or the sign of the values cannot be told.
    LabelError
        When it holds no picks, or none within the survey.
    """
    traces = Traces.of(survey)
    if z not in (None, "down", "up"):
        raise LabelError(f"values cannot grow '{z}'", "Say down or up")
    own = None if isinstance(path, Table) else read_surface(path)
    if own is not None:
        if only not in (None, own.path.stem):
            raise LabelError(f"it is {own.format}, without '{only}'", "Leave the name out", path=own.path)
        return {own.path.stem: of_grid(own, survey, units=units, z=z, crs=crs, survey_crs=survey_crs)}
    table = path if isinstance(path, Table) else _table(Path(path))
    path = table.path
    found = Columns(table, columns, units, survey)
    table.warn()
    crs = said_crs(crs, table.crs, survey, survey_crs)
    role = _vertical(found, survey)
    place = _place(found, traces)
    read = table.values([*(found.index(one) for one in place), found.index(role)])
    names = _names(table, found, path)
    if only is not None and names is None:
        if only != path.stem:
            raise LabelError(f"its horizons have no names, so there is no '{only}'", "Leave the name out", path=path)
    elif only is not None and names is not None:
        if only not in names:
            raise LabelError(f"there is no horizon '{only}'", f"It holds {', '.join(sorted(set(names)))}", path=path)
        chosen = np.asarray(names == only)
        read, names = read[chosen], names[chosen]
    read[:, -1] *= of_way(found, role)
    missing = int((~np.isfinite(read).all(axis=1)).sum())
    fillers = _fillers(read[:, -1], names)
    if fillers:
        left_out = int(np.isin(read[:, -1], fillers).sum())
        _warn(
            f"{path.name}: {in_words(fillers)} at {left_out:,} of {counted(len(read), 'rows')} lies far "
            "from all others; it was "
            "taken for 'no pick' and left out."
        )
        read[:, -1] = without(read[:, -1], fillers)
    picked = np.asarray(np.isfinite(read).all(axis=1))
    if not picked.any():
        raise LabelError("it holds no pick", "Check the file", path=path)
    if missing:
        of = f"of {len(picked):,} rows"
        _warn(
            f"{path.name}: {counted(missing, f'{of} have no value and were', f'{of} has no value and was')} left out."
        )
    read = read[picked]
    names = None if names is None else names[picked]
    vertical = on_axis(read[:, -1], lambda of, evidence: found.unit(role, of, evidence), survey, z, path)
    unit = table.units[found.index("x")] if place[0] == "x" and crs is None else ""
    place, read = on_survey(place, read, survey, path, crs, survey_crs)
    index = traces.by_roles(place, read, unit, path.name)
    inside = traces.inside(index)
    if not inside.any():
        if place[0] == "x" and crs is None:
            ask_for_degrees(read[:, :2], survey, path)
        ends = zip(place, read.min(axis=0), read.max(axis=0), strict=False)
        ranges = " and ".join(f"its {name} goes from {low:g} to {high:g}" for name, low, high in ends)
        raise LabelError(
            f"none of its {counted(len(read), 'picks')} lies in the survey ({traces.words()}): {ranges}",
            "Check which columns they are, and the survey's place on the map",
            path=path,
        )
    if not inside.all():
        beyond, of = int((~inside).sum()), f"of {len(read):,} picks"
        words = counted(beyond, f"{of} lie outside the survey and were", f"{of} lies outside the survey and was")
        _warn(f"{path.name}: {words} left out.")
    surfaces = {}
    for name in [path.stem] if names is None else dict.fromkeys(names[inside]):
        mine = inside if names is None else inside & (names == name)
        grid = _gridded(index[mine], vertical[mine], traces, survey, str(name))
        if gap_traces > 0:
            grid = _filled(grid, gap_traces)
        surfaces[str(name)] = surface(grid, survey, str(name), path, int(mine.sum()))
    return surfaces


def _fillers(values: NDArray[np.float64], names: NDArray[np.str_] | None) -> tuple[float, ...]:
    """Numbers that stand for "no pick" in any of the horizons."""
    parts = [values] if names is None else [values[names == name] for name in np.unique(names)]
    return tuple(sorted({value for part in parts for value in fill_values(part, of_a_surface=True)}))


def _table(path: Path) -> Table:
    """Sniff, refusing what is a matrix and no picks."""
    table = sniff(path)
    if len(table.names) > _MATRIX and not table.has_header and all(table.numeric):
        raise LabelError(
            f"each of its lines holds {counted(len(table.names), 'numbers')}: it is a matrix of values, "
            "and which traces they "
            "belong to is not told",
            "Export the horizon with inline and crossline, or x and y, on each line",
            path=path,
        )
    return table


def _vertical(found: Columns, survey: xr.DataArray) -> str:
    """Role of the column of times, or of depths in a depth survey."""
    own = of_domain(found, survey.dims, "a horizon")
    return found.first(*((role,) for role in (*own[:1], "z", *own[1:])))[0]


def _place(found: Columns, traces: Traces) -> tuple[str, ...]:
    """Roles of the place; what the survey does not have comes last."""
    groups = [*traces.places(), *([("lon", "lat")] if found.has("lon") and found.has("lat") else [])]
    if not traces.has_xy:
        groups.remove(("x", "y"))
        others = any(found.has(role) for role in ("inline", "trace", "cdp")) or found.may_have("inline")
        if found.has("x") and not others:
            traces.by_xy(0.0, 0.0)  # Says that the survey has no place on the map.
    return found.first(*groups)


def _names(table: Table, found: Columns, path: Path) -> NDArray[np.str_] | None:
    """Name of the horizon of each row, or None where rows have none."""
    if not found.has("marker"):
        return None
    named = np.array([row.cells["name"] for row in table.rows({"name": found.index("marker")})], dtype=str)
    return np.where(named == "", path.stem, named) if (named != "").any() else None


def _gridded(
    index: NDArray[np.float64], z: NDArray[np.float64], traces: Traces, survey: xr.DataArray, name: str
) -> NDArray[np.float64]:
    """Mean of the picks at each trace."""
    cell = np.clip(np.floor(index + 0.5).astype(np.intp), 0, np.array(traces.shape) - 1)
    flat = np.ravel_multi_index(tuple(cell.T), traces.shape)
    size = math.prod(traces.shape)
    count = np.bincount(flat, minlength=size)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(flat, weights=z, minlength=size) / count
    axis = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    step = abs(axis[1] - axis[0]) if axis.size > 1 else 1.0
    off = np.unique(flat[np.abs(z - mean[flat]) > step])
    if off.size:
        words = (
            f"Horizon '{name}': at {counted(off.size, 'traces')} several picks differ by more than a "
            "sample; their mean was taken."
        )
        _warn(words)
    return mean.reshape(traces.shape)


def _filled(grid: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Interpolate linearly where a pick is near."""
    known = np.isfinite(grid)
    near = ~known & (scipy.ndimage.distance_transform_edt(~known) <= reach)
    if not near.any():
        return grid
    grid = grid.copy()
    places = np.argwhere(known).astype(np.float64)
    if grid.ndim == 1:
        inner = near & (np.arange(grid.size) > places.min()) & (np.arange(grid.size) < places.max())
        grid[inner] = np.interp(np.flatnonzero(inner), places[:, 0], grid[known])
        return grid
    try:
        grid[near] = scipy.interpolate.LinearNDInterpolator(places, grid[known])(np.argwhere(near))
    except (scipy.spatial.QhullError, ValueError):
        _warn("The picks lie on one line, so that gaps between them cannot be filled.")
    return grid


def _warn(words: str) -> None:
    warnings.warn(words, LabelWarning, stacklevel=4)
