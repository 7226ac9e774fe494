"""Files of what is known, each with the answers that it does not give itself; read together onto one survey.

A file alone may say little: tops need the places of their wells, depths need checkshots to meet a survey in time. So
all that was brought in is read together, and a `Question` says which file leaves what open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import xarray as xr

from napari_fhn.labels import plugins
from napari_fhn.labels.errors import LabelError, Undeclared
from napari_fhn.labels.fitting import fits
from napari_fhn.labels.kinds import KINDS, kinds_of_parts, part_of, parts, recognise
from napari_fhn.labels.mistaken import mistaken, with_kind
from napari_fhn.labels.options import checked_options, options_of
from napari_fhn.labels.shapes import shape_tables
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.guesses import AmbiguousColumns, suggest
from napari_fhn.labels.tables.sniffing import sniff, sniffed
from napari_fhn.labels.tables.workbooks import SUFFIXES

_T = TypeVar("_T")

#: Kinds that wells are made of.
OF_WELLS = ("wells", "tops", "deviation", "checkshots", "las")
#: Options that name a part of a file.
PARTS = ("sheet", "layer")


@dataclass(frozen=True)
class Source:
    """One file, and what a person said about it.

    Attributes
    ----------
    path : Path
        The file.
    kind : str
        One of `napari_fhn.labels.kinds.KINDS`.
    columns : mapping of str to (str or int)
        Column for each role that was said: an index from 0, or a name or a number from 1 in digits.
    units : mapping of str to str
        Unit for each role that was said.
    options : mapping of str to (str, float, tuple or dict)
        Other answers, by the name of the option: see `napari_fhn.labels.options.OPTIONS`.

    Raises
    ------
    LabelError
        For an option that the kind does not have, or a value that makes no sense. Of a source without a kind nothing
        is checked: its kind is yet to be found.
    """

    path: Path
    kind: str
    columns: Mapping[str, str | int] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # What the readers of other distributions take, they know themselves.
        if self.kind and plugins.reader(self.kind) is None:
            object.__setattr__(self, "options", checked_options(self.kind, self.options))

    @classmethod
    def of(cls, path: str | Path, survey: xr.DataArray | None = None, **options: Any) -> Source:
        """Look at a file and say what it is; see `napari_fhn.labels.kinds.recognise`."""
        path = Path(path)
        how = {name: options[name] for name in ("decimal", "sheet", "layer") if name in options}
        kind = options.pop("kind", None)
        if kind is None:
            kind = recognise(path, survey, **how)
        elif kind not in KINDS:
            raise LabelError(f"there is no kind '{kind}'", f"The kinds are {', '.join(KINDS)}", path=path)
        return cls(path, "", options=options).as_kind(kind)

    @classmethod
    def all_of(cls, path: str | Path, survey: xr.DataArray | None = None, **options: Any) -> tuple[Source, ...]:
        """Look at a file as `of` does; each sheet or layer that tells its kind, and is taken, is a source."""
        path = Path(path)
        option = _parted(path)
        asks = option and not (options.get("kind") or options.get(option))
        kinds = kinds_of_parts(path, survey, decimal=options.get("decimal")) if asks else {}
        told = {part: kind for part, kind in kinds.items() if kind not in ("", "classes") and fits(kind, survey)}
        if len(told) < 2 or set(told.values()) == {"polygons"}:
            return (cls.of(path, survey, **options),)
        return tuple(cls(path, "", options={**options, option: part}).as_kind(kind) for part, kind in told.items())

    def as_kind(self, kind: str) -> Source:
        """Return the source as one of a kind, with those of its options that the kind has."""
        if plugins.reader(kind) is not None:
            return replace(self, kind=kind, options=plugins.taken(kind, self.options))
        known = options_of(kind)
        return replace(self, kind=kind, options={k: value for k, value in self.options.items() if k in known})

    def table(self) -> Path | Table:
        """The file, looked at with the decimal mark that was said, and the sheet or layer of its kind."""
        decimal = self.options.get("decimal")
        part = {name: self.options[name] for name in PARTS if name in self.options}
        part = part or part_of(self.path, self.kind, decimal=decimal)
        return self.path if decimal is None and not part else sniff(self.path, decimal=decimal, **part)

    @property
    def part(self) -> str:
        """The sheet or layer that was said; empty where none was."""
        return str(next((self.options[name] for name in PARTS if name in self.options), ""))

    def is_of(self, other: Source) -> bool:
        """Whether it is the same file, and the same sheet or layer or one that was not said yet."""
        return self.path == other.path and len({self.part, other.part} - {""}) < 2

    def answered(
        self, columns: Mapping[str, str | int] | None = None, units: Mapping[str, str] | None = None, **options: Any
    ) -> Source:
        """Return the source with further answers."""
        return replace(
            self,
            columns={**self.columns, **(columns or {})},
            units={**self.units, **(units or {})},
            options={**self.options, **options},
        )

    def without(self, *options: str) -> Source:
        """Return the source without some of its options."""
        return replace(self, options={name: value for name, value in self.options.items() if name not in options})

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, without the path."""
        return {
            "kind": self.kind,
            "columns": dict(self.columns),
            "units": dict(self.units),
            "options": {k: list(v) if isinstance(v, tuple) else v for k, v in self.options.items()},
        }

    @classmethod
    def from_dict(cls, path: str | Path, data: Mapping[str, Any]) -> Source:
        """Make a source of what `to_dict` returned.

        Parameters
        ----------
        path : str or Path
            The file.
        data : mapping
            Of plain JSON types.

        Returns
        -------
        Source

        Raises
        ------
        LabelError
            When it is something else.
        """
        kind, parts = data.get("kind"), [data.get(name, {}) for name in ("columns", "units", "options")]
        columns, units, options = parts
        if kind not in KINDS or not all(isinstance(part, Mapping) for part in parts):
            raise LabelError("what was said about it is in a form that is not known", "Say it again", path=path)
        if not all(isinstance(k, int | str) and not isinstance(k, bool) for k in columns.values()) or not all(
            isinstance(text, str) for text in units.values()
        ):
            raise LabelError(
                "what was said about its columns is in a form that is not known", "Say it again", path=path
            )
        return cls(Path(path), str(kind), dict(columns), dict(units), dict(options))


