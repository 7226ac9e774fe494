"""What goes on in a training while no steps are made: the view is predicted wherever it moves."""

from __future__ import annotations

import time
from collections.abc import Iterator

from napari_fhn.training.combination.learning import Combining
from napari_fhn.training.control import Control
from napari_fhn.training.prediction.live import Live
from napari_fhn.training.steps.pace import Pace
from napari_fhn.training.steps.stepping import Stepping
from napari_fhn.training.updates import Note, Update

_TICK = 0.05
"""Seconds between two looks at what was asked for."""


class Resting:
    """Waits, and shows what there is meanwhile.

    Parameters
    ----------
    control : Control
        Says when a pause is over, and what is in view.
    live : Live
        Predicts it.
    combining : Combining
        The factors of what is predicted.
    stepping : Stepping
        Whose other processes wait too.
    pace : Pace
        Of the steps, which do not take this time.
    """

    def __init__(self, control: Control, live: Live, combining: Combining, stepping: Stepping, pace: Pace) -> None:
        self._control = control
        self._live = live
        self._combining = combining
        self._stepping = stepping
        self._pace = pace

    def pause(self, step: int, *, looks: bool) -> Iterator[Update]:
        """Wait until training goes on.

        Parameters
        ----------
        step : int
            Made so far.
        looks : bool
            Whether there is a network to look at.
        """
        began = time.monotonic()
        yield Note(f"Training is paused after step {step}.")
        while self._control.pause.is_set() and not self._control.stop.is_set():
            self._stepping.wait()
            if looks:
                yield from self._look(step)
            self._control.stop.wait(_TICK)
        self._pace.waited(time.monotonic() - began)

    def wait(self, step: int) -> Iterator[Update]:
        """Wait a little for what is to be known of the data, or do some of it."""
        began = time.monotonic()
        yield from map(Note, self._combining.catch_up())
        yield from self._look(step)
        self._pace.waited(time.monotonic() - began)

    def _look(self, step: int) -> Iterator[Update]:
        if self._live.moved:
            with self._stepping.learner.average.in_network():
                yield from self._combining.listening(self._live.look(step))
