"""What is known about a survey: files with the answers that go with them, read and burnt into one label volume.

The dock, the command line and Python read here and nowhere else, so that the same files with the same answers are the
same labels, weights and classes at each of them. What a file leaves open is a `Question`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.labels import (
    KINDS,
    OF_WELLS,
    ClassTable,
    LabelClass,
    LabelError,
    Source,
    Undeclared,
    collect_warnings,
    plugins,
)
from napari_fhn.labels.classes import MAX_VALUE
from napari_fhn.surveys.kinds import is_line, is_seismic, spatial_dims, vertical_axis

#: Kinds of file in the order in which they are burnt; what is burnt earlier is not replaced by what comes later.
ORDER = ("labels", OF_WELLS, "horizon", "points", "polygons")
#: The kinds that become labels.
LABELLING = tuple(kind for step in ORDER for kind in (step if isinstance(step, tuple) else (step,)))
#: How far labels of wells and of points reach where nobody says it, in traces and in pixels.
WELL_RADIUS, POINT_RADIUS = 3.0, 0.0


#: Reads a label volume or raster onto a survey, called as ``read(path, survey, **reading)``: the labels as an array of
#: the survey's spatial shape, or something that has them as ``values`` and sentences about them as ``words``.
ReadLabels = Callable[..., Any]


@dataclass(frozen=True)
class Burnt:
    """What was burnt into a label volume.

    Attributes
    ----------
    classes : ClassTable
        The classes, with those that files named.
    words : tuple of str
        What was left out or taken for granted, in sentences, each once.
    """

    classes: ClassTable
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Files that belong together, read onto a survey and not burnt yet.

    Attributes
    ----------
    sources : tuple of Source
        The files.
    title : str
        What they hold, for people: "3 points".
    classes : ClassTable
        The classes with those that the files name.
    words : tuple of str
        What was left out or taken for granted in reading them.
    wells : tuple of Well or DeviatedWell
        What the files tell of wells; empty for other files.
    weighted : bool
        Whether labels count less with the distance from where somebody looked.
    rest : Part or None
        What they tell beside wells, for those who hold wells themselves; None where that is nothing.
    """

    sources: tuple[Source, ...]
    title: str
    classes: ClassTable
    words: tuple[str, ...]
    wells: tuple[labels.Well | labels.DeviatedWell, ...]
    weighted: bool
    write: Callable[[ClassTable, NDArray[Any], NDArray[Any] | None], object]
    rest: Part | None = None

    def burn(
        self, out: NDArray[Any], weights: NDArray[Any] | None = None, classes: ClassTable | None = None
    ) -> tuple[str, ...]:
        """Write the labels where nothing is labelled yet.

        Parameters
        ----------
        out : ndarray or memmap of uint8
            Of the survey's spatial shape, written in place.
        weights : ndarray or memmap of uint8, optional
            Percent, written in place where labels fall off.
        classes : ClassTable, optional
            Instead of those of the part: with the same names and maybe other values.

        Returns
        -------
        tuple of str
            What was left out, in sentences.

        Raises
        ------
        LabelError
            With what is wrong and the way out.
        """
        table = self.classes if classes is None else classes
        return tuple(collect_warnings(lambda: self.write(table, out, weights))[1])


@dataclass(frozen=True)
class Knowledge:
    """Files of what is known, and the classes.

    Attributes
    ----------
    sources : tuple of Source
        The files with their answers, in the order in which they came.
    classes : ClassTable
        Those that are known without them.
    fixed : bool
        Whether files that name other classes are refused, and not added to.
    """

    sources: tuple[Source, ...] = ()
    classes: ClassTable = field(default_factory=lambda: ClassTable(()))
    fixed: bool = False

    def with_source(self, source: Source) -> Knowledge:
        """Return the knowledge with one more file, or with new answers for one that it has."""
        at = next((k for k, one in enumerate(self.sources) if one.path == source.path), None)
        if at is None:
            return replace(self, sources=(*self.sources, source))
        return replace(self, sources=(*self.sources[:at], source, *self.sources[at + 1 :]))

    @property
    def weighted(self) -> bool:
        """Whether labels of any of the files count less with distance, so that weights are needed."""
        return any("fall_off" in source.options for source in self.sources)

    def burn(
        self,
        survey: xr.DataArray,
        out: NDArray[Any],
        weights: NDArray[Any] | None = None,
        *,
        read_labels: ReadLabels | None = None,
    ) -> Burnt:
        """Read all files and burn them; see the function `burn`."""
        return burn(self.sources, survey, self.classes, out, weights, fixed=self.fixed, read_labels=read_labels)


