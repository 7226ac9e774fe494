"""How fast training goes: when what came of its steps is read, how long one takes, and what is left."""

from __future__ import annotations

import time

from napari_fhn.training.machine.time_left import TimeLeft

_READ_EVERY = 0.1
"""Seconds between two steps of which is read what came of them, where reading makes a device wait."""


class Pace:
    """Looks at the clock for a training.

    Attributes
    ----------
    time_left : TimeLeft
        What is left, with what comes between steps and after them.
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.time_left = TimeLeft()
        self._read = 0.0
        self._seconds: list[float] = []

    @property
    def due(self) -> bool:
        """Whether it is time to read what came of the steps."""
        return time.monotonic() - self._read > _READ_EVERY

    @property
    def running(self) -> float:
        """Seconds since training began."""
        return time.monotonic() - self._started

    def waited(self, seconds: float) -> None:
        """Leave some seconds out of what steps take."""
        self.time_left.aside(seconds)

    def stepped(self, seconds: float) -> None:
        """Take note of a step."""
        self._seconds.append(seconds)

    def read(self) -> float:
        """Take note that it was read, and return the mean seconds of the steps since it was the last time."""
        self._read = time.monotonic()
        mean = sum(self._seconds) / len(self._seconds)
        self._seconds.clear()
        return mean

    def left(self, made: int, to_make: int) -> float | None:
        """Return the seconds that are left.

        Parameters
        ----------
        made, to_make : int
            Steps since training began, and those that are left.
        """
        self.time_left.made(made)
        return self.time_left.left(to_make)
