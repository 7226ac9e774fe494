"""How long the window was deaf: the longest gap between beats of a fast timer."""

from __future__ import annotations

import time

from qtpy.QtCore import Qt, QTimer

BEAT_MS = 10


class Heartbeat:
    """Measures stalls of the event loop from its start to :meth:`stop`.

    Attributes
    ----------
    stalls : list of float
        Seconds by which each beat came late.
    """

    def __init__(self) -> None:
        self.stalls: list[float] = []
        self._last = time.monotonic()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.monotonic()
        self.stalls.append(max(0.0, now - self._last - BEAT_MS / 1000))
        self._last = now

    def pause(self) -> None:
        """Stop measuring for a while."""
        self._timer.stop()

    def resume(self) -> None:
        """Go on measuring."""
        self._last = time.monotonic()
        self._timer.start()

    def stop(self) -> None:
        """Stop measuring."""
        self._timer.stop()

    @property
    def longest(self) -> float:
        """Longest stall, in seconds."""
        return max(self.stalls, default=0.0)

    @property
    def percentile_99(self) -> float:
        """Stall that 99 of 100 beats stay below, in seconds."""
        ordered = sorted(self.stalls)
        return ordered[int(0.99 * (len(ordered) - 1))] if ordered else 0.0
