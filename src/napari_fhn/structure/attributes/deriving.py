"""Attributes read by box: what lies around is read too, and what needs the whole of a large map goes by fixed tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.attributes.attribute import Attribute, Fitted
from napari_fhn.structure.attributes.facts import Band, Facts

if TYPE_CHECKING:
    from napari_fhn.structure.dips import DipField

Values = NDArray[np.float32]

_WHOLE = 2048
"""Cells of an axis of a map up to which "the whole of it" is meant; a trace is read whole however long it is."""

_TILE, _MARGIN = 2048, 256
"""Of a longer one: tiles that begin at its multiples, and what they see beyond their ends."""

_VOXELS = 2**22
"""Voxels of all bands that are worked on at a time: some hundred megabytes with what is made of them."""

_BLOCKS, _SIDE = 16, 48
"""Blocks that are looked at to find what holds for all of the data, and their side across traces or pixels."""


class Sources:
    """The arrays that attributes follow from, as one array of bands.

    Parameters
    ----------
    arrays : sequence of array_like
        ``(bands, *shape)`` each, of one shape; memory-mapped is fine, NaN where there are no data.
    bands : sequence of Band
        How their values are stored; as they are meant, where nothing is said.
    dips : callable, optional
        Given the vertical axis, opens dips of the first band that are kept somewhere; made anew without.
    """

    def __init__(
        self,
        arrays: Sequence[Any],
        bands: Sequence[Band] = (),
        dips: Callable[[int], DipField] | None = None,
    ) -> None:
        self._arrays = list(arrays)
        self._dips = dips
        stored = any((band.scale, band.offset) != (1.0, 0.0) for band in bands)
        self._scale = np.array([band.scale for band in bands], np.float32) if stored else None
        self._offset = np.array([band.offset for band in bands], np.float32)
        self.shape: tuple[int, ...] = tuple(self._arrays[0].shape[1:])
        self.bands = sum(len(array) for array in self._arrays)

    def read(self, box: Box) -> Values:
        """Return the bands ``(bands, *box.shape)`` of a box inside the data, in their units."""
        parts = [np.asarray(array[(slice(None), *box.slices)], np.float32) for array in self._arrays]
        found = np.concatenate(parts) if len(parts) > 1 else np.array(parts[0])
        found[np.isinf(found)] = np.nan
        if self._scale is not None:
            each = (-1,) + (1,) * len(self.shape)
            found *= self._scale.reshape(each)
            found += self._offset.reshape(each)
        return found

    def dips(self, vertical: int) -> DipField:
        """Open the dips of the first band, with the vertical axis last."""
        if self._dips is not None:
            return self._dips(vertical)
        from napari_fhn.structure.dips import DipField

        return DipField.open(_Upright(self, vertical))

    def blocks(self, vertical: int | None) -> list[Values]:
        """Return blocks from all over the data, always the same ones."""
        rng = np.random.default_rng(0)
        side = _SIDE if len(self.shape) == 2 and vertical is None else _SIDE // 8
        sizes = [size if axis == vertical else min(side, size) for axis, size in enumerate(self.shape)]
        rest = [size - part for size, part in zip(self.shape, sizes, strict=True)]
        if all(one <= side * 4 for axis, one in enumerate(rest) if axis != vertical):
            return [self.read(Box.whole(self.shape))]
        found: list[Values] = []
        for _ in range(_BLOCKS * 4):
            start = [int(rng.integers(0, one + 1)) for one in rest]
            block = self.read(Box(tuple(start), tuple(a + b for a, b in zip(start, sizes, strict=True))))
            if np.isfinite(block).any():
                found.append(block)
            if len(found) == _BLOCKS:
                break
        return found or [self.read(Box((0,) * len(sizes), tuple(sizes)))]


class _Upright:
    """The first band as an array that is read as it is sliced, with the vertical axis last."""

    def __init__(self, sources: Sources, vertical: int) -> None:
        self._sources, self._vertical = sources, vertical % len(sources.shape)
        across = [size for axis, size in enumerate(sources.shape) if axis != self._vertical]
        self.shape = (*across, sources.shape[self._vertical])

    def __getitem__(self, where: tuple[slice, ...]) -> Values:
        ends = [one.indices(size)[:2] for one, size in zip(where, self.shape, strict=True)]
        ends.insert(self._vertical, ends.pop())
        box = Box(tuple(start for start, _ in ends), tuple(stop for _, stop in ends))
        return np.moveaxis(self._sources.read(box)[0], self._vertical, -1)


class Derived:
    """An attribute of some data.

    Parameters
    ----------
    attribute : Attribute
        Which.
    facts : Facts
        Of the data.
    sources : Sources
        The data.
    fitted : tuple of float, optional
        What was found where a network was trained; found here when absent.

    Attributes
    ----------
    names : tuple of str
        Of its channels.
    shape : tuple of int
        Of space.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_fhn.structure.attributes import Band, Facts, Step, attribute
    >>> hill = np.add.outer(np.arange(6.0), np.zeros(5))
    >>> facts = Facts((6, 5), (Step(), Step()), (Band("hill"),))
    >>> Derived(attribute("gradient"), facts, Sources([hill[np.newaxis]])).read(Box((2, 2), (3, 4))).tolist()
    [[[1.0, 1.0]]]
    """

    def __init__(self, attribute: Attribute, facts: Facts, sources: Sources, fitted: Fitted | None = None) -> None:
        self.attribute = attribute
        self.facts = facts
        self.names = attribute.channels(facts)
        self.shape = sources.shape
        self._sources = sources
        self._fitted = fitted
        self._survey = attribute.of_survey(sources, facts)

    @property
    def fitted(self) -> Fitted:
        """What was found on the data as a whole; looked for when it is first needed."""
        if self._fitted is None:
            self._fitted = self.attribute.fit(self._sources.blocks(self.facts.vertical), self.facts)
        return self._fitted

    def read(self, box: Box) -> Values:
        """Return its channels ``(channels, *box.shape)`` in a box inside the data, the same in whichever box."""
        if self._survey is not None:
            return self._survey.read(box)
        out = np.empty((len(self.names), *box.shape), np.float32)
        for seen, inside in self._tiles(box):
            found = self.attribute.compute(self._sources.read(seen), self.facts, self.fitted)
            out[(slice(None), *inside.within(box))] = found[(slice(None), *inside.within(seen))]
        return out

    def parts(self) -> Iterator[Box]:
        """Yield boxes that make up the data, each small enough to be worked on at once."""
        reach = self.attribute.reach(self.facts)
        if self._survey is not None:  # what takes the whole is there once, and any box is read from it
            reach = tuple(None if axis == self.facts.vertical else 0 for axis in range(len(reach)))
        sides = [
            (size if self._is_whole(axis) else _TILE) if one is None else 0
            for axis, (one, size) in enumerate(zip(reach, self.shape, strict=True))
        ]
        free = [axis for axis, side in enumerate(sides) if not side]
        left = max(1, _VOXELS // (self._sources.bands * int(np.prod([side for side in sides if side]))))
        for number, axis in enumerate(reversed(free)):
            # Of the last axes as much as there is; of the first one what is left.
            share = left if number == len(free) - 1 else max(1, round(left ** (1 / (len(free) - number))))
            sides[axis] = min(self.shape[axis], max(share, 2 * (reach[axis] or 0), 1))
            left = max(1, left // sides[axis])
        starts = [range(0, size, side) for size, side in zip(self.shape, sides, strict=True)]
        for start in product(*starts):
            yield Box(start, tuple(min(a + b, c) for a, b, c in zip(start, sides, self.shape, strict=True)))

    def write(self, out: NDArray[np.float32], progress: Callable[[float], None] | None = None) -> None:
        """Compute all of it.

        Parameters
        ----------
        out : ndarray of float32, shape (channels, *shape)
            Written into, part by part; memory-mapped is fine.
        progress : callable, optional
            Told the share that is done; what it raises ends the work.
        """
        before = 0.0
        if self._survey is not None:
            for share in self._survey.prepare():
                before = share / 2
                if progress is not None:
                    progress(before)
        done, whole = 0, int(np.prod(self.shape))
        for box in self.parts():
            out[(slice(None), *box.slices)] = self.read(box)
            done += int(np.prod(box.shape))
            if progress is not None:
                progress(before + (1 - before) * (done / whole))

    def _is_whole(self, axis: int) -> bool:
        """Whether an axis of which the whole is looked at is not cut into tiles."""
        return axis == self.facts.vertical or self.shape[axis] <= _WHOLE

    def _tiles(self, box: Box) -> Iterator[tuple[Box, Box]]:
        """Yield what is read, and of which part of the box it tells."""
        along: list[list[tuple[int, int, int, int]]] = []
        for axis, reach in enumerate(self.attribute.reach(self.facts)):
            start, stop, size = box.start[axis], box.stop[axis], self.shape[axis]
            if reach is not None:
                along.append([(max(0, start - reach), min(size, stop + reach), start, stop)])
            elif self._is_whole(axis):
                along.append([(0, size, start, stop)])
            else:
                tiles = range(start // _TILE, -(-stop // _TILE))
                along.append(
                    [
                        (
                            max(0, tile * _TILE - _MARGIN),
                            min(size, (tile + 1) * _TILE + _MARGIN),
                            max(start, tile * _TILE),
                            min(stop, (tile + 1) * _TILE),
                        )
                        for tile in tiles
                    ]
                )
        for part in product(*along):
            yield (
                Box(tuple(one[0] for one in part), tuple(one[1] for one in part)),
                Box(tuple(one[2] for one in part), tuple(one[3] for one in part)),
            )
