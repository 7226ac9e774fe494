"""How large a shard of a prediction is, and from which size on a survey is predicted by shards."""

from __future__ import annotations

import math
from dataclasses import dataclass

from napari_fhn.sentence import counted

LARGE_VOXELS = 10**9
"""From here on a survey is predicted by shards: of seven classes, probabilities that wait would take 14 GB."""

_MOST = 2**28
"""Voxels of a shard: classes of a quarter of a gigabyte, which are written at once."""

_OVERHEAD = 1.25
"""What is seen for a shard, relative to the shard, from which on it need not be larger."""

_STEP = 64
"""Voxels by which shards grow: whole bricks of a store."""


def shard_shape(
    shape: tuple[int, ...], radius: int | None, vertical: int | None, *, sections: bool = False
) -> tuple[int, ...]:
    """Choose the shape of shards: whole columns, and so wide that little is seen twice.

    Parameters
    ----------
    shape : tuple of int
        Of the survey.
    radius : int or None
        Of the network's receptive field; None where a voxel depends on all of its block.
    vertical : int or None
        Time or depth.
    sections : bool
        Whether the network sees sections, which have neighbours along one axis.

    Examples
    --------
    >>> shard_shape((8000, 20000, 1500), 87, 2, sections=True)
    (384, 384, 1500)
    >>> shard_shape((100, 100, 50), 87, 2)
    (100, 100, 50)
    """
    free = len(shape) - (vertical is not None)
    depth, side = 1 if vertical is None else shape[vertical], _STEP
    halos = 1 if sections else free
    while depth * (side + _STEP) ** free <= _MOST and (1 + 2 * (radius or 0) / side) ** halos > _OVERHEAD:
        side += _STEP
    return tuple(size if axis == vertical else min(side, size) for axis, size in enumerate(shape))


@dataclass(frozen=True)
class ShardOutlook:
    """How a survey will be predicted by shards.

    Parameters
    ----------
    shard : tuple of int
        Shape of a shard.
    count : int
        How many there are; as many processes may share the work.
    seen : float
        Voxels that the network sees for a shard in the middle, relative to those of the shard.
    """

    shard: tuple[int, ...]
    count: int
    seen: float

    @property
    def words(self) -> str:
        """Say it."""
        size = " x ".join(map(str, self.shard))
        return (
            f"It is predicted in {counted(self.count, 'shards')} of {size} voxels, for which the network "
            f"sees {self.seen:.2f} "
            f"times as many; up to {self.count:,} processes share them (predict --task 1/{self.count}, or --cluster)."
        )


def outlook(
    shape: tuple[int, ...], radius: int | None, vertical: int | None, *, sections: bool = False
) -> ShardOutlook | None:
    """Say before anything is predicted how that will go by shards; None for a survey that is predicted as a whole.

    Parameters
    ----------
    shape, radius, vertical, sections
        As for `shard_shape`.

    Examples
    --------
    >>> found = outlook((8000, 20000, 1500), 87, 2, sections=True)
    >>> found.shard, found.count, round(found.seen, 2)
    ((384, 384, 1500), 1113, 1.45)
    >>> outlook((100, 100, 50), 87, 2) is None
    True
    """
    if math.prod(shape) < LARGE_VOXELS:
        return None
    shard = shard_shape(shape, radius, vertical, sections=sections)
    count = math.prod(-(-size // side) for size, side in zip(shape, shard, strict=True))
    # Each of both directions of sections has its halo along one axis, blocks have it along all.
    free = [axis for axis in range(len(shape)) if axis != vertical]
    beside = [min(shard[axis] + 2 * (radius or 0), shape[axis]) / shard[axis] for axis in free]
    return ShardOutlook(shard, count, sum(beside) / len(beside) if sections else math.prod(beside))