def burn(
    sources: Sequence[Source],
    survey: xr.DataArray,
    classes: ClassTable,
    out: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    fixed: bool = False,
    read_labels: ReadLabels | None = None,
) -> Burnt:
    """Read files of what is known and burn them, in the order of `ORDER`, each where nothing is labelled yet.

    Parameters
    ----------
    sources : sequence of Source
        The files with their answers.
    survey : xarray.DataArray
        Whose grid it is; only its coordinates and its place on the map are used.
    classes : ClassTable
        The classes that are known; those that files name are added to them.
    out : ndarray or memmap of uint8
        Of the survey's spatial shape, written in place. What is labelled already is never replaced.
    weights : ndarray or memmap of uint8, optional
        Percent, written in place where labels fall off with the distance.
    fixed : bool, optional
        Refuse files that name other classes.
    read_labels : callable, optional
        Reads label volumes; `napari_fhn.surveys.classes.read_classes` without it.

    Returns
    -------
    Burnt

    Raises
    ------
    Question
        When a person must say something about a file; nothing is written of its part and of those that come later.
    LabelError
        With what is wrong and the way out.
    """
    words = _unread(sources)
    for group in groups(sources):
        part = read(group, survey, classes, fixed=fixed, read_labels=read_labels)
        words += (*part.words, *part.burn(out, weights))
        classes = part.classes
    return Burnt(classes, tuple(dict.fromkeys(words)))


def _unread(sources: Sequence[Source]) -> list[str]:
    """Say which files say nothing, for what goes with them is not among the files."""
    for source in sources:
        if source.kind not in LABELLING and plugins.reader(source.kind) is None:
            raise LabelError(f"a file of {source.kind or 'no kind'} holds no labels", "Leave it out", path=source.path)
    kinds = {source.kind: source for source in sources if source.kind in OF_WELLS}
    for kind, other in (("wells", "tops"), ("tops", "wells")):
        if kind in kinds and other not in kinds:
            raise LabelError(
                f"it holds {KINDS[kind]}, and no file says anything of {KINDS[other]}",
                "Give both, they are read together",
                path=kinds[kind].path,
            )
    if makes_wells(sources):
        return []
    return [f"{source.path.name} was left out, for there are no wells that it tells of." for source in kinds.values()]


def groups(sources: Iterable[Source]) -> Iterator[tuple[Source, ...]]:
    """Yield the files that are read together, in the order in which they are burnt.

    Everything about wells is read together, and horizons that have the same word as their option ``together``.
    What says nothing alone, as checkshots do, is left out where there are no wells.
    """
    every = tuple(sources)
    for step in ORDER:
        kinds = step if isinstance(step, tuple) else (step,)
        mine = tuple(source for source in every if source.kind in kinds)
        if step == OF_WELLS:
            if makes_wells(mine):
                yield mine
        elif step == "horizon":
            for word in dict.fromkeys(source.options.get("together", source.path) for source in mine):
                yield tuple(source for source in mine if source.options.get("together", source.path) == word)
        else:
            yield from ((source,) for source in mine)
    yield from ((source,) for source in every if plugins.reader(source.kind) is not None)


def makes_wells(sources: Iterable[Source]) -> bool:
    """Whether wells can be read from files: a log, or heads and tops."""
    kinds = {source.kind for source in sources}
    return "las" in kinds or {"wells", "tops"} <= kinds


def read(
    group: Sequence[Source],
    survey: xr.DataArray,
    classes: ClassTable,
    *,
    fixed: bool = False,
    read_labels: ReadLabels | None = None,
    surfaces: Sequence[xr.DataArray] | None = None,
) -> Part:
    """Read files that belong together.

    Parameters
    ----------
    group : sequence of Source
        One of `groups`.
    survey : xarray.DataArray
        Whose grid it is.
    classes : ClassTable
        The classes so far.
    fixed, read_labels
        As in `burn`.
    surfaces : sequence of xarray.DataArray, optional
        Horizons that `read_surfaces` has read already.

    Returns
    -------
    Part

    Raises
    ------
    Question
        When a person must say something about a file.
    LabelError
        With what is wrong and the way out.
    """
    sources = tuple(group)
    kind = sources[0].kind

    def content() -> _Content:
        match kind:
            case "labels":
                return _labels(sources[0], survey, classes, fixed, read_labels)
            case "horizon":
                return _horizons(sources, read_surfaces(sources, survey) if surfaces is None else surfaces, survey)
            case "points":
                return _points(sources[0], survey, classes, fixed)
            case "polygons":
                return _polygons(sources[0], survey)
            case _ if kind in OF_WELLS:
                return _wells(sources, survey, classes if fixed else None)
            case _ if plugins.reader(kind) is not None:
                return _of_others(sources[0], survey)
            case _:
                raise LabelError(f"files of {kind or 'no kind'} hold no labels", "Say what it is", path=sources[0].path)

    found, words = collect_warnings(content)
    table = found.table or (classes if fixed else classes.including(found.names))
    part = Part(sources, found.title, table, (*found.words, *words), found.wells, found.weighted, found.write)
    if found.rest is None:
        return part
    return replace(part, rest=replace(part, words=(), wells=(), weighted=False, write=found.rest))


