"""Overlapping tiles with blending: any size of prediction from a bounded size of computation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box


def tile_shape(shape: tuple[int, ...], multiples: tuple[int, ...], voxels: int) -> tuple[int, ...]:
    """Choose a tile: all of the region if it is small enough, else its longest axes halved until it is.

    Parameters
    ----------
    shape : tuple of int
        Region to cover.
    multiples : tuple of int
        Tile sizes are multiples of these, one for each axis, rounded up.
    voxels : int
        Largest tile, in voxels (at least a multiple along each axis).

    Returns
    -------
    tuple of int
    """
    tile = [-(-size // multiple) * multiple for size, multiple in zip(shape, multiples, strict=True)]
    while np.prod(tile) > voxels:
        longer = [axis for axis, multiple in enumerate(multiples) if tile[axis] > multiple]
        if not longer:
            break
        longest = max(longer, key=tile.__getitem__)
        tile[longest] = max(multiples[longest], -(-tile[longest] // 2) // multiples[longest] * multiples[longest])
    return tuple(tile)


def _starts(size: int, tile: int, overlap: int) -> list[int]:
    if tile >= size:
        return [0]
    stride = max(1, tile - overlap)
    return [*range(0, size - tile, stride), size - tile]


def _taper(size: int, overlap: int) -> NDArray[np.float32]:
    """Weights that rise linearly over the overlap at both ends and never reach zero."""
    ramp = np.arange(1, size + 1, dtype=np.float32)
    taper: NDArray[np.float32] = np.minimum(np.minimum(ramp, ramp[::-1]), np.float32(max(overlap, 1)))
    return taper


def blend(
    shape: tuple[int, ...],
    tile: tuple[int, ...],
    overlap: int,
    channels: int,
    evaluate: Callable[[Box], NDArray[np.float32]],
) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
    """Cover a region with overlapping tiles and blend them, handing out rows of the first axis as they are final.

    Parameters
    ----------
    shape : tuple of int
        Region.
    tile : tuple of int
        Tile; where it is longer than the region it reaches over the region's end, and that part is dropped.
    overlap : int
        Voxels that neighbouring tiles share.
    channels : int
        Channels of what ``evaluate`` returns.
    evaluate : callable
        Takes a box of the tile's shape, in the region's voxels, and returns ``(channels, *tile)``.

    Yields
    ------
    start, stop : int
        Rows of the first axis.
    values : ndarray
        ``(channels, stop - start, *shape[1:])``, the weighted mean over tiles. Memory is bounded by one row of tiles.
    """
    weight = np.ones((), np.float32)
    for axis, size in enumerate(tile):
        along = [1] * len(tile)
        along[axis] = size
        weight = weight * _taper(size, min(overlap, size // 2)).reshape(along)
    row_starts = _starts(shape[0], tile[0], overlap)
    others = [_starts(size, length, overlap) for size, length in zip(shape[1:], tile[1:], strict=True)]
    total = np.zeros((channels, tile[0], *shape[1:]), np.float32)
    weights = np.zeros((tile[0], *shape[1:]), np.float32)
    for number, first in enumerate(row_starts):
        for rest in itertools.product(*others):
            start = (first, *rest)
            box = Box(start, tuple(a + size for a, size in zip(start, tile, strict=True)))
            values = evaluate(box)
            target = (
                slice(None),
                *(slice(a, min(b, n)) for a, b, n in zip(rest, box.stop[1:], shape[1:], strict=True)),
            )
            keep = (slice(None), *(slice(0, s.stop - s.start) for s in target[1:]))
            total[(slice(None), *target)] += (values * weight)[(slice(None), *keep)]
            weights[target] += weight[keep]
        last = number + 1 == len(row_starts)
        done = min(shape[0] - first, tile[0]) if last else row_starts[number + 1] - first
        yield first, first + done, total[:, :done] / weights[:done]
        if not last:
            # Rows that the next tiles share move up; the freed ones start from zero.
            for buffer, axis in ((total, 1), (weights, 0)):
                moved = np.roll(buffer, -done, axis)
                moved[(slice(None),) * axis + (slice(tile[0] - done, None),)] = 0
                buffer[...] = moved
