"""The last pass of a whole prediction: what a voxel owes to its surroundings, once all of these are predicted."""

from __future__ import annotations

import itertools
import math

from napari_fhn.box import Box
from napari_fhn.training.combination.combiner import Combiner

_AT_ONCE = 2**25
"""Probabilities that are held at once, in a box with its surroundings: some hundred megabytes with what is made of
them."""


_COPIES = 4 * 8
"""Bytes for each of them, with all that is made of it."""

_LEAST = 8
"""Values of a voxel beside its probabilities that are held with them, where there are fewer of these."""


def boxes(combiner: Combiner, classes: int, memory: int | None = None, region: Box | None = None) -> list[Box]:
    """Cut a survey, or a region of it, into boxes of whole columns that fit into memory with their surroundings.

    Parameters
    ----------
    combiner : Combiner
        Says how far a voxel depends on others.
    classes : int
        How many there are.
    memory : int, optional
        Bytes that may be used.
    region : Box, optional
        Of whole columns; the survey when absent.

    Returns
    -------
    list of Box
    """
    region = region or Box.whole(combiner.shape)
    shape, halo, vertical = region.shape, combiner.halo, combiner.vertical
    voxels = (_AT_ONCE if memory is None else min(_AT_ONCE, memory // _COPIES)) // max(classes, _LEAST)
    cut = list(shape)
    while True:
        seen = [min(length, whole + 2 * around) for length, whole, around in zip(shape, cut, halo, strict=True)]
        longest = max((axis for axis in range(len(shape)) if axis != vertical), key=lambda axis: cut[axis])
        if math.prod(seen) <= voxels or cut[longest] <= max(1, halo[longest]):
            break
        cut[longest] = -(-cut[longest] // 2)
    starts = [range(a, b, size) for a, b, size in zip(region.start, region.stop, cut, strict=True)]
    return [
        Box(start, tuple(min(a + size, end) for a, size, end in zip(start, cut, region.stop, strict=True)))
        for start in itertools.product(*starts)
    ]


def surrounded(box: Box, combiner: Combiner) -> Box:
    """Return a box with all that it depends on, as far as the survey goes."""
    return Box(
        tuple(max(0, a - around) for a, around in zip(box.start, combiner.halo, strict=True)),
        tuple(min(size, b + around) for b, around, size in zip(box.stop, combiner.halo, combiner.shape, strict=True)),
    )
