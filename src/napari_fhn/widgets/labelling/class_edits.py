"""Changes of the class table: every one of them can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from napari_fhn.labels import ClassTable, LabelError, collect_warnings
from napari_fhn.labels.classes.legends import read_legend
from napari_fhn.labels.volumes import changes
from napari_fhn.project import Session
from napari_fhn.project.undo.steps import LABELS, Step
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
        """Add a class with the next free value; returns the value, the last one where there is no free one."""
        try:
            table, made = self._book.state.classes.with_next()
        except LabelError as error:
            self._context.messages.fail(str(error))
            return self._book.state.classes.values[-1]
        self._set(table, f"added {made.name}")
        return made.value

    def rename(self, value: int, name: str) -> None:
        """Give a class another name; one that is empty or taken is refused in a sentence."""
        self._change(value, f"renamed to {name.strip()}", name=name.strip())

    def recolour(self, value: int, color: str) -> None:
        """Give a class another colour, ``#rrggbb``."""
        self._change(value, "recoloured", color=color)

    def merge(self, values: Sequence[int], into: int) -> None:
        """Make one class of several; their voxels become those of the last."""
        table, others = self._book.state.classes, [value for value in values if value != into]
        words = f"merged {table.called(others)} into {table.called([into])}"
        self._rewrite(dict.fromkeys(others, into), table.without(others), words)

    def delete(self, values: Sequence[int]) -> None:
        """Delete classes; their voxels become unlabelled."""
        table = self._book.state.classes
        kept = table.without(values)
        if not len(kept):
            self._context.messages.fail("One class must stay.")
            return
        self._rewrite(dict.fromkeys(values, 0), kept, f"deleted {table.called(values)}")

    def read(self, path: Path) -> None:
        """Take names and colours from a legend; classes that it does not name are kept."""
        try:
            state = self._book.state
            read, words = collect_warnings(lambda: read_legend(path))
            used = (value for value, count in state.counts.items() if count)
            self._set(state.classes.replaced_by(read, used), f"classes of {path.name}")
            if words:
                self._context.messages.say("\n".join(words))
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
            changed = table.with_change(value, name=name, color=color)
        except LabelError as error:
            self._context.messages.fail(str(error))
            self._book.state.events.classes.emit(table)
            return
        self._set(changed, f"{old.name} {words}")

    def _set(self, table: ClassTable, title: str) -> None:
        self._book.carry_out(self._step(title, table))

    def _rewrite(self, values: dict[int, int], table: ClassTable, title: str) -> None:
        book, step = self._book, self._step(title, table)
        if book.layer is None:
            book.carry_out(step)
            return
        shape = book.layer.data.shape

        def plan(session: Session) -> Step:
            change = changes.planned(session.volume(LABELS, shape), changes.replacing(values))
            return replace(step, volumes={LABELS: change}, shape=shape)

        book.work(plan)

    def _step(self, title: str, table: ClassTable) -> Step:
        """The classes, and the wells, which call them by their names."""
        return Step(title, classes=(self._book.state.classes, table), wells=self._book.wells_called(table))
