"""Brings files of what is known into the labels: recognised, asked about where they leave something open, and burnt."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.labels import ClassTable, Question, Source, Undeclared, changes
from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.widgets.labelling.answers import Answers
from napari_fhn.widgets.labelling.beside import beside
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.class_edits import ClassEdits
from napari_fhn.widgets.labelling.heard import heard
from napari_fhn.widgets.labelling.wells import WellBook

Ask = Callable[[Question], Source | None]


@dataclass(frozen=True)
class Zones:
    """What horizons say about the classes.

    Parameters
    ----------
    names : tuple of str
        Without a thickness the class above the first, between each two, and below the last; else the class of each
        horizon's band. "" leaves a zone unlabelled.
    thickness : float or None
        Of bands around the horizons, in the unit of the survey's vertical axis; None for what lies between.
    """

    names: tuple[str, ...]
    thickness: float | None = None


AskZones = Callable[[Sequence[xr.DataArray], ClassTable], Zones | None]


class Loader:
    """Takes files in, one after the other.

    Parameters
    ----------
    book : LabelBook
        Whose labels they become.
    wells : WellBook
        Which holds the wells.
    answers : Answers
        What was said about files before.

    Attributes
    ----------
    sources : list of Source
        Files of wells that were brought in so far: they are read together.
    ask : callable
        Given a `Question`, returns the source with an answer, or None to leave the file.
    ask_zones : callable
        Given horizons and the classes, returns `Zones`, or None to leave them.
    """

    def __init__(self, book: LabelBook, wells: WellBook, answers: Answers) -> None:
        self.sources: list[Source] = []
        self.ask: Ask = lambda question: None
        self.ask_zones: AskZones = lambda surfaces, table: None
        self._book = book
        self._wells = wells
        self._answers = answers
        self._queue: list[Path] = []
        self._wells_due = False
        book.state.events.has_labels.connect(self._on_labels)

    def load(self, paths: Sequence[Path] = ()) -> None:
        """Bring files in; without any, those that lie beside the survey.

        Parameters
        ----------
        paths : sequence of Path
            Tables, logs, horizons, shapes, class tables, in any order.
        """
        if not self._book.new():
            return
        material = self._book.data.material
        self._queue += list(paths) or list(beside(material.first) if material is not None else ())
        self._next()

    @property
    def _survey(self) -> xr.DataArray:
        material = self._book.data.material
        assert material is not None
        return material.first

    def _next(self) -> None:
        if not self._queue:
            if self._wells_due:
                self._wells_due = False
                self._read_wells()
            return
        path = self._queue.pop(0)
        known = self._answers.of(path)
        if known is not None:
            self._take(known)
            return
        survey = self._survey

        def recognise(source: Source) -> Source:
            try:
                return Source.of(path, survey, **source.options)
            except Undeclared as error:
                raise Question(source, error) from error

        self._attempt(Source(path, ""), recognise, lambda _, found: self._take(found))

    def _take(self, source: Source) -> None:
        match source.kind:
            case "classes":
                ClassEdits(self._book).read(source.path)
                self._next()
            case "horizon":
                self._attempt(source, lambda one: labels.read_surfaces(one, self._survey), self._burn_horizons)
            case "points":
                self._attempt(source, self._points, self._burn)
            case "polygons":
                self._attempt(source, self._polygons, self._burn)
            case _:
                single = source.kind in ("wells", "tops")
                self.sources = [
                    one for one in self.sources if one.path != source.path and not (single and one.kind == source.kind)
                ]
                self.sources.append(source)
                self._wells_due = True
                self._next()

    def _read_wells(self) -> None:
        kinds = {source.kind for source in self.sources}
        if "las" not in kinds and not {"wells", "tops"} <= kinds:
            missing = "their tops" if "wells" in kinds else "where their wells begin" if "tops" in kinds else "wells"
            self._book.words.say(f"{self._names()} is kept. Load {missing} too: they are read together.")
            return
        survey, sources = self._survey, tuple(self.sources)

        def read() -> tuple[list[Any], list[str]]:
            return heard(lambda: labels.read_all_wells(sources, survey))

        def done(found: tuple[list[Any], list[str]]) -> None:
            wells, said = found
            self._wells.replace(wells, f"{len(wells)} wells" if len(wells) != 1 else wells[0].name, said)

        self._book.background.run(read, done, lambda error: self._unread(error, lambda _: self._read_wells()))

    def _points(self, source: Source) -> tuple[str, Callable[[NDArray[Any], ClassTable], None], tuple[str, ...]]:
        table, survey = source.table(), self._survey

        def names() -> tuple[str, ...]:
            return labels.point_classes(table, columns=source.columns)

        found = labels.asking(source, names)
        known = self._base().including(found)
        points = labels.asking(
            source, lambda: labels.read_points(table, known, survey, columns=source.columns, units=source.units)
        )
        return f"{len(points)} points", lambda out, _: _drop(labels.burn_points(points, out)), found

    def _polygons(self, source: Source) -> tuple[str, Callable[[NDArray[Any], ClassTable], None], tuple[str, ...]]:
        survey, options = self._survey, source.options
        shapes = labels.asking(
            source, lambda: labels.read_polygons(source.path, options.get("field"), layer=options.get("layer"))
        )
        window = options.get("window")
        if is_seismic(survey) and window is None:
            raise Question(
                source,
                Undeclared(
                    "its shapes lie on the map, and the survey goes down from there",
                    "Say between which times or depths they hold",
                    option="window",
                    path=source.path,
                ),
            )

        def burn(out: NDArray[Any], table: ClassTable) -> None:
            labels.burn_polygons(shapes, survey, table, out, window=None if window is None else tuple(window))

        return f"{len(shapes.classes)} shapes", burn, tuple(shapes.classes)

    def _burn_horizons(self, source: Source, surfaces: list[xr.DataArray]) -> None:
        zones = self.ask_zones(surfaces, self._book.state.classes)
        if zones is None:
            self._book.words.say(f"{source.path.name} was left out.")
            self._next()
            return
        survey = self._survey

        def burn(out: NDArray[Any], table: ClassTable) -> None:
            if zones.thickness is None:
                labels.burn_zones(surfaces, zones.names, survey, table, out)
                return
            for surface, name in zip(surfaces, zones.names, strict=True):
                if name:
                    labels.burn_band(surface, name, zones.thickness, survey, table, out)

        words = f"{len(surfaces)} horizons" if len(surfaces) > 1 else f"horizon {surfaces[0].name}"
        self._burn(source, (words, burn, tuple(name for name in zones.names if name)))

    def _burn(
        self, source: Source, read: tuple[str, Callable[[NDArray[Any], ClassTable], None], tuple[str, ...]]
    ) -> None:
        title, burn, names = read
        book = self._book
        if book.layer is None:
            return
        before, out, locked = book.state.classes, book.layer.data, tuple(book.state.locked)
        try:
            table = self._base().including(names)
        except labels.LabelError as error:
            book.words.fail(str(error))
            return

        def work() -> tuple[changes.Change, list[str]]:
            wanted = np.zeros(out.shape, np.uint8)
            _, said = heard(lambda: burn(wanted, table))
            return changes.fill(out, wanted, locked=locked), said

        def done(made: tuple[changes.Change, list[str]]) -> None:
            change, said = made
            book.apply(title, change, classes=(before, table))
            n = change.voxels
            words = (
                f"{title} of {source.path.name}: {n:,} voxels are labels now."
                if n
                else (f"{title} of {source.path.name}: everything there was labelled already, and stays as it was.")
            )
            book.words.say(" ".join([words, *said]))
            self._next()

        book.background.run(work, done, lambda error: self._unread(error, lambda _: self._next()))

    def _attempt(self, source: Source, read: Callable[[Source], Any], done: Callable[[Source, Any], None]) -> None:
        """Read a source beside the GUI, asking until nothing is left open."""
        self._book.words.say(f"Reading {source.path.name} ...")

        def again(answered: Source) -> None:
            # Once the kind is known, its own reader goes on.
            self._take(answered) if not source.kind and answered.kind else self._attempt(answered, read, done)

        self._book.background.run(
            lambda: read(source), lambda found: done(source, found), lambda error: self._unread(error, again)
        )

    def _unread(self, error: BaseException, again: Callable[[Source], None]) -> None:
        if isinstance(error, Question):
            answered = self.ask(error)
            if answered is not None:
                self._answers.keep(answered)
                self.sources = [answered if one.path == answered.path else one for one in self.sources]
                again(answered)
                return
            self.sources = [one for one in self.sources if one.path != error.source.path]
            self._book.words.say(f"{error.source.path.name} was left out: {error}")
        else:
            detail = "" if isinstance(error, labels.LabelError) else "".join(traceback.format_exception(error))
            self._book.words.fail(str(error), detail)
        self._next()

    def _base(self) -> ClassTable:
        """The classes that files add to: those that were named, or painted already."""
        state = self._book.state
        kept = tuple(c for c in state.classes if self._book.named or state.counts.get(c.value))
        return ClassTable(kept)

    def _names(self) -> str:
        return ", ".join(source.path.name for source in self.sources)

    def _on_labels(self, has_labels: bool) -> None:
        if not has_labels:
            self.sources = []
            self._queue = []


def _drop(value: Any) -> None:
    """Take a result that nobody needs."""
