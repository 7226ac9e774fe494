"""The history of the labels: each change with its name and its place, taken back and made again where it was made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from numpy.typing import NDArray
from psygnal import Signal

from napari_fhn.labels import ClassTable
from napari_fhn.labels.changes import Change

MOST_BYTES = 256_000_000
"""Memory that the history may take; the oldest changes are forgotten first."""

MOST_ENTRIES = 500
"""Changes that are remembered at most."""


@dataclass(frozen=True)
class SectionReference:
    """A section of the label volume.

    Parameters
    ----------
    axis, index : int
        Axis across the section, and where it lies on it.
    title : str
        What people call it: "Inline 1064".
    """

    axis: int
    index: int
    title: str = field(default="", compare=False)


@dataclass(eq=False)
class Entry:
    """One change.

    Parameters
    ----------
    title : str
        What was done.
    change : Change
        Of the voxels.
    place : SectionReference or None
        The section it was made on; None for what concerns the whole survey.
    classes : (ClassTable, ClassTable) or None
        The class table before and after, where that changed too.
    also : callable or None
        Told False when it is taken back and True when it is made again, for what is neither voxel nor class.
    undone : bool
        Whether it is taken back.
    """

    title: str
    change: Change
    place: SectionReference | None = None
    classes: tuple[ClassTable, ClassTable] | None = None
    also: Callable[[bool], None] | None = None
    undone: bool = False

    def is_here(self, place: SectionReference | None) -> bool:
        """Whether a person who looks at this section sees it."""
        return place is None or self.place is None or self.place == place


@dataclass
class LabelHistory:
    """What was changed, oldest first; ``changed`` is emitted after each change of it.

    Parameters
    ----------
    entries : list of Entry
        The history.
    """

    changed: ClassVar[Signal] = Signal()

    entries: list[Entry] = field(default_factory=list)

    def record(self, entry: Entry) -> None:
        """Remember a change that has just been made; what was taken back on its section cannot come back after it."""
        self.entries = [e for e in self.entries if not (e.undone and e.is_here(entry.place))]
        self.entries.append(entry)
        while len(self.entries) > MOST_ENTRIES or sum(e.change.nbytes for e in self.entries) > MOST_BYTES:
            if len(self.entries) == 1:
                break
            self.entries.pop(0)
        self.changed.emit()

    def undo(self, entry: Entry, out: NDArray[Any]) -> int:
        """Take a change back, wherever its values still stand; returns the number of voxels."""
        voxels = entry.change.undo(out)
        entry.undone = True
        self.changed.emit()
        return voxels

    def redo(self, entry: Entry, out: NDArray[Any]) -> int:
        """Make a change again that was taken back; returns the number of voxels."""
        voxels = entry.change.redo(out)
        entry.undone = False
        self.changed.emit()
        return voxels

    def last(self, place: SectionReference | None) -> Entry | None:
        """The newest change that stands and that a person who looks at this section sees."""
        return next((e for e in reversed(self.entries) if not e.undone and e.is_here(place)), None)

    def next(self, place: SectionReference | None) -> Entry | None:
        """The oldest of the changes last taken back there."""
        found = None
        for entry in reversed(self.entries):
            if not entry.is_here(place):
                continue
            if not entry.undone:
                break
            found = entry
        return found

    def clear(self) -> None:
        """Forget everything."""
        self.entries = []
        self.changed.emit()
