"""Changes of the class table: every one of them can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from napari_fhn import labels
from napari_fhn.labels import ClassTable, LabelClass, LabelError, changes
from napari_fhn.labels.changes import Change
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook


class ClassEdits:
    """Adds, renames, recolours, merges and deletes the classes of a label book.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose classes they are.
    """

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        self._context = context
        self._book = book

    def add(self) -> int:
        """Add a class with the next free value; returns the value."""
        table = self._book.state.classes
        value = next((v for v in range(1, 256) if v not in table.values), 255)
        fresh = ClassTable.default(value).classes[-1]
        name = fresh.name if fresh.name not in table.names else f"{fresh.name} (new)"
        self._set(ClassTable((*table, LabelClass(value, name, fresh.color))), f"added {name}")
        return value

    def rename(self, value: int, name: str) -> None:
        """Give a class another name; one that is empty or taken is refused in a sentence."""
        self._change(value, f"renamed to {name.strip()}", name=name.strip())

    def recolour(self, value: int, color: str) -> None:
        """Give a class another colour, ``#rrggbb``."""
        self._change(value, "recoloured", color=color)

    def merge(self, values: Sequence[int], into: int) -> None:
        """Make one class of several; their voxels become those of the last."""
        others = [value for value in values if value != into]
        names = {c.value: c.name for c in self._book.state.classes}
        kept = ClassTable(tuple(c for c in self._book.state.classes if c.value not in others))
        words = f"merged {', '.join(names[v] for v in others)} into {names[into]}"
        self._rewrite(dict.fromkeys(others, into), kept, words)

    def delete(self, values: Sequence[int]) -> None:
        """Delete classes; their voxels become unlabelled."""
        table = self._book.state.classes
        kept = tuple(c for c in table if c.value not in values)
        if len(kept) < 1:
            self._context.messages.fail("One class must stay.")
            return
        names = ", ".join(c.name for c in table if c.value in values)
        self._rewrite(dict.fromkeys(values, 0), ClassTable(kept), f"deleted {names}")

    def read(self, path: Path) -> None:
        """Take names and colours from a CSV of value, name, color; classes that it does not name are kept."""
        try:
            read = ClassTable.from_csv(path)
            kept = tuple(c for c in self._book.state.classes if c.value not in read.values and c.name not in read.names)
            used = tuple(c for c in kept if self._book.state.counts.get(c.value))
            self._set(ClassTable((*read, *used)), f"classes of {path.name}")
        except (LabelError, OSError) as error:
            self._context.messages.fail(str(error))

    def write(self, path: Path) -> None:
        """Save the class table as CSV."""
        try:
            self._book.state.classes.to_csv(path)
        except OSError as error:
            self._context.messages.fail(f"{path.name}: it cannot be written ({error.strerror}). Choose another folder.")
            return
        self._context.messages.say(f"The classes are in {path}.")

    def show(self, value: int, shown: bool) -> None:
        """Show or hide the voxels of a class, in the labels and in the prediction."""
        hidden = self._book.state.hidden
        self._book.state.hidden = hidden - {value} if shown else hidden | {value}
        self._book.recolour()

    def lock(self, value: int, locked: bool) -> None:
        """Keep the voxels of a class from any brush or file, or let go of them."""
        was = self._book.state.locked
        self._book.state.locked = was | {value} if locked else was - {value}

    def _change(self, value: int, words: str, *, name: str | None = None, color: str | None = None) -> None:
        table = self._book.state.classes
        old = next((c for c in table if c.value == value), None)
        if old is None or (name in (None, old.name) and color in (None, old.color)):
            return
        try:
            fresh = replace(old, name=old.name if name is None else name, color=old.color if color is None else color)
            changed = ClassTable(tuple(fresh if c.value == value else c for c in table))
        except labels.LabelError as error:
            self._context.messages.fail(str(error))
            self._book.state.events.classes.emit(table)
            return
        self._set(changed, f"{old.name} {words}")

    def _set(self, table: ClassTable, title: str) -> None:
        self._book.apply(title, Change(), classes=(self._book.state.classes, table))

    def _rewrite(self, values: dict[int, int], table: ClassTable, title: str) -> None:
        book = self._book
        before = book.state.classes
        if book.layer is None:
            book.apply(title, Change(), classes=(before, table))
            return
        out = book.layer.data
        self._context.background.run(
            lambda: changes.replace(out, values),
            lambda change: book.apply(title, change, classes=(before, table)),
            lambda error: self._context.messages.fail(str(error)),
        )
