"""The wells of a session, ``wells.json``: where they are, what is known in them, and how they were burnt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import record
from napari_fhn.labels import ClassTable, DeviatedWell, Interval, LabelError, Well
from napari_fhn.labels.wells.well import Stretch
from napari_fhn.record import set_aside

FILE = "wells.json"
_KIND = "wells"
_VERSION = 2

AnyWell = Well | DeviatedWell


@dataclass(frozen=True)
class KeptWells:
    """The wells of a session.

    Parameters
    ----------
    wells : tuple of Well or DeviatedWell
        In the order in which they came.
    radius : float
        Of their labels, in traces.
    fall_off : float or None
        Distance in traces over which labels come to count less; None where all count alike.
    """

    wells: tuple[AnyWell, ...] = ()
    radius: float = 0.0
    fall_off: float | None = None


@dataclass(frozen=True)
class _Stretch:
    top: float
    base: float
    class_name: str


@dataclass(frozen=True)
class _Path:
    md_m: tuple[float | None, ...]
    dx_m: tuple[float | None, ...]
    dy_m: tuple[float | None, ...]
    vertical: tuple[float | None, ...]


@dataclass(frozen=True)
class _Well:
    """A well as it is written: what is not a number is null, for JSON has no such number."""

    name: str
    inline: float | None
    crossline: float | None
    xy: tuple[float, float] | None
    intervals: tuple[_Stretch, ...]
    trace: float | None = None
    path: _Path | None = None


@dataclass(frozen=True)
class _Wells:
    radius: float
    fall_off: float | None
    wells: tuple[_Well, ...]


def save(folder: Path, kept: KeptWells) -> None:
    """Write the wells of a session; the file before stays whole until this one is.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    record.write(folder / FILE, _KIND, _VERSION, content_of(kept))


def load(folder: Path) -> KeptWells:
    """Read the wells of a session; none where there is no file. One that cannot be read is put aside and stays.

    Raises
    ------
    LabelError
        When the file is damaged or of a later version.
    """
    path = folder / FILE
    try:
        return read(folder)
    except ValueError as error:
        aside = set_aside(path)
        raise LabelError(
            f"it cannot be read: {str(error).removeprefix(f'{path}: ').rstrip('.')}",
            f"The labels of the wells are whole, and the file is kept as {aside.name}",
            path=path,
        ) from error


def read(folder: Path) -> KeptWells:
    """Read the wells of a session, and leave the file as it is whatever it holds.

    Raises
    ------
    RecordError, ValueError
        When it is damaged or of a later version.
    """
    path = folder / FILE
    if not path.exists():
        return KeptWells()
    return of_content(record.read(path, _KIND, _VERSION, {1: _from_first}))


def content_of(kept: KeptWells) -> dict[str, Any]:
    """Return wells as plain JSON types."""
    content: dict[str, Any] = record.encode(_Wells(float(kept.radius), kept.fall_off, tuple(map(_written, kept.wells))))
    return content


def of_content(content: Mapping[str, Any]) -> KeptWells:
    """Return the wells that plain JSON types say.

    Raises
    ------
    RecordError, ValueError
        When they say none.
    """
    found = record.decode(_Wells, content)
    return KeptWells(tuple(map(_read, found.wells)), found.radius, found.fall_off)


def renamed(wells: Sequence[AnyWell], classes: ClassTable, values: Mapping[str, int]) -> tuple[AnyWell, ...]:
    """Give the classes of wells the names that they have now.

    Parameters
    ----------
    wells : sequence of Well or DeviatedWell
        Whose intervals have classes by older names.
    classes : ClassTable
        The classes now.
    values : mapping of str to int
        Label value by older name.
    """
    names = dict(zip(classes.values, classes.names, strict=True))

    def now(name: str) -> str:
        return name if name in classes.names else names.get(values.get(name, 0), name)

    return tuple(
        replace(well, intervals=tuple(replace(one, class_name=now(one.class_name)) for one in well.intervals))  # type: ignore[arg-type]
        for well in wells
    )


def carried(kept: KeptWells, before: KeptWells, after: KeptWells) -> KeptWells:
    """Return wells with the difference of two others; what was changed since then stays.

    Parameters
    ----------
    kept : KeptWells
        As they are.
    before, after : KeptWells
        What differs between them is what is changed.
    """
    if same(kept, before):
        return after
    was, wanted, wells = ({well.name: well for well in one.wells} for one in (before, after, kept))
    for name in dict.fromkeys((*was, *wanted)):
        if alike(was.get(name), wanted.get(name)):
            continue
        if name in wanted:
            wells[name] = wanted[name]
        elif alike(wells.get(name), was[name]):
            del wells[name]
    radius = after.radius if before.radius != after.radius else kept.radius
    fall_off = after.fall_off if before.fall_off != after.fall_off else kept.fall_off
    return KeptWells(tuple(wells.values()), radius, fall_off)


def same(one: KeptWells, other: KeptWells) -> bool:
    """Whether two say the same; wells hold arrays, and numbers that are none where they have no place."""
    return content_of(one) == content_of(other)


def alike(one: AnyWell | None, other: AnyWell | None) -> bool:
    """Whether two wells say the same; none is like none."""
    if one is None or other is None:
        return one is other
    return _written(one) == _written(other)


def _written(well: AnyWell) -> _Well:
    path = None
    if isinstance(well, DeviatedWell):
        stretches = tuple(_Stretch(one.top_m, one.base_m, one.class_name) for one in well.intervals)
        path = _Path(*(_numbers(array) for array in (well.md_m, well.dx_m, well.dy_m, well.vertical)))
    else:
        stretches = tuple(_Stretch(one.top_ms, one.base_ms, one.class_name) for one in well.intervals)
    xy = None if well.xy is None else (float(well.xy[0]), float(well.xy[1]))
    trace = None if well.trace is None else _number(well.trace)
    return _Well(well.name, _number(well.inline), _number(well.crossline), xy, stretches, trace, path)


def _read(kept: _Well) -> AnyWell:
    place = (kept.name, _or_nan(kept.inline), _or_nan(kept.crossline))
    if kept.path is None:
        intervals = tuple(Interval(one.top, one.base, one.class_name) for one in kept.intervals)
        return Well(*place, intervals, kept.xy, kept.trace)
    stretches = tuple(Stretch(one.top, one.base, one.class_name) for one in kept.intervals)
    md, dx, dy, vertical = map(_array, (kept.path.md_m, kept.path.dx_m, kept.path.dy_m, kept.path.vertical))
    return DeviatedWell(*place, md, dx, dy, vertical, stretches, kept.xy, kept.trace)


def _numbers(values: NDArray[np.float64]) -> tuple[float | None, ...]:
    return tuple(_number(value) for value in values)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _array(values: tuple[float | None, ...]) -> NDArray[np.float64]:
    return np.array([_or_nan(value) for value in values], np.float64)


def _from_first(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Version 1 has intervals as lists, and the path of a deviated well beside its name."""
    wells = []
    for one in data["wells"]:
        well = {key: one[key] for key in ("name", "inline", "crossline", "xy")}
        well["trace"] = one.get("trace")
        well["intervals"] = [
            {"top": top, "base": base, "class_name": class_name} for top, base, class_name in one["intervals"]
        ]
        if "md_m" in one:
            well["path"] = {key: one[key] for key in ("md_m", "dx_m", "dy_m", "vertical")}
        wells.append(well)
    return {"radius": data["radius"], "fall_off": data["fall_off"], "wells": wells}
