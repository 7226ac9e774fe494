"""What is known, as options name it: wells, logs, horizons, points and polygons as labels."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.labels import AmbiguousColumns, ClassTable, LabelError, LabelWarning, Undeclared
from napari_fhn.surveys.kinds import is_line

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("wells", "tops", "points", "deviation", "checkshots", "horizon")
_DECIMAL = {"point": ".", "comma": ","}
#: How the command line takes the answer to what a file does not tell.
_ANSWERS = {
    "decimal": "--decimal",
    "kb_m": "--kb METRES",
    "z": "--z",
    "curve": "--las-curve",
    "index_unit": "--las-unit",
    "field": "--class-field",
    "layer": "--layer",
    "window": "--slices TOP,BASE",
}


@dataclass
class Choice:
    """Columns, units and kind of depth that were said for one kind of table."""

    columns: dict[str, str | int] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    domain: str | None = None


def is_given(options: argparse.Namespace) -> bool:
    """Whether the options name anything that is known."""
    return bool(options.labels or options.wells or options.points or options.las or options.horizon or options.polygons)


def known_labels(
    options: argparse.Namespace,
    survey: xr.DataArray,
    table: ClassTable | None,
    out: NDArray[np.uint8],
    weights: NDArray[np.uint8] | None = None,
) -> ClassTable | None:
    """Burn wells, logs, horizons, points and polygons, in this order, each where nothing is labelled yet.

    Parameters
    ----------
    options : argparse.Namespace
        Of ``napari-fhn train``.
    survey : xarray.DataArray
        Whose grid it is.
    table : ClassTable or None
        The classes, if they are known; classes that files name are added to those of a table that is made here.
    out : ndarray of uint8
        Written in place.
    weights : ndarray of uint8, optional
        Percent, written in place where labels of wells and points fall off.

    Returns
    -------
    ClassTable or None

    Raises
    ------
    LabelError
        With what is wrong and the way out.
    """
    said = {kind: Choice() for kind in KINDS}
    for text in options.columns:
        _choice(text, said)
    fixed = table is not None
    classes = table or ClassTable(())

    def named(names: Iterable[str]) -> ClassTable:
        nonlocal classes
        if not fixed:
            classes = classes.including(names)
        return classes

    with _told():
        if options.wells or options.las:
            wells = list(_wells(options, survey, table, said))
            known = named(n for well in wells for n in well.class_names)
            labels.burn(
                wells,
                survey,
                known,
                out,
                options.radius,
                fall_off=options.fall_off,
                weights=weights,
                off_line_m=options.off_line,
            )
        if options.horizon:
            _horizons(options, survey, said["horizon"], named, out)
        if options.points:
            with _asking("points"):
                source = _source(options, options.points)
                names = labels.point_classes(source, columns=said["points"].columns)
                known = named(names)
                points = labels.read_points(
                    source, known, survey, columns=said["points"].columns, units=said["points"].units
                )
            labels.burn_points(
                points,
                out,
                options.point_radius,
                fall_off=options.fall_off,
                weights=weights,
                on_line=is_line(survey),
            )
        if options.polygons:
            with _asking("polygons"):
                shapes = labels.read_polygons(options.polygons, options.class_field, layer=options.layer)
                window = None if options.slices is None else _two(options.slices)
                labels.burn_polygons(shapes, survey, named(shapes.classes), out, window=window)
    return classes if len(classes) else None


def _wells(
    options: argparse.Namespace, survey: xr.DataArray, table: ClassTable | None, said: dict[str, Choice]
) -> Iterator[Any]:
    trajectories: dict[str, labels.Trajectory] = {}
    checkshots: dict[str, labels.Checkshot] = {}
    for path in options.deviation:
        with _asking("deviation"):
            choice = said["deviation"]
            source = _source(options, path)
            trajectories |= labels.read_deviation(source, columns=choice.columns, units=choice.units, kb_m=options.kb)
    for path in options.checkshots:
        with _asking("checkshots"):
            choice = said["checkshots"]
            found = labels.read_checkshots(_source(options, path), columns=choice.columns, units=choice.units)
            checkshots |= found
    if options.wells:
        with _asking("tops"):
            yield from labels.read_wells(
                _source(options, options.wells),
                _source(options, options.tops),
                survey,
                trajectories=trajectories,
                checkshots=checkshots,
                kb_m=options.kb,
                datum_m=options.datum,
                wells_columns=said["wells"].columns,
                wells_units=said["wells"].units,
                tops_columns=said["tops"].columns,
                tops_units=said["tops"].units,
                tops_domain=said["tops"].domain,
            )
    for path in options.las:
        with _asking("las"):
            name = labels.read_log(path).head.name
            yield labels.read_las(
                path,
                table,
                survey,
                curve=options.las_curve,
                index_unit=options.las_unit,
                trajectory=labels.of_well(trajectories, name),
                checkshot=labels.of_well(checkshots, name),
                kb_m=options.kb,
                datum_m=options.datum,
            )


def _horizons(
    options: argparse.Namespace, survey: xr.DataArray, choice: Choice, named: Any, out: NDArray[np.uint8]
) -> None:
    surfaces: list[xr.DataArray] = []
    for path in options.horizon:
        with _asking("horizon"):
            found = labels.read_horizons(
                _source(options, path), survey, columns=choice.columns, units=choice.units, z=options.z
            )
        surfaces += sorted(found.values(), key=lambda surface: float(surface.mean()))
    zones = None if options.zones is None else [name.strip() for name in options.zones.split(",")]
    if options.band is not None:
        zones = [str(surface.name) for surface in surfaces] if zones is None else zones
        if len(zones) != len(surfaces):
            raise LabelError(f"{len(surfaces)} horizons have {len(zones)} names in --zones", "Name one for each")
        for surface, name in zip(surfaces, zones, strict=True):
            labels.burn_band(surface, name, options.band, survey, named([name]), out)
        return
    if zones is None:
        names = [str(surface.name) for surface in surfaces]
        zones = [f"above {names[0]}", *(f"below {name}" for name in names)]
    labels.burn_zones(surfaces, zones, survey, named(name for name in zones if name), out)


def _source(options: argparse.Namespace, path: Path) -> Path | labels.Table:
    """The file, looked at with the decimal mark that was said."""
    return path if options.decimal is None else labels.sniff(path, decimal=_DECIMAL[options.decimal])


def _choice(text: str, said: dict[str, Choice]) -> None:
    """Read ``KIND:role=column:unit,role=column`` into the choices."""
    kind, colon, rest = text.partition(":")
    if kind not in said or not colon:
        raise LabelError(
            f"--columns '{text}' does not begin with the kind of table",
            f"Write one of {', '.join(KINDS)}, a colon, and role=column pairs, as in tops:twt=3:ms,well=1",
        )
    for pair in rest.split(","):
        role, equals, value = pair.partition("=")
        if not equals or not value:
            raise LabelError(f"--columns '{text}': '{pair}' is no pair", "Write role=column or role=column:unit")
        column, _, unit = value.partition(":")
        if role.strip() == "domain":
            said[kind].domain = value.strip()
            continue
        said[kind].columns[role.strip()] = column.strip()
        if unit:
            said[kind].units[role.strip()] = unit.strip()


def _two(text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        top, base = map(float, parts)
    except ValueError as error:
        raise LabelError(f"--slices '{text}' are no two numbers", "Write them as TOP,BASE") from error
    return top, base


@contextmanager
def _asking(kind: str) -> Iterator[None]:
    """Add to what a file does not tell how the command line takes the answer."""
    try:
        yield
    except (AmbiguousColumns, Undeclared) as error:
        if isinstance(error, AmbiguousColumns):
            role = next(iter(error.candidates), "role")
            of = kind if kind != "tops" or not _is_wells(error) else "wells"
            hint = f"--columns {of}:{role}=COLUMN"
        elif error.option in _ANSWERS:
            hint = _ANSWERS[error.option]
        elif error.option == "domain":
            hint = f"--columns {kind}:domain={error.choices[0]}"
        elif error.option == "units":
            hint = f"--columns {kind}:{error.role}=COLUMN:{error.choices[0]}"
        else:
            hint = f"--columns {kind}:{(error.choices or ('role',))[0]}=COLUMN"
        raise LabelError(error.what, f"{error.way_out}: {hint}", path=error.path, line=error.line) from error


def _is_wells(error: AmbiguousColumns) -> bool:
    return bool({"inline", "crossline", "x", "y"} & set(error.candidates))


@contextmanager
def _told() -> Iterator[None]:
    """Print label warnings to standard error, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LabelWarning)
        try:
            yield
        finally:
            for words in dict.fromkeys(str(w.message) for w in caught if issubclass(w.category, LabelWarning)):
                print(f"napari-fhn: {words}", file=sys.stderr)
