"""A well from a log with a curve of classes."""

from __future__ import annotations

import itertools
import math
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.classes.class_table import ClassTable
from napari_fhn.labels.classes.codes import means_nothing
from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.map_coordinates import WGS84, to_map
from napari_fhn.labels.tables.fill_values import fill_values, without
from napari_fhn.labels.tables.text import is_null, to_number
from napari_fhn.labels.tables.units import METRES, MILLISECONDS, unit
from napari_fhn.labels.tables.vocabulary import meaning
from napari_fhn.labels.wells.checkshots import Checkshot
from napari_fhn.labels.wells.logs import Curve, Log, logs_of, read_log
from napari_fhn.labels.wells.trajectories import Trajectory
from napari_fhn.labels.wells.vertical import check_domain, check_unit, vertical_of
from napari_fhn.labels.wells.well import DeviatedWell, Head, Spans, Well, tie
from napari_fhn.sentence import counted

#: Items of a header that say longitude and latitude.
_DEGREES = (("LONG", "LON", "LONGITUDE", "SLON"), ("LATI", "LAT", "LATITUDE", "SLAT"))

#: Values that a sentence lists.
_LISTED = 8


def class_curves(log: Log) -> tuple[str, ...]:
    """Return the names of the curves that look like classes: by name first, else by few whole values or by text."""
    called = [c.name for c in log.curves if (said := meaning(c.name)) is not None and said.role == "class"]
    exact = [name for name in called if name.upper() == "CLASS"]
    if called:
        return tuple(exact or called)
    return tuple(c.name for c in log.curves[1:] if _is_discrete(c.values))


def time_depth(log: Log) -> Checkshot | None:
    """Return the time-depth relation of a log that has both a measured depth and a curve ``TWT``; None for another.

    Raises
    ------
    Undeclared
        When a unit cannot be told.
    LabelError
        When the two do not grow together.
    """
    names = {c.name.upper() for c in log.curves}
    if "TWT" not in names or log.curves[0].name.upper() == "TWT":
        return None
    depth, domain, _ = _index(log, None, None, "depth")
    time, _, _ = _index(log, "TWT", None, "twt")
    known = np.isfinite(depth) & np.isfinite(time)
    order = np.argsort(depth[known], kind="stable")
    try:
        return Checkshot(log.head.name, domain, depth[known][order], time[known][order])
    except LabelError as error:
        raise LabelError(error.what, error.way_out, path=log.path) from error