class Question(LabelError):
    """What a source does not tell, so that a person must say.

    Parameters
    ----------
    source : Source
        The file.
    cause : AmbiguousColumns or Undeclared
        What is asked for.
    """

    def __init__(self, source: Source, cause: AmbiguousColumns | Undeclared) -> None:
        super().__init__(cause.what, cause.way_out, path=cause.path or source.path, line=cause.line)
        self.source = source
        self.cause = cause

    def answer(self, value: Any) -> Source:
        """Return the source with an answer to what is asked.

        Parameters
        ----------
        value : str, float, tuple or mapping
            Where columns are asked for, the column of each role; else one of the choices, or what the option takes.

        Raises
        ------
        LabelError
            When it is no answer.
        """
        source, cause = self.source, self.cause
        if isinstance(cause, AmbiguousColumns):
            return source.answered(columns=value)
        match cause.option:
            case "kind":
                return source.as_kind(value)
            case "units":
                return source.answered(units={cause.role: value})
            case "columns":
                # Which column it is was known, and what it means was not.
                column = source.columns.get(cause.role)
                if column is None:
                    column = suggest(sniffed(source.table())).guesses[cause.role][0].column
                return source.answered(columns={value: column})
        return source.answered(**{cause.option: value})


def asking(source: Source, read: Callable[[], _T]) -> _T:
    """Call a reader, and turn what its file leaves open into a `Question` about the source.

    A file that is something else than it was given as, and says so itself, is told as what it is.
    """
    try:
        return read()
    except LabelError as error:
        raise_told(source, error)


def raise_told(source: Source, error: LabelError) -> NoReturn:
    """Raise what is said of a source that could not be read.

    Parameters
    ----------
    source : Source
        The file.
    error : LabelError
        Of its reader.

    Raises
    ------
    Question
        When a person must say something about the file.
    LabelError
        What the file is instead, where it says so itself, else the error as it is.
    """
    if isinstance(error, Question) or error.path not in (None, source.path):
        raise error
    instead = mistaken(source.path, source.kind) if plugins.reader(source.kind) is None else None
    if instead is not None:
        raise instead from error
    if isinstance(error, AmbiguousColumns | Undeclared):
        with_kind(error, source.path, source.kind)
        raise Question(source, error) from error
    raise error


def _parted(path: Path) -> str:
    """What the parts of a file are called, where it has several; empty for any other."""
    if path.suffix.lower() not in (*SUFFIXES, *shape_tables.SUFFIXES) or not path.exists():
        return ""
    try:
        option, names = parts(path)
    except LabelError:
        return ""  # whoever reads it says what is wrong
    return option if len(names) > 1 else ""


def places_of(source: Source) -> dict[str, Any]:
    """What was said of coordinates."""
    return {name: source.options.get(name) for name in ("crs", "survey_crs")}
