"""The sentences that the dock shows: what is happening, what is worth knowing, what went wrong."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import ClassVar

from napari.utils.notifications import show_error
from psygnal import SignalGroupDescriptor

from napari_fhn.keys import hidden
from napari_fhn.sentence import Cell, begun, made_of
from napari_fhn.widgets import toasts


@dataclass
class Messages:
    """What the dock says; setting a field emits an event of its name.

    Parameters
    ----------
    message : str
        The sentence that says what is happening.
    note : str
        Something worth knowing that does not stop the work.
    waiting : str
        What somebody wished for that cannot be now, and what it waits for; said until it can.
    error : bool
        Whether the message reports an error.
    detail : str
        Its traceback or log, for a report.
    cell : {"voxel", "sample", "pixel"}
        What is worked on is made of such, as :func:`napari_fhn.sentence.cell` tells.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    message: str = "Open a survey: drop a file on the viewer, or File > Open Sample > FHN."
    note: str = ""
    waiting: str = ""
    error: bool = False
    detail: str = ""
    cell: Cell = "voxel"

    def worded(self, text: str) -> str:
        """Return a text with the words for what is worked on: a volume, a line or a map.

        Whoever writes a sentence need not know; it is chosen here, where sentences and tooltips are shown.
        """
        return made_of(text, self.cell)

    def say(self, message: str, *, note: bool = False) -> None:
        """Show a sentence."""
        if note:
            self.note = message
            return
        self.error, self.detail = False, ""
        self.message = message

    @property
    def words(self) -> str:
        """All that there is to say, what is happening first."""
        said = (self.message, self.waiting) if self.error else (self.message, self.waiting, self.note)
        return self.worded(" ".join(one for one in said if one))

    def fail(self, message: str, detail: str = "") -> None:
        """Show a sentence about something that went wrong; the detail is for a report."""
        self.detail = hidden(detail)  # what led to it names addresses with their keys
        self.error = True
        self.message = message
        show_error(self.worded(message))

    def over(self, message: str) -> None:
        """Say no more that something went wrong, or is worth knowing, where that still stands: it is right again."""
        toasts.take_back(self.worded(message))
        if message and self.note == message:
            self.note = ""
        if self.error and self.message == message:
            self.say("")

    def report(self, error: BaseException, *known: type[BaseException]) -> None:
        """Show an error; one of none of these kinds is a fault of the program, and comes with its traceback."""
        self.fail(str(error), "" if isinstance(error, known) else "".join(traceback.format_exception(error)))


def sentence(text: object) -> str:
    """Return words as a sentence of its own: a capital letter, and one full stop."""
    words = str(text)
    return f"{begun(words).rstrip('.')}."