def read_las(
    path: str | Path,
    table: ClassTable | None = None,
    survey: xr.DataArray | None = None,
    *,
    log_name: str | None = None,
    curve: str | None = None,
    index: str | None = None,
    index_unit: str | None = None,
    place: Head | None = None,
    trajectory: Trajectory | None = None,
    checkshot: Checkshot | None = None,
    kb_m: float | None = None,
    datum_m: float = 0.0,
    crs: str | None = None,
    survey_crs: str | None = None,
) -> Well | DeviatedWell:
    """Read a well from a LAS file with a curve of classes.

    Each sample stands for the stretch from its own depth or time to the next; null values and class 0 are gaps.

    Parameters
    ----------
    path : str or Path
        LAS 1.2, 2.0 or 3.0. The place of the well comes from the items ``INLINE`` and ``CROSSLINE`` or ``XCOORD`` and
        ``YCOORD`` of its header, or written out as ``LOC`` ("inline 1019, crossline 2057", "X = 1.0 Y = 2.0").
    table : ClassTable, optional
        Names for the values; without it the values themselves, in digits, are the names.
    survey : xarray.DataArray, optional
        Whose vertical axis it is; two-way time without one.
    log_name : str, optional
        Which log of LAS 3, as `napari_fhn.labels.wells.logs.read_log` takes it; needed where not exactly one has
        classes.
    curve : str, optional
        The curve of classes: values or names. Needed where not exactly one is called so.
    index : str, optional
        The curve of time or depth. By default ``TWT`` where there is one and the well is vertical, else the first
        curve, which is measured depth by the rules of LAS.
    index_unit : {"ms", "s", "m", "ft"}, optional
        Its unit, over that of the file.
    place : Head, optional
        Place and datum, over those of the header.
    trajectory : Trajectory, optional
        Without it the well is vertical.
    checkshot : Checkshot, optional
        Needed where the index is depth and the survey is in time; a log with depth and ``TWT`` has its own.
    kb_m : float, optional
        Elevation of the well's datum above sea level in metres, over that of the header.
    datum_m : float, optional
        Elevation of the zero of a depth survey, in metres.
    crs, survey_crs : str, optional
        As for `well_head`.

    Returns
    -------
    Well or DeviatedWell

    Raises
    ------
    Undeclared
        When the log, the curve, a unit or the datum cannot be told; option ``"log"``, ``"curve"``, ``"index_unit"`` or
        ``"kb_m"``.
    LabelError
        With the file and what is missing.
    """
    log = read_log(path, _which(Path(path), curve) if log_name is None else log_name)
    chosen = log.curve(curve) if curve is not None else _only_class(log)
    check_unit(None if survey is None else survey.dims, log.path)
    vertical = vertical_of(None if survey is None else survey.dims)
    if trajectory is not None and index is None:
        # Along a path depths tell the place, and the log's own times where that lies in a time survey.
        index, checkshot = log.curves[0].name, checkshot or time_depth(log)
    along, domain, name = _index(log, index, index_unit, vertical, tied=survey is None or checkshot is not None)
    names = [_class_name(value, table, log, chosen.name) for value in chosen.values]
    _tell_nothings(log, chosen, (value for value, name in zip(chosen.values, names, strict=True) if not name))
    known = np.isfinite(along)
    if not known.all():
        _warn(
            f"{log.path.name}: "
            f"{counted(int((~known).sum()), f'samples without {name} were', f'sample without {name} was')} left out."
        )
        along, names = along[known], [n for n, is_known in zip(names, known, strict=True) if is_known]
    if along.size > 1 and (np.diff(along) < 0).all():
        along, names = along[::-1], names[::-1]
    if along.size < 2 or not (np.diff(along) > 0).all():
        raise LabelError(
            f"its {name} curve does not increase from sample to sample", f"Sort it by {name}", path=log.path
        )
    edges = np.append(along, 2 * along[-1] - along[-2])
    changes = [0, *(k for k in range(1, len(names)) if names[k] != names[k - 1]), len(names)]
    runs = itertools.pairwise(changes)
    ends = tuple((float(edges[a]), float(edges[b]), names[a]) for a, b in runs if names[a])
    head = well_head(log, survey, place, crs=crs, survey_crs=survey_crs)
    if kb_m is not None:
        head = replace(head, kb_m=kb_m)
    return tie(
        head,
        Spans(domain, ends),
        vertical=vertical,
        trajectory=trajectory,
        checkshot=checkshot,
        datum_m=datum_m,
        path=log.path,
    )


def _which(path: Path, curve: str | None) -> str | None:
    """Of the logs of LAS 3 the one that has the curve, or alone has one of classes; None for the first, or the only."""
    logs = logs_of(path)
    if len(logs) < 2:
        return None

    def has(name: str) -> bool:
        if curve is not None:
            return name.upper() == curve.strip().upper()
        return (said := meaning(name)) is not None and said.role == "class"

    fitting = [log for log, curves in logs.items() if any(map(has, curves))]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    raise Undeclared(
        f"it holds {counted(len(logs), 'logs')}, and {', '.join(fitting[:6])} have classes",
        "Say which",
        option="log",
        choices=tuple(fitting),
        path=path,
    )


def _only_class(log: Log) -> Curve:
    names = class_curves(log)
    if len(names) == 1 and meaning(names[0]) is not None:
        return log.curve(names[0])
    every = tuple(c.name for c in log.curves)
    may = f"it may be {' or '.join(names)}" if names else "none looks like one"
    raise Undeclared(
        f"there is no curve CLASS; the curves are {', '.join(every)}, and {may}",
        "Say which curve holds the classes",
        option="curve",
        choices=names or every[1:],
        path=log.path,
    )


