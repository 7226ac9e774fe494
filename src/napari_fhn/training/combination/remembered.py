"""What a factor said, kept for as long as it would say the same: looks at a view cost it nothing from the second on."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.factor import Factor

_EDGE = {2: 64, 3: 32}
"""Voxels of a page along each axis, by the number of axes; a section is one voxel thick, and so are its pages."""

_Page = tuple[tuple[int, ...], tuple[int, ...]]
"""Its edges along each axis, and its number along each."""


class Remembered:
    """A factor that remembers what it said, page by page, until labels change it.

    Parameters
    ----------
    factor : Factor
        What is asked for whatever it has not said yet.
    shape : tuple of int
        Of the survey.
    room : int
        Bytes that may be kept; what was not asked for longest goes first.

    Attributes
    ----------
    name, title : str
        Those of the factor.
    """

    def __init__(self, factor: Factor, shape: tuple[int, ...], room: int) -> None:
        self.name, self.title = factor.name, factor.title
        self._factor = factor
        self._shape = shape
        self._room = room
        self._pages: OrderedDict[_Page, NDArray[np.float32]] = OrderedDict()
        self._held = 0

    def look(self) -> bool:
        """Follow the labels; tells whether what it says has changed, and forgets all of it then."""
        changed = self._factor.look()
        if changed:
            self._pages.clear()
            self._held = 0
        return changed

    def without(self, bodies: Collection[int]) -> Factor:
        """Return the same factor as if these bodies had no labels; it remembers nothing."""
        return self._factor.without(bodies)

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return what the factor says of a box, and ask it for no more than it has not said."""
        self.look()
        edges = tuple(1 if size == 1 else _EDGE[len(box.shape)] for size in box.shape)
        ranges = [range(a // edge, -(-b // edge)) for a, b, edge in zip(box.start, box.stop, edges, strict=True)]
        pages = {(edges, number): self._box(edges, number) for number in itertools.product(*ranges)}
        found = {page: self._pages[page] for page in pages if page in self._pages}
        missing = [page for page in pages if page not in found]
        if missing:
            # One box round all of them: a call costs something, whatever it is about.
            start = tuple(min(pages[page].start[axis] for page in missing) for axis in range(len(edges)))
            stop = tuple(max(pages[page].stop[axis] for page in missing) for axis in range(len(edges)))
            outer = Box(start, stop)
            said = self._factor.read(outer)
            for page in missing:
                found[page] = said[(slice(None), *pages[page].within(outer))].copy()
        out = np.empty((len(next(iter(found.values()))), *box.shape), np.float32)
        for page, values in found.items():
            common = _common(pages[page], box)
            out[(slice(None), *common.within(box))] = values[(slice(None), *common.within(pages[page]))]
            self._keep(page, values)
        return out

    def _box(self, edges: tuple[int, ...], number: tuple[int, ...]) -> Box:
        ends = [
            (at * edge, min((at + 1) * edge, size)) for at, edge, size in zip(number, edges, self._shape, strict=True)
        ]
        return Box(tuple(a for a, _ in ends), tuple(b for _, b in ends))

    def _keep(self, page: _Page, values: NDArray[np.float32]) -> None:
        if page not in self._pages:
            self._held += values.nbytes
        self._pages[page] = values
        self._pages.move_to_end(page)
        while self._held > self._room and self._pages:
            _, gone = self._pages.popitem(last=False)
            self._held -= gone.nbytes


def _common(one: Box, other: Box) -> Box:
    return Box(tuple(map(max, one.start, other.start)), tuple(map(min, one.stop, other.stop)))
