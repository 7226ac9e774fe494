"""A large map in parts, so that a look at it is a look at what somebody looks at, and not a quarter of a minute."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from napari_fhn.box import Box

_PART = 2**15
"""Cells of a part at most: a few tenths of a second."""


_LEAST = 4
"""A part is at least so many times as long as what has to be seen on one side of it."""


def parts(
    shape: Sequence[int], whole: int | None = None, around: Sequence[int] | None = None, most: int | None = None
) -> list[Box]:
    """Cut a map into parts of about the same size, as square as they may be.

    Parameters
    ----------
    shape : sequence of int
        Of the map.
    whole : int, optional
        An axis that is not cut: columns of a line belong together.
    around : sequence of int, optional
        Voxels on each side that a part needs, by axis: one that is short beside them is mostly these.
    most : int, optional
        Cells of a part, where it may be so short (default: what takes a few tenths of a second).

    Returns
    -------
    list of Box
        Row by row; together they are the map.

    Examples
    --------
    >>> [part.shape for part in parts((30, 20), most=200)]
    [(15, 10), (15, 10), (15, 10), (15, 10)]
    """
    most = _PART if most is None else most
    counts = [1] * len(shape)
    least = [1 if around is None else max(1, _LEAST * far) for far in around or shape]
    while math.prod(lengths := [-(-size // count) for size, count in zip(shape, counts, strict=True)]) > most:
        shorter = [
            axis for axis in range(len(shape)) if axis != whole and shape[axis] // (counts[axis] + 1) >= least[axis]
        ]
        if not shorter:
            break
        counts[max(shorter, key=lengths.__getitem__)] += 1
    ends = [
        [(size * k // count, size * (k + 1) // count) for k in range(count)]
        for size, count in zip(shape, counts, strict=True)
    ]
    return [Box(tuple(a for a, _ in along), tuple(b for _, b in along)) for along in itertools.product(*ends)]


def nearest_first(boxes: Sequence[Box], place: Sequence[int] | None, shape: Sequence[int]) -> list[Box]:
    """Return boxes by their distance from a place, or from the middle of a map.

    Parameters
    ----------
    boxes : sequence of Box
        To sort.
    place : sequence of int or None
        A cell; None for the middle.
    shape : sequence of int
        Of the map.
    """
    at = [size / 2 for size in shape] if place is None else list(place)

    def distance(box: Box) -> float:
        return math.hypot(*(max(0.0, a - x, x - (b - 1)) for a, b, x in zip(box.start, box.stop, at, strict=True)))

    return sorted(boxes, key=lambda box: (distance(box), box.start))


def grown(box: Box, by: Sequence[int], shape: Sequence[int]) -> Box:
    """Return a box with so many voxels more on each side of every axis, as far as the survey goes."""
    return Box(
        tuple(max(0, a - more) for a, more in zip(box.start, by, strict=True)),
        tuple(min(size, b + more) for b, more, size in zip(box.stop, by, shape, strict=True)),
    )
