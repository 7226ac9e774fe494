"""Changes of a label volume: what they were, kept small, taken back and made again in any order.

A change remembers the old and the new values of a few boxes. Taking it back touches only voxels that still hold what
it wrote, so that a later change on the same voxels is never lost, whichever of the two is taken back first.

A change is known before it is made: `planned` asks rules what they would write, and writes nothing. So it can be kept
on the disk first, and finished by whoever comes after a program that ended in between.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.labels.volumes.splits import slabs


@dataclass(frozen=True)
class Patch:
    """Old and new values of one box, compressed.

    Attributes
    ----------
    box : Box
        Where.
    old, new : bytes
        uint8, in C order, through zlib.
    """

    box: Box
    old: bytes
    new: bytes

    @classmethod
    def of(cls, box: Box, old: NDArray[np.uint8], new: NDArray[np.uint8]) -> Patch:
        """Keep the values of a box."""
        return cls(box, *(zlib.compress(np.ascontiguousarray(part).tobytes(), 1) for part in (old, new)))

    def values(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Old and new values, of the box's shape.

        Raises
        ------
        ValueError
            When they are not whole, or more than the box holds: they may come from a file.
        """
        return self._unpacked(self.old), self._unpacked(self.new)

    def _unpacked(self, part: bytes) -> NDArray[np.uint8]:
        size = math.prod(self.box.shape)
        try:
            values = zlib.decompressobj().decompress(part, size + 1)
        except zlib.error as error:
            raise ValueError(f"values of the box {self.box.start} to {self.box.stop} are damaged: {error}") from error
        if len(values) != size:
            raise ValueError(
                f"the box {self.box.start} to {self.box.stop} has {size} voxels, and other values are kept"
            )
        return np.frombuffer(values, np.uint8).reshape(self.box.shape)


@dataclass(frozen=True)
class Change:
    """Some boxes of a label volume, before and after.

    Attributes
    ----------
    patches : tuple of Patch
        Where it changed, in the order in which it did.
    """

    patches: tuple[Patch, ...] = ()

    def __add__(self, later: Change) -> Change:
        """Return this change and a later one as one."""
        return Change((*self.patches, *later.patches))

    @cached_property
    def nbytes(self) -> int:
        """Memory it takes."""
        return sum(len(patch.old) + len(patch.new) for patch in self.patches)

    @property
    def voxels(self) -> int:
        """Voxels that it changed."""
        return sum(int(np.count_nonzero(old != new)) for old, new in (patch.values() for patch in self.patches))

    def touches(self, axis: int, index: int) -> bool:
        """Whether any of its boxes meets a section."""
        return any(patch.box.start[axis] <= index < patch.box.stop[axis] for patch in self.patches)

    def undo(self, out: NDArray[Any]) -> int:
        """Bring the old values back, where the new ones still stand; returns the number of voxels."""
        return self._put(out, back=True)

    def redo(self, out: NDArray[Any]) -> int:
        """Bring the new values back, where the old ones stand; returns the number of voxels."""
        return self._put(out, back=False)

    def only(self, values: Sequence[int]) -> Change:
        """Return the part of the change that replaced one of these values."""
        parts = []
        for patch in self.patches:
            old, new = patch.values()
            kept = np.isin(old, list(values)) & (old != new)
            if kept.any():
                parts.append(Patch.of(patch.box, np.where(kept, old, 0), np.where(kept, new, 0)))
        return Change(tuple(parts))

    def marked(self, value: int = 1) -> Change:
        """Return the change that gives one value to every voxel that this one changes, where it was 0."""
        parts = []
        for patch in self.patches:
            old, new = patch.values()
            there = np.where(old != new, np.uint8(value), np.uint8(0))
            parts.append(Patch.of(patch.box, np.zeros_like(there), there))
        return Change(tuple(parts))

    def _put(self, out: NDArray[Any], *, back: bool) -> int:
        written = 0
        for patch in reversed(self.patches) if back else self.patches:
            old, new = patch.values()
            source, target = (new, old) if back else (old, new)
            part = out[patch.box.slices]
            mask = (old != new) & (part == source)
            part[mask] = target[mask]
            out[patch.box.slices] = part
            written += int(mask.sum())
        return written


