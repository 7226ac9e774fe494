r"""The orthonormal Haar transform ``W`` and its inverse (= transpose) ``W^T``.

Along one axis, neighbouring values ``a, b`` become ``(a + b) / sqrt(2)`` and ``(a - b) / sqrt(2)``. Over all spatial
axes of a 2D (3D) state this halves the resolution and multiplies the channels by 4 (8). Nothing is lost: ``W^T W = I``,
which is what lets a network change resolution and stay invertible (Peters, Haber & Lensink 2024, section 2).
"""

from __future__ import annotations

import torch
from torch import Tensor


def coarsen(state: Tensor) -> Tensor:
    r"""Apply ``W``: half the resolution, ``2**d`` times the channels.

    Parameters
    ----------
    state : Tensor
        ``(batch, channel, *space)`` with ``d`` = 2 or 3 even spatial sizes.

    Returns
    -------
    Tensor
        ``(batch, 2**d * channel, *space / 2)``. Channels are grouped by sub-band, the local means first, so the first
        ``channel`` channels are the low-pass version of the input.

    Raises
    ------
    ValueError
        When a spatial size is odd.
    """
    if any(size % 2 for size in state.shape[2:]):
        raise ValueError(
            f"coarsening halves every spatial size, and {tuple(state.shape[2:])} has an odd one; "
            "pad the block to a multiple of 2**levels first"
        )
    # Channels last in memory: the butterflies then run over long contiguous vectors.
    values = state.movedim(1, -1)
    for axis in range(1, values.ndim - 1):
        even, odd = torch.unflatten(values, axis, (-1, 2)).unbind(axis + 1)
        out = values.new_empty(*even.shape[:-1], 2, even.shape[-1])
        torch.add(even, odd, out=out[..., 0, :])
        torch.sub(even, odd, out=out[..., 1, :])
        values = out.flatten(-2)
    scale = 2.0 ** (-(state.ndim - 2) / 2)
    return values.mul_(scale).movedim(-1, 1)


def refine(state: Tensor) -> Tensor:
    r"""Apply ``W^T``, the inverse of :func:`coarsen`: twice the resolution, channels divided by ``2**d``.

    Parameters
    ----------
    state : Tensor
        ``(batch, channel, *space)`` with a number of channels divisible by ``2**d``.

    Returns
    -------
    Tensor
        ``(batch, channel / 2**d, *space * 2)``.

    Raises
    ------
    ValueError
        When the channels cannot be divided into ``2**d`` sub-bands.
    """
    dimensions = state.ndim - 2
    if state.shape[1] % 2**dimensions:
        raise ValueError(f"refining needs channels divisible by {2**dimensions}, and the state has {state.shape[1]}")
    values = state.movedim(1, -1)
    for axis in reversed(range(1, values.ndim - 1)):
        low, high = torch.unflatten(values, -1, (2, -1)).unbind(-2)
        shape = list(low.shape)
        shape.insert(axis + 1, 2)
        out = values.new_empty(shape)
        even, odd = out.unbind(axis + 1)
        torch.add(low, high, out=even)
        torch.sub(low, high, out=odd)
        values = out.flatten(axis, axis + 1)
    return values.mul_(2.0 ** (-dimensions / 2)).movedim(-1, 1)
