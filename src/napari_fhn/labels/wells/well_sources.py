"""Wells of sources: everything that files tell about them, read together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import xarray as xr

from napari_fhn.labels import plugins
from napari_fhn.labels.classes.class_table import ClassTable
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.options import options_of
from napari_fhn.labels.sources import Source, asking, places_of, raise_told
from napari_fhn.labels.tables.guesses import AmbiguousColumns
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.labels.wells.checkshots import Checkshot, read_checkshots
from napari_fhn.labels.wells.deviation import read_deviation
from napari_fhn.labels.wells.las import read_las
from napari_fhn.labels.wells.logs import read_log
from napari_fhn.labels.wells.tops import read_wells
from napari_fhn.labels.wells.trajectories import Trajectory
from napari_fhn.labels.wells.well import DeviatedWell, Well, of_well


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
    heads_table, tops_table = (asking(one, lambda one=one: sniffed(one.table())) for one in (heads, tops))  # type: ignore[misc]
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
    except LabelError as error:
        if heads.path == tops.path:
            # Two sheets of one workbook, or one table given twice.
            of_tops = isinstance(error, AmbiguousColumns) and error.table is tops_table
            raise_told(tops if of_tops else heads, error)
        raise_told(heads if error.path == heads.path else tops, error)


def _of(sources: Sequence[Source], kind: str) -> list[Source]:
    return [source for source in sources if source.kind == kind]
