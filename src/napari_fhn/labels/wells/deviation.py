"""Deviation surveys: the path of a well from a table of angles, or of depths and places."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.map_coordinates import said_crs, to_map
from napari_fhn.labels.tables.bearings import bearing
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.roles import Columns
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.labels.tables.text import is_blank
from napari_fhn.labels.tables.units import DEGREES, METRES, unit
from napari_fhn.labels.wells.trajectories import Trajectory, minimum_curvature

_NUMBER = r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)"
#: What the comments of well paths say, as Petrel writes them.
_NAME = re.compile(r"WELL\s*(?:NAME)?\s*[:=]\s*(\S.*)", re.IGNORECASE)
_HEAD = {
    axis: re.compile(rf"WELL\s*HEAD\s*{axis}\b[^:=]*[:=]\s*{_NUMBER}\s*\(?(\w*)\)?", re.IGNORECASE) for axis in "XY"
}
_DATUM = re.compile(rf"(?:WELL\s*DATUM|\bKB\b|KELLY)[^:=]*[:=]\s*{_NUMBER}\s*\(?(\w*)\)?", re.IGNORECASE)
#: How the vertical depth of a path may be given.
_DOWN = ("tvd", "tvdss", "z")
#: A depth may exceed what its measured depth allows by this much: tables are rounded.
_ROUNDING_M = 0.5
#: A path that begins so near to its datum begins at the surface.
_TOP_M = 50.0


def read_deviation(
    path: str | Path | Table,
    *,
    columns: Mapping[str, str | int] | None = None,
    units: Mapping[str, str] | None = None,
    kb_m: float | None = None,
    convergence_deg: float = 0.0,
    survey: xr.DataArray | None = None,
    crs: str | None = None,
    survey_crs: str | None = None,
) -> dict[str, Trajectory]:
    """Read the paths of wells.

    Parameters
    ----------
    path : str, Path or Table
        A table with measured depth, inclination and azimuth (degrees, unless radians or gon are said; also as
        ``N45E`` and ``12°30'``), from which the path is computed by minimum curvature; a ``dip`` from the horizontal
        may stand in place of the inclination. Or with measured depth, true vertical depth, or depth below sea level or
        elevation (``tvdss``, ``z``), and offsets (``dx``, ``dy``) or map coordinates (``x``, ``y``). A column ``well``
        tells several wells apart. What comments say of name, head, datum and units is used.
    columns, units : mapping, optional
        Column and unit by role, where the header does not tell them (see `napari_fhn.labels.tables.roles.Columns`).
    kb_m : float, optional
        Elevation of the wells' datum above mean sea level in metres, over that of the file.
    convergence_deg : float, optional
        Subtracted from the azimuths to turn true into grid north.
    survey : xarray.DataArray, optional
        To whose coordinates those of another CRS are brought.
    crs, survey_crs : str, optional
        Of the map coordinates, and of the survey's own, where they differ.

    Returns
    -------
    dict of str to Trajectory
        By name of the well; the name is that in the comments, or that of the file, where there is no such column.

    Raises
    ------
    AmbiguousColumns, Undeclared
        When columns or units cannot be told.
    LabelError
        When the table is no path of a well.
    """
    table = sniffed(path)
    path = table.path
    found = Columns(table, columns, units)
    table.warn()
    crs = said_crs(crs, table.crs, survey, survey_crs)
    # Beside angles a depth is that along the well: there is no other before the path is computed.
    along = "depth" if found.has("depth") and not found.may_have("md") else "md"
    angles = found.first(
        (along, "inclination", "azimuth"),
        (along, "dip", "azimuth"),
        *(("md", down, *place) for down in ("tvd", "tvdss", "z") for place in (("dx", "dy"), ("x", "y"))),
    )
    by_angle = angles[1] in ("inclination", "dip")
    said = _comments(table, kb_m)
    # Angles of drillers are in degrees; radians and gon must be said.
    degrees = {r: DEGREES.get(found.said_unit(r), 1.0) for r in angles if r in ("inclination", "dip", "azimuth")}
    metres = {r: METRES[found.unit(r, ("m", "ft"))] for r in angles if r in (along, "md", *_DOWN, "dx", "dy")}
    metres["md"] = metres[angles[0]]
    if "x" in angles:
        depth_unit = found.unit("md", ("m", "ft"))
        if crs is None or survey is None:
            said.head_unit = said.head_unit or found.unit("x", ("m", "ft"), (depth_unit, "its depths are"))
    wells = _wells(table, found, said.name or path.stem)
    worded = [r for r in degrees if not table.numeric[found.index(r)]]
    read = _values(table, [found.index(role) for role in angles], [found.index(role) for role in worded])
    degrees |= dict.fromkeys(worded, 1.0)  # words are in degrees, whatever the header says
    place = table.values([found.index("x"), found.index("y")]) if found.has("x") and found.has("y") else None
    if crs is not None and survey is not None:
        if "x" in angles:
            read[:, 2:4] = to_map(read[:, 2:4], survey, path, crs, survey_crs)
        place = None if place is None else to_map(place, survey, path, crs, survey_crs)
        if said.head is not None:
            x, y = to_map(np.array([said.head]), survey, path, crs, survey_crs)[0]
            said.head = float(x), float(y)
        said.head_unit = "ft" if abs(Traces.of(survey).metres - METRES["ft"]) < 1e-3 else "m"
    paths = {}
    for name in dict.fromkeys(wells):
        rows = np.array([well == name for well in wells])
        part = read[rows]
        if np.isnan(part).any():
            line = _line(table, int(np.flatnonzero(rows)[np.isnan(part).any(axis=1)][0]))
            raise LabelError("a value of the survey is missing", "Fill it in, or remove the line", path=path, line=line)
        head = said.head
        if place is not None and not np.isnan(place[rows][0]).any():
            head = (float(place[rows][0][0]), float(place[rows][0][1]))
        datum = said.kb_m
        try:
            if by_angle:
                inclination, azimuth = (part[:, k] * degrees[role] for k, role in enumerate(angles[1:], 1))
                if angles[1] == "dip":
                    inclination = _from_the_vertical(inclination)
                way = minimum_curvature(part[:, 0] * metres["md"], inclination, azimuth - convergence_deg)
            else:
                along, down = part[:, 0] * metres["md"], part[:, 1] * metres[angles[1]]
                down, datum = _downwards(down, along, angles[1], said.kb_m, path)
                way = _placed(part, down, angles, metres, head, said.head_unit)
            paths[name] = Trajectory(name, *way, head, datum, said.head_unit)
        except LabelError as error:
            raise (
                error if error.path else LabelError(f"well '{name}': {error.what}", error.way_out, path=path)
            ) from error
    _say(path, paths, by_angle, convergence_deg)
    return paths


def _from_the_vertical(dips: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angles from the vertical, of those from the horizontal; holes go down, whichever sign that has."""
    if dips.min() < 0 < dips.max():
        raise LabelError(
            "its dips have both signs, and nothing tells which goes down", "Give angles from the vertical (inclination)"
        )
    if np.abs(dips).max() > 90:
        raise LabelError(f"a dip of {dips[np.abs(dips).argmax()]:g} degrees is none", "Check its unit")
    return np.asarray(90.0 - np.abs(dips))


def _values(table: Table, columns: list[int], worded: list[int]) -> NDArray[np.float64]:
    """Numbers of columns; of some that are directions in words."""
    out = np.empty((sum(1 for _ in table.rows({})), len(columns)))
    plain = [k for k, column in enumerate(columns) if column not in worded]
    out[:, plain] = table.values([columns[k] for k in plain])
    for k in set(range(len(columns))) - set(plain):
        for number, row in enumerate(table.rows({"angle": columns[k]})):
            text = row.cells["angle"]
            out[number, k] = math.nan if is_blank(text) else bearing(text)
            if math.isnan(out[number, k]) and not is_blank(text):
                name = table.names[columns[k]]
                raise row.error(f"column '{name}' says '{text[:40]}', which is no direction", "Write N45E, or degrees")
    return out


class _Said:
    """What the comments above a survey say."""

    def __init__(self) -> None:
        self.name = ""
        self.head: tuple[float, float] | None = None
        self.head_unit = ""
        self.kb_m: float | None = None


def _comments(table: Table, kb_m: float | None) -> _Said:
    said = _Said()
    head: dict[str, float] = {}
    for text in table.comments:
        line = text[:300]
        if (found := _NAME.search(line)) is not None and not said.name and "HEAD" not in line.upper():
            said.name = found[1].strip().strip('"')
        for axis, pattern in _HEAD.items():
            if (place := pattern.search(line)) is not None:
                head[axis] = float(place[1])
                said.head_unit = unit(place[2])
        if (datum := _DATUM.search(line)) is not None:
            of = unit(datum[2])
            if of not in ("m", "ft") and kb_m is None:
                raise Undeclared(
                    f"the comment '{line.strip()}' gives the datum without a unit",
                    "Say the elevation of the well's datum in metres",
                    option="kb_m",
                    path=table.path,
                )
            said.kb_m = float(datum[1]) * METRES.get(of, 1.0)
    if len(head) == 2:
        said.head = head["X"], head["Y"]
    if kb_m is not None:
        said.kb_m = kb_m
    return said


def _wells(table: Table, found: Columns, alone: str) -> list[str]:
    """Name of the well of each row."""
    if not found.has("well"):
        return [alone for _ in table.rows({})]
    return [row.text("well") for row in table.rows({"well": found.index("well")})]


def _downwards(
    z: NDArray[np.float64], md: NDArray[np.float64], role: str, kb_m: float | None, path: Path
) -> tuple[NDArray[np.float64], float | None]:
    """Vertical depth below the datum, out of depths below it, below sea level, or elevations; and the datum."""
    if role == "tvd":
        if z.max() <= 0 > z.min():
            warnings.warn(f"{path.name}: its vertical depths are negative and were turned.", LabelWarning, stacklevel=4)
            return -z, kb_m
        return z, kb_m
    # Wells go down from where they begin: numbers that fall from there on are elevations, and so are negative ones.
    from_the_top = md[0] < _TOP_M or z.min() < 0 < z.max()
    is_elevation = z.max() <= 0 > z.min() or (from_the_top and z[-1] < z[0])
    if is_elevation and role == "tvdss":
        warnings.warn(f"{path.name}: its depths below sea level were read as elevations.", LabelWarning, stacklevel=4)
    subsea = -z if is_elevation else z
    if kb_m is None and abs(md[0]) < _ROUNDING_M:
        # Measured depth begins at the datum, and so the datum is where the path does.
        kb_m = float(-subsea[0])
    if kb_m is None:
        raise Undeclared(
            "it gives depths below sea level, and the elevation of the well's datum is not known",
            "Say it in metres",
            option="kb_m",
            path=path,
        )
    return subsea + kb_m, kb_m


def _placed(
    part: NDArray[np.float64],
    tvd: NDArray[np.float64],
    roles: tuple[str, ...],
    metres: Mapping[str, float],
    head: tuple[float, float] | None,
    map_unit: str,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Path from depths and places; map coordinates become offsets from the first."""
    md = part[:, 0] * metres["md"]
    if roles[2] == "x":
        assert head is not None
        factor = METRES.get(map_unit, 1.0)
        dx, dy = (part[:, 2] - head[0]) * factor, (part[:, 3] - head[1]) * factor
    else:
        dx, dy = part[:, 2] * metres["dx"], part[:, 3] * metres["dy"]
    if (np.diff(md) <= 0).any():
        raise LabelError("the measured depth does not increase", "Sort the survey by depth")
    short = np.abs(np.diff(tvd)) > np.diff(md) + _ROUNDING_M
    if short.any():
        k = int(np.flatnonzero(short)[0])
        raise LabelError(
            f"between {md[k]:g} and {md[k + 1]:g} m of measured depth the vertical depth changes by "
            f"{abs(tvd[k + 1] - tvd[k]):g} m",
            "Check which columns are measured and vertical depth, and their signs and units",
        )
    return md, tvd, dx, dy


def _line(table: Table, row: int) -> int:
    return next(r.line for k, r in enumerate(table.rows({})) if k == row)


def _say(path: Path, paths: Mapping[str, Trajectory], by_angle: bool, convergence_deg: float) -> None:
    if not paths:
        raise LabelError("it holds no station", "Check the file", path=path)
    if by_angle:
        turned = f", turned by {convergence_deg:g} degrees" if convergence_deg else ""
        names = ", ".join(list(paths)[:6]) + (", …" if len(paths) > 6 else "")
        words = f"{path.name}: path by minimum curvature, azimuths taken from grid north{turned} ({names})."
        warnings.warn(words, LabelWarning, stacklevel=3)
