"""Regions of a survey predicted each by itself, with all that their voxels depend on: no region waits for another.

A region is seen with the receptive field of the network around it, so that it is what one block of the whole survey
would give, to rounding; and what it gives depends on the region alone, never on who predicts it or on what was
predicted before. Both directions of sections are averaged within it: what waits is a region and its halo.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_fhn import leftovers, mapped
from napari_fhn.box import Box
from napari_fhn.training.combination import finishing
from napari_fhn.training.combination.combiner import Combined, Combiner, combined, seen
from napari_fhn.training.control import Control
from napari_fhn.training.machine.ahead import ahead
from napari_fhn.training.prediction.evaluator import Evaluator, Stopped
from napari_fhn.training.prediction.outputs import NoRoomError
from napari_fhn.training.prediction.waiting import Waiting, names_of

_IN_MEMORY = 2**28
"""Bytes of what waits that are held in memory; more lies in a file of the system's temporary folder."""

_TILE_VOXELS = 2**21
"""Most voxels of a tile, whatever the machine: all that work on the same survey cut it in the same way."""

_SHARED = 4
"""Where a voxel depends on all of its block, this part of a tile is seen beyond each of its ends."""

TOGETHER = 2**17
"""Voxels of small sections that are computed together: convolutions of little cost as much as those of more."""

MOST_SECTIONS = 16

_ABREAST = 4
"""Sections of a tile where so many are no more than a tile may have: cores compute them side by side."""