def of_voxels(index: Sequence[NDArray[np.intp]], old: NDArray[Any], new: NDArray[Any] | int) -> Change:
    """Return the change of single voxels.

    Parameters
    ----------
    index : sequence of ndarray of int, one for each axis
        The voxels.
    old, new : ndarray of uint8, or one new value for all
        What they were, and what they are.
    """
    if not len(old):
        return Change()
    start = tuple(int(np.min(i)) for i in index)
    box = Box(start, tuple(int(np.max(i)) + 1 for i in index))
    before, after = np.zeros(box.shape, np.uint8), np.zeros(box.shape, np.uint8)
    local = tuple(np.asarray(i) - a for i, a in zip(index, start, strict=True))
    before[local] = old
    after[local] = new
    return Change((Patch.of(box, before, after),))


Rule = Callable[[slice, NDArray[Any]], NDArray[Any]]
"""Given a slab of the first axis and the values in it, returns those that are to be there."""


def filling(wanted: NDArray[Any], *, overwrite: bool = False, locked: Sequence[int] = ()) -> Rule:
    """Return the rule that writes labels over a label volume.

    Parameters
    ----------
    wanted : ndarray or memmap of uint8, shape of the volume
        0 where nothing is wanted.
    overwrite : bool, optional
        Replace labels that are already there. By default only unlabelled voxels are filled.
    locked : sequence of int, optional
        Label values that are never replaced.
    """

    def new(slab: slice, old: NDArray[Any]) -> NDArray[Any]:
        asked = np.asarray(wanted[slab])
        free = (asked != 0) & (overwrite | (old == 0))
        if locked:
            free &= ~np.isin(old, list(locked))
        return np.where(free, asked, old)

    return new


def replacing(values: Mapping[int, int]) -> Rule:
    """Return the rule that gives label values others throughout a volume.

    Parameters
    ----------
    values : mapping of int to int
        New value for each old one.
    """
    table = np.arange(256, dtype=np.uint8)
    for old, fresh in values.items():
        table[old] = fresh
    return lambda slab, old: table[old]


def erasing(written: NDArray[Any]) -> Rule:
    """Return the rule that takes labels away where a volume still holds what was written.

    Parameters
    ----------
    written : ndarray or memmap of uint8, shape of the volume
        What was written, 0 where nothing was.
    """

    def new(slab: slice, old: NDArray[Any]) -> NDArray[Any]:
        was = np.asarray(written[slab])
        return np.where((was != 0) & (old == was), 0, old)

    return new


def becoming(wanted: NDArray[Any]) -> Rule:
    """Return the rule after which a volume holds just these values.

    Parameters
    ----------
    wanted : ndarray or memmap of uint8, shape of the volume
        0 where nothing is to be.
    """
    return lambda slab, old: np.asarray(wanted[slab])


def planned(volume: NDArray[Any], *rules: Rule) -> Change:
    """Return what rules would change, one after the other; nothing is written.

    Parameters
    ----------
    volume : ndarray or memmap of uint8
        Read slab by slab: it may be larger than memory.
    *rules : callable
        Each gets what the one before it leaves.

    Examples
    --------
    >>> out = np.array([0, 1, 2], np.uint8)
    >>> change = planned(out, replacing({2: 1}), filling(np.array([3, 3, 0], np.uint8)))
    >>> out.tolist(), change.redo(out), out.tolist()
    ([0, 1, 2], 2, [3, 1, 1])
    """
    patches = []
    for slab in slabs(volume):
        old = np.asarray(volume[slab])
        new = old
        for rule in rules:
            new = rule(slab, new).astype(np.uint8)
        different = old != new
        if not different.any():
            continue
        bounds = list(_bounds(different))
        box = Box(
            (slab.start + bounds[0][0], *(a for a, _ in bounds[1:])),
            (slab.start + bounds[0][1], *(b for _, b in bounds[1:])),
        )
        inner = tuple(slice(a, b) for a, b in bounds)
        patches.append(Patch.of(box, old[inner], new[inner]))
    return Change(tuple(patches))


def _bounds(mask: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and last-plus-one index of what is True along each axis."""
    for axis in range(mask.ndim):
        hit = np.flatnonzero(mask.any(axis=tuple(a for a in range(mask.ndim) if a != axis)))
        yield int(hit[0]), int(hit[-1]) + 1
