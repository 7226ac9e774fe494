"""The history of the labels as the desk sees it: the steps of the session it writes in, taken back and made again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal

from napari_fhn.project.undo.step_files import StepDamaged
from napari_fhn.project.undo.step_log import Entry, StepLog
from napari_fhn.project.undo.steps import SectionReference
from napari_fhn.sentence import counted
from napari_fhn.widgets.context import DeskContext

if TYPE_CHECKING:
    from napari_fhn.widgets.labelling.book import LabelBook


class LabelHistory:
    """Follows the steps of whichever session is open; ``changed`` is emitted after each change of them.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Which shows what was taken back or made again.

    Attributes
    ----------
    steps : StepLog or None
        Those of the session that the desk writes in; None where there is none.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        self._context = context
        self._book = book
        self.steps: StepLog | None = None

    @property
    def entries(self) -> list[Entry]:
        """What was changed, the oldest first."""
        return [] if self.steps is None else self.steps.entries

    def follow(self, steps: StepLog | None) -> list[str]:
        """Show the steps of another session, or none; returns what there is to say of them."""
        self.steps = steps
        said = [] if steps is None or not steps.entries else list(steps.words)
        if steps is not None:
            steps.words.clear()
        self.changed.emit()
        return said

    def last(self, place: SectionReference | None) -> Entry | None:
        """The newest change that stands and that a person who looks at this section sees."""
        return None if self.steps is None else self.steps.undoable(place)

    def next(self, place: SectionReference | None) -> Entry | None:
        """The oldest of the changes last taken back there."""
        return None if self.steps is None else self.steps.redoable(place)

    def undo(self) -> None:
        """Take back the last change on the section in view, or of the whole survey, whichever is newer."""
        place = self._book.place()
        entry = self.last(place)
        if entry is None:
            elsewhere = self.last(None)
            where = (
                "" if elsewhere is None else f" The last change, {elsewhere.title}, was made elsewhere: see History."
            )
            self._context.messages.say(f"There is nothing to undo here.{where}")
            return
        self.toggle(entry)

    def redo(self) -> None:
        """Make the change again that was last taken back on the section in view."""
        entry = self.next(self._book.place())
        if entry is None:
            self._context.messages.say("There is nothing to redo here.")
            return
        self.toggle(entry)

    def toggle(self, entry: Entry) -> None:
        """Take a change of the history back, or make it again."""
        if self._book.layer is None:
            return
        steps = self.steps
        if steps is None or not self._book.may_write():
            return
        again = entry.undone
        try:
            outcome = steps.toggle(entry)
        except StepDamaged:
            self._context.messages.fail(f"{entry.title} cannot be taken back any more: what was kept of it is damaged.")
            self.changed.emit()
            return
        except (ValueError, OSError) as error:
            self._book.failed(error)
            return
        where = f" on {entry.place.title}" if entry.place is not None and entry.place.title else ""
        size = f" ({counted(outcome.voxels, 'voxels')})" if outcome.voxels else ""
        self._context.messages.say(f"{'Made again' if again else 'Undone'}: {entry.title}{where}{size}.")
        self._book.took(outcome)
