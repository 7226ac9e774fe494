"""Tables of where wells begin."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.map_coordinates import ask_for_degrees, on_survey, said_crs
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.roles import Columns
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.labels.tables.text import is_empty
from napari_fhn.labels.tables.units import METRES
from napari_fhn.labels.wells.well import Head


def read_heads(
    path: str | Path | Table,
    *,
    survey: xr.DataArray | None = None,
    columns: Mapping[str, str | int] | None = None,
    units: Mapping[str, str] | None = None,
    crs: str | None = None,
    survey_crs: str | None = None,
) -> dict[str, Head]:
    """Read where wells begin.

    Parameters
    ----------
    path : str, Path or Table
        A table of ``well`` with ``inline`` and ``crossline`` (survey numbers) or ``x`` and ``y`` (map coordinates),
        on a 2D line also ``trace`` or ``cdp``, and ``kb`` (elevation of the datum above sea level) where known. Other
        columns are ignored. With a survey also longitude and latitude.
    survey : xarray.DataArray, optional
        Against which columns without telling names, and the unit of map coordinates, are held.
    columns, units : mapping, optional
        Column and unit by role, where the header does not tell them.
    crs : str, optional
        Of the map coordinates, where it is not that of the survey; longitudes and latitudes are of WGS 84 without.
    survey_crs : str, optional
        Of the survey's own coordinates, where it does not say it.

    Returns
    -------
    dict of str to Head
        In the order of the file.

    Raises
    ------
    AmbiguousColumns, Undeclared
        When columns or units cannot be told.
    LabelError
        With file, line and column.
    """
    table = sniffed(path)
    path = table.path
    found = Columns(table, columns, units, survey)
    table.warn()
    crs = said_crs(crs, table.crs, survey, survey_crs)
    traces = None if survey is None else Traces.of(survey)
    places = [("inline", "crossline"), ("x", "y")] if traces is None else traces.places()
    if traces is not None and found.has("lon") and found.has("lat"):
        places.append(("lon", "lat"))
    place = found.first(*places)
    picked = {"well": found.index("well"), **{role: found.index(role) for role in place}}
    kb_factor = _datum(found, picked)
    names: list[str] = []
    at: list[tuple[float, float]] = []
    datums: list[float | None] = []
    for row in table.rows(picked):
        name = row.text("well")
        if name in names:
            raise row.error(f"well '{name}' occurs twice", "Keep one of them")
        names.append(name)
        at.append((row.number(place[0]), row.number(place[-1])))
        known = not is_empty(row.cells.get("kb", ""), row.decimal)
        datums.append(row.number("kb") * kb_factor if known else None)
    if not names:
        raise LabelError("it holds no well", "Add one line for each well", path=path)
    if place[0] == "inline":
        return {name: Head(name, *one, None, kb) for name, one, kb in zip(names, at, datums, strict=True)}
    if place[0] in ("trace", "cdp"):
        assert traces is not None
        counted = [traces.trace_number(number, place[0]) for number, _ in at]
        return {name: Head(name, kb_m=kb, trace=n) for name, n, kb in zip(names, counted, datums, strict=True)}
    xy = np.array(at, dtype=np.float64)
    if traces is not None and survey is not None:
        if place[0] == "lon" or crs is not None:
            _, xy = on_survey(place, xy, survey, path, crs, survey_crs)
        else:
            xy = np.stack(traces.convert(table.units[picked["x"]], xy[:, 0], xy[:, 1], path.name), axis=1)
            if not traces.inside_xy(xy[:, 0], xy[:, 1]).any():
                ask_for_degrees(xy, survey, path)
    return {
        name: Head(name, math.nan, math.nan, (float(x), float(y)), kb)
        for name, (x, y), kb in zip(names, xy, datums, strict=True)
    }


def _datum(found: Columns, picked: dict[str, int]) -> float:
    """Take the column of the datum along where there is one; returns metres in one of its unit."""
    if not found.has("kb"):
        return 1.0
    try:
        factor = METRES[found.unit("kb", ("m", "ft"))]
    except Undeclared:
        # Most picks need no datum; those that do will ask for it.
        table = found.table
        name = table.names[found.index("kb")]
        words = f"{table.path.name}: column '{name}' has no unit and was left out."
        warnings.warn(words, LabelWarning, stacklevel=3)
        return 1.0
    picked["kb"] = found.index("kb")
    return factor
