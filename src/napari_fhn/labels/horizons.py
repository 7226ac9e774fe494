"""Horizons: picks in text files as a surface of two-way time (or depth) on the traces of a survey."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import distance_transform_edt
from scipy.spatial import QhullError

from napari_fhn.labels.columns import Table
from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.fill_values import fill_values, in_words, without
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.roles import Columns
from napari_fhn.labels.sniffing import sniff
from napari_fhn.labels.text import encoding_of, lines
from napari_fhn.labels.units import METRES, MILLISECONDS
from napari_fhn.labels.wells import check_unit, vertical_of

#: Tables of more columns than this are matrices, not picks.
_MATRIX = 24
#: First words of files that hold a grid in a form of its own.
_GRIDS = {
    "DSAA": "a Surfer grid",
    "DSBB": "a Surfer grid",
    "DSRB": "a Surfer grid",
    "FSASCI": "a CPS-3 grid",
    "-996": "an Irap classic grid",
    "NCOLS": "an ESRI ASCII grid",
}


def read_horizon(
    path: str | Path | Table,
    survey: xr.DataArray,
    name: str | None = None,
    *,
    columns: Mapping[str, str | int] | None = None,
    units: Mapping[str, str] | None = None,
    z: str | None = None,
    gap_traces: float = 0.0,
) -> xr.DataArray:
    """Read one horizon; `read_horizons` with a name, or for a file that holds one.

    Raises
    ------
    Undeclared
        With option ``"name"``, when the file holds several and none is named.
    LabelError
        When it holds none of that name, and as `read_horizons`.
    """
    found = read_horizons(path, survey, columns=columns, units=units, z=z, gap_traces=gap_traces, only=name)
    if name is None and len(found) > 1:
        raise Undeclared(
            f"it holds {len(found)} horizons: {', '.join(list(found)[:8])}",
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
) -> dict[str, xr.DataArray]:
    """Read horizons onto the traces of a survey.

    Parameters
    ----------
    path : str, Path or Table
        Picks in columns: ``inline``, ``crossline`` or ``x``, ``y``, on a line also ``trace`` or ``cdp``, and ``twt``,
        ``time`` or ``z`` (in a depth survey ``tvdss``, ``depth`` or ``z``); Charisma lines; IESX cards. A column with
        the name of the horizon tells several apart. Times are two-way, as those of seismic data are.
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
    table = path if isinstance(path, Table) else _table(Path(path))
    path = table.path
    found = Columns(table, columns, units, survey)
    table.warn()
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
    missing = int((~np.isfinite(read).all(axis=1)).sum())
    fillers = _fillers(read[:, -1], names)
    if fillers:
        left_out = int(np.isin(read[:, -1], fillers).sum())
        _warn(
            f"{path.name}: {in_words(fillers)} at {left_out:,} of {len(read):,} rows lies far from all others; it was "
            "taken for 'no pick' and left out."
        )
        read[:, -1] = without(read[:, -1], fillers)
    picked = np.asarray(np.isfinite(read).all(axis=1))
    if not picked.any():
        raise LabelError("it holds no pick", "Check the file", path=path)
    if missing:
        _warn(f"{path.name}: {missing} of {len(picked)} rows have no value and were left out.")
    read = read[picked]
    names = None if names is None else names[picked]
    vertical = _converted(read[:, -1], found, role, survey, z, path)
    index = traces.by_roles(place, read, table.units[found.index("x")] if place[0] == "x" else "", path.name)
    inside = traces.inside(index)
    if not inside.any():
        ends = zip(place, read.min(axis=0), read.max(axis=0), strict=False)
        ranges = " and ".join(f"its {name} goes from {low:g} to {high:g}" for name, low, high in ends)
        raise LabelError(
            f"none of its {len(read)} picks lies in the survey ({traces.words()}): {ranges}",
            "Check which columns they are, and the survey's place on the map",
            path=path,
        )
    if not inside.all():
        _warn(f"{path.name}: {int((~inside).sum())} of {len(read)} picks lie outside the survey and were left out.")
    surfaces = {}
    for name in [path.stem] if names is None else dict.fromkeys(names[inside]):
        mine = inside if names is None else inside & (names == name)
        grid = _gridded(index[mine], vertical[mine], traces, survey, str(name))
        if gap_traces > 0:
            grid = _filled(grid, gap_traces)
        surfaces[str(name)] = _surface(grid, survey, str(name), path, int(mine.sum()))
    return surfaces


def _fillers(values: NDArray[np.float64], names: NDArray[np.str_] | None) -> tuple[float, ...]:
    """Numbers that stand for "no pick" in any of the horizons."""
    parts = [values] if names is None else [values[names == name] for name in np.unique(names)]
    return tuple(sorted({value for part in parts for value in fill_values(part, of_a_surface=True)}))


