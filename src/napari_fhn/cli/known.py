"""What is known, as options name it: each file a source with its answers, read by `napari_fhn.project.knowledge`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels import KINDS, AmbiguousColumns, ClassTable, LabelError, Question, Source, Undeclared, options_of
from napari_fhn.labels.options import OPTIONS, SEPARATOR
from napari_fhn.labels.vocabulary import ROLES
from napari_fhn.project.knowledge import LABELLING, Knowledge, ReadLabels

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
    "window": "--slices",
    "zones": "--zones",
    "thickness": "--band",
}
#: What stands for the value after an option where there are no choices.
_PLACEHOLDERS = {"kb_m": "METRES", "window": "TOP,BASE", "curve": "NAME", "field": "NAME", "layer": "NAME"}


def is_given(options: argparse.Namespace) -> bool:
    """Whether the options name anything that is known."""
    alone = ("labels", "wells", "points", "las", "horizon", "polygons", "known")
    return any(bool(getattr(options, name)) for name in alone)


def knowledge(
    options: argparse.Namespace, table: ClassTable | None = None, survey: xr.DataArray | None = None
) -> Knowledge:
    """Return the files that options name, each with what was said about it.

    Parameters
    ----------
    options : argparse.Namespace
        With what :func:`~napari_fhn.cli.options.add_known` adds.
    table : ClassTable, optional
        The classes, if they are known: files that name others are refused then.
    survey : xarray.DataArray, optional
        Against which files of ``--known``, whose kind is not said, are held.

    Returns
    -------
    Knowledge

    Raises
    ------
    LabelError
        For options that make no sense, or a file whose kind cannot be told.
    """
    found = [Source(path, kind) for kind in LABELLING for path in _paths(getattr(options, FILES[kind]))]
    said = [_said(text) for text in options.columns]
    for path in options.known:
        given = next((pairs["kind"] for of, pairs in said if of in (str(path), path.name) and "kind" in pairs), None)
        try:
            found.append(Source.of(path, survey, kind=given, **_for_all(options, "decimal")))
        except Undeclared as error:
            raise answering(Question(Source(path, ""), error), ()) from error
    if "classes" in {source.kind for source in found}:
        path = next(source.path for source in found if source.kind == "classes")
        raise LabelError("it is a table of classes", "Give it as --classes", path=path)
    sources = tuple(_with_flags(source, options) for source in found)
    for of, pairs in said:
        if of not in KINDS and not any(of in (str(one.path), one.path.name) for one in sources):
            raise LabelError(
                f"--columns '{of}:...' does not begin with the kind of table, nor with a file that is given",
                f"Write one of {', '.join(LABELLING)}, a colon, and role=column pairs, as in tops:twt=3:ms,well=1",
            )
        sources = tuple(
            _answered(one, pairs) if of in (one.kind, str(one.path), one.path.name) else one for one in sources
        )
    return Knowledge(sources, table or ClassTable(()), fixed=table is not None)


def burn_known(
    known: Knowledge,
    survey: xr.DataArray,
    out: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    read_labels: ReadLabels | None = None,
) -> ClassTable:
    """Burn what is known; what was left out or taken for granted is said on standard error.

    Parameters
    ----------
    known : Knowledge
        From `knowledge`.
    survey : xarray.DataArray
        Whose grid it is.
    out : ndarray of uint8
        Written in place.
    weights : ndarray of uint8, optional
        Percent, written in place where labels of wells and points fall off.
    read_labels : callable, optional
        As in `napari_fhn.project.knowledge.burn`.

    Returns
    -------
    ClassTable
        The classes, with those that files name.

    Raises
    ------
    LabelError
        With what is wrong and the way out; where a person must say something, with the option that says it.
    """
    try:
        burnt = known.burn(survey, out, weights, read_labels=read_labels)
    except Question as question:
        raise answering(question, known.sources) from question
    for words in burnt.words:
        print(f"napari-fhn: {words}", file=sys.stderr)
    return burnt.classes


def answering(question: Question, sources: Sequence[Source]) -> LabelError:
    """Return a question as an error that names the option with which the command line takes the answer.

    Parameters
    ----------
    question : Question
        About one of the files.
    sources : sequence of Source
        All files: where several are of one kind, the option names the file.
    """
    source, cause = question.source, question.cause
    return LabelError(
        cause.what,
        f"{cause.way_out}: {' '.join(hint(question, sources))}",
        path=cause.path or source.path,
        line=cause.line,
    )


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
            return "--columns", f"{of}:{cause.role}=COLUMN:{value}"
        case "columns":
            return "--columns", f"{of}:{value}=COLUMN"
        case "kind":
            return "--columns", f"{of}:kind={value}"
    if cause.option in FLAGS and of == source.kind:
        words = {".": "point", ",": "comma"}
        shown = _PLACEHOLDERS.get(cause.option, words.get(value, value))
        return FLAGS[cause.option], shown
    # A comma divides pairs, so a decimal comma is written as a word here too.
    shown = {",": "comma", ".": "point"}.get(value, value)
    if cause.option == "window":
        shown = f"TOP{SEPARATOR}BASE"
    return "--columns", f"{of}:{cause.option}={_PLACEHOLDERS.get(cause.option, shown) if not cause.choices else shown}"


def _paths(given: Path | list[Path] | None) -> list[Path]:
    return given if isinstance(given, list) else [] if given is None else [given]


def _for_all(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Answers that were given for all files, by name; only these names where some are given."""
    zones = None if options.zones is None else [name.strip() for name in options.zones.split(",")]
    every = {
        "decimal": None if options.decimal is None else _DECIMAL[options.decimal],
        "kb_m": options.kb,
        "datum_m": options.datum or None,
        "z": options.z,
        "way": options.way,
        "curve": options.las_curve,
        "index_unit": options.las_unit,
        "field": options.class_field,
        "layer": options.layer,
        "window": None if options.slices is None else _two(options.slices),
        "zones": zones,
        "thickness": options.band,
        "fall_off": options.fall_off,
        "off_line_m": options.off_line,
    }
    return {name: value for name, value in every.items() if value is not None and (not names or name in names)}


def _with_flags(source: Source, options: argparse.Namespace) -> Source:
    """Return a source with the answers that were given for all files of its kind."""
    own = options_of(source.kind)
    given = {name: value for name, value in _for_all(options).items() if name in own}
    if "radius" in own:
        given["radius"] = options.point_radius if source.kind == "points" else options.radius
    if "together" in own:
        given["together"] = "--horizon"
    return source.answered(**given)


def _said(text: str) -> tuple[str, dict[str, str]]:
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


def _answered(source: Source, pairs: dict[str, str]) -> Source:
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
            given[name] = option.parse(_DECIMAL.get(value, value) if name == "decimal" else value)
        elif name in ROLES:
            column, _, unit = value.partition(":")
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


def _two(text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        top, base = map(float, parts)
    except ValueError as error:
        raise LabelError(f"--slices '{text}' are no two numbers", "Write them as TOP,BASE") from error
    return top, base
