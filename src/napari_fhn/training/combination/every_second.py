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


class EverySecond:
    """Says of sections what is said of every second one, wherever a box begins.

    Parameters
    ----------
    look : callable
        Of a box, an axis and a range of lines across it: returns ``(classes, *box.shape)``, these lines alone along the
        axis.

    Examples
    --------
    >>> def look(box, across, lines):
    ...     return np.array(lines, np.float32).reshape(1, -1, 1, 1) ** 2
    >>> says = EverySecond(look)
    >>> says.read(Box((1, 0, 0), (5, 1, 1)), 0, 6).ravel().tolist()
    [2.0, 4.0, 10.0, 16.0]
    """

    def __init__(self, look: Callable[[Box, int, range], Floats]) -> None:
        self._look = look
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
        start, stop = box.start[across], box.stop[across]
        first, last = start // STEP, min(-(-(stop - 1) // STEP), (lines - 1) // STEP)
        seen = self._seen(box, across, first, last, of)
        at = np.arange(start, stop)
        found = np.take(seen, at // STEP - first, axis=1 + across)
        told, beside = (np.moveaxis(one, 1 + across, 0) for one in (found, seen))
        for k in np.flatnonzero(at % STEP):  # one by one, in place: a tile is large
            told[k] += beside[min(at[k] // STEP + 1, last) - first]
            told[k] *= np.float32(0.5)
        return found

    def _seen(self, box: Box, across: int, first: int, last: int, of: Hashable) -> Floats:
        """Return what is said of the sections of these numbers, and remember it of those at the ends."""
        rest = (across, box.slab(across, 0, 0), of)
        here = {number: self._kept.get((rest, number)) for number in range(first, last + 1)}
        missing = [number for number, one in here.items() if one is None]
        if missing:
            lines = range(missing[0] * STEP, missing[-1] * STEP + 1, STEP)
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
