"""Changes of resolution of the comparison networks: padding, max pooling, repeated cells, scores on the data's grid."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def _factors(state: Tensor, axes: tuple[int, ...]) -> list[int]:
    return [2 if axis in axes else 1 for axis in range(state.ndim - 2)]


def pool(state: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Halve the resolution along some axes by taking the larger of two cells.

    Parameters
    ----------
    state : Tensor
        ``(batch, channel, *space)``, even along these axes.
    axes : tuple of int
        Spatial axes.

    Returns
    -------
    Tensor
        ``(batch, channel, *space)``, half as long along these axes.
    """
    pooling = F.max_pool3d if state.ndim == 5 else F.max_pool2d
    return pooling(state, _factors(state, axes))


def repeat(state: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Double the resolution along some axes by repeating each cell.

    Parameters
    ----------
    state : Tensor
        ``(batch, channel, *space)``.
    axes : tuple of int
        Spatial axes.

    Returns
    -------
    Tensor
        ``(batch, channel, *space)``, twice as long along these axes.
    """
    return F.interpolate(state, scale_factor=[float(f) for f in _factors(state, axes)], mode="nearest")


def pad(data: Tensor, multiples: tuple[int, ...]) -> Tensor:
    """Repeat the last voxel of each axis until its size is a multiple.

    Parameters
    ----------
    data : Tensor
        ``(batch, channel, *space)``.
    multiples : tuple of int
        One for each spatial axis.

    Returns
    -------
    Tensor
        ``(batch, channel, *space)``.
    """
    missing = [-size % multiple for size, multiple in zip(data.shape[2:], multiples, strict=True)]
    if not any(missing):
        return data
    return F.pad(data, [amount for size in reversed(missing) for amount in (0, size)], mode="replicate")


def on_grid(scores: Tensor, padded: Tensor, data: Tensor) -> Tensor:
    """Return scores on the grid of the data: interpolated linearly where they are coarser, without what was padded.

    Parameters
    ----------
    scores : Tensor
        ``(batch, classes, *space)``, for the padded data.
    padded, data : Tensor
        ``(batch, channel, *space)``.

    Returns
    -------
    Tensor
        ``(batch, classes, *space)``.
    """
    if scores.shape[2:] != padded.shape[2:]:
        scores = interpolated(scores, list(padded.shape[2:]))
    return cropped(scores, list(data.shape[2:]))


def channels_last(state: Tensor) -> Tensor:
    """Return the state with channels last in memory, which the convolutions of every backend prefer."""
    return state.contiguous(memory_format=torch.channels_last_3d if state.ndim == 5 else torch.channels_last)


def cropped(scores: Tensor, sizes: list[int]) -> Tensor:
    """Return the beginning of scores ``(batch, classes, *space)`` along each spatial axis."""
    for axis, size in enumerate(sizes):
        scores = scores.narrow(2 + axis, 0, size)
    return scores


def interpolated(scores: Tensor, sizes: list[int]) -> Tensor:
    """Return scores ``(batch, classes, *space)`` interpolated linearly to other sizes of space."""
    mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(sizes)]
    return F.interpolate(scores, size=sizes, mode=mode)


def averaged(scores: Tensor, sizes: list[int]) -> Tensor:
    """Return scores ``(batch, classes, *space)`` averaged to smaller sizes of space."""
    if len(sizes) == 3:
        return F.adaptive_avg_pool3d(scores, (sizes[0], sizes[1], sizes[2]))
    if len(sizes) == 2:
        return F.adaptive_avg_pool2d(scores, (sizes[0], sizes[1]))
    return F.adaptive_avg_pool1d(scores, sizes[0])