def _index(
    log: Log, index: str | None, said_unit: str | None, vertical: str, *, tied: bool = True
) -> tuple[NDArray[np.float64], str, str]:
    """Values along the well in ms or metres, their kind, and the name of their curve."""
    names = {c.name.upper() for c in log.curves}
    if index is None:
        index = "TWT" if "TWT" in names and vertical == "twt" else log.curves[0].name
    curve = log.curve(index)
    said = meaning(curve.name)
    role = said.role if said is not None else "depth" if curve is log.curves[0] else ""
    kinds = {"depth": "md", "md": "md", "tvd": "tvd", "tvdss": "tvdss", "twt": "twt", "owt": "owt"}
    if role not in kinds:
        raise LabelError(
            f"its curve {curve.name} is neither two-way time nor a depth",
            "Name the curve of time or depth, or export two-way time as TWT",
            path=log.path,
        )
    values = _measured(curve, log)
    is_time = kinds[role] in ("twt", "owt")
    if not tied:
        check_domain(is_time, vertical, f"its curve {curve.name}", log.path)
    choices: tuple[str, ...] = ("ms", "s") if is_time else ("m", "ft")
    of = unit(said_unit if said_unit is not None else curve.unit)
    ends = {u for u in (unit(log.header.get(f"unit of {item}", "")) for item in ("STRT", "STOP", "STEP")) if u}
    if said_unit is None and curve is log.curves[0] and of and ends and ends != {of}:
        raise Undeclared(
            f"its curve {curve.name} is in {of}, and its header gives start and stop in {', '.join(sorted(ends))}",
            f"Say which it is, {' or '.join(choices)}",
            option="index_unit",
            choices=choices,
            path=log.path,
        )
    if not of and curve.unit == "" and is_time and np.nanmax(np.abs(values), initial=0) > 60:
        of = "ms"
        _warn(f"{log.path.name}: its curve {curve.name} has no unit and was read in ms, for it goes beyond a minute.")
    if of not in choices:
        what = f"is in '{curve.unit}'" if curve.unit else "has no unit"
        raise Undeclared(
            f"its {curve.name} curve {what}",
            f"Say which it is, {' or '.join(choices)}",
            option="index_unit",
            choices=choices,
            path=log.path,
        )
    factor = (MILLISECONDS if is_time else METRES)[of] * (2.0 if role == "owt" else 1.0)
    return values * factor, "twt" if is_time else kinds[role], curve.name


def _class_name(value: object, table: ClassTable | None, log: Log, curve: str) -> str:
    """Name of a sample's class, empty for a gap."""
    text = str(value).strip()
    number = to_number(text) if text.lower() != "nan" else math.nan
    found = {} if table is None else table.names_by_code
    if math.isnan(number):
        return "" if means_nothing(text) and (table is None or text not in table.names) else text
    if number == log.null or (number not in found and (number == 0 or is_null(number))):
        return ""
    if number != int(number):
        raise LabelError(f"its {curve} curve holds {text}, which is no class code", "Correct it", path=log.path)
    if number < 0:  # nothing is known there, whatever the header says of missing values
        return ""
    digits = str(int(number))
    if table is None:
        return digits
    if int(number) not in found:
        what = f"its {curve} curve holds {digits}, which is no class"
        raise LabelError(what, "Add it to the classes", path=log.path)
    return found[int(number)]


