"""What is done to a training block: turned, transposed, sheared, made noisy; data, place and labels alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Block:
    """One training block; all parts have the axes of the network, after their channels.

    Parameters
    ----------
    data : ndarray
        ``(channels, *space)`` float32.
    place : ndarray
        ``(axes, *space)`` float32: where each voxel lies.
    known : ndarray
        ``(rows, *space)`` uint8, labels first; one voxel thick along the axis of which a network reads a slice.
    """

    data: NDArray[np.float32]
    place: NDArray[np.float32]
    known: NDArray[np.uint8]

    @property
    def labels(self) -> NDArray[np.uint8]:
        """The first row of what is known."""
        labels: NDArray[np.uint8] = self.known[0]
        return labels


def flipped(block: Block, axes: Sequence[int]) -> Block:
    """Turn a block round along some axes; a voxel keeps its place."""
    behind = tuple(1 + axis for axis in axes)
    return Block(np.flip(block.data, behind), np.flip(block.place, behind), np.flip(block.known, behind))


def permuted(block: Block, order: Sequence[int]) -> Block:
    """Put the axes of a block in another order; a voxel keeps its place, in the same channel."""
    behind = (0, *(1 + axis for axis in order))
    return Block(block.data.transpose(behind), block.place.transpose(behind), block.known.transpose(behind))


def sheared(block: Block, vertical: int, shift: float, dips: Sequence[float]) -> Block:
    """Move every column up or down, the data and what is known; the place stays: what is moved lies elsewhere.

    Parameters
    ----------
    block : Block
        With data and labels of one shape of space.
    vertical : int
        Axis along which columns move.
    shift : float
        Of all columns, in samples.
    dips : sequence of float
        Samples per trace along each other axis, around the middle of the block.

    Returns
    -------
    Block
        What moves in is the nearest sample of its column, of which nothing is known.
    """
    data, known = np.moveaxis(block.data, 1 + vertical, -1), np.moveaxis(block.known, 1 + vertical, -1)
    columns = data.shape[1:-1]
    move = np.full(columns, shift, np.float64)
    for axis, (size, dip) in enumerate(zip(columns, dips, strict=True)):
        along = [1] * len(columns)
        along[axis] = size
        move += (dip * (np.arange(size) - size / 2)).reshape(along)
    size = data.shape[-1]
    # A column moves as a whole: what is read of it begins at one sample, and all of it lies as far between two.
    below = np.floor(move)
    weight = (move - below).astype(np.float32)[..., np.newaxis]
    read = _of_columns(data, below, size + 1)
    upper, lower = read[..., :-1], read[..., 1:]
    data = lower - upper
    data *= weight
    data += upper
    nearest = np.rint(move)
    source = np.arange(size) + nearest[..., np.newaxis]
    known = _of_columns(known, nearest, size) * ((source >= 0) & (source < size))
    return Block(np.moveaxis(data, -1, 1 + vertical), block.place, np.moveaxis(known, -1, 1 + vertical))


def _of_columns(values: NDArray[Any], first: NDArray[np.float64], count: int) -> NDArray[Any]:
    """Read so many samples of each column of ``(channels, *columns, samples)``, the nearest beyond its ends.

    ``first`` is the sample that each column is read from.
    """
    size = values.shape[-1]
    index = np.arange(count) + first[..., np.newaxis].astype(np.intp)
    np.clip(index, 0, size - 1, out=index)
    index += size * np.arange(first.size).reshape(*first.shape, 1)
    found: NDArray[Any] = (
        np.ascontiguousarray(values).reshape(len(values), first.size * size).take(index, axis=1, mode="clip")
    )
    return found


@dataclass(frozen=True)
class Way:
    """What was done to a block, so that what the network says of it can be brought back to the survey.

    Parameters
    ----------
    flips : tuple of int
        Axes that were turned round first.
    vertical : int or None
        Axis along which columns were moved then; None where they were not.
    shift, dips
        As in :func:`sheared`.
    order : tuple of int
        Order into which the axes were put last.
    """

    flips: tuple[int, ...]
    vertical: int | None
    shift: float
    dips: tuple[float, ...]
    order: tuple[int, ...]

    def back(self, classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return classes on the voxels from which a block came; 0 where none came from."""
        nothing = np.empty((0, *classes.shape), np.float32)
        block = permuted(
            Block(nothing, nothing, classes[np.newaxis]), [self.order.index(a) for a in range(classes.ndim)]
        )
        if self.vertical is not None:
            block = sheared(block, self.vertical, -self.shift, [-dip for dip in self.dips])
        return flipped(block, self.flips).labels