def read_surfaces(sources: Sequence[Source], survey: xr.DataArray) -> list[xr.DataArray]:
    """Read horizons that part zones together: those of one file from top to bottom, files in their order.

    Raises
    ------
    Question
        When a person must say something about a file.
    LabelError
        With what is wrong and the way out.
    """
    return [surface for source in sources for surface in labels.read_surfaces(source, survey)]


def said(sources: Iterable[Source], name: str) -> Any:
    """Return an option that one of several files has, None where none has it."""
    return next((source.options[name] for source in sources if name in source.options), None)


def zone_names(surfaces: Sequence[xr.DataArray], *, bands: bool = False) -> tuple[str, ...]:
    """Return what zones, or bands around horizons, are called where nobody names them."""
    names = [str(surface.name) for surface in surfaces]
    return tuple(names) if bands else (f"above {names[0]}", *(f"below {name}" for name in names))


@dataclass(frozen=True)
class _Content:
    """What one step found in its files."""

    title: str
    names: tuple[str, ...]
    write: Callable[[ClassTable, NDArray[Any], NDArray[Any] | None], object]
    wells: tuple[labels.Well | labels.DeviatedWell, ...] = ()
    weighted: bool = False
    words: tuple[str, ...] = ()
    #: Where the file tells values and not only names: the classes with these.
    table: ClassTable | None = None
    #: What the files tell beside wells.
    rest: Callable[[ClassTable, NDArray[Any], NDArray[Any] | None], object] | None = None


