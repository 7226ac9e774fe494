"""The sentences that the dock shows: what is happening, what is worth knowing, what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari.utils.notifications import show_error
from psygnal import SignalGroupDescriptor


@dataclass
class Messages:
    """What the dock says; setting a field emits an event of its name.

    Parameters
    ----------
    message : str
        The sentence that says what is happening.
    note : str
        Something worth knowing that does not stop the work.
    error : bool
        Whether the message reports an error.
    detail : str
        Its traceback or log, for a report.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    message: str = "Open a survey: drop a file on the viewer, or File > Open Sample > FHN."
    note: str = ""
    error: bool = False
    detail: str = ""

    def say(self, message: str, *, note: bool = False) -> None:
        """Show a sentence."""
        if note:
            self.note = message
            return
        self.error, self.detail = False, ""
        self.message = message

    def fail(self, message: str, detail: str = "") -> None:
        """Show a sentence about something that went wrong; the detail is for a report."""
        self.detail = detail
        self.error = True
        self.message = message
        show_error(message)
