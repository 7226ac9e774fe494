"""Counts what is labelled, beside the GUI, and from it suggests how much to hold out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QTimer

from napari_fhn import labels
from napari_fhn.widgets.background import Background

COUNT_MS = 300
"""Pause after a stroke before labels are counted."""

_ENOUGH_TO_HOLD_OUT = 10
"""Labelled bodies from which on some are held out by default: of six wells one that is kept costs 0.04 in mean IoU, and
what one says of a score is anybody's guess (`benchmarks/README.md`)."""

_OF_THEM = 5
"""Of so many bodies one is held out by default."""

MOST_HELD_OUT = 20
"""More bodies than this are never held out."""

ToCount = Callable[[], tuple[NDArray[np.uint8], int | None] | None]
"""Returns the labels and the vertical axis; None where there is nothing to count."""


class Tally:
    """Counts labels when it is due.

    Parameters
    ----------
    background : Background
        On which it counts.
    to_count : callable
        What.
    counted : callable
        Told how many voxels each value has, and how many bodies to hold out; None for these where a person chose.
    failed : callable
        Told why it could not.

    Attributes
    ----------
    chosen : int or None
        How many bodies a person chose to hold out; None where the number is suggested.
    """

    def __init__(
        self,
        background: Background,
        to_count: ToCount,
        counted: Callable[[dict[int, int], int | None], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.chosen: int | None = None
        self._background = background
        self._to_count = to_count
        self._done = counted
        self._failed = failed
        self._counting = False
        self._again = False
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._count)

    def due(self, pause_ms: int = COUNT_MS) -> None:
        """Count after a pause; a call before it is over starts the pause again."""
        self._timer.start(pause_ms)

    @property
    def pending(self) -> bool:
        """Whether it is going to count, or counts just now."""
        return self._counting or self._again or self._timer.isActive()

    def close(self) -> None:
        """Count no more."""
        # At the end of the program Qt may have deleted the timer already.
        with contextlib.suppress(RuntimeError):
            self._timer.stop()

    def _count(self) -> None:
        found = self._to_count()
        if found is None:
            return
        if self._counting:
            self._again = True
            return
        self._counting, self._again = True, False
        values, vertical = found

        def work() -> tuple[dict[int, int], int]:
            counts = labels.volume.count(values)
            bodies = 0 if self.chosen is not None or not counts else len(labels.bodies(values, vertical))
            return counts, bodies

        self._background.run(work, self._counted, self._miscounted)

    def _counted(self, outcome: tuple[dict[int, int], int]) -> None:
        self._counting = False
        counts, bodies = outcome
        enough = bodies >= _ENOUGH_TO_HOLD_OUT
        suggested = min(bodies // _OF_THEM, MOST_HELD_OUT) if enough else 0
        self._done(counts, None if self.chosen is not None else suggested)
        if self._again:
            self.due()

    def _miscounted(self, error: BaseException) -> None:
        self._counting = False
        self._failed(error)
