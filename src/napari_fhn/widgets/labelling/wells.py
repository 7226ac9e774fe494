"""The wells of a label book: burnt with a radius, and burnt again when they are moved or edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from psygnal import SignalGroupDescriptor

from napari_fhn import labels
from napari_fhn.labels import ClassTable, DeviatedWell, Well, changes
from napari_fhn.labels.changes import Change
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.heard import heard

RADIUS = 3.0
"""Radius of a well's labels, in traces."""

AnyWell = Well | DeviatedWell


@dataclass
class WellState:
    """The wells; setting a field emits an event of its name.

    Parameters
    ----------
    wells : tuple of Well or DeviatedWell
        In the order in which they came.
    radius : float
        Of their labels, in traces.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    wells: tuple[AnyWell, ...] = ()
    radius: float = RADIUS


class WellBook:
    """Holds wells and burns them.

    Parameters
    ----------
    book : LabelBook
        Whose labels they become.

    Attributes
    ----------
    state : WellState
        The wells.
    """

    def __init__(self, book: LabelBook) -> None:
        self.state = WellState()
        self._book = book
        self._values: dict[str, int] = {}
        book.state.events.has_labels.connect(self._on_labels)

    def replace(self, wells: Sequence[AnyWell], title: str, said: Sequence[str] = ()) -> None:
        """Hold these wells instead of those so far with the same names, and burn them all again.

        Parameters
        ----------
        wells : sequence of Well or DeviatedWell
            New, or other than before.
        title : str
            What the history calls it.
        said : sequence of str
            What else there is to say about them.
        """
        names = {well.name for well in wells}
        kept = tuple(well for well in self.state.wells if well.name not in names)
        self._burn((*kept, *wells), self.state.radius, title, said)

    def remove(self, name: str) -> None:
        """Let go of a well, and of its labels."""
        kept = tuple(well for well in self.state.wells if well.name != name)
        self._burn(kept, self.state.radius, f"removed well {name}")

    def move(self, name: str, inline: float, crossline: float) -> None:
        """Move a well to other survey numbers, and burn it there."""
        moved = tuple(
            replace(well, inline=inline, crossline=crossline, xy=None) if well.name == name else well
            for well in self.state.wells
        )
        self._burn(moved, self.state.radius, f"moved well {name}")

    def set_radius(self, radius: float) -> None:
        """Burn all wells with another radius, in traces."""
        if radius != self.state.radius:
            self._burn(self.state.wells, radius, f"wells with a radius of {radius:g}")

    def _burn(self, wells: tuple[AnyWell, ...], radius: float, title: str, said: Sequence[str] = ()) -> None:
        book, material = self._book, self._book.data.material
        if book.layer is None or material is None:
            return
        survey, out, before = material.first, book.layer.data, book.state.classes
        locked, was = tuple(book.state.locked), (self._renamed(self.state.wells, before), self.state.radius)
        wells = self._renamed(wells, before)
        base = ClassTable(tuple(c for c in before if book.named or book.state.counts.get(c.value)))
        try:
            table = base.including(name for well in wells for name in well.class_names)
        except labels.LabelError as error:
            book.words.fail(str(error))
            return

        def work() -> tuple[Change, int, list[str]]:
            wanted, n, words = _burnt(wells, survey, table, out.shape, radius)
            change = Change()
            if was[0]:
                change = changes.erase(out, _burnt(was[0], survey, table, out.shape, was[1])[0])
            return change + changes.fill(out, wanted, locked=locked), n, words

        def hold(again: bool) -> None:
            self.state.wells, self.state.radius = (wells, radius) if again else was

        def done(made: tuple[Change, int, list[str]]) -> None:
            change, n, words = made
            self._values |= dict(zip(table.names, table.values, strict=True))
            hold(True)
            book.apply(title, change, classes=(before, table), also=hold)
            sentence = f"{n} wells are labels now, {radius:g} traces around each. Press Train, or paint more."
            book.words.say(" ".join([sentence, *said, *words]))

        book.background.run(work, done, lambda error: book.words.fail(str(error)))

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
        if not has_labels:
            self._values = {}
            self.state.wells = ()


def _burnt(
    wells: Sequence[AnyWell], survey: xr.DataArray, table: ClassTable, shape: tuple[int, ...], radius: float
) -> tuple[NDArray[np.uint8], int, list[str]]:
    """Burn wells into an empty volume; returns it, how many there are in it, and what was left out."""
    wanted = np.zeros(shape, np.uint8)
    known = [well for well in wells if well.intervals]
    if not known:
        return wanted, 0, []
    boxes, said = heard(lambda: labels.burn(known, survey, table, wanted, radius))
    return wanted, len(boxes), said


def described(well: Any) -> str:
    """Say where a well is."""
    if well.xy is not None:
        return f"x {well.xy[0]:.0f}, y {well.xy[1]:.0f}"
    return f"{well.inline:g}, {well.crossline:g}"