def _table(path: Path) -> Table:
    """Sniff, refusing what is a grid and no picks."""
    what = None
    for _, text in itertools.islice(lines(path, encoding_of(path)), 40):
        words = text.upper().split()
        if not words or words[0].startswith(("!", "#")):
            continue
        # ZMap begins its header with @; whatever else begins a file begins a table.
        what = "a ZMap grid" if words[0].startswith("@") and "GRID" in text.upper() else _GRIDS.get(words[0])
        break
    if what is not None:
        raise LabelError(f"it is {what}, no picks", "Export it as XYZ, one node on each line", path=path)
    table = sniff(path)
    if len(table.names) > _MATRIX and not table.has_header and all(table.numeric):
        raise LabelError(
            f"each of its lines holds {len(table.names)} numbers: it is a matrix of values, and which traces they "
            "belong to is not told",
            "Export the horizon with inline and crossline, or x and y, on each line",
            path=path,
        )
    return table


def _vertical(found: Columns, survey: xr.DataArray) -> str:
    """Role of the column of times, or of depths in a depth survey."""
    times, depths = ("twt", "time", "owt"), ("tvdss", "depth", "tvd")
    own, other = (depths, times) if vertical_of(survey.dims) == "depth" else (times, depths)
    if not any(found.has(role) for role in (*own, "z")) and any(found.has(role) for role in other):
        here, there = ("depth", "time") if own is depths else ("time", "depth")
        raise LabelError(
            f"it comes in {there}, and the survey in {here}",
            "Use a horizon in the survey's own domain, or say which column that is",
            path=found.table.path,
        )
    return found.first(*((role,) for role in (*own[:1], "z", *own[1:])))[0]


def _place(found: Columns, traces: Traces) -> tuple[str, ...]:
    """Roles of the place; what the survey does not have comes last."""
    groups = traces.places()
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


def _converted(
    z: NDArray[np.float64], found: Columns, role: str, survey: xr.DataArray, down: str | None, path: Path
) -> NDArray[np.float64]:
    """Values on the survey's vertical axis, growing downwards."""
    axis = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    check_unit(survey.dims, path)
    if survey.dims[-1] not in ("twt", "depth"):
        raise LabelError(
            f"the survey's vertical axis counts {survey.dims[-1]}s, so times have no place on it",
            "Open it with its sample interval",
            path=path,
        )
    if down is None:
        if (z < 0).any() and (z > 0).any() and not ((z >= axis[0]) & (z <= axis[-1])).mean() > 0.99:
            raise Undeclared(
                f"its values go from {z.min():g} to {z.max():g}, so that it is not clear which way they grow",
                "Say whether they grow down or up",
                option="z",
                choices=("down", "up"),
                path=path,
            )
        if z.max() <= 0 > z.min():
            _warn(f"{path.name}: its values are negative, growing upwards, and were turned.")
            z = -z
    elif down == "up":
        z = -z
    in_time = survey.dims[-1] == "twt"
    factors = {u: f for u, f in (MILLISECONDS if in_time else METRES).items() if u in ("ms", "s", "m", "ft")}
    inside = {u: float(((z * f >= axis[0]) & (z * f <= axis[-1])).mean()) for u, f in factors.items()}
    able = [u for u, share in inside.items() if share >= 0.8]
    evidence = (able[0], "only so they lie on the survey's vertical axis") if len(able) == 1 else None
    # In metres and feet much the same depths lie on the axis; times in ms and s never do.
    return z * factors[found.unit(role, tuple(factors), evidence if in_time else None)]


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
            f"Horizon '{name}': at {off.size} traces several picks differ by more than a sample; their mean was taken."
        )
        _warn(words)
    return mean.reshape(traces.shape)


def _filled(grid: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Interpolate linearly where a pick is near."""
    known = np.isfinite(grid)
    near = ~known & (distance_transform_edt(~known) <= reach)
    if not near.any():
        return grid
    grid = grid.copy()
    places = np.argwhere(known).astype(np.float64)
    if grid.ndim == 1:
        inner = near & (np.arange(grid.size) > places.min()) & (np.arange(grid.size) < places.max())
        grid[inner] = np.interp(np.flatnonzero(inner), places[:, 0], grid[known])
        return grid
    try:
        grid[near] = LinearNDInterpolator(places, grid[known])(np.argwhere(near))
    except (QhullError, ValueError):
        _warn("The picks lie on one line, so that gaps between them cannot be filled.")
    return grid


def _surface(grid: NDArray[np.float64], survey: xr.DataArray, name: str, path: Path, picks: int) -> xr.DataArray:
    lateral = survey.dims[:-1]
    in_time = survey.dims[-1] == "twt"
    return xr.DataArray(
        grid,
        dims=lateral,
        coords={dim: survey[dim] for dim in lateral},
        name=name,
        attrs={
            "units": "ms" if in_time else "m",
            "long_name": "two-way time" if in_time else "depth",
            "source": str(path.absolute()),
            "n_picks": picks,
        },
    )


def _warn(words: str) -> None:
    warnings.warn(words, LabelWarning, stacklevel=4)
