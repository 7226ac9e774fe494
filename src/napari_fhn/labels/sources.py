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
from napari_fhn.labels.errors import AmbiguousColumns, LabelError, Undeclared
from napari_fhn.labels.horizons import read_horizons
from napari_fhn.labels.kinds import recognise
from napari_fhn.labels.las import read_las
from napari_fhn.labels.logs import read_log
from napari_fhn.labels.sniffing import sniff
from napari_fhn.labels.tops import read_wells
from napari_fhn.labels.trajectories import Trajectory
from napari_fhn.labels.wells import DeviatedWell, Well, of_well

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
    columns : mapping of str to int
        Index of the column for each role that was said.
    units : mapping of str to str
        Unit for each role that was said.
    options : mapping of str to (str or float)
        Other answers, by the name of the reader's argument: ``decimal``, ``domain``, ``kb_m``, ``curve``, ...
    """

    path: Path
    kind: str
    columns: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, path: str | Path, survey: xr.DataArray | None = None, **options: Any) -> Source:
        """Look at a file and say what it is; see `napari_fhn.labels.kinds.recognise`."""
        path = Path(path)
        kind = options.pop("kind", None) or recognise(path, survey, decimal=options.get("decimal"))
        return cls(path, kind, options=options)

    def table(self) -> Path | Table:
        """The file, looked at with the decimal mark that was said."""
        decimal = self.options.get("decimal")
        return self.path if decimal is None else sniff(self.path, decimal=decimal)

    def answered(
        self, columns: Mapping[str, int] | None = None, units: Mapping[str, str] | None = None, **options: Any
    ) -> Source:
        """Return the source with further answers."""
        return replace(
            self,
            columns={**self.columns, **(columns or {})},
            units={**self.units, **(units or {})},
            options={**self.options, **options},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, without the path."""
        return {
            "kind": self.kind,
            "columns": dict(self.columns),
            "units": dict(self.units),
            "options": dict(self.options),
        }


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


def asking(source: Source, read: Callable[[], _T]) -> _T:
    """Call a reader, and turn what its file leaves open into a `Question` about the source."""
    try:
        return read()
    except (AmbiguousColumns, Undeclared) as error:
        raise Question(source, error) from error


def read_all_wells(
    sources: Sequence[Source], survey: xr.DataArray, table: ClassTable | None = None, *, datum_m: float = 0.0
) -> list[Well | DeviatedWell]:
    """Read the wells that sources tell of.

    Parameters
    ----------
    sources : sequence of Source
        Heads and tops, deviation surveys, checkshots and logs; others are left alone.
    survey : xarray.DataArray
        Onto whose vertical axis wells are brought.
    table : ClassTable, optional
        Names for the values of logs; values in digits are the names without it.
    datum_m : float, optional
        Elevation above sea level of the zero of a depth survey, in metres.

    Returns
    -------
    list of Well or DeviatedWell
        Those of files that other distributions read come first. None where neither a log nor heads with tops are
        among the sources.

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
                one.table(), columns=one.columns, units=one.units, kb_m=one.options.get("kb_m")
            ),
        )
    for one in _of(sources, "checkshots"):
        checkshots |= asking(
            one,
            lambda one=one: read_checkshots(  # type: ignore[misc]
                one.table(), columns=one.columns, units=one.units, way=one.options.get("way")
            ),
        )
    wells: list[Well | DeviatedWell] = []
    for one in sources:
        if plugins.reader(one.kind) is not None:
            wells += asking(one, lambda one=one: plugins.read(one.kind, one.path, survey, one.options).wells)  # type: ignore[misc]
    for heads in _of(sources, "wells"):
        for tops in _of(sources, "tops"):
            wells += _heads_and_tops(heads, tops, survey, trajectories, checkshots, datum_m)
    for one in _of(sources, "las"):

        def las(one: Source = one) -> Well | DeviatedWell:
            name = read_log(one.path).head.name
            return read_las(
                one.path,
                table,
                survey,
                curve=one.options.get("curve"),
                index_unit=one.options.get("index_unit"),
                trajectory=of_well(trajectories, name),
                checkshot=of_well(checkshots, name),
                kb_m=one.options.get("kb_m"),
                datum_m=datum_m,
            )

        wells.append(asking(one, las))
    return wells


def read_surfaces(source: Source, survey: xr.DataArray) -> list[xr.DataArray]:
    """Read the horizons of a source, from top to bottom.

    Raises
    ------
    Question
        When a person must say something about the file.
    LabelError
        With what is wrong and the way out.
    """
    found = asking(
        source,
        lambda: read_horizons(
            source.table(),
            survey,
            columns=source.columns,
            units=source.units,
            z=source.options.get("z"),
        ),
    )
    return sorted(found.values(), key=lambda surface: float(surface.mean()))


def _heads_and_tops(
    heads: Source,
    tops: Source,
    survey: xr.DataArray,
    trajectories: Mapping[str, Trajectory],
    checkshots: Mapping[str, Checkshot],
    datum_m: float,
) -> list[Well | DeviatedWell]:
    try:
        return read_wells(
            heads.table(),
            tops.table(),
            survey,
            trajectories=trajectories,
            checkshots=checkshots,
            kb_m=tops.options.get("kb_m", heads.options.get("kb_m")),
            datum_m=datum_m,
            wells_columns=heads.columns,
            wells_units=heads.units,
            tops_columns=tops.columns,
            tops_units=tops.units,
            tops_domain=tops.options.get("domain"),
        )
    except (AmbiguousColumns, Undeclared) as error:
        raise Question(heads if error.path == heads.path else tops, error) from error


def _of(sources: Sequence[Source], kind: str) -> list[Source]:
    return [source for source in sources if source.kind == kind]