def well_head(
    log: Log,
    survey: xr.DataArray | None = None,
    place: Head | None = None,
    *,
    crs: str | None = None,
    survey_crs: str | None = None,
) -> Head:
    """Return where a log's well begins: as given, else by survey numbers, map coordinates, or longitude and latitude.

    Parameters
    ----------
    log : Log
        From `napari_fhn.labels.wells.logs.read_log`.
    survey : xarray.DataArray, optional
        In whose unit map coordinates are wanted.
    place : Head, optional
        Over what the header of the log says.
    crs : str, optional
        Of its map coordinates, where it is not that of the survey; longitudes and latitudes are of WGS 84 without.
    survey_crs : str, optional
        Of the survey's own coordinates, where it does not say it.

    Returns
    -------
    Head

    Raises
    ------
    LabelError
        When the log tells no place.
    """
    if place is not None:
        return place if place.kb_m is not None else replace(place, kb_m=log.head.kb_m)
    head = log.head
    has_numbers = not (math.isnan(head.inline) or math.isnan(head.crossline))
    # As with tables: the numbers of a line may be those of another survey.
    by_xy_first = head.xy is not None and survey is not None and Traces.of(survey).places()[0] == ("x", "y")
    if has_numbers and not by_xy_first:
        return Head(head.name, head.inline, head.crossline, None, head.kb_m)
    if head.xy is not None:
        xy = head.xy
        if survey is not None and crs is not None:
            x, y = to_map(np.array([xy]), survey, log.path, crs, survey_crs)[0]
            xy = float(x), float(y)
        elif survey is not None:
            x, y = Traces.of(survey).convert(log.xy_unit, xy[0], xy[1], log.path.name)
            xy = float(x), float(y)
        return Head(head.name, math.nan, math.nan, xy, head.kb_m)
    degrees = [next((n for n in (_degrees(log, name) for name in names) if n is not None), None) for names in _DEGREES]
    if survey is not None and Traces.of(survey).has_xy and degrees[0] is not None and degrees[1] is not None:
        x, y = to_map(np.array([degrees], dtype=np.float64), survey, log.path, crs or WGS84, survey_crs)[0]
        return Head(head.name, math.nan, math.nan, (float(x), float(y)), head.kb_m)
    missing = "INLINE" if math.isnan(head.inline) else "CROSSLINE"
    way_out = f"Add the item {missing}, or XCOORD and YCOORD, to the well section, or give its place"
    raise LabelError(f"its header has no {missing}", way_out, path=log.path)


def _degrees(log: Log, name: str) -> float | None:
    """An item of the header in decimal degrees; None for another form."""
    number = to_number(re.sub(r"\s*(?:deg(?:rees)?|\u00b0)?\s*$", "", log.header.get(name, ""), flags=re.IGNORECASE))
    return None if math.isnan(number) else number


def _numbers(curve: Curve, log: Log) -> NDArray[np.float64]:
    if curve.values.dtype.kind == "f":
        values = curve.values
    else:
        values = np.array([to_number(str(v).strip()) for v in curve.values])
        if np.isnan(values).all():
            raise LabelError(f"its {curve.name} curve holds no numbers", "Correct it", path=log.path)
    # lasio leaves the null value in the first curve.
    return np.where((values == log.null) | ~np.isfinite(values), np.nan, values)


def _measured(curve: Curve, log: Log) -> NDArray[np.float64]:
    """Depths or times of a curve, NaN where there is none, by the header or by the number itself."""
    values = _numbers(curve, log)
    nothing = {float(value) for value in values[np.isfinite(values)] if is_null(value)}
    found = without(values, nothing)
    nothing |= set(fill_values(found))
    _tell_nothings(log, curve, values[np.isin(values, list(nothing))])
    return without(found, nothing)


def _tell_nothings(log: Log, curve: Curve, values: Iterable[object]) -> None:
    """Say which values of a curve were taken for none although the header names another; 0 is no class by custom."""
    counts = Counter(str(value).strip() for value in values)
    strange = {}
    for text, count in counts.items():
        number = to_number(text) if text.lower() != "nan" else math.nan
        if (text and text.lower() != "nan") if math.isnan(number) else number not in (0, log.null):
            strange[text if math.isnan(number) else f"{number:.10g}"] = count
    if not strange:
        return
    listed = ", ".join(f"{text} ({counted(count, 'samples')})" for text, count in list(strange.items())[:_LISTED])
    more = ", …" if len(strange) > _LISTED else ""
    header = "its header names no value for that" if math.isnan(log.null) else f"its header names {log.null:.10g}"
    _warn(f'{log.path.name}: {listed}{more} in its curve {curve.name} taken for "no value"; {header}.')


def _is_discrete(values: NDArray[Any]) -> bool:
    if values.dtype.kind != "f":
        return True
    known = values[[not is_null(value) for value in values]]
    return bool(known.size and (known == np.rint(known)).all() and known.min() >= 0 and np.unique(known).size <= 64)


def _warn(words: str) -> None:
    warnings.warn(words, LabelWarning, stacklevel=4)