def sections_together(section: int, voxels: int) -> int:
    """Return how many sections make a tile.

    Parameters
    ----------
    section : int
        Voxels of one.
    voxels : int
        Most of a tile.
    """
    section = max(1, section)
    return min(MOST_SECTIONS, max(1, TOGETHER // section, min(_ABREAST, voxels // section)))


@dataclass(frozen=True)
class Tile:
    """A part of a region.

    Parameters
    ----------
    seen : Box
        What the network sees: whole cells of it, perhaps over the end of the survey.
    used : Box
        What is taken from that.
    """

    seen: Box
    used: Box


def cut(
    region: Box,
    shape: Sequence[int],
    multiples: Sequence[int],
    radius: int | None,
    voxels: int,
    across: int | None = None,
) -> list[Tile]:
    """Cut a region into tiles that see all that they depend on.

    Parameters
    ----------
    region : Box
        Inside the survey.
    shape : sequence of int
        Of the survey.
    multiples : sequence of int
        Voxels in the network's coarsest cell, for each axis.
    radius : int or None
        Of the network's receptive field; None where a voxel depends on all of its block.
    voxels : int
        Most that a tile sees, unless its halo alone is more.
    across : int, optional
        The axis across which the network sees sections.

    Returns
    -------
    list of Tile
        Whose used boxes are the region.

    Examples
    --------
    >>> [tile] = cut(Box((8,), (16,)), (40,), (4,), 3, 100)
    >>> tile.seen
    Box(start=(4,), stop=(20,))
    """
    counts = [1] * len(shape)
    if across is not None:
        section = math.prod(size for axis, size in enumerate(region.shape) if axis != across)
        counts[across] = math.ceil(region.shape[across] / sections_together(section, voxels))

    def parts(axis: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        start, stop, cell, n = region.start[axis], region.stop[axis], multiples[axis], counts[axis]
        # Between cells of the network, so that none is seen twice for nothing.
        edges = [start, *(start + (stop - start) * k // n // cell * cell for k in range(1, n)), stop]
        found = []
        for a, b in itertools.pairwise(edges):
            if a == b:
                continue
            more = 0 if axis == across else -(-(b - a) // _SHARED) if radius is None else radius
            low, high = max(0, (a - more) // cell * cell), min(-(-shape[axis] // cell), -(-(b + more) // cell)) * cell
            found.append(((low, high), (a, b)))
        return found

    while True:
        axes = [parts(axis) for axis in range(len(shape))]
        largest = math.prod(max(high - low for (low, high), _ in along) for along in axes)
        longest = max(
            (axis for axis in range(len(shape)) if axis != across),
            key=lambda axis: max(b - a for _, (a, b) in axes[axis]),
        )
        # Of what is no longer than its halo, half would be no less.
        least = max(multiples[longest], radius or 0)
        if largest <= voxels or max(b - a for _, (a, b) in axes[longest]) <= least:
            break
        counts[longest] += 1
    return [
        Tile(
            Box(tuple(low for (low, _), _ in place), tuple(high for (_, high), _ in place)),
            Box(tuple(a for _, (a, _) in place), tuple(b for _, (_, b) in place)),
        )
        for place in itertools.product(*axes)
    ]


class Regions:
    """Predicts regions of a survey, each by itself.

    Parameters
    ----------
    evaluator : Evaluator
        The network.
    combiner : Combiner or None
        What a prediction is made of beside the network.
    memory : int, optional
        Bytes that may be used.
    """

    def __init__(self, evaluator: Evaluator, combiner: Combiner | None, memory: int | None = None) -> None:
        self._evaluator = evaluator
        self._combiner = combiner
        self._memory = memory
        self._frame = evaluator.frame
        self.voxels = min(_TILE_VOXELS, evaluator.portable_voxels(memory))

    @property
    def ways(self) -> list[int | None]:
        """The directions in which sections are seen; one that is none for other networks."""
        return list(self._frame.sections) or [None]

    def seen(self, region: Box) -> int:
        """Return the voxels that the network sees for a region, in all its ways."""
        outer = self._outer(region)
        return sum(math.prod(tile.seen.shape) for across in self.ways for tile in self._tiles(outer, across))

    def predict(self, region: Box, control: Control | None = None) -> Iterator[tuple[Box, Combined]]:
        """Predict a region.

        Parameters
        ----------
        region : Box
            Inside the survey; of whole columns, where there is a vertical axis.
        control : Control, optional
            To stop.

        Yields
        ------
        box : Box
            A part of it; together they are the region.
        said : Combined
            Of that part.

        Raises
        ------
        Stopped
            When that was asked for.
        JobError
            When memory or disk are too short.
        """
        outer, last = self._outer(region), len(self.ways) - 1
        waits = last > 0 or outer != region or self._finishes
        classes = self._evaluator.network.classes
        with contextlib.ExitStack() as rooms:
            names = names_of(self._combiner, len(self.ways))
            room = (len(names) * classes, *outer.shape) if waits else (0,)
            waiting = Waiting(rooms.enter_context(room_for(room, np.float16)), names, outer)
            alone: dict[str, NDArray[np.uint8]] = {}
            for number, across in enumerate(self.ways):
                for box, values in ahead(self._evaluated(outer, across, control)):
                    said = seen(self._combiner, box, values, across if last else None)
                    if number:
                        said = waiting.averaged(box, said)
                    if number < last:
                        waiting.put(box, said)
                    elif not self._finishes:
                        yield box, combined(self._combiner, box, said)
                    else:
                        assert self._combiner is not None
                        together = self._combiner.combine(box, said, finished=False)
                        waiting.put_together(box, together.probabilities)
                        for name, one in together.alone.items():
                            if name not in alone:
                                alone[name] = rooms.enter_context(room_for(outer.shape, np.uint8))
                            alone[name][box.within(outer)] = one
            if self._finishes:
                assert self._combiner is not None
                for box in finishing.boxes(self._combiner, classes, self._memory, region):
                    if control is not None and control.stop.is_set():
                        raise Stopped
                    around = finishing.surrounded(box, self._combiner)
                    pooled = waiting.get_together(around)
                    found = self._combiner.finished(around, pooled).within(box, around)
                    yield box, replace(found, alone={name: one[box.within(outer)] for name, one in alone.items()})

    @property
    def _finishes(self) -> bool:
        return self._combiner is not None and self._combiner.finishes

    def _outer(self, region: Box) -> Box:
        """A region with all that the last step looks at."""
        return finishing.surrounded(region, self._combiner) if self._finishes and self._combiner else region

    def _tiles(self, outer: Box, across: int | None) -> list[Tile]:
        evaluator = self._evaluator
        return cut(outer, self._frame.shape, evaluator.multiples(across), evaluator.radius, self.voxels, across)

    def _evaluated(
        self, outer: Box, across: int | None, control: Control | None
    ) -> Iterator[tuple[Box, NDArray[np.float32]]]:
        for tile in self._tiles(outer, across):
            if control is not None:
                control.wait_while_paused()
                if control.stop.is_set():
                    raise Stopped
            if self._is_gap(tile):
                classes = self._evaluator.network.classes
                yield tile.used, np.full((classes, *tile.used.shape), 1 / classes, np.float32)
            else:
                yield tile.used, self._evaluator.probabilities(tile.seen, tile.used, across, control)

    def _is_gap(self, tile: Tile) -> bool:
        """Tell whether nothing is known that a tile, or what is averaged over it, would say anything about."""
        radius = self._evaluator.radius
        halo = max(self._combiner.halo, default=0) if self._combiner is not None else 0
        return radius is not None and halo <= radius and not self._frame.present(tile.seen).any()


@contextmanager
def room_for(shape: tuple[int, ...], dtype: DTypeLike) -> Iterator[NDArray[Any]]:
    """Yield an array of zeros for a while: in memory, or in a file that is gone afterwards.

    Parameters
    ----------
    shape : tuple of int
        Of the array.
    dtype : dtype-like
        Of its values.

    Raises
    ------
    JobError
        When the temporary folder has no room for it.
    """
    if np.dtype(dtype).itemsize * math.prod(shape) <= _IN_MEMORY:
        yield np.zeros(shape, dtype)
        return
    with leftovers.temporary() as folder:
        try:
            array: Any = mapped.create(Path(folder, "waiting.npy"), shape, dtype)
        except mapped.NoRoom as error:
            raise NoRoomError(
                f"{folder} has no room for what waits ({error.strerror}): name another folder with TMPDIR, or take "
                "smaller shards"
            ) from error
        yield array
        del array
