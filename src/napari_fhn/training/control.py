"""What may reach a running fit or predict from outside: stop, pause, go back, and where the person looks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

_TICK = 0.05
"""Seconds between two looks at whether a pause is over."""


@dataclass(frozen=True)
class Focus:
    """The section in view.

    Parameters
    ----------
    axis : int
        Spatial axis across which the viewer slices.
    index : int
        Section number along it, in voxels.
    """

    axis: int
    index: int


@dataclass
class Control:
    """Shared between the loop that computes and whoever steers it (another thread may write at any time).

    Parameters
    ----------
    stop : threading.Event
        Set it and the loop ends at its next small step, keeping what it has.
    pause : threading.Event
        While it is set the loop waits at its next small step; stop is heard all the same.
    revert : int or None
        Step of a checkpoint to go back to. Training sets it to None again when it has done so.
    focus : Focus or None
        Section to predict first; None means that everything is in view (a map). See :meth:`in_view`.
    place : tuple of int or None
        Of a map or a line: the voxel in the middle of what is on the screen; None where nobody said.
    watched : bool
        Whether anybody looks at the predictions while training runs. Where nobody does, training keeps all of the time.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    pause: threading.Event = field(default_factory=threading.Event)
    revert: int | None = None
    focus: Focus | None = None
    place: tuple[int, ...] | None = None
    watched: bool = True

    def in_view(self, shape: Sequence[int]) -> Focus | None:
        """Return the section in view of a survey of this shape; None also for one that it has not.

        What is said from outside may be about another survey, one that was shown before.
        """
        focus = self.focus
        known = focus is not None and 0 <= focus.axis < len(shape) and 0 <= focus.index < shape[focus.axis]
        return focus if known else None

    def place_in(self, shape: Sequence[int]) -> tuple[int, ...] | None:
        """Return the place in view of a map of this shape; None also for one that it has not."""
        place = self.place
        known = place is not None and len(place) == len(shape)
        return place if known and all(0 <= at < size for at, size in zip(place or (), shape, strict=True)) else None

    def wait_while_paused(self) -> None:
        """Return at once when nothing is paused, else when it goes on or stops."""
        while self.pause.is_set() and not self.stop.is_set():
            self.stop.wait(_TICK)
