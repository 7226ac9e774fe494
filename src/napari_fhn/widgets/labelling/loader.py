"""Brings files of what is known into the labels: recognised, asked about where they leave something open, and burnt.

What a file says is read by `napari_fhn.project.knowledge`, as at every door; here are the questions, and the history.
"""

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
from napari_fhn.labels import OF_WELLS, ClassTable, Question, Source, Undeclared, changes
from napari_fhn.project import Session, knowledge
from napari_fhn.project.answers import Answers
from napari_fhn.project.manifest import KnowledgeEntry, refer
from napari_fhn.project.stamps import stamp
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.beside import beside
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.class_edits import ClassEdits
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
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels they become.
    wells : WellBook
        Which holds the wells.
    edits : ClassEdits
        Which takes class tables.
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

    def __init__(
        self, context: DeskContext, book: LabelBook, wells: WellBook, edits: ClassEdits, answers: Answers
    ) -> None:
        self.sources: list[Source] = []
        self.ask: Ask = lambda question: None
        self.ask_zones: AskZones = lambda surfaces, table: None
        self._context = context
        self._book = book
        self._wells = wells
        self._edits = edits
        self._answers = answers
        self._queue: list[Path] = []
        self._wells_due = False
        book.state.events.has_labels.connect(self._on_labels)

    def load(self, paths: Sequence[Path] = ()) -> None:
        """Bring files in; without any, those that lie beside the survey.

        Parameters
        ----------
        paths : sequence of Path
            Tables, logs, horizons, shapes, label volumes, class tables, in any order.
        """
        if not self._book.new():
            return
        material = self._context.data.material
        self._queue += list(paths) or list(beside(material.first) if material is not None else ())
        self._next()

    @property
    def _survey(self) -> xr.DataArray:
        material = self._context.data.material
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
        if source.kind == "classes":
            self._edits.read(source.path)
            self._next()
        elif source.kind == "horizon":
            survey = self._survey
            self._attempt(source, lambda one: knowledge.read_surfaces((one,), survey), self._ask_zones)
        elif source.kind in OF_WELLS:
            single = source.kind in ("wells", "tops")
            self.sources = [
                one for one in self.sources if one.path != source.path and not (single and one.kind == source.kind)
            ]
            self.sources.append(source)
            self._wells_due = True
            self._next()
        else:
            self._read(source)

    def _ask_zones(self, source: Source, surfaces: list[xr.DataArray]) -> None:
        zones = self.ask_zones(surfaces, self._book.state.classes)
        if zones is None:
            self._context.words.say(f"{source.path.name} was left out.")
            self._next()
            return
        said: dict[str, Any] = {"zones": zones.names}
        if zones.thickness is not None:
            said["thickness"] = zones.thickness
        options = {name: value for name, value in source.options.items() if name not in ("zones", "thickness")}
        self._read(Source(source.path, source.kind, source.columns, source.units, {**options, **said}), surfaces)

    def _read(self, source: Source, surfaces: Sequence[xr.DataArray] | None = None) -> None:
        survey, base = self._survey, self._base()
        self._attempt(
            source, lambda one: knowledge.read((one,), survey, base, surfaces=surfaces), lambda _, part: self._burn(part)
        )

    def _read_wells(self) -> None:
        kinds = {source.kind for source in self.sources}
        if not knowledge.makes_wells(self.sources):
            missing = "their tops" if "wells" in kinds else "where their wells begin" if "tops" in kinds else "wells"
            self._context.words.say(f"{self._names()} is kept. Load {missing} too: they are read together.")
            return
        survey, sources, base = self._survey, tuple(self.sources), self._base()

        def done(part: knowledge.Part) -> None:
            self._wells.replace(part.wells, part.title, part.words)
            self._remember(part.sources)

        self._context.background.run(
            lambda: knowledge.read(sources, survey, base),
            done,
            lambda error: self._unread(error, lambda _: self._read_wells()),
        )

    def _burn(self, part: knowledge.Part) -> None:
        book = self._book
        if book.layer is None:
            return
        before, out, locked = book.state.classes, book.layer.data, tuple(book.state.locked)
        session = self._context.project.session

        def work() -> tuple[changes.Change, tuple[str, ...]]:
            wanted = np.zeros(out.shape, np.uint8)
            weights = np.zeros(out.shape, np.uint8) if part.weighted else None
            said = part.burn(wanted, weights)
            change = changes.fill(out, wanted, locked=locked)
            if weights is not None and session is not None:
                _weigh(change, weights, session.weight_volume(out.shape))
            return change, (*part.words, *said)

        def done(made: tuple[changes.Change, tuple[str, ...]]) -> None:
            change, said = made
            book.apply(part.title, change, classes=(before, part.classes))
            self._remember(part.sources)
            n, name = change.voxels, part.sources[0].path.name
            words = (
                f"{part.title} of {name}: {n:,} voxels are labels now."
                if n
                else f"{part.title} of {name}: everything there was labelled already, and stays as it was."
            )
            self._context.words.say(" ".join([words, *said]))
            self._next()

        self._context.background.run(work, done, lambda error: self._unread(error, lambda _: self._next()))

    def _remember(self, sources: Sequence[Source]) -> None:
        """Write into the session what its labels were made from, with the answers."""

        def write(session: Session) -> None:
            entries = {one.file.absolute: one for one in session.manifest.knowledge}
            for source in sources:
                path = source.path.absolute()
                entries[str(path)] = KnowledgeEntry(
                    refer(path, session.folder, stamp(path)), source.kind, source.to_dict()
                )
            session.change(knowledge=tuple(entries.values()))

        self._context.project.change("What the labels were made from", write)

    def _attempt(self, source: Source, read: Callable[[Source], Any], done: Callable[[Source, Any], None]) -> None:
        """Read a source beside the GUI, asking until nothing is left open."""
        self._context.words.say(f"Reading {source.path.name} ...")

        def again(answered: Source) -> None:
            # Once the kind is known, its own reader goes on.
            self._take(answered) if not source.kind and answered.kind else self._attempt(answered, read, done)

        self._context.background.run(
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
            self._context.words.say(f"{error.source.path.name} was left out: {error}")
        else:
            detail = "" if isinstance(error, labels.LabelError) else "".join(traceback.format_exception(error))
            self._context.words.fail(str(error), detail)
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


def _weigh(change: changes.Change, weights: NDArray[np.uint8], kept: NDArray[np.uint8]) -> None:
    """Keep how much the labels count that are new."""
    for patch in change.patches:
        old, new = patch.values()
        part = kept[patch.box.slices]
        part[old != new] = weights[patch.box.slices][old != new]
        kept[patch.box.slices] = part
