"""What is known, as a person names it: each file a source, with what was said about all files or about some.

The options of the command line and the keywords of Python have the same names and mean the same.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import xarray as xr

from napari_fhn.labels import (
    KINDS,
    AmbiguousColumns,
    LabelError,
    LabelWarning,
    Question,
    Source,
    Undeclared,
    options_of,
    plugins,
)
from napari_fhn.labels.fitting import fits, means_something, seen_as
from napari_fhn.labels.kinds import kinds_of_parts, part_of, parts
from napari_fhn.labels.options import OPTIONS, SEPARATOR
from napari_fhn.labels.shapes import shape_tables
from napari_fhn.labels.shapes.shape_files import is_shapes
from napari_fhn.labels.sources import PARTS
from napari_fhn.labels.tables.vocabulary import ROLES
from napari_fhn.project.knowledge import HELPING, LABELLING, POINT_RADIUS, WELL_RADIUS, idle_answers
from napari_fhn.sentence import named
from napari_fhn.surveys.remote.addresses import path_of
from napari_fhn.surveys.remote.opening import at_hand

_DECIMAL = {"point": ".", "comma": ","}
#: The options that name files, by the kind of file.
FILES = {kind: kind for kind in LABELLING}
#: The options of the command line that answer for all files at once, by the name of the answer.
FLAGS = {
    "decimal": "--decimal",
    "kb_m": "--kb",
    "datum_m": "--datum",
    "z": "--z",
    "way": "--way",
    "curve": "--las-curve",
    "index_unit": "--las-unit",
    "field": "--class-field",
    "layer": "--layer",
    "crs": "--crs",
    "survey_crs": "--survey-crs",
    "window": "--slices",
    "zones": "--zones",
    "thickness": "--band",
}
#: What stands for the value after an option where there are no choices.
_PLACEHOLDERS = {
    "kb_m": "METRES",
    "window": "TOP,BASE",
    "curve": "NAME",
    "field": "NAME",
    "layer": "NAME",
    "crs": "CRS",
    "survey_crs": "EPSG:CODE",
}

#: One file, or several.
Files = str | Path | Sequence[str | Path] | None


@dataclass(frozen=True)
class Said:
    """Files of what is known, and what was said about them; a field for each option of the command line.

    Parameters
    ----------
    labels, wells, tops, las, deviation, checkshots, horizon, points, polygons : path-like or sequence of these
        Files, by what they hold.
    known : path-like or sequence of these
        Files of which is found out what they hold.
    columns : sequence of str
        What columns are, as in ``"tops:well=1,marker=2,md=3:m"``, or any other answer, as in ``"checkshots:way=twt"``.
    zones : str or sequence of str
        Classes above, between and below the horizons.
    slices : str or (float, float)
        Top and base of what polygons label in a volume.
    radius, point_radius : float
        How far labels of wells, in traces, and of points, in pixels, reach.
    fall_off : float
        Labels count 61 % at this distance from their well or point.
    las_curve, las_unit, band, way, z, class_field, layer, crs, survey_crs, decimal, kb, datum, off_line
        Other answers, for all files that they concern.
    """

    labels: Files = None
    wells: Files = None
    tops: Files = None
    las: Files = ()
    deviation: Files = ()
    checkshots: Files = ()
    horizon: Files = ()
    points: Files = None
    polygons: Files = None
    known: Files = ()
    columns: Sequence[str] = ()
    las_curve: str | None = None
    las_unit: str | None = None
    zones: str | Sequence[str] | None = None
    band: float | None = None
    way: str | None = None
    z: str | None = None
    class_field: str | None = None
    layer: str | None = None
    crs: str | None = None
    survey_crs: str | None = None
    slices: str | Sequence[float] | None = None
    decimal: str | None = None
    kb: float | None = None
    datum: float = 0.0
    radius: float = WELL_RADIUS
    point_radius: float = POINT_RADIUS
    fall_off: float | None = None
    off_line: float | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """What files are named as."""
        return tuple(name for name in (*FILES.values(), "known") if _paths(getattr(self, name)))

    @property
    def any(self) -> bool:
        """Whether any file is named."""
        return bool(self.files)

    @property
    def answers(self) -> tuple[str, ...]:
        """What was said of files, by the names here."""
        answers = (one for one in fields(self) if one.name not in (*FILES.values(), "known"))
        return tuple(one.name for one in answers if getattr(self, one.name) not in (one.default, None, [], ()))

    @property
    def helps_only(self) -> bool:
        """Whether no file is named but such as only help to read others, if any."""
        return set(self.files) <= set(HELPING)


def sources(said: Said, survey: xr.DataArray | None = None) -> tuple[Source, ...]:
    """Return the files that were named, each with what was said about it.

    Parameters
    ----------
    said : Said
        Files and answers.
    survey : xarray.DataArray, optional
        Against which files whose kind is not said are held.

    Raises
    ------
    Question
        When the kind of a file cannot be told.
    LabelError
        For answers that make no sense.
    """
    # What is known lies voxel by voxel, and may be read where it is, or in files, which are fetched from an address.
    found = [
        _of_kind(at_hand(path, whole=kind != "labels"), kind)
        for kind in LABELLING
        for path in _paths(getattr(said, FILES[kind], None))
    ]
    told = [_pairs(text) for text in said.columns]
    for path in (at_hand(one, whole=True, stores=True) for one in _paths(said.known)):
        own = [pairs for of, pairs in told if of in (str(path), path.name)]
        given = {name: pairs[name] for pairs in own for name in ("kind", *PARTS) if name in pairs}
        if said.layer is not None and _has_layer(path, said.layer):
            given = {"layer": said.layer, **given}
        try:
            some = Source.all_of(path, survey, **{**_for_all(said, "decimal"), **given})
            _warn_of_rest(path, some, survey)
            found += some
        except Undeclared as error:
            raise Question(Source(path, ""), error) from error
    if "classes" in {source.kind for source in found}:
        path = next(source.path for source in found if source.kind == "classes")
        raise LabelError("it is a table of classes", "Give it as --classes", path=path)
    shapes = any(source.kind == "polygons" for source in found)
    every = tuple(_with_flags(source, said, shapes) for source in found)
    for of, pairs in told:
        if of not in KINDS and not any(of in (str(one.path), one.path.name) for one in every):
            raise LabelError(
                f"--columns '{of}:...' does not begin with the kind of table, nor with a file that is given",
                f"Write one of {', '.join(LABELLING)}, a colon, and role=column pairs, as in tops:twt=3:ms,well=1",
            )
        about = [one for one in every if of in (one.kind, str(one.path), one.path.name)]
        if not about:
            raise LabelError(f"--columns '{of}:...' is about files that are read as {of}, and none is", "Leave it out")
        every = tuple(_answered(one, pairs, survey) if one in about else one for one in every)
    idle_answers.check([name for name in said.answers if name in idle_answers.ANSWERS], every, survey)
    return every


def _has_layer(path: Path, layer: str) -> bool:
    try:
        option, names = parts(path) if path.exists() else ("", ())
    except LabelError:
        return False
    return option == "layer" and layer in names


def _warn_of_rest(path: Path, found: Sequence[Source], survey: xr.DataArray | None) -> None:
    """Say which parts of a file were passed over: nothing in them tells what they hold, or the survey takes none."""
    alone = found[0]
    if len(found) == 1 and (alone.part or alone.kind in ("polygons", "labels", "las") or plugins.reader(alone.kind)):
        return
    try:
        read = {source.part for source in found} if len(found) > 1 else set(part_of(path, alone.kind).values())
        option, kinds = parts(path)[0], kinds_of_parts(path, survey)
    except LabelError:
        return  # asked or said when it is read
    rest = {name: kind for name, kind in kinds.items() if read and name not in read}
    refused = [name for name, kind in rest.items() if not fits(kind, survey)]
    untold = [name for name in rest if name not in refused]
    for names, one, many in (
        (untold, "did not tell what it holds", "did not tell what they hold"),
        (refused, "holds what the survey does not take", "hold what the survey does not take"),
    ):
        words = f"{path.name}: its {option}s {named(names, 8)} {many}, and were left out."
        if len(names) == 1:
            words = f"{path.name}: its {option} {names[0]} {one}, and was left out."
        if names:
            warnings.warn(words, LabelWarning, stacklevel=3)


def _of_kind(path: Path, kind: str) -> Source:
    """A file of a kind; points that are shapes, as GIS writes them, are read as shapes."""
    if kind == "points" and path.exists():
        # What is wrong with a file its reader says.
        with contextlib.suppress(LabelError):
            kind = "polygons" if is_shapes(path) else kind
    return Source(path, kind)


def hint(question: Question, sources: Sequence[Source]) -> tuple[str, str]:
    """Return the option that answers a question, and what to write after it; words in capitals stand for values."""
    source, cause = question.source, question.cause
    of = source.kind
    if not of or sum(one.kind == of for one in sources) > 1:
        of = source.path.name
    if isinstance(cause, AmbiguousColumns):
        return "--columns", f"{of}:{next(iter(cause.candidates), 'ROLE')}=COLUMN"
    value = cause.choices[0] if cause.choices else "VALUE"
    match cause.option:
        case "units":
            return "--columns", f"{of}:{cause.role}=:{value}"
        case "columns":
            return "--columns", f"{of}:{value}=COLUMN"
        case "kind":
            return "--columns", f"{of}:kind={value}"
    if cause.option in FLAGS and of == source.kind and (cause.option != "layer" or of == "polygons"):
        words = {".": "point", ",": "comma"}
        shown = _PLACEHOLDERS.get(cause.option, words.get(value, value))
        return FLAGS[cause.option], shown
    # A comma divides pairs, so a decimal comma is written as a word here too.
    shown = {",": "comma", ".": "point"}.get(value, value)
    if cause.option == "window":
        shown = f"TOP{SEPARATOR}BASE"
    return "--columns", f"{of}:{cause.option}={_PLACEHOLDERS.get(cause.option, shown) if not cause.choices else shown}"


def _for_all(said: Said, *names: str) -> dict[str, Any]:
    """Answers that were given for all files, by name; only these names where some are given."""
    zones = said.zones
    if isinstance(zones, str):
        zones = [name.strip() for name in zones.split(",")]
    read = {
        "decimal": None if said.decimal is None else _DECIMAL.get(said.decimal, said.decimal),
        "datum": said.datum or None,
        "slices": _two(said.slices),
        "zones": None if zones is None else tuple(zones),
    }
    answers = idle_answers.ANSWERS.items()  # but for radii, which wells and points have of their own
    every = {option: read.get(name, getattr(said, name)) for name, option in answers if option != "radius"}
    return {name: value for name, value in every.items() if value is not None and (not names or name in names)}


def _with_flags(source: Source, said: Said, shapes: bool) -> Source:
    """Return a source with the answers that were given for all files of its kind."""
    own = options_of(source.kind)
    given = {name: value for name, value in _for_all(said).items() if name in own}
    # One layer is said: that of shapes, where there are any, else that of whatever has layers.
    of_layers = source.kind == "polygons" or (not shapes and source.path.suffix.lower() in shape_tables.SUFFIXES)
    if source.part or not of_layers:
        given.pop("layer", None)
    if "radius" in own:
        given["radius"] = said.point_radius if source.kind == "points" else said.radius
    if "together" in own:
        given["together"] = "--horizon"
    return source.answered(**given)


def _pairs(text: str) -> tuple[str, dict[str, str]]:
    """Read ``KIND:role=column:unit,option=value``: which files it is about, and the pairs."""
    # A file may have colons in its path: the last one before the first equals sign is ours.
    before, equals, _ = text.partition("=")
    of, colon, _ = before.rpartition(":")
    if not colon and ":" in text and not equals:
        of, colon, _ = text.partition(":")
    if not colon:
        raise LabelError(
            f"--columns '{text}' does not begin with the kind of table",
            f"Write one of {', '.join(LABELLING)}, a colon, and role=column pairs, as in tops:twt=3:ms,well=1",
        )
    pairs: dict[str, str] = {}
    for pair in text[len(of) + 1 :].split(","):
        name, equals, value = pair.partition("=")
        if not equals or not value:
            raise LabelError(
                f"--columns '{text}': '{pair}' is no pair", "Write role=column, role=column:unit or option=value"
            )
        pairs[name.strip()] = value.strip()
    return of, pairs


def _answered(source: Source, pairs: dict[str, str], survey: xr.DataArray | None) -> Source:
    """Return a source with what pairs say: the column of a role, or the value of an option."""
    own = options_of(source.kind)
    columns: dict[str, str | int] = {}
    units: dict[str, str] = {}
    given: dict[str, Any] = {}
    for name, value in pairs.items():
        option = own.get(name)
        if name == "kind":
            continue
        if source.kind == "labels":
            typed = OPTIONS["reading"].parse(f"{name}={value}")
            given["reading"] = {**given.get("reading", source.options.get("reading", {})), **typed}
        elif option is not None and (name not in ROLES or value in option.choices):
            if survey is not None and not means_something(name, survey):
                what = f"'{name}' is {option.words}: it means nothing to {seen_as(survey)}"
                raise LabelError(what, "Leave it out", path=source.path)
            given[name] = option.parse(_DECIMAL.get(value, value) if name == "decimal" else value)
        elif name in ROLES:
            column, _, unit = value.partition(":")
            if column.strip():
                columns[name] = column.strip()
            if unit:
                units[name] = unit.strip()
        elif name in OPTIONS:
            raise LabelError(
                f"files of {source.kind} have no option '{name}'", f"They have {', '.join(own)}", path=source.path
            )
        else:
            raise LabelError(
                f"there is no role '{name}'",
                f"The roles are {', '.join(ROLES)}, and the options {', '.join(own)}",
                path=source.path,
            )
    return replace(source.answered(columns, units), options={**source.options, **given})


def _paths(given: Any) -> list[Path]:
    if given is None:
        return []
    return [path_of(one) for one in ([given] if isinstance(given, str | Path) else given)]


def _two(given: str | Sequence[float] | None) -> tuple[float, float] | None:
    if given is None:
        return None
    parts = given.split(",") if isinstance(given, str) else given
    try:
        top, base = map(float, parts)
    except (TypeError, ValueError) as error:
        raise LabelError(f"--slices '{given}' are no two numbers", "Write them as TOP,BASE") from error
    return top, base
