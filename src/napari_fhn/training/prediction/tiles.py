"""A lattice of overlapping tiles: how a region is cut so that no seam shows, whatever its size and the tiles' order.

Along an axis neighbouring tiles overlap. What a tile says near an inner end is spoilt by the end, and not used; between
what is used of one tile and what is used of the next they fade into each other. Where the overlap holds the receptive
field of the network twice, what is used is what one block of the whole region would say, and nothing has to fade.

Tiles start at multiples of the network's coarsest cell, counted from the survey's first voxel: all of them, and one
block, then see the survey in the same cells.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box

_MOST_WORK = 3.0
"""Work of exact tiles, relative to one block, beyond which halos are shortened and tiles fade instead."""

_SHARED = 4
"""Tiles that fade share this part of their length with the next."""


@dataclass(frozen=True)
class Cut:
    """One axis of a region, cut into tiles.

    Parameters
    ----------
    start, stop : int
        The region, in voxels.
    multiple : int
        Voxels in the network's coarsest cell; tiles begin and end at multiples, if need be outside the region.
    tile : int
        Length of a tile; the last one may be shorter.
    overlap : int
        Voxels that neighbours share.
    fade : int
        Voxels in the middle of the overlap over which one tile passes into the next; 0 for a change at once.

    Raises
    ------
    ValueError
        When the numbers do not make tiles that go on.
    """

    start: int
    stop: int
    multiple: int
    tile: int
    overlap: int = 0
    fade: int = 0

    def __post_init__(self) -> None:
        good = 0 <= self.fade <= self.overlap < self.tile and self.fade <= self.stride and self.start < self.stop
        if not good or self.tile % self.multiple or self.overlap % self.multiple:
            raise ValueError(f"these are no tiles: {self}")

    @property
    def first(self) -> int:
        """Where the first tile begins."""
        return self.start // self.multiple * self.multiple

    @property
    def last(self) -> int:
        """Where the last tile ends."""
        return -(-self.stop // self.multiple) * self.multiple

    @property
    def stride(self) -> int:
        """From the beginning of one tile to that of the next."""
        return self.tile - self.overlap

    @property
    def count(self) -> int:
        """Tiles."""
        return 1 + max(0, math.ceil((self.last - self.first - self.tile) / self.stride))

    def seen(self, number: int) -> tuple[int, int]:
        """Return where a tile begins and ends."""
        start = self.first + number * self.stride
        return start, min(start + self.tile, self.last)

    def _passage(self, number: int) -> tuple[int, int]:
        """Return where tile ``number - 1`` begins to fade into tile ``number``, and where it has done so."""
        if number == 0:
            return self.start, self.start
        if number == self.count:
            return self.stop, self.stop
        begin = self.seen(number)[0] + (self.overlap - self.fade) // 2
        return begin, begin + self.fade

    def segments(self, number: int) -> list[tuple[int, int, tuple[int, ...]]]:
        """Return the pieces of the region that a tile has a say in: start, stop, and the tiles that have."""
        before, after = self._passage(number), self._passage(number + 1)
        pieces = [
            (*before, (number - 1, number)),
            (before[1], after[0], (number,)),
            (*after, (number, number + 1)),
        ]
        return [piece for piece in pieces if piece[0] < piece[1]]

    def weight(self, number: int, start: int, stop: int) -> NDArray[np.float32]:
        """Return how much a tile counts in a piece of the region; over all tiles this sums to one."""
        here = np.arange(start, stop, dtype=np.float32)
        (rise, _), (fall, _) = self._passage(number), self._passage(number + 1)
        step = self.fade + 1
        rising = np.ones_like(here) if number == 0 else np.clip((here - rise + 1) / step, 0, 1)
        falling = np.zeros_like(here) if number + 1 == self.count else np.clip((here - fall + 1) / step, 0, 1)
        return np.asarray(rising - falling, np.float32)


@dataclass(frozen=True)
class Zone:
    """A box of the region in which the same tiles have a say.

    Parameters
    ----------
    box : Box
        Inside the region; zones do not overlap, and together they are the region.
    tiles : tuple of tuple of int
        Those tiles, in the order in which they are summed.
    """

    box: Box
    tiles: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Lattice:
    """Tiles over a region of any number of axes.

    Parameters
    ----------
    cuts : tuple of Cut
        One for each axis.
    """

    cuts: tuple[Cut, ...]

    @property
    def region(self) -> Box:
        """What the tiles cover."""
        return Box(tuple(cut.start for cut in self.cuts), tuple(cut.stop for cut in self.cuts))

    def tiles(self) -> list[tuple[int, ...]]:
        """Return the tiles, each by its number along every axis."""
        return list(itertools.product(*(range(cut.count) for cut in self.cuts)))

    def box(self, tile: tuple[int, ...]) -> Box:
        """Return what a tile sees; at the end of the region it may reach over it, to the end of a cell."""
        ends = [cut.seen(number) for cut, number in zip(self.cuts, tile, strict=True)]
        return Box(tuple(a for a, _ in ends), tuple(b for _, b in ends))

    def used(self, tile: tuple[int, ...]) -> Box:
        """Return the part of a tile that has a say."""
        pieces = [cut.segments(number) for cut, number in zip(self.cuts, tile, strict=True)]
        return Box(tuple(along[0][0] for along in pieces), tuple(along[-1][1] for along in pieces))

    def zones(self, tile: tuple[int, ...]) -> Iterator[Zone]:
        """Yield the zones in which a tile has a say."""
        pieces = [cut.segments(number) for cut, number in zip(self.cuts, tile, strict=True)]
        for along in itertools.product(*pieces):
            box = Box(tuple(piece[0] for piece in along), tuple(piece[1] for piece in along))
            yield Zone(box, tuple(itertools.product(*(piece[2] for piece in along))))

    def weighted(self, values: NDArray[np.float32], tile: tuple[int, ...], box: Box) -> NDArray[np.float32]:
        """Return values of a zone, ``(channels, *box.shape)``, times what the tile counts there."""
        for axis, (cut, number) in enumerate(zip(self.cuts, tile, strict=True)):
            if cut.fade:
                along = [1] * len(self.cuts)
                along[axis] = -1
                values = values * cut.weight(number, box.start[axis], box.stop[axis]).reshape(along)
        return values


@dataclass(frozen=True)
class Pass:
    """One way over the whole survey.

    Parameters
    ----------
    across : int or None
        Axis across which the network sees sections; None for blocks.
    lattice : Lattice
        How it is cut.
    """

    across: int | None
    lattice: Lattice

    def to_plain(self) -> list[Any]:
        """Return plain JSON types."""
        return [self.across, [list(astuple(cut)) for cut in self.lattice.cuts]]

    @classmethod
    def from_plain(cls, data: Any) -> Pass:
        """Rebuild from :meth:`to_plain`."""
        across, cuts = data
        return cls(across, Lattice(tuple(Cut(*cut) for cut in cuts)))


def choose(
    region: Box, multiples: Sequence[int], radius: int | None, voxels: int, sections: tuple[int, int] | None = None
) -> Lattice:
    """Choose the tiles that cover a region without a seam, with the least work.

    Parameters
    ----------
    region : Box
        In voxels of the survey.
    multiples : sequence of int
        Voxels in the network's coarsest cell, for each axis.
    radius : int or None
        Of the network's receptive field; None where a voxel depends on all of its block.
    voxels : int
        Most voxels in a tile; a tile that has a single cell along an axis may have more.
    sections : tuple of int, optional
        The axis across which the network sees sections, and how many of them make a tile.

    Returns
    -------
    Lattice
        Of tiles that agree exactly, unless they would see every voxel more than three times: then of tiles that share a
        quarter of their length.
    """
    fixed: dict[int, Cut] = {}
    if sections is not None:
        axis, count = sections
        count = min(count, region.shape[axis])
        fixed[axis] = Cut(region.start[axis], region.stop[axis], 1, count)
        voxels = max(1, voxels // count)
    whole = [
        fixed.get(axis) or _whole(start, stop, multiple)
        for axis, (start, stop, multiple) in enumerate(zip(region.start, region.stop, multiples, strict=True))
    ]

    def options(exact: bool) -> Iterator[tuple[Cut, ...]]:
        ways = ([cut] if axis in fixed else _options(cut, radius if exact else None) for axis, cut in enumerate(whole))
        return itertools.product(*ways)

    def too_large(cuts: tuple[Cut, ...]) -> int:
        return max(voxels, math.prod(cut.tile for axis, cut in enumerate(cuts) if axis not in fixed))

    def overlap(cuts: tuple[Cut, ...]) -> float:
        cut_ones = (cut.overlap for axis, cut in enumerate(cuts) if axis not in fixed and cut.count > 1)
        return min(cut_ones, default=math.inf)  # one tile has no seam

    if too_large(tuple(whole)) == voxels:
        return Lattice(tuple(whole))
    if radius is not None:
        cuts = min(options(True), key=lambda cuts: (too_large(cuts), _work(cuts)))
        if too_large(cuts) == voxels and _work(cuts) <= _MOST_WORK * _work(whole):
            return Lattice(cuts)
    # The wider the overlap the smaller what is left of a seam: compact tiles rather than long ones.
    return Lattice(min(options(False), key=lambda cuts: (too_large(cuts), -overlap(cuts), _work(cuts))))


def _work(cuts: Sequence[Cut]) -> int:
    """Return the voxels that all tiles see together."""
    return math.prod(cut.last - cut.first + (cut.count - 1) * cut.overlap for cut in cuts)


def _whole(start: int, stop: int, multiple: int) -> Cut:
    """Return an axis in one tile."""
    return Cut(start, stop, multiple, (-(-stop // multiple) - start // multiple) * multiple)


def _options(whole: Cut, radius: int | None) -> list[Cut]:
    """Return ways to cut an axis: whole, in two, in three, ..., each with the shortest tiles that do."""
    multiple, cells = whole.multiple, whole.tile // whole.multiple
    found = [whole]
    count = 2
    while count <= cells:
        if radius is None:
            tile = math.ceil(cells / (count - (count - 1) / _SHARED))
            overlap, fade = tile // _SHARED, tile // _SHARED * multiple // 2
        else:
            overlap, fade = math.ceil(2 * radius / multiple), 0
            tile = max(math.ceil((cells + (count - 1) * overlap) / count), overlap + 1)
        if tile * multiple < found[-1].tile:
            found.append(replace(whole, tile=tile * multiple, overlap=overlap * multiple, fade=fade))
        # Not every number: between many tiles and a few more there is little to choose.
        count += max(1, count // 3)
    return found
