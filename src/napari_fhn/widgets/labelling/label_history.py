"""The history of the labels as the desk sees it: the steps of the session that it writes in."""

from __future__ import annotations

from typing import ClassVar

from psygnal import Signal

from napari_fhn.project.step_log import Entry, StepLog
from napari_fhn.project.steps import SectionReference


class LabelHistory:
    """Follows the steps of whichever session is open; ``changed`` is emitted after each change of them.

    Attributes
    ----------
    steps : StepLog or None
        Those of the session that the desk writes in; None where there is none.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self) -> None:
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
