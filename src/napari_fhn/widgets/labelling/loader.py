"""Brings files of what is known into the labels: recognised, asked about where they leave something open, and burnt.

What files say and how they are burnt is for `napari_fhn.project.knowledge`; here people are asked and told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels import OF_WELLS, ClassTable, LabelError, Question, Source, Undeclared, changes, options_of
from napari_fhn.labels.fall_off import FULL
from napari_fhn.labels.splits import slabs
from napari_fhn.project import knowledge
from napari_fhn.project.answers import Answers
from napari_fhn.project.knowledge import Knowledge, Part
from napari_fhn.project.sidecar_files import sidecar_files
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.class_edits import ClassEdits
from napari_fhn.widgets.labelling.label_opening import LabelOpening
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
    """Takes files in: all that were chosen are recognised, then burnt in the order of `knowledge.ORDER`.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels they become.
    opening : LabelOpening
        Which shows the labels.
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
    ask_options : callable
        Given a source whose kind is known, returns it with what else is said about it, or None to leave the file.
    read_labels : callable or None
        As in `knowledge.burn`.
    """

    def __init__(
        self,
        context: DeskContext,
        book: LabelBook,
        opening: LabelOpening,
        wells: WellBook,
        edits: ClassEdits,
        answers: Answers,
    ) -> None:
        self._context = context
        self._edits = edits
        self.sources: list[Source] = []
        self.ask: Ask = lambda question: None
        self.ask_zones: AskZones = lambda surfaces, table: None
        self.ask_options: Callable[[Source], Source | None] = lambda source: source
        self.read_labels: knowledge.ReadLabels | None = None
        self._book = book
        self._opening = opening
        self._wells = wells
        self._answers = answers
        self._queue: list[tuple[Path, bool]] = []
        self._batch: list[Source] = []
        self._burnt: list[Source] = []
        self._wells_due = False
        book.state.events.has_labels.connect(self._on_labels)

    @property
    def known(self) -> Knowledge:
        """Every file that is among the labels, with its answers, in the order in which they came."""
        state = self._wells.state
        own: dict[str, Any] = {"radius": state.radius, "fall_off": state.fall_off}
        wells = [one.answered(**own) if "radius" in options_of(one.kind) else one for one in self.sources]
        return Knowledge((*wells, *self._burnt), self._book.state.classes)

    def load(self, paths: Sequence[Path] = (), *, options: bool = False) -> None:
        """Bring files in; without any, those that lie beside the survey.

        Parameters
        ----------
        paths : sequence of Path
            Tables, logs, horizons, shapes, label volumes, class tables, in any order.
        options : bool, optional
            Whether a person is asked about each how it is read, also where it leaves nothing open.
        """
        if not self._opening.new():
            return
        material = self._context.data.material
        found = list(paths) or list(sidecar_files(material.first) if material is not None else ())
        self._queue += [(path, options) for path in found]
        self._next()

    @property
    def _survey(self) -> xr.DataArray:
        material = self._context.data.material
        assert material is not None
        return material.first

    def _next(self) -> None:
        """Look at the next file; when all were looked at, burn them."""
        if not self._queue:
            self._burn_next()
            return
        path, with_options = self._queue.pop(0)
        survey = self._survey

        def found(source: Source) -> None:
            asked = self.ask_options(source) if with_options else source
            if asked is None:
                self._leave_out(source)
            else:
                if asked.options or asked.columns or asked.units:
                    self._answers.keep(asked)
                self._take(asked)
            self._next()

        def recognise(source: Source) -> Source:
            if source.kind:
                return source
            try:
                return Source.of(path, survey, **source.options)
            except Undeclared as error:
                raise Question(source, error) from error

        known = self._answers.of(path)
        if known is not None:
            found(known)
            return
        self._attempt((Source(path, ""),), lambda sources: recognise(sources[0]), lambda _, source: found(source))

    def _take(self, source: Source) -> None:
        if source.kind == "classes":
            self._edits.read(source.path)
        elif source.kind in OF_WELLS:
            single = source.kind in ("wells", "tops")
            self.sources = [
                one for one in self.sources if one.path != source.path and not (single and one.kind == source.kind)
            ]
            self.sources.append(source)
            self._wells_due = True
        elif source.kind == "horizon":
            # Horizons that come together part zones together.
            first = next((one for one in self._batch if one.kind == "horizon"), source)
            together = source.options.get("together") or first.options.get("together") or str(first.path)
            self._batch.append(source.answered(together=together))
        else:
            self._batch.append(source)

    def _burn_next(self) -> None:
        """Burn what comes next of the files that were looked at."""
        wells = list(self.sources) if self._wells_due else []
        if wells and not knowledge.makes_wells(wells):
            self._wells_due = False
            kinds = {source.kind for source in wells}
            missing = "their tops" if "wells" in kinds else "where their wells begin" if "tops" in kinds else "wells"
            self._context.messages.say(f"{self._names()} is kept. Load {missing} too: they are read together.")
            wells = []
        group = next(knowledge.groups([*self._batch, *wells]), ())
        if not group:
            self._batch = []
            return
        if group[0].kind in OF_WELLS:
            self._wells_due = False
            self._attempt(group, self._reader(), self._burn)
            return
        self._batch = [one for one in self._batch if one.path not in {source.path for source in group}]
        if group[0].kind == "horizon":
            survey = self._survey
            self._attempt(group, lambda sources: knowledge.read_surfaces(sources, survey), self._name_zones)
        else:
            self._attempt(group, self._reader(), self._burn)

    def _reader(self, surfaces: Sequence[xr.DataArray] | None = None) -> Callable[[tuple[Source, ...]], Part]:
        survey, base, read_labels = self._survey, self._base(), self.read_labels
        return lambda sources: knowledge.read(sources, survey, base, read_labels=read_labels, surfaces=surfaces)

    def _burn_wells(self, sources: tuple[Source, ...], part: Part) -> None:
        radius, fall_off = (knowledge.said(sources, name) for name in ("radius", "fall_off"))

        def then() -> None:
            self._note(sources)
            if part.rest is None:
                self._burn_next()
            else:
                self._burn(sources, part.rest)

        self._wells.replace(part.wells, part.title, part.words, radius=radius, fall_off=fall_off, then=then)

    def _name_zones(self, sources: tuple[Source, ...], surfaces: list[xr.DataArray]) -> None:
        said = {name: knowledge.said(sources, name) for name in ("zones", "thickness")}
        if said["zones"] is None:
            zones = self.ask_zones(surfaces, self._book.state.classes)
            if zones is None:
                for source in sources:
                    self._leave_out(source)
                self._burn_next()
                return
            said = {"zones": zones.names, "thickness": zones.thickness}
        answered = tuple(source.answered(**said) for source in sources)
        self._attempt(answered, self._reader(surfaces), self._burn)

    def _burn(self, sources: tuple[Source, ...], part: Part) -> None:
        """Burn what files tell; wells by those who hold them, so that they can be moved."""
        if part.wells:
            self._burn_wells(sources, part)
            return
        book, session = self._book, self._context.project.session
        if book.layer is None or session is None:
            return
        before, out, locked = book.state.classes, book.layer.data, tuple(book.state.locked)

        def work() -> tuple[changes.Change, changes.Change, tuple[str, ...]]:
            wanted: NDArray[np.uint8] = np.zeros(out.shape, np.uint8)
            weights: NDArray[np.uint8] | None = np.zeros(out.shape, np.uint8) if part.weighted else None
            words = part.burn(wanted, weights)
            counting = changes.Change()
            if weights is not None or session.weights.exists():
                if weights is None:
                    weights = np.where(wanted != 0, np.uint8(FULL), np.uint8(0))
                for slab in slabs(out):  # what is labelled already keeps its weight as well
                    weights[slab][np.asarray(out[slab]) != 0] = 0
                counting = changes.fill(session.weight_volume(out.shape), weights, overwrite=True)
            return changes.fill(out, wanted, locked=locked), counting, words

        def weigh(again: bool) -> None:
            """Bring the weights of labels after their undo or redo."""

            def work() -> None:
                kept = session.weight_volume(out.shape)
                counting.redo(kept) if again else counting.undo(kept)

            self._context.background.run(
                work,
                lambda _: None,
                lambda error: self._context.messages.fail(
                    f"The weights of the labels could not be brought back: {error}"
                ),
            )

        counting = changes.Change()

        def done(made: tuple[changes.Change, changes.Change, tuple[str, ...]]) -> None:
            nonlocal counting
            change, counting, words = made
            book.apply(part.title, change, classes=(before, part.classes), also=weigh if counting.patches else None)
            n = change.voxels
            names = ", ".join(source.path.name for source in sources)
            sentence = (
                f"{part.title} of {names}: {n:,} voxels are labels now."
                if n
                else f"{part.title} of {names}: everything there was labelled already, and stays as it was."
            )
            self._context.messages.say(" ".join([sentence, *dict.fromkeys((*part.words, *words))]))
            self._note(sources)
            self._burn_next()

        self._context.background.run(
            work, done, lambda error: self._unread(sources, error, lambda _: self._burn_next())
        )

    def _note(self, sources: tuple[Source, ...]) -> None:
        """Remember that files are among the labels; those of wells are in `sources`."""
        others = [source for source in sources if source.kind not in OF_WELLS]
        gone = {source.path for source in others}
        self._burnt = [*(one for one in self._burnt if one.path not in gone), *others]
        self._remember()

    def _attempt(
        self,
        sources: tuple[Source, ...],
        read: Callable[[tuple[Source, ...]], Any],
        done: Callable[[tuple[Source, ...], Any], None],
    ) -> None:
        """Read files beside the GUI, asking until nothing is left open."""
        self._context.messages.say(f"Reading {', '.join(source.path.name for source in sources)} ...")
        self._context.background.run(
            lambda: read(sources),
            lambda found: done(sources, found),
            lambda error: self._unread(sources, error, lambda answered: self._attempt(answered, read, done)),
        )

    def _unread(
        self,
        sources: tuple[Source, ...],
        error: BaseException,
        again: Callable[[tuple[Source, ...]], None],
    ) -> None:
        """Ask what a file leaves open and go on; without an answer, or after an error, go on without the files."""
        if isinstance(error, Question):
            answered = self.ask(error)
            if answered is not None:
                if answered.kind:
                    # Which horizons come together is told by what was chosen together, each time anew.
                    self._answers.keep(answered.without("together"))
                self.sources = [answered if one.path == answered.path else one for one in self.sources]
                again(tuple(answered if one.path == answered.path else one for one in sources))
                return
            self.sources = [one for one in self.sources if one.path != error.source.path]
            self._context.messages.say(f"{error.source.path.name} was left out: {error}")
            rest = tuple(one for one in sources if one.path != error.source.path)
            if rest and rest[0].kind in OF_WELLS:
                # The others may be wells all the same.
                self._wells_due = knowledge.makes_wells(rest)
        else:
            self._context.messages.report(error, LabelError)
        self._next()

    def _remember(self) -> None:
        """Write into the session what its labels were made from, with the answers."""
        project, known = self._context.project.project, self.known
        if project is not None:
            self._context.project.change(
                "What the labels were made from", lambda session: project.remember(known.sources)
            )

    def _leave_out(self, source: Source) -> None:
        self._context.messages.say(f"{source.path.name} was left out.")

    def _base(self) -> ClassTable:
        """The classes that files add to: those that were named, or painted already."""
        state = self._book.state
        kept = tuple(c for c in state.classes if self._book.named or state.counts.get(c.value))
        return ClassTable(kept)

    def _names(self) -> str:
        return ", ".join(source.path.name for source in self.sources)

    def _on_labels(self, has_labels: bool) -> None:
        if not has_labels:
            self.sources, self._batch, self._burnt = [], [], []
            self._queue = []
