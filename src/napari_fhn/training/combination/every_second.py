"""Every second section is looked at, and one between is the mean of both beside it: half the time, and as good."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.combination.pretrained_memory import ROOM

Floats = NDArray[np.float32]

STEP = 2
"""Sections from one that is looked at to the next; cells along them are four traces long."""

COARSE = 4
"""The same where what is said is averaged afterwards: next to as good, and half the time once more."""


class EverySecond:
    """Says of sections what is said of every second one, or of fewer, wherever a box begins.

    Parameters
    ----------
    look : callable
        Of a box, an axis and a range of lines across it: returns ``(classes, *box.shape)``, these lines alone along the
        axis.
    step : int
        Sections from one that is looked at to the next; those between are interpolated linearly.

    Examples
    --------
    >>> def look(box, across, lines):
    ...     return np.array(lines, np.float32).reshape(1, -1, 1, 1) ** 2
    >>> says = EverySecond(look)
    >>> says.read(Box((1, 0, 0), (5, 1, 1)), 0, 6).ravel().tolist()
    [2.0, 4.0, 10.0, 16.0]
    """

    def __init__(self, look: Callable[[Box, int, range], Floats], step: int = STEP) -> None:
        self._look = look
        self._step = step
        self._kept: OrderedDict[Hashable, Floats] = OrderedDict()
        self._held = 0

    def read(self, box: Box, across: int, lines: int, of: Hashable = None) -> Floats:
        """Return ``(classes, *box.shape)``.

        Parameters
        ----------
        box : Box
            Inside a volume.
        across : int
            The axis across which sections lie.
        lines : int
            How many of them the volume has.
        of : hashable
            What it depends on beside: what was said of something else is not remembered.
        """
        start, stop, step = box.start[across], box.stop[across], self._step
        first, last = start // step, min(-(-(stop - 1) // step), (lines - 1) // step)
        seen = self._seen(box, across, first, last, of)
        at = np.arange(start, stop)
        found = np.take(seen, at // step - first, axis=1 + across)
        told, beside = (np.moveaxis(one, 1 + across, 0) for one in (found, seen))
        for k in np.flatnonzero(at % step):  # one by one, in place: a tile is large
            share = np.float32(at[k] % step / step)
            told[k] *= 1 - share
            told[k] += share * beside[min(at[k] // step + 1, last) - first]
        return found

    def _seen(self, box: Box, across: int, first: int, last: int, of: Hashable) -> Floats:
        """Return what is said of the sections of these numbers, and remember it of those at the ends."""
        rest = (across, box.slab(across, 0, 0), of)
        here = {number: self._kept.get((rest, number)) for number in range(first, last + 1)}
        missing = [number for number, one in here.items() if one is None]
        if missing:
            lines = range(missing[0] * self._step, missing[-1] * self._step + 1, self._step)
            looked = self._look(box.slab(across, lines[0], lines[-1] + 1), across, lines)
            for k, number in enumerate(range(missing[0], missing[-1] + 1)):
                here[number] = np.take(looked, [k], axis=1 + across)
        for number in (first, last):
            self._keep((rest, number), here[number])
        return np.concatenate([one for one in here.values() if one is not None], axis=1 + across)

    def _keep(self, place: Hashable, said: Floats | None) -> None:
        assert said is not None
        if place not in self._kept:
            self._held += said.nbytes
        self._kept[place] = said
        self._kept.move_to_end(place)
        while self._held > ROOM:
            self._held -= self._kept.popitem(last=False)[1].nbytes
