"""Readers of what is known: one for each kind of file that says where classes are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.labels import KINDS, ClassTable, LabelError, Source, Undeclared, plugins
from napari_fhn.labels.fitting import check_fits
from napari_fhn.project.knowledge.content import Asked, Content
from napari_fhn.sentence import counted, counted_of
from napari_fhn.surveys.kinds import is_line, is_seismic, spatial_dims, vertical_axis
from napari_fhn.surveys.numbers import VERTICAL

#: How far labels of wells and of points reach where nobody says it, in traces and in pixels.
WELL_RADIUS, POINT_RADIUS = 3.0, 0.0


def wells(asked: Asked) -> Content:
    """Read everything about wells."""
    survey = asked.survey
    check_fits("wells", survey, asked.sources[0].path)  # before anybody is asked how deep they are
    read_ones = labels.read_wells_by_source(asked.sources, survey, asked.classes if asked.fixed else None)
    found = tuple(well for _, some in read_ones for well in some)
    # Wells of one radius are burnt together, so that between two of them the nearer one counts.
    alike: dict[tuple[float, float | None, float | None], list[labels.Well | labels.DeviatedWell]] = {}
    for source, some in read_ones:
        said = source.options
        reach = said.get("radius", WELL_RADIUS), said.get("fall_off"), said.get("off_line_m")
        alike.setdefault(reach, []).extend(some)

    def write(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        for (radius, fall_off, off_line), some in alike.items():
            labels.burn(some, survey, classes, out, radius, fall_off=fall_off, weights=weights, off_line_m=off_line)

    title = counted(len(found), "wells") if len(found) != 1 else found[0].name
    weighted = any(fall_off is not None for _, fall_off, _ in alike)
    return Content(title, tuple(n for well in found for n in well.class_names), write, found, weighted)


def horizons(asked: Asked) -> Content:
    """Read horizons that part zones together, or have a band around each."""
    sources, survey = asked.sources, asked.survey
    surfaces = read_surfaces(sources, survey) if asked.surfaces is None else asked.surfaces
    thickness = said(sources, "thickness")
    zones: tuple[str, ...] | None = said(sources, "zones")
    names = (
        zone_names(surfaces, bands=thickness is not None) if zones is None else tuple(name.strip() for name in zones)
    )
    if thickness is not None and len(names) != len(surfaces):
        raise LabelError(
            f"{counted(len(surfaces), 'horizons have', 'horizon has')} {counted(len(names), 'names')} for bands",
            "Name one for each",
            path=sources[0].path,
        )

    def write(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        if thickness is None:
            labels.burn_zones(surfaces, names, survey, classes, out)
            return
        for surface, name in zip(surfaces, names, strict=True):
            if name:
                labels.burn_band(surface, name, thickness, survey, classes, out)

    title = counted(len(surfaces), "horizons") if len(surfaces) > 1 else f"horizon {surfaces[0].name}"
    return Content(title, tuple(name for name in names if name), write)


def points(asked: Asked) -> Content:
    """Read points that say what is where they lie."""
    source, survey = asked.source, asked.survey
    table = labels.asking(source, source.table)
    names = labels.asking(source, lambda: labels.point_classes(table, columns=source.columns))
    known = asked.classes if asked.fixed else asked.classes.including(names)
    said = {name: source.options.get(name) for name in ("crs", "survey_crs", "z")}
    columns, units = source.columns, source.units
    found = labels.asking(
        source, lambda: labels.read_points(table, known, survey, columns=columns, units=units, **said)
    )
    name_of = dict(zip(known.values, known.names, strict=True))
    radius, fall_off = source.options.get("radius", POINT_RADIUS), source.options.get("fall_off")

    def write(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        placed = [replace(point, value=classes.value_of(name_of[point.value])) for point in found]
        labels.burn_points(placed, out, radius, fall_off=fall_off, weights=weights, on_line=is_line(survey))

    apart = {(point.row, point.col, point.sample) for point in found}
    on_others = len(found) - len(apart)
    lie = counted_of(on_others, len(found), "points", "lie", "lies")
    words = (f"{source.path.name}: {lie} on the voxel of another, of which the first counts.",) if on_others else ()
    return Content(counted(len(found), "points"), names, write, weighted=fall_off is not None, words=words)


def polygons(asked: Asked) -> Content:
    """Read shapes of classes on the map."""
    source, survey = asked.source, asked.survey
    said = source.options
    how = {name: said.get(name) for name in ("layer", "crs", "sheet")}

    def read() -> labels.Polygons:
        found = labels.read_polygons(source.path, said.get("field"), **how)
        return labels.on_survey(found, survey, said.get("survey_crs"))

    shapes = labels.asking(source, read)
    window = said.get("window")
    if is_seismic(survey) and window is None:
        axis = survey[spatial_dims(survey)[vertical_axis(survey) or 0]]
        raise labels.Question(
            source,
            Undeclared(
                "its shapes lie on the map, and the survey goes down from there, from "
                f"{float(axis[0]):g} to {float(axis[-1]):g} {VERTICAL.get(str(axis.dims[0]), '')}".rstrip(),
                f"Say between which {'depths' if axis.dims[0] == 'depth' else 'times'} they hold",
                option="window",
                path=source.path,
            ),
        )

    def write(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        labels.burn_polygons(shapes, survey, classes, out, window=window)

    return Content(counted(len(shapes.classes), "shapes"), tuple(dict.fromkeys(shapes.classes)), write)


def of_others(asked: Asked) -> Content:
    """Let the reader of another distribution read."""
    source, survey = asked.source, asked.survey
    known = labels.asking(source, lambda: plugins.read(source.kind, source.path, survey, source.options))
    names = (*(name for well in known.wells for name in well.class_names), *known.classes)

    def rest(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        if known.burn is not None:
            # Such a reader is given nothing but zeros: what is labelled already is no business of its.
            own: NDArray[np.uint8] = np.zeros(out.shape, np.uint8)
            known.burn(own, classes)
            for row, mine in zip(out, own, strict=True):
                np.copyto(row, mine, where=row == 0)

    def write(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        if known.wells:
            labels.burn(list(known.wells), survey, classes, out, WELL_RADIUS, weights=weights)
        rest(classes, out, weights)

    return Content(
        known.title or KINDS[source.kind],
        tuple(dict.fromkeys(names)),
        write,
        known.wells,
        rest=None if known.burn is None or not known.wells else rest,
    )


def read_surfaces(sources: Sequence[Source], survey: xr.DataArray) -> list[xr.DataArray]:
    """Read horizons that part zones together: those of one file from top to bottom, files in their order.

    Raises
    ------
    Question
        When a person must say something about a file.
    LabelError
        With what is wrong and the way out.
    """
    for source in sources:
        check_fits("horizon", survey, source.path)
    return [surface for source in sources for surface in labels.read_surfaces(source, survey)]


def said(sources: Iterable[Source], name: str) -> Any:
    """Return an option that one of several files has, None where none has it."""
    return next((source.options[name] for source in sources if name in source.options), None)


def zone_names(surfaces: Sequence[xr.DataArray], *, bands: bool = False) -> tuple[str, ...]:
    """Return what zones, or bands around horizons, are called where nobody names them."""
    names = [str(surface.name) for surface in surfaces]
    return tuple(names) if bands else (f"above {names[0]}", *(f"below {name}" for name in names))
