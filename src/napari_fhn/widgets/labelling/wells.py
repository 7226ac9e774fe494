"""The wells of a label book: burnt with a radius, and burnt again when they are moved or edited."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from psygnal import SignalGroupDescriptor

from napari_fhn import labels
from napari_fhn.labels import ClassTable, DeviatedWell, Interval, Well, changes, collect_warnings
from napari_fhn.labels.changes import Change
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.splits import slabs
from napari_fhn.project import Session
from napari_fhn.project import wells as well_file
from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.preferences import preferences

AnyWell = Well | DeviatedWell


@dataclass
class WellState:
    """The wells; setting a field emits an event of its name.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
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
        self._restoring = False
        book.state.events.has_labels.connect(self._on_labels)
        for name in ("wells", "radius", "fall_off"):
            getattr(self.state.events, name).connect(self._keep)
        book.state.events.classes.connect(self._keep)

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
        traces, found = Traces.of(material.first), {}
        for well in self.state.wells:
            try:
                at = traces.of_well(well)
            except labels.LabelError:
                continue
            place = np.asarray(at, np.float64).reshape(-1)
            if np.isfinite(place).all():
                found[well.name] = tuple(place.tolist())
        return found

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
        if book.layer is None or material is None or book.session is None:
            return
        state = self.state
        radius = state.radius if radius is None else radius
        falling = state.fall_off if fall_off == "same" else fall_off
        survey, out, before, session = material.first, book.layer.data, book.state.classes, book.session
        locked, was = tuple(book.state.locked), (self._renamed(state.wells, before), state.radius, state.fall_off)
        wells = self._renamed(wells, before)
        base = ClassTable(tuple(c for c in before if book.named or book.state.counts.get(c.value)))
        try:
            table = base.including(name for well in wells for name in well.class_names)
        except labels.LabelError as error:
            self._context.messages.fail(str(error))
            then()
            return

        def work() -> tuple[Change, int, list[str]]:
            wanted, weights, n, words = _burnt(wells, survey, table, out.shape, radius, falling)
            change, volumes = Change(), [(wanted, weights)]
            if was[0]:
                before_it = _burnt(was[0], survey, table, out.shape, was[1], None)[0]
                change = changes.erase(out, before_it)
                # What is painted later where a well once was counts fully.
                volumes.insert(0, (before_it, None))
            change = change + changes.fill(out, wanted, locked=locked)
            if weights is not None or session.weights.exists():
                for burnt, counting in volumes:
                    _weigh(session.weight_volume(out.shape), burnt, counting)
            return change, n, words

        def hold(again: bool) -> None:
            state.radius, state.fall_off = (radius, falling) if again else was[1:]
            state.wells = wells if again else was[0]

        def weigh(again: bool) -> None:
            """Bring the weights of labels after their undo or redo; a burning has done it already."""
            if not session.weights.exists():
                return
            old, new = (was, (wells, radius, falling)) if again else ((wells, radius, falling), was)
            gone = _burnt(old[0], survey, table, out.shape, old[1], None)[0]
            burnt, weights, *_ = _burnt(new[0], survey, table, out.shape, new[1], new[2])
            kept = session.weight_volume(out.shape)
            _weigh(kept, gone, None)
            _weigh(kept, burnt, weights)

        def undone_or_redone(again: bool) -> None:
            hold(again)
            self._context.background.run(
                lambda: weigh(again),
                lambda _: None,
                lambda error: self._context.messages.fail(
                    f"The weights of the labels could not be brought back: {error}"
                ),
            )

        def done(made: tuple[Change, int, list[str]]) -> None:
            change, n, words = made
            self._values |= dict(zip(table.names, table.values, strict=True))
            hold(True)
            book.apply(title, change, classes=(before, table), also=undone_or_redone)
            sentence = f"{n} wells are labels now, {radius:g} traces around each. Press Train, or paint more."
            self._context.messages.say(" ".join([sentence, *said, *words]))
            then()

        def failed(error: BaseException) -> None:
            self._context.messages.fail(str(error))
            then()

        self._context.background.run(work, done, failed)

    def _renamed(self, wells: Sequence[AnyWell], table: ClassTable) -> tuple[AnyWell, ...]:
        """Give the classes of wells the names that they have now."""
        names = dict(zip(table.values, table.names, strict=True))

        def now(name: str) -> str:
            return name if name in table.names else names.get(self._values.get(name, 0), name)

        return tuple(
            replace(well, intervals=tuple(replace(i, class_name=now(i.class_name)) for i in well.intervals))  # type: ignore[arg-type]
            for well in wells
        )

    def _on_labels(self, has_labels: bool) -> None:
        """Take up the wells of the session that the labels are in; their labels are there already."""
        session, kept = self.book.session, well_file.KeptWells()
        if has_labels and session is not None:
            try:
                kept = well_file.load(session.folder)
            except labels.LabelError as error:
                self._context.messages.say(f"The wells of the session are not shown: {error}", note=True)
        self._restoring = True
        table = self.book.state.classes
        self._values = dict(zip(table.names, table.values, strict=True)) if kept.wells else {}
        self.state.radius = kept.radius if kept.wells else preferences().radius
        self.state.fall_off = kept.fall_off
        self.state.wells = kept.wells
        self._restoring = False

    def _keep(self, event: Any = None) -> None:
        """Keep the wells in the session, under the names that their classes have now."""
        state = self.state
        if self._restoring or not self.book.state.has_labels:
            return
        wells = self._renamed(state.wells, self.book.state.classes)

        def save(session: Session) -> None:
            if wells or (session.folder / well_file.FILE).exists():
                well_file.save(session.folder, well_file.KeptWells(wells, state.radius, state.fall_off))

        self._context.project.change("The wells", save)


def _burnt(
    wells: Sequence[AnyWell],
    survey: xr.DataArray,
    table: ClassTable,
    shape: tuple[int, ...],
    radius: float,
    fall_off: float | None,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None, int, list[str]]:
    """Burn wells into an empty volume; returns it, its weights, how many there are in it, and what was left out."""
    wanted = np.zeros(shape, np.uint8)
    weights = None if fall_off is None else np.zeros(shape, np.uint8)
    known = [well for well in wells if well.intervals]
    if not known:
        return wanted, weights, 0, []
    boxes, said = collect_warnings(
        lambda: labels.burn(known, survey, table, wanted, radius, fall_off=fall_off, weights=weights)
    )
    return wanted, weights, len(boxes), said


def _weigh(kept: NDArray[np.uint8], wanted: NDArray[np.uint8], weights: NDArray[np.uint8] | None) -> None:
    """Keep how much the labels of wells count; 0 says that they count fully."""
    for slab in slabs(kept):
        part = kept[slab]
        part[wanted[slab] != 0] = 0 if weights is None else weights[slab][wanted[slab] != 0]
        kept[slab] = part


def described(well: Any) -> str:
    """Say where a well is."""
    if well.xy is not None:
        return f"x {well.xy[0]:.0f}, y {well.xy[1]:.0f}"
    if well.trace is not None:
        return f"trace {well.trace:g}"
    return f"{well.inline:g}, {well.crossline:g}"
