"""How long something takes yet: one estimate for trainings, predictions and copies, and the words it is told in."""

from __future__ import annotations

import time
from collections.abc import Callable

_SHORTEST = 10.0
"""Seconds after which what was measured counts half; longer where there is more to go by."""

_OF_ALL = 0.15
"""The same as a share of what has passed: a view that is predicted every half a minute must not make it swing."""


class TimeLeft:
    """Estimates what is left by how fast it went lately, and by what else is known to come.

    What comes again and again, such as a view that is predicted between steps, is part of how fast it goes. What comes
    once is a stage: expected by what the like of it took, and left out of the speed when it has come. The first piece
    of work counts only until there is another one: it brings libraries and memory along.

    Parameters
    ----------
    clock : callable
        Returns seconds.

    Examples
    --------
    >>> now = iter([0.0, 9.0, 11.0, 13.0])
    >>> left = TimeLeft(lambda: next(now))
    >>> for made in (1, 2, 3):
    ...     left.made(made)
    >>> left.left(10)
    20.0
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = self._began = clock()
        self._made: float | None = None
        self._pieces = 0
        self._work = self._seconds = 0.0
        self._aside = 0.0
        self._stages: dict[str, float] = {}

    def made(self, work: float) -> None:
        """Take note that so much is done in all: steps, or a share.

        What was done before the first call (by a program that was stopped) is given with :meth:`from_there`.
        """
        now = self._clock()
        taken, done = max(now - self._last - self._aside, 0.0), work - (self._made or 0.0)
        self._last, self._aside, self._made = now, 0.0, work
        if done <= 0:
            return
        self._pieces += 1
        if self._pieces == 2:
            self._work = self._seconds = 0.0
        half = max(_SHORTEST, _OF_ALL * (now - self._began))
        kept = 0.5 ** (taken / half)
        self._work = kept * self._work + done
        self._seconds = kept * self._seconds + taken

    def from_there(self, work: float) -> None:
        """Begin with so much that is done already, in no time."""
        self._made = work
        self._last = self._clock()

    def aside(self, seconds: float) -> None:
        """Leave some seconds out: a pause, or what comes once."""
        self._aside += seconds

    def expect(self, stage: str, seconds: float) -> None:
        """Say what a stage that is to come will take."""
        self._stages[stage] = seconds

    def passed(self, stage: str) -> None:
        """Expect a stage no more."""
        self._stages.pop(stage, None)

    def left(self, work: float) -> float | None:
        """Return the seconds that are left; None before anything was done.

        Parameters
        ----------
        work : float
            Still to be done, in the unit of :meth:`made`.
        """
        if self._work <= 0:
            return None
        return self._seconds / self._work * work + sum(self._stages.values())


def duration(seconds: float) -> str:
    """Return a duration as one says it, in numbers that change often enough to be seen to.

    Parameters
    ----------
    seconds : float
        The duration.

    Examples
    --------
    >>> [duration(seconds) for seconds in (0.2, 8.2, 44, 133, 1500, 5000)]
    ['1 s', '8 s', '45 s', '2 min 10 s', '25 min', '1 h 25 min']
    """
    if seconds < 20:
        return f"{max(round(seconds), 1)} s"
    if seconds < 57.5:
        return f"{5 * round(seconds / 5)} s"
    if seconds < 595:
        minutes, rest = divmod(10 * round(seconds / 10), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    if seconds < 3570:
        return f"{round(seconds / 60)} min"
    hours, minutes = divmod(5 * round(seconds / 300), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def words(seconds: float | None) -> str:
    """Return what is said of the time that is left; empty where nothing is known.

    Parameters
    ----------
    seconds : float or None
        Estimate; below zero where it has taken longer than was thought.
    """
    if seconds is None:
        return ""
    return f"{duration(seconds)} left" if seconds > 0 else "nearly done"