def _wells(sources: tuple[Source, ...], survey: xr.DataArray, table: ClassTable | None) -> _Content:
    read_ones = labels.read_wells_by_source(sources, survey, table)
    wells = tuple(well for _, some in read_ones for well in some)
    # Wells of one radius are burnt together, so that between two of them the nearer one counts.
    alike: dict[tuple[float, float | None, float | None], list[labels.Well | labels.DeviatedWell]] = {}
    for source, some in read_ones:
        said = source.options
        reach = said.get("radius", WELL_RADIUS), said.get("fall_off"), said.get("off_line_m")
        alike.setdefault(reach, []).extend(some)

    def write(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        for (radius, fall_off, off_line), some in alike.items():
            labels.burn(some, survey, classes, out, radius, fall_off=fall_off, weights=weights, off_line_m=off_line)

    title = f"{len(wells)} wells" if len(wells) != 1 else wells[0].name
    weighted = any(fall_off is not None for _, fall_off, _ in alike)
    return _Content(title, tuple(n for well in wells for n in well.class_names), write, wells, weighted)


def _horizons(sources: tuple[Source, ...], surfaces: Sequence[xr.DataArray], survey: xr.DataArray) -> _Content:
    thickness = said(sources, "thickness")
    zones: tuple[str, ...] | None = said(sources, "zones")
    names = (
        zone_names(surfaces, bands=thickness is not None) if zones is None else tuple(name.strip() for name in zones)
    )
    if thickness is not None and len(names) != len(surfaces):
        raise LabelError(
            f"{len(surfaces)} horizons have {len(names)} names for their bands",
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

    title = f"{len(surfaces)} horizons" if len(surfaces) > 1 else f"horizon {surfaces[0].name}"
    return _Content(title, tuple(name for name in names if name), write)


def _points(source: Source, survey: xr.DataArray, classes: ClassTable, fixed: bool) -> _Content:
    table = labels.asking(source, source.table)
    names = labels.asking(source, lambda: labels.point_classes(table, columns=source.columns))
    known = classes if fixed else classes.including(names)
    points = labels.asking(
        source, lambda: labels.read_points(table, known, survey, columns=source.columns, units=source.units)
    )
    name_of = dict(zip(known.values, known.names, strict=True))
    radius, fall_off = source.options.get("radius", POINT_RADIUS), source.options.get("fall_off")

    def write(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        placed = [replace(point, value=classes.value_of(name_of[point.value])) for point in points]
        labels.burn_points(placed, out, radius, fall_off=fall_off, weights=weights, on_line=is_line(survey))

    return _Content(f"{len(points)} points", names, write, weighted=fall_off is not None)


def _polygons(source: Source, survey: xr.DataArray) -> _Content:
    said = source.options
    shapes = labels.asking(
        source, lambda: labels.read_polygons(source.path, said.get("field"), layer=said.get("layer"))
    )
    window = said.get("window")
    if is_seismic(survey) and window is None:
        axis = survey[spatial_dims(survey)[vertical_axis(survey) or 0]]
        raise labels.Question(
            source,
            Undeclared(
                "its shapes lie on the map, and the survey goes down from there, from "
                f"{float(axis[0]):g} to {float(axis[-1]):g}",
                "Say between which times or depths they hold",
                option="window",
                path=source.path,
            ),
        )

    def write(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        labels.burn_polygons(shapes, survey, classes, out, window=window)

    return _Content(f"{len(shapes.classes)} shapes", tuple(dict.fromkeys(shapes.classes)), write)


def _of_others(source: Source, survey: xr.DataArray) -> _Content:
    """What the reader of another distribution found."""
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

    return _Content(
        known.title or KINDS[source.kind],
        tuple(dict.fromkeys(names)),
        write,
        known.wells,
        rest=None if known.burn is None or not known.wells else rest,
    )


def _labels(
    source: Source, survey: xr.DataArray, classes: ClassTable, fixed: bool, read_labels: ReadLabels | None
) -> _Content:
    reader = _survey_reader() if read_labels is None else read_labels
    placed = reader(source.path, survey, **source.options.get("reading", {}))
    values = placed if isinstance(placed, np.ndarray | xr.DataArray) else placed.values
    said: Mapping[int, str] = getattr(values, "attrs", {}).get("classes") or {}
    codes: NDArray[np.uint8] = np.asarray(values, np.uint8)
    held = [int(code) for code in np.flatnonzero(np.bincount(codes.ravel(), minlength=MAX_VALUE + 1)) if code]
    table, moved = _with_codes(source, classes, held, {int(k): str(name) for k, name in said.items()}, fixed)

    def write(now: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        if out.shape != codes.shape:
            raise LabelError(
                f"its labels have the shape {codes.shape}, and the survey {out.shape}", "Use one grid", path=source.path
            )
        names = dict(zip(table.values, table.names, strict=True))
        values = np.arange(MAX_VALUE + 1, dtype=np.uint8)
        for code in held:
            name = names.get(moved[code])
            values[code] = now.value_of(name) if name is not None and name in now.names else moved[code]
        for row, part in zip(out, codes, strict=True):
            free = row == 0
            row[free] = values[part[free]]

    return _Content(
        f"{np.count_nonzero(codes):,} labels",
        (),
        write,
        words=_sentences(placed),
        table=table,
    )


def _sentences(placed: Any) -> tuple[str, ...]:
    words = getattr(placed, "words", "")
    return tuple(words) if not isinstance(words, str) else (words,) if words else ()


def _survey_reader() -> ReadLabels:
    # Here and not above: whoever has no such file need not wait for the readers of surveys.
    module = importlib.import_module("napari_fhn.surveys.classes")
    reader: ReadLabels = module.read_classes
    return reader


def _with_codes(
    source: Source, classes: ClassTable, held: Sequence[int], said: Mapping[int, str], fixed: bool
) -> tuple[ClassTable, dict[int, int]]:
    """Return the classes with those of a label volume, and the value that each of its codes has among them.

    Codes stay as they are, and are the classes of these values; only one that the file gives a name of its own takes
    the value of that name.
    """
    by_name = dict(zip(classes.names, classes.values, strict=True))
    moved = {code: by_name.get(said.get(code, ""), code) for code in held}
    strange = [code for code in held if moved[code] not in classes.values]
    if fixed and strange:
        what = ", ".join(map(str, strange[:8]))
        raise LabelError(f"it holds labels of value {what}, which are no classes", "Add them", path=source.path)
    # Two classes at least: of one alone nothing can be learnt.
    largest = max(2, *moved.values()) if held else 0
    colors, made = ClassTable.default(MAX_VALUE).colors, list(classes)
    for value in range(1, 0 if fixed else largest + 1):
        if value not in classes.values:
            name = said[value] if moved.get(value) == value and value in said else f"class {value}"
            taken = {one.name for one in made}
            made.append(LabelClass(value, name if name not in taken else f"{name} ({value})", colors[value]))
    table = ClassTable(tuple(made))
    if not fixed:
        # What the file calls otherwise than the class that has its value already is another class.
        now = dict(zip(table.values, table.names, strict=True))
        others = [code for code in held if code in said and moved[code] == code and now[code] != said[code]]
        table = table.including(said[code] for code in others)
        moved |= {code: table.value_of(said[code]) for code in others}
    return table, moved
