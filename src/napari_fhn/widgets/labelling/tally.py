"""Counts what is labelled, beside the GUI, and from it suggests how much to hold out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

from napari_fhn import labels
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.words import Words

if TYPE_CHECKING:
    from napari_fhn.widgets.labelling.book import LabelBook

COUNT_MS = 300
"""Pause after a stroke before labels are counted."""

_ENOUGH_TO_HOLD_OUT = 4
"""Labelled bodies from which on some are held out by default."""

_OF_THEM = 5
"""Of so many bodies one is held out by default."""

MOST_HELD_OUT = 20
"""More bodies than this are never held out."""


class Tally:
    """Keeps ``state.counts`` and the suggested ``state.held_out`` in step with the label layer.

    Parameters
    ----------
    book : LabelBook
        Whose labels it counts.
    background : Background
        On which it counts.
    words : Words
        Where it says why it could not.
    """

    def __init__(self, book: LabelBook, background: Background, words: Words) -> None:
        self._book = book
        self._background = background
        self._words = words
        self._chosen = False
        self._counting = False
        self._again = False
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._count)

    def due(self, pause_ms: int = COUNT_MS) -> None:
        """Count after a pause; a call before it is over starts the pause again."""
        self._timer.start(pause_ms)

    @property
    def chosen(self) -> int | None:
        """How many bodies the person chose to hold out; None where the number is suggested."""
        return self._book.state.held_out if self._chosen else None

    def choose_held_out(self, n: int) -> None:
        """Hold out this many bodies, whatever their number: from now on nothing is suggested."""
        self._chosen = True
        self._book.state.held = None
        self._book.state.held_out = n

    def close(self) -> None:
        """Count no more."""
        # At the end of the program Qt may have deleted the timer already.
        with contextlib.suppress(RuntimeError):
            self._timer.stop()

    def _count(self) -> None:
        layer = self._book.layer
        if layer is None or self._book.data.material is None:
            return
        if self._counting:
            self._again = True
            return
        self._counting, self._again = True, False
        values, vertical = layer.data, self._book.data.vertical

        def work() -> tuple[dict[int, int], int]:
            counts = labels.volume.count(values)
            bodies = 0 if self._chosen or not counts else len(labels.bodies(values, vertical))
            return counts, bodies

        self._background.run(work, self._counted, self._miscounted)

    def _counted(self, outcome: tuple[dict[int, int], int]) -> None:
        self._counting = False
        counts, bodies = outcome
        book = self._book
        if book.layer is None:
            return
        book.state.counts = counts
        # A value that was painted by number and has no class yet gets one.
        if counts and max(counts) not in book.state.classes.values:
            missing = (str(v) for v in counts if v not in book.state.classes.values)
            book.set_classes(book.state.classes.including(missing))
        if not self._chosen:
            suggested = min(max(1, bodies // _OF_THEM), MOST_HELD_OUT)
            book.state.held_out = suggested if bodies >= _ENOUGH_TO_HOLD_OUT else 0
        if self._again:
            self.due()

    def _miscounted(self, error: BaseException) -> None:
        self._counting = False
        self._words.say(str(error), note=True)
