"""The wells of a label book: burnt with a radius, and burnt again when they are moved or edited."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from psygnal import SignalGroupDescriptor

from napari_fhn import labels
from napari_fhn.labels import ClassTable, Interval, Well
from napari_fhn.labels.wells import tracks
from napari_fhn.project import Session
from napari_fhn.project.labelling import wells as well_file
from napari_fhn.project.labelling.well_burning import Burnt, WellBurning
from napari_fhn.project.labelling.wells import AnyWell, KeptWells, renamed
from napari_fhn.project.undo.step_doing import Outcome
from napari_fhn.project.undo.steps import Step
from napari_fhn.sentence import counted
from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.preferences import preferences


@dataclass
class WellState:
    """The wells; setting a field emits an event of its name.

    Parameters
    ----------
    wells : tuple of Well or DeviatedWell
        In the order in which they came.
    radius : float
        Of their labels, in traces.
    fall_off : float or None
        Distance in traces over which labels come to count less; None where all count alike.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    wells: tuple[AnyWell, ...] = ()
    radius: float = 3.0
    fall_off: float | None = None


class WellBook:
    """Holds wells and burns them.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels they become.

    Attributes
    ----------
    book : LabelBook
        The same.
    state : WellState
        The wells.
    """

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        self._context = context
        self.state = WellState(radius=preferences().radius)
        self.book = book
        self._values: dict[str, int] = {}
        book.state.events.has_labels.connect(self._on_labels)
        book.stepped.connect(self._stepped)
        book.wells_called = self._called

    def replace(
        self,
        wells: Sequence[AnyWell],
        title: str,
        said: Sequence[str] = (),
        *,
        radius: float | None = None,
        fall_off: float | None = None,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Hold these wells instead of those so far with the same names, and burn them all again.

        Parameters
        ----------
        wells : sequence of Well or DeviatedWell
            New, or other than before.
        title : str
            What the history calls it.
        said : sequence of str
            What else there is to say about them.
        radius, fall_off : float, optional
            Of all wells from now on; as before where None.
        then : callable
            Called when they are burnt, or could not be.
        """
        names = {well.name for well in wells}
        kept = tuple(well for well in self.state.wells if well.name not in names)
        self._burn(
            (*kept, *wells),
            title,
            said,
            radius=radius,
            fall_off="same" if fall_off is None else fall_off,
            then=then,
        )

    def remove(self, name: str) -> None:
        """Let go of a well, and of its labels."""
        kept = tuple(well for well in self.state.wells if well.name != name)
        self._burn(kept, f"removed well {name}")

    def move(
        self, name: str, inline: float = math.nan, crossline: float = math.nan, *, trace: float | None = None
    ) -> None:
        """Move a well to other survey numbers, or to another trace of a line, and burn it there."""
        moved = tuple(
            replace(well, inline=inline, crossline=crossline, xy=None, trace=trace) if well.name == name else well
            for well in self.state.wells
        )
        self._burn(moved, f"moved well {name}")

    def add(self, inline: float = math.nan, crossline: float = math.nan, *, trace: float | None = None) -> str:
        """Add a well without intervals, on a line by the number of its trace; returns its name."""
        taken = {well.name for well in self.state.wells}
        name = next(f"New {k}" for k in range(1, len(taken) + 2) if f"New {k}" not in taken)
        self._burn((*self.state.wells, Well(name, inline, crossline, trace=trace)), title=f"added well {name}")
        return name

    def edit(self, name: str, intervals: Sequence[Interval]) -> None:
        """Give a vertical well other intervals, and burn it with them."""
        edited = tuple(
            replace(well, intervals=tuple(intervals)) if well.name == name and isinstance(well, Well) else well
            for well in self.state.wells
        )
        self._burn(edited, title=f"edited well {name}")

    def set_radius(self, radius: float) -> None:
        """Burn all wells with another radius, in traces."""
        if radius != self.state.radius:
            self._burn(self.state.wells, radius=radius, title=f"wells with a radius of {radius:g}")

    def set_fall_off(self, fall_off: float) -> None:
        """Burn all wells with another fall-off, in traces; 0 for none."""
        wanted = fall_off or None
        if wanted != self.state.fall_off:
            self._burn(self.state.wells, fall_off=wanted, title=f"wells with a fall-off of {fall_off:g}")

    def places(self) -> dict[str, tuple[float, ...]]:
        """Return where wells lie, in voxels along inline and crossline, on a line along its traces.

        Those without a place are left out.
        """
        material = self._context.data.material
        if material is None or not self.state.wells:
            return {}
        return tracks.heads(self.state.wells, material.first)

    def look_at(self, name: str) -> None:
        """Go to the section of a well."""
        place = self.places().get(name)
        if place is not None and len(place) == 2:
            focus = self.book.place()
            axis = focus.axis if focus is not None and focus.axis < 2 else 0
            self.book.go(axis, round(place[axis]))

    def trace(self, name: str, done: Callable[[NDArray[np.float64], NDArray[np.float64]], None]) -> None:
        """Read the trace of the survey that is nearest to a well, beside the GUI.

        Parameters
        ----------
        name : str
            Of the well; of one outside of the survey there is none.
        done : callable
            Called with the values of the vertical axis and the amplitudes.
        """
        material, place = self._context.data.material, self.places().get(name)
        if material is None or place is None or not is_seismic(material.first):
            return
        survey, at = material.first, tuple(round(p) for p in place)
        if not all(0 <= p < size for p, size in zip(at, survey.shape, strict=False)):
            return

        def read() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            column = survey[at]
            return np.asarray(column[column.dims[0]], np.float64), np.asarray(column, np.float64)

        def failed(error: BaseException) -> None:
            self._context.messages.say(f"The trace at {name} could not be read: {error}.", note=True)

        self._context.background.run(read, lambda found: done(*found), failed)

    def span(self) -> tuple[float, float]:
        """First and last value of the survey's vertical axis."""
        material = self._context.data.material
        if material is None:
            return 0.0, 1.0
        axis = np.asarray(material.first[material.first.dims[-1]], np.float64)
        return float(axis[0]), float(axis[-1])

    def unit(self) -> str:
        """Unit of the survey's vertical axis; empty where it has none."""
        material = self._context.data.material
        if material is None:
            return ""
        return str(material.first[material.first.dims[-1]].attrs.get("units", ""))

    def _burn(
        self,
        wells: tuple[AnyWell, ...],
        title: str,
        said: Sequence[str] = (),
        *,
        radius: float | None = None,
        fall_off: float | Literal["same"] | None = "same",
        then: Callable[[], None] = lambda: None,
    ) -> None:
        book, material = self.book, self._context.data.material
        if book.layer is None or material is None or self._context.project.session is None:
            return
        state, before, locked = self.state, book.state.classes, tuple(book.state.locked)
        now = KeptWells(
            self._renamed(wells, before),
            state.radius if radius is None else radius,
            state.fall_off if fall_off == "same" else fall_off,
        )
        try:
            table = book.base.including(name for well in now.wells for name in well.class_names)
        except labels.LabelError as error:
            self._context.messages.fail(str(error))
            then()
            return
        was = KeptWells(self._renamed(state.wells, before), state.radius, state.fall_off)
        survey, shape, made = material.first, book.layer.data.shape, list[Burnt]()

        def plan(session: Session) -> Step:
            step, burnt = WellBurning(session, survey, table, was, now).plan(shape, title, locked, before)
            made.append(burnt)
            return step

        def done(outcome: Outcome) -> None:
            burnt = made[0]
            sentence = (
                f"{counted(burnt.count, 'wells are labels', 'well is a label')} now, {now.radius:g} "
                "traces around each. Press Train, or paint more."
            )
            self._context.messages.say(" ".join([sentence, *said, *burnt.words]))
            then()

        def failed(error: BaseException) -> None:
            book.failed(error)
            then()

        book.work(plan, done, failed, title=f"Burning {counted(len(now.wells), 'wells')}")

    def _renamed(self, wells: Sequence[AnyWell], table: ClassTable) -> tuple[AnyWell, ...]:
        return renamed(wells, table, self._values)

    def _called(self, table: ClassTable) -> tuple[KeptWells, KeptWells] | None:
        """The wells as they are kept, and with the names that a class table has for their classes."""
        state, now = self.state, self.book.state.classes
        if not state.wells:
            return None
        was, then = (KeptWells(self._renamed(state.wells, one), state.radius, state.fall_off) for one in (now, table))
        return was, then

    def _stepped(self, step: Step) -> None:
        """Hold the wells that a step has left in the session."""
        if step.wells is not None:
            self._hold()

    def _on_labels(self, has_labels: bool) -> None:
        """Take up the wells of the session that the labels are in; their labels are there already."""
        self._values = {}
        self._hold(there=has_labels)

    def _hold(self, *, there: bool = True) -> None:
        session, kept = self._context.project.session, KeptWells()
        if there and session is not None:
            # Who only looks leaves a file that cannot be read where it is.
            read = well_file.load if self._context.project.writable else well_file.read
            try:
                kept = read(session.folder)
            except ValueError as error:
                self._context.messages.say(f"The wells of the session are not shown: {error}", note=True)
        table = self.book.state.classes
        self._values |= dict(zip(table.names, table.values, strict=True))
        self.state.radius = kept.radius if kept.wells else preferences().radius
        self.state.fall_off = kept.fall_off
        self.state.wells = kept.wells
