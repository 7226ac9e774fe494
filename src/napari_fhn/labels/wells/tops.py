"""Tables of the tops of wells, and wells of both: where they begin, and what is known along them."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from napari_fhn.labels.classes.codes import means_nothing
from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.horizons.horizon_values import only_unit
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.fill_values import fill_values
from napari_fhn.labels.tables.roles import Columns
from napari_fhn.labels.tables.rows import Row
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.labels.tables.text import is_empty
from napari_fhn.labels.tables.units import METRES, MILLISECONDS
from napari_fhn.labels.wells.checkshots import Checkshot
from napari_fhn.labels.wells.heads import read_heads
from napari_fhn.labels.wells.trajectories import Trajectory
from napari_fhn.labels.wells.vertical import check_domain, check_unit, vertical_of
from napari_fhn.labels.wells.well import DeviatedWell, Interval, Spans, Well, of_well, tie
from napari_fhn.labels.wells.wide_tops import markers_of, melted
from napari_fhn.sentence import counted

#: Null in the tops of Petrel; no depth or time of a well is that.
_NO_PICK = "-999"
#: A second column of the same kind, for rows of which the first says nothing.
_FURTHER = "further"
_TIMES = ("twt", "owt")
_KINDS = ("md", "tvd", "tvdss", *_TIMES)


def read_tops(
    path: str | Path | Table,
    *,
    columns: Mapping[str, str | int] | None = None,
    units: Mapping[str, str] | None = None,
    domain: str | None = None,
    prefer: str = "md",
    classes: Mapping[str, str] | None = None,
    survey: xr.DataArray | None = None,
    tied: bool = True,
) -> dict[str, tuple[Spans, int]]:
    """Read what is known along wells.

    Parameters
    ----------
    path : str, Path or Table
        A table of intervals (``well``, ``top``, ``base``, ``class``), or of markers (``well``, ``marker``, and ``md``,
        ``tvd``, ``tvdss`` or ``twt``): a marker is the top of what bears its name, down to the next of the well. A
        column for each marker, beside ``well``, is read as well.
    columns, units : mapping, optional
        Column and unit by role, where the header does not tell them.
    domain : {"md", "tvd", "tvdss", "twt", "owt"}, optional
        Kind of depth or time to read; needed where the header of ``top`` and ``base`` does not say it.
    prefer : str, optional
        Of several kinds for a marker the one to read.
    classes : mapping of str to str, optional
        Class for a marker, or "" to leave what lies below it unlabelled; markers not in it bear their own name.
    survey : xarray.DataArray, optional
        For which they are read: times without a unit are held against its vertical axis.
    tied : bool, optional
        Whether checkshots tie depths to times; without them tops that the survey cannot take are refused before anybody
        is asked about them.

    Returns
    -------
    dict of str to (Spans, int)
        By name of the well, with the line on which its first top stands.

    Raises
    ------
    AmbiguousColumns, Undeclared
        When columns, units or kinds of depth cannot be told.
    LabelError
        With file, line and column.
    """
    table = sniffed(path)
    path = table.path
    found = Columns(table, columns, units)
    table.warn()
    markers = {} if found.has("marker") or not found.has("well") else markers_of(table, found.index("well"))
    if markers:
        table = melted(table, found.index("well"), markers, domain, prefer)
        found = Columns(table, None, units)
    kinds: tuple[str, ...] = ("md", "tvdss", "tvd", "twt", "owt")
    if domain is not None and domain not in kinds:
        raise LabelError(f"'{domain}' is no kind of depth or time", f"Use one of {', '.join(kinds)}", path=path)
    by_interval: tuple[str, ...] = ("well", "top", "base", "class")
    kinds = (domain,) if domain else tuple(sorted(kinds, key=lambda kind: kind != prefer))
    is_interval = found.may_have("top") or found.may_have("base")
    plain = "" if is_interval else _plain(found, kinds, domain, None if tied else survey)
    by_marker: list[tuple[str, ...]] = [
        ("well", name, kind) for name in ("marker", "class") for kind in ((plain,) if plain else kinds)
    ]
    # An interval may be named by what lies at its top.
    named = (*by_interval[:3], "marker")
    groups = [by_interval, named, *by_marker] if is_interval else [*by_marker, by_interval]
    roles = found.first(*groups)
    picked = {role: found.index(role) for role in roles}
    if roles == named:
        roles, picked = by_interval, {"class": picked.pop("marker"), **picked}
    if roles != by_interval:
        others = [table.names[found.index(kind)] for kind in kinds if kind != roles[2] and found.has(kind)]
        if others:
            used = table.names[found.index(roles[2])]
            words = f"{path.name}: its column '{used}' was used, and not {', '.join(others)}."
            warnings.warn(words, LabelWarning, stacklevel=2)
    if roles[2] in _TIMES and (further := found.further(roles[2])) is not None:
        # Petrel gives picked times, and computed ones where nobody picked.
        picked[_FURTHER] = further
    if roles == by_interval:
        kind = domain or _domain(found, prefer, None if tied else survey)
        unit_of = "top"
    else:
        kind = unit_of = roles[2]
        if kind == plain and domain is not None:
            kind, picked = domain, {domain: picked.pop(plain), **picked}
    choices, factors = (("ms", "s"), MILLISECONDS) if kind in _TIMES else (("m", "ft"), METRES)
    of_base = found.said_unit("base") if roles == by_interval else ""
    if of_base and found.said_unit("top") not in ("", of_base):
        raise LabelError(
            f"its tops are in {found.said_unit('top')} and its bases in {of_base}", "Use one unit", path=path, line=1
        )
    in_time = kind in _TIMES
    if survey is not None and not tied:
        check_domain(in_time, vertical_of(survey.dims), _called(found, unit_of), path)
    of_way = 2.0 if kind == "owt" else 1.0
    evidence = None if survey is None or not in_time else _on_axis(table, picked[unit_of], survey, of_way)
    factor = factors[found.unit(unit_of, choices, evidence)] * of_way
    rows = table.rows(picked)
    read = (
        _intervals(rows, factor)
        if roles == by_interval
        else _markers(rows, roles[1], kind, factor, classes or {}, path)
    )
    kind = "twt" if kind == "owt" else kind
    return {name: (Spans(kind, tuple(ends)), line) for name, (ends, line) in read.items()}


_Ends = dict[str, tuple[list[tuple[float, float, str]], int]]


def _on_axis(table: Table, column: int, survey: xr.DataArray, of_way: float) -> tuple[str, str] | None:
    """Return the unit in which alone times lie on the vertical axis of a survey, and that this is so."""
    try:
        times = table.values([column])
    except LabelError:
        return None  # what is no number is said where it is read
    if vertical_of(survey.dims) != "twt":
        return None
    times = of_way * times[np.isfinite(times)]
    if (times <= 0).all():  # growing upwards: they are turned where they are read
        times = -times
    return only_unit(times, {u: MILLISECONDS[u] for u in ("ms", "s")}, survey)


def _called(found: Columns, role: str) -> str:
    """A column in a sentence."""
    return f"its column '{found.table.names[found.index(role)]}'"


def _plain(found: Columns, kinds: Sequence[str], domain: str | None, untied: xr.DataArray | None) -> str:
    """Return the role of a column of depths or times of a kind not said, where tops have no other; asks for the kind.

    Empty where there is none, or a person has said a kind that it cannot be.
    """
    role = next((role for role in ("depth", "time") if found.has(role)), "")
    if not role or any(found.has(kind) for kind in kinds):
        return ""
    if untied is not None:
        check_domain(role == "time", vertical_of(untied.dims), _called(found, role), found.table.path)
    own = _TIMES if role == "time" else _KINDS[:3]
    if domain is None:
        raise _asked(found, role, own)
    return role if domain in own else ""


def _asked(found: Columns, role: str, kinds: Sequence[str]) -> Undeclared:
    return Undeclared(
        f"column '{found.table.names[found.index(role)]}' does not say which depth or time it is",
        f"Say which it is: {', '.join(kinds)}",
        option="domain",
        choices=tuple(kinds),
        path=found.table.path,
    )


def _domain(found: Columns, prefer: str, untied: xr.DataArray | None) -> str:
    """Kind of depth or time in which intervals come; asks for that of the survey first.

    What a survey without checkshots cannot take is refused, and not asked about.
    """
    said = {found.domain("top"), found.domain("base")} - {""}
    if len(said) == 1 and not said & {"depth", "time"}:
        return said.pop()
    unit = found.said_unit("top") or found.said_unit("base")
    times = said == {"time"} or (not said and unit in MILLISECONDS)
    kinds = _TIMES if times else _KINDS[:3]
    if times or said == {"depth"} or (not said and unit in METRES):
        if untied is not None:
            check_domain(times, vertical_of(untied.dims), _called(found, "top"), found.table.path)
    else:
        kinds = (*_TIMES, *kinds) if prefer in _TIMES else _KINDS
    raise _asked(found, "top", kinds)


def _intervals(rows: Iterator[Row], factor: float) -> _Ends:
    read: _Ends = {}
    for row in rows:
        name = row.text("well")
        ends, _ = read.setdefault(name, ([], row.line))
        top, base, of = row.number("top") * factor, row.number("base") * factor, row.text("class")
        if means_nothing(of):
            continue
        k = bisect.bisect_left(ends, (top, base))
        try:
            # A well of its neighbours finds an overlap on the line that makes it.
            Interval(top, base, of)
            near = (*ends[max(k - 1, 0) : k + 1], (top, base, of))
            Well(name, 0.0, 0.0, tuple(Interval(*e) for e in near))
        except LabelError as error:
            raise row.error(error.what, error.way_out) from error
        ends.insert(k, (top, base, of))
    return read


def _markers(
    rows: Iterator[Row], named: str, kind: str, factor: float, classes: Mapping[str, str], path: Path
) -> _Ends:
    picks: dict[str, list[tuple[float, str]]] = {}
    first: dict[str, int] = {}
    read_rows = list(rows)
    columns = [role for role in (kind, _FURTHER) if read_rows and role in read_rows[0].cells]
    numbers = {
        role: [math.nan if is_empty(row.cells[role], row.decimal) else row.number(role) for row in read_rows]
        for role in columns
    }
    fillers = {role: {*fill_values(numbers[role]), float(_NO_PICK)} for role in columns}
    missing = 0
    for k, row in enumerate(read_rows):
        known = (numbers[role][k] for role in columns if numbers[role][k] not in fillers[role])
        value = next((number for number in known if not math.isnan(number)), None)
        if value is None:
            missing += 1
            continue
        well = row.text("well")
        first.setdefault(well, row.line)
        picks.setdefault(well, []).append((value * factor, row.text(named)))
    if not picks:
        raise LabelError("it holds no top", "Check the file", path=path)
    if all(depth <= 0 for found in picks.values() for depth, _ in found):
        _warn(f"{path.name}: its {kind} are negative, growing upwards, and were turned.")
        picks = {well: [(-depth, marker) for depth, marker in found] for well, found in picks.items()}
    read: _Ends = {}
    endless: list[str] = []
    empty: list[str] = []
    for well, found in picks.items():
        ends = []
        ordered = sorted(found, key=lambda pick: pick[0])
        for (depth, marker), below in itertools.zip_longest(ordered, ordered[1:]):
            of = classes.get(marker, marker)
            if not of:
                continue
            if below is None:
                endless.append(f"{marker} in {well}")
            elif below[0] > depth:
                ends.append((depth, below[0], of))
            else:
                empty.append(f"{marker} in {well}")
        read[well] = (ends, first[well])
    for left_out, why in ((endless, "no marker below them tells where they end"), (empty, "they end where they begin")):
        if left_out:
            _warn(f"{path.name}: left out, for {why}: {_some(left_out)}.")
    if missing:
        _warn(f"{path.name}: {counted(missing, f'tops without {kind} were', f'top without {kind} was')} left out.")
    return read


def _warn(words: str) -> None:
    warnings.warn(words, LabelWarning, stacklevel=4)


def _some(names: list[str], n: int = 5) -> str:
    return ", ".join(names[:n]) + (f" and {len(names) - n} more" if len(names) > n else "")


def read_wells(
    wells_csv: str | Path | Table,
    tops_csv: str | Path | Table,
    survey: xr.DataArray | None = None,
    *,
    trajectories: Mapping[str, Trajectory] | None = None,
    checkshots: Mapping[str, Checkshot] | None = None,
    kb_m: float | None = None,
    datum_m: float = 0.0,
    wells_columns: Mapping[str, str | int] | None = None,
    wells_units: Mapping[str, str] | None = None,
    tops_columns: Mapping[str, str | int] | None = None,
    tops_units: Mapping[str, str] | None = None,
    tops_domain: str | None = None,
    classes: Mapping[str, str] | None = None,
    crs: str | None = None,
    survey_crs: str | None = None,
) -> list[Well | DeviatedWell]:
    """Read wells and their tops, and bring them onto the vertical axis of a survey.

    Parameters
    ----------
    wells_csv, tops_csv : str, Path or Table
        As `read_heads` and `read_tops` take them, with ``wells_columns``, ``wells_units``, ``tops_columns``,
        ``tops_units``, ``tops_domain`` and ``classes`` for what their headers do not tell.
    survey : xarray.DataArray, optional
        Whose vertical axis it is; two-way time without one.
    trajectories : mapping of str to Trajectory, optional
        By well (see `napari_fhn.labels.wells.deviation.read_deviation`); wells without one are vertical.
    checkshots : mapping of str to Checkshot, optional
        By well, or "" for all (see `napari_fhn.labels.wells.checkshots.read_checkshots`).
    kb_m : float, optional
        Elevation above sea level of the datum of wells whose files do not tell it, in metres.
    datum_m : float, optional
        Elevation of the zero of a depth survey, in metres.
    crs, survey_crs : str, optional
        As for `read_heads`.

    Returns
    -------
    list of Well or DeviatedWell
        In the order of `wells_csv`; wells without tops have no intervals.

    Raises
    ------
    AmbiguousColumns, Undeclared
        When columns, units, kinds of depth or the datum cannot be told.
    LabelError
        With file, line and column.
    """
    wells_table, tops_table = sniffed(wells_csv), sniffed(tops_csv)
    wells_csv, tops_csv = wells_table.path, tops_table.path
    heads = read_heads(
        wells_table, survey=survey, columns=wells_columns, units=wells_units, crs=crs, survey_crs=survey_crs
    )
    check_unit(None if survey is None else survey.dims, tops_csv)
    vertical = vertical_of(None if survey is None else survey.dims)
    prefer = "twt" if vertical == "twt" and not checkshots else "md"
    tops = read_tops(
        tops_table, columns=tops_columns, units=tops_units, domain=tops_domain, prefer=prefer, classes=classes,
        survey=survey, tied=bool(checkshots),
    )  # fmt: skip
    strange = next(((name, line) for name, (_, line) in tops.items() if of_well(heads, name) is None), None)
    if strange is not None:
        raise LabelError(
            f"there is no well '{strange[0]}' in {wells_csv.name}",
            "Add it there, or correct the name",
            path=tops_csv,
            line=strange[1],
        )
    wells: list[Well | DeviatedWell] = []
    straight = []
    for name, head in heads.items():
        spans = (of_well(tops, name) or (Spans("twt", ()), 0))[0]
        trajectory = of_well(trajectories, name)
        if trajectory is None and spans.domain == "md" and spans.ends:
            straight.append(name)
        at = head if head.kb_m is not None or kb_m is None else replace(head, kb_m=kb_m)
        wells.append(
            tie(
                at,
                spans,
                vertical=vertical,
                trajectory=trajectory if spans.ends else None,
                checkshot=of_well(checkshots, name),
                datum_m=datum_m,
                path=tops_csv,
            )
        )
    if straight:
        _warn(f"{tops_csv.name}: taken as vertical, without a deviation survey: {_some(straight)}.")
    for what, given in (("deviation survey", set(trajectories or {})), ("checkshots", set(checkshots or {}))):
        unused = [name for name in sorted(given) if name and of_well(heads, name) is None]
        if unused:
            _warn(f"{wells_csv.name}: it has none of the wells that a {what} is for: {_some(unused)}.")
    return wells
