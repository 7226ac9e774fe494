"""Brings files of what is known into the labels: recognised, asked about where they leave something open, and burnt.

What files say and how they are burnt is for `napari_fhn.project.knowledge`; here people are asked and told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import xarray as xr

from napari_fhn.labels import ClassTable, LabelError, Question, Source, Undeclared, options_of
from napari_fhn.project import Session, knowledge
from napari_fhn.project.knowledge import Knowledge, Part
from napari_fhn.project.knowledge.arrivals import Arrivals, plan_part
from napari_fhn.project.knowledge.recognition import Recognised, all_recognised, replaced
from napari_fhn.project.knowledge.sidecar_files import sidecar_files
from napari_fhn.project.labelling.wells import AnyWell, alike
from napari_fhn.project.sessions.answers import Answers
from napari_fhn.project.undo.step_doing import Outcome
from napari_fhn.project.undo.steps import Step
from napari_fhn.sentence import named
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.class_edits import ClassEdits
from napari_fhn.widgets.labelling.label_opening import LabelOpening
from napari_fhn.widgets.labelling.left_out import LeftOut
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
AskFiles = Callable[[Sequence[Recognised], Sequence[Source]], list[Source] | None]


class Loader:
    """Takes files in: all that were chosen are recognised, then burnt in the order of `knowledge.STEPS`.

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
    ask : callable
        Given a `Question`, returns the source with an answer, or None to leave the file.
    ask_zones : callable
        Given horizons and the classes, returns `Zones`, or None to leave them.
    ask_files : callable
        Given files as they were recognised and those that are loaded, returns the sources that are wanted, with what is
        said about them, or None to load nothing.
    ask_replace : callable
        Given a sentence about what would be replaced, returns whether it may be.
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
        self._arrivals = Arrivals()
        self._left_out = LeftOut(context.messages)
        self.ask: Ask = lambda question: None
        self.ask_zones: AskZones = lambda surfaces, table: None
        self.ask_files: AskFiles = lambda found, loaded: [one.source for one in found]
        self.ask_replace: Callable[[str], bool] = lambda words: True
        self._book = book
        self._opening = opening
        self._wells = wells
        self._answers = answers
        self._queue: list[Path] = []
        self._read: dict[str, AnyWell] = {}
        book.state.events.has_labels.connect(self._on_labels)

    @property
    def known(self) -> Knowledge:
        """Every file that is among the labels, with its answers, in the order in which they came."""
        state = self._wells.state
        own: dict[str, Any] = {"radius": state.radius, "fall_off": state.fall_off}
        wells = [one.answered(**own) if "radius" in options_of(one.kind) else one for one in self._arrivals.wells]
        return Knowledge((*wells, *self._arrivals.burnt), self._book.state.classes)

    def load(self, paths: Sequence[Path] = (), *, confirm: bool = False) -> None:
        """Bring files in; without any, those that lie beside the survey.

        Parameters
        ----------
        paths : sequence of Path
            Tables, logs, horizons, shapes, label volumes, class tables, in any order.
        confirm : bool, optional
            Whether a person is shown first what each was taken for, and may say otherwise.
        """
        if not self._opening.new():
            return
        material = self._context.data.material
        found = list(paths) or list(sidecar_files(material.first) if material is not None else ())
        if confirm and found:
            self._confirm(found)
            return
        self._queue += found
        self._next()

    def bring(self, sources: Sequence[Source]) -> None:
        """Bring in files of which everything is known that a person need not say."""
        if self._opening.new():
            for source in sources:
                self._take(source)
            self._next()

    def _confirm(self, paths: Sequence[Path]) -> None:
        """Look at all files, show what they were taken for, and go on with what is wanted."""
        survey, answers = self._survey, self._answers

        def shown(found: list[Recognised]) -> None:
            chosen = self.ask_files(found, self._arrivals.wells)
            if chosen is None:
                self._context.messages.say("Nothing was loaded.")
                return
            for source in chosen:
                if source.kind:
                    if source not in [one.source for one in found]:
                        alone = sum(one.source.path == source.path for one in found) < 2
                        self._answers.keep(source, "" if alone else source.part)
                    self._take(source)
                else:
                    self._queue.append(source.path)
            self._next()

        def recognised(operation: Operation) -> list[Recognised]:
            found = []
            for number, path in enumerate(paths):
                operation.told(number / len(paths))
                found += all_recognised(path, survey, answers)
            return found

        title = f"Looking at {', '.join(path.name for path in paths)}"
        self._context.messages.say(f"{title} …")
        self._context.attempt(
            Operation(title),
            recognised,
            shown,
            lambda error: self._context.messages.report(error, LabelError),
        )

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
        path = self._queue.pop(0)
        survey = self._survey

        def found(sources: tuple[Source, ...]) -> None:
            for source in sources:
                if len(sources) == 1 and (source.options or source.columns or source.units):
                    self._answers.keep(source)
                other = replaced(source, self._arrivals.wells)
                if other is None or self.ask_replace(
                    f"{source.path.name} is read in place of {other.path.name}: wells of the same names are replaced."
                ):
                    self._take(source)
                else:
                    self._left_out.add(source.path.name)
            self._next()

        def recognise(source: Source) -> tuple[Source, ...]:
            if source.kind:
                return (source,)
            try:
                sheets = Source.all_of(path, survey, **source.options)
            except Undeclared as error:
                raise Question(source, error) from error
            if len(sheets) == 1:
                return sheets
            return tuple(answers.of(path, one.part) or one for one in sheets)

        answers = self._answers
        known = answers.of(path)
        if known is not None:
            found((known,))
            return
        self._attempt((Source(path, ""),), lambda sources: recognise(sources[0]), lambda _, sources: found(sources))

    def _take(self, source: Source) -> None:
        if source.kind == "classes":
            self._edits.read(source.path)
        else:
            self._arrivals.take(source)

    def _burn_next(self) -> None:
        """Burn what comes next of the files that were looked at."""
        missing = self._arrivals.missing()
        if missing:
            wells = self._arrivals.wells
            names = f"{named([source.path.name for source in wells])} {'is' if len(wells) == 1 else 'are'}"
            self._context.messages.say(f"{names} kept. Load {missing} too: they are read together.")
        group = self._arrivals.next()
        if not group:
            self._left_out.tell()
            return
        if group[0].kind == "horizon":
            survey = self._survey
            self._attempt(group, lambda sources: knowledge.read_surfaces(sources, survey), self._name_zones)
        else:
            self._attempt(group, self._reader(), self._burn)

    def _reader(self, surfaces: Sequence[xr.DataArray] | None = None) -> Callable[[tuple[Source, ...]], Part]:
        survey, base = self._survey, self._book.base
        return lambda sources: knowledge.read(sources, survey, base, surfaces=surfaces)

    def _burn_wells(self, sources: tuple[Source, ...], part: Part) -> None:
        changed = self._changed_by_hand(part.wells)
        if changed and not self.ask_replace(
            f"{named(changed)} would be replaced by what {', '.join(one.path.name for one in sources)} says."
        ):
            kept = tuple(well for well in part.wells if well.name not in changed)
            if not kept:
                for source in sources:
                    self._left_out.add(source.path.name)
                self._burn_next()
                return
            part = replace(part, wells=kept)
        self._read |= {well.name: well for well in part.wells}
        radius, fall_off = (knowledge.said(sources, name) for name in ("radius", "fall_off"))

        def then() -> None:
            self._note(sources)
            if part.rest is None:
                self._burn_next()
            else:
                self._burn(sources, part.rest)

        self._wells.replace(part.wells, part.title, part.words, radius=radius, fall_off=fall_off, then=then)

    def _changed_by_hand(self, wells: Sequence[AnyWell]) -> list[str]:
        """Names of wells that are there and are not as files had them: moved, edited, or of an earlier day."""
        there = {well.name: well for well in self._wells.state.wells}
        return [
            well.name
            for well in wells
            if well.name in there and not any(alike(there[well.name], one) for one in (well, self._read.get(well.name)))
        ]

    def _name_zones(self, sources: tuple[Source, ...], surfaces: list[xr.DataArray]) -> None:
        said = {name: knowledge.said(sources, name) for name in ("zones", "thickness")}
        if said["zones"] is None:
            zones = self.ask_zones(surfaces, self._book.state.classes)
            if zones is None:
                for source in sources:
                    self._left_out.add(source.path.name)
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
        book = self._book
        if book.layer is None or self._context.project.session is None:
            return
        before, shape, locked = book.state.classes, book.layer.data.shape, tuple(book.state.locked)
        said: list[str] = []

        def plan(session: Session) -> Step:
            step, words, there = plan_part(part, session, shape, locked, (before, part.classes))
            said.extend((part.said(step.labels.voxels, there), *part.words, *words))
            return step

        def done(outcome: Outcome) -> None:
            self._context.messages.say(" ".join(dict.fromkeys(said)))
            self._note(sources)
            self._burn_next()

        title = f"Burning {', '.join(source.path.name for source in sources)}"
        again = lambda error: self._unread(sources, error, lambda _: self._burn_next())  # noqa: E731
        book.work(plan, done, again, title=title, stopped=lambda: self._give_up(sources))

    def _note(self, sources: tuple[Source, ...]) -> None:
        """Remember that files are among the labels."""
        self._left_out.loaded()
        self._arrivals.note(sources)
        project, known = self._context.project.project, self.known
        if project is not None:
            self._context.project.change(
                "What the labels were made from", lambda session: project.remember(known.sources)
            )

    def _attempt(
        self,
        sources: tuple[Source, ...],
        read: Callable[[tuple[Source, ...]], Any],
        done: Callable[[tuple[Source, ...], Any], None],
    ) -> None:
        """Read files beside the GUI, asking until nothing is left open."""
        title = f"Reading {', '.join(source.path.name for source in sources)}"
        self._context.messages.say(f"{title} …")
        self._context.attempt(
            Operation(title),
            lambda _: read(sources),
            lambda found: done(sources, found),
            lambda error: self._unread(sources, error, lambda answered: self._attempt(answered, read, done)),
            lambda: self._give_up(sources),
        )

    def _give_up(self, sources: tuple[Source, ...]) -> None:
        """Leave out what was being read, and all that would have come after it."""
        self._queue.clear()
        self._left_out.clear()
        while sources:
            for source in sources:
                self._arrivals.leave_out(source, sources)
            sources = self._arrivals.next()

    def _unread(
        self,
        sources: tuple[Source, ...],
        error: BaseException,
        again: Callable[[tuple[Source, ...]], None],
    ) -> None:
        """Ask what a file leaves open and go on; without an answer, or after an error, go on without the files."""
        if isinstance(error, Question):
            answered = self.ask(error)
            if answered is not None and answered != error.source:  # who says nothing new would be asked for ever
                if answered.kind:
                    # Which horizons come together is told by what was chosen together, each time anew.
                    self._answers.keep(answered.without("together"))
                self._arrivals.answer(answered)
                again(tuple(answered if one.is_of(answered) else one for one in sources))
                return
            self._arrivals.leave_out(error.source, sources)
            why = str(LabelError(error.what, error.way_out))  # without the name of the file, which is said before
            self._left_out.add(error.source.path.name, why)
        else:
            self._left_out.failed([one.path.name for one in sources], error, LabelError)
        self._next()

    def _on_labels(self, has_labels: bool) -> None:
        if not has_labels:
            self._arrivals.clear()
            self._queue, self._read = [], {}
