"""How large a shard of a prediction is, and from which size on a survey is predicted by shards."""

from __future__ import annotations

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
