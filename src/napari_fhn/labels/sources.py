"""Files of what is known, each with the answers that it does not give itself; read together onto one survey.

A file alone may say little: tops need the places of their wells, depths need checkshots to meet a survey in time. So
all that was brought in is read together, and a `Question` says which file leaves what open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import xarray as xr

from napari_fhn.labels import plugins
from napari_fhn.labels.checkshots import Checkshot, read_checkshots
from napari_fhn.labels.classes import ClassTable
from napari_fhn.labels.columns import Table
from napari_fhn.labels.deviation import read_deviation
from napari_fhn.labels.errors import LabelError, Undeclared
from napari_fhn.labels.guesses import AmbiguousColumns, suggest
from napari_fhn.labels.kinds import KINDS, kinds_of_sheets, recognise, sheet_of
from napari_fhn.labels.las import read_las
from napari_fhn.labels.logs import read_log
from napari_fhn.labels.options import checked_options, options_of
from napari_fhn.labels.sniffing import sniff, sniffed
from napari_fhn.labels.tops import read_wells
from napari_fhn.labels.trajectories import Trajectory
from napari_fhn.labels.wells import DeviatedWell, Well, of_well
from napari_fhn.labels.workbooks import SUFFIXES, is_workbook

_T = TypeVar("_T")

#: Kinds that wells are made of.
OF_WELLS = ("wells", "tops", "deviation", "checkshots", "las")


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
        how = {name: options[name] for name in ("decimal", "sheet") if name in options}
        kind = options.pop("kind", None)
        if kind is None:
            kind = recognise(path, survey, **how)
        elif kind not in KINDS:
            raise LabelError(f"there is no kind '{kind}'", f"The kinds are {', '.join(KINDS)}", path=path)
        return cls(path, "", options=options).as_kind(kind)

    @classmethod
    def all_of(cls, path: str | Path, survey: xr.DataArray | None = None, **options: Any) -> tuple[Source, ...]:
        """Look at a file as `of` does; of a workbook each sheet that tells its kind is a source of its own."""
        path = Path(path)
        is_book = path.suffix.lower() in SUFFIXES and path.is_file() and is_workbook(path)
        asks = is_book and not (options.get("kind") or options.get("sheet"))
        kinds = kinds_of_sheets(path, survey, decimal=options.get("decimal")) if asks else {}
        told = {sheet: kind for sheet, kind in kinds.items() if kind not in ("", "classes")}
        if len(told) < 2:
            return (cls.of(path, survey, **options),)
        return tuple(cls(path, "", options={**options, "sheet": sheet}).as_kind(kind) for sheet, kind in told.items())

    def as_kind(self, kind: str) -> Source:
        """Return the source as one of a kind, with those of its options that the kind has."""
        if plugins.reader(kind) is not None:
            return replace(self, kind=kind, options=plugins.taken(kind, self.options))
        known = options_of(kind)
        return replace(self, kind=kind, options={k: value for k, value in self.options.items() if k in known})

    def table(self) -> Path | Table:
        """The file, looked at with the decimal mark that was said, and, of a workbook, the sheet of its kind."""
        decimal = self.options.get("decimal")
        sheet = self.options.get("sheet") or sheet_of(self.path, self.kind, decimal=decimal)
        return self.path if decimal is None and sheet is None else sniff(self.path, decimal=decimal, sheet=sheet)

    def is_of(self, other: Source) -> bool:
        """Whether it is the same file, and, of a workbook, the same sheet or one that was not said yet."""
        sheets = {self.options.get("sheet"), other.options.get("sheet")} - {None}
        return self.path == other.path and len(sheets) < 2

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
    """Call a reader, and turn what its file leaves open into a `Question` about the source."""
    try:
        return read()
    except (AmbiguousColumns, Undeclared) as error:
        raise Question(source, error) from error


def read_all_wells(
    sources: Sequence[Source], survey: xr.DataArray, table: ClassTable | None = None
) -> list[Well | DeviatedWell]:
    """Read the wells that sources tell of; `read_wells_by_source` without where each comes from."""
    return [well for _, found in read_wells_by_source(sources, survey, table) for well in found]


def read_wells_by_source(
    sources: Sequence[Source], survey: xr.DataArray, table: ClassTable | None = None
) -> list[tuple[Source, list[Well | DeviatedWell]]]:
    """Read the wells that sources tell of.

    Parameters
    ----------
    sources : sequence of Source
        Heads and tops, deviation surveys, checkshots and logs, and what other distributions read; others are left
        alone.
    survey : xarray.DataArray
        Onto whose vertical axis wells are brought.
    table : ClassTable, optional
        Names for the values of logs; values in digits are the names without it.

    Returns
    -------
    list of (Source, list of Well or DeviatedWell)
        For each file of tops and each log its wells, and for each file that another distribution reads; of ours nothing
        where neither a log nor heads with tops are among the sources.

    Raises
    ------
    Question
        When a person must say something about a file.
    LabelError
        With what is wrong and the way out.

    Examples
    --------
    >>> from napari_fhn import labels, sample_data, surveys
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> files = [sample_data.SEISMIC.wells, sample_data.SEISMIC.tops]
    >>> wells = labels.read_all_wells([labels.Source.of(path) for path in files], survey)
    >>> wells[0].name, wells[0].intervals[0].class_name
    ('W-1', 'Marine cover')
    """
    trajectories: dict[str, Trajectory] = {}
    checkshots: dict[str, Checkshot] = {}
    for one in _of(sources, "deviation"):
        trajectories |= asking(
            one,
            lambda one=one: read_deviation(  # type: ignore[misc]
                one.table(),
                columns=one.columns,
                units=one.units,
                kb_m=one.options.get("kb_m"),
                convergence_deg=one.options.get("convergence_deg", 0.0),
                survey=survey,
                **places_of(one),
            ),
        )
    for one in _of(sources, "checkshots"):
        checkshots |= asking(
            one,
            lambda one=one: read_checkshots(  # type: ignore[misc]
                one.table(),
                columns=one.columns,
                units=one.units,
                way=one.options.get("way"),
                shift_ms=one.options.get("shift_ms", 0.0),
            ),
        )
    read: list[tuple[Source, list[Well | DeviatedWell]]] = []
    for heads in _of(sources, "wells"):
        for tops in _of(sources, "tops"):
            both = replace(tops, options={**_of_heads(heads), **tops.options})
            read.append((both, _heads_and_tops(heads, tops, survey, trajectories, checkshots)))
    for one in _of(sources, "las"):

        def las(one: Source = one) -> Well | DeviatedWell:
            name = read_log(one.path, one.options.get("log")).head.name
            return read_las(
                one.path,
                table,
                survey,
                log_name=one.options.get("log"),
                curve=one.options.get("curve"),
                index=one.options.get("index"),
                index_unit=one.options.get("index_unit"),
                trajectory=of_well(trajectories, name),
                checkshot=of_well(checkshots, name),
                kb_m=one.options.get("kb_m"),
                datum_m=one.options.get("datum_m", 0.0),
                **places_of(one),
            )

        read.append((one, [asking(one, las)]))
    for one in sources:
        if plugins.reader(one.kind) is not None:
            known = asking(one, lambda one=one: plugins.read(one.kind, one.path, survey, one.options))  # type: ignore[misc]
            read += [(one, list(known.wells))] if known.wells else []
    return read


def _of_heads(heads: Source) -> dict[str, Any]:
    """Options that may be said about where wells begin as well as about their tops."""
    return {name: value for name, value in heads.options.items() if name in options_of("tops") and name != "decimal"}


def _heads_and_tops(
    heads: Source,
    tops: Source,
    survey: xr.DataArray,
    trajectories: Mapping[str, Trajectory],
    checkshots: Mapping[str, Checkshot],
) -> list[Well | DeviatedWell]:
    said = {**_of_heads(heads), **tops.options}
    heads_table, tops_table = asking(heads, heads.table), asking(tops, tops.table)
    try:
        return read_wells(
            heads_table,
            tops_table,
            survey,
            trajectories=trajectories,
            checkshots=checkshots,
            kb_m=said.get("kb_m"),
            datum_m=said.get("datum_m", 0.0),
            wells_columns=heads.columns,
            wells_units=heads.units,
            tops_columns=tops.columns,
            tops_units=tops.units,
            tops_domain=tops.options.get("domain"),
            **places_of(heads),
        )
    except (AmbiguousColumns, Undeclared) as error:
        if heads.path == tops.path:
            # Two sheets of one workbook.
            of_tops = isinstance(error, AmbiguousColumns) and error.table is tops_table
            raise Question(tops if of_tops else heads, error) from error
        raise Question(heads if error.path == heads.path else tops, error) from error


def places_of(source: Source) -> dict[str, Any]:
    """What was said of coordinates."""
    return {name: source.options.get(name) for name in ("crs", "survey_crs")}


def _of(sources: Sequence[Source], kind: str) -> list[Source]:
    return [source for source in sources if source.kind == kind]
