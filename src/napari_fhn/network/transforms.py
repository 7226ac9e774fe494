r"""Changes of resolution that lose nothing: the orthonormal Haar transform ``W`` and the pixel shuffle.

Along one axis, neighbouring values ``a, b`` become ``(a + b) / sqrt(2)`` and ``(a - b) / sqrt(2)`` (Haar), or stay
``a`` and ``b`` in channels of their own (shuffle, also called checkerboard). Over ``k`` axes this divides the
resolution by 2 along each and multiplies the channels by ``2**k``. Both are orthogonal, ``W^T W = I``, which is what
lets a network change resolution and stay invertible (Peters, Haber & Lensink 2024, section 2).

:func:`coarsen` and :func:`refine` say what is computed and have autograd; :func:`resample_` does the same in place on
the flat arrays of the sweeps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch import Tensor

from napari_fhn.network import passes
from napari_fhn.network.architecture import Transform


def coarsen(state: Tensor, axes: Sequence[int] | None = None, transform: Transform = "haar") -> Tensor:
    r"""Apply ``W``: half the resolution, ``2**len(axes)`` times the channels.

    Parameters
    ----------
    state : Tensor
        ``(batch, channel, *space)`` with even sizes along the axes.
    axes : sequence of int, optional
        Spatial axes that change, 0 the first after the channels; all of them by default.
    transform : {"haar", "shuffle"}
        Which orthogonal transform.

    Returns
    -------
    Tensor
        ``(batch, 2**k * channel, *space)``, halved along the axes. Channels are grouped by sub-band; for Haar the first
        ``channel`` of them are the local means.

    Raises
    ------
    ValueError
        When a size to be halved is odd.
    """
    axes = _all_axes(state, axes)
    if any(state.shape[2 + axis] % 2 for axis in axes):
        raise ValueError(
            f"coarsening halves sizes, and along axes {axes} of {tuple(state.shape[2:])} there is an odd one; "
            "pad the block to a multiple of 2**levels first"
        )
    for axis in axes:
        first, second = torch.unflatten(state, 2 + axis, (-1, 2)).unbind(3 + axis)
        if transform == "haar":
            first, second = first + second, first - second
        state = torch.cat([first, second], dim=1)
    return state * 2 ** (-len(axes) / 2) if transform == "haar" else state


def refine(state: Tensor, axes: Sequence[int] | None = None, transform: Transform = "haar") -> Tensor:
    r"""Apply ``W^T``, the inverse of :func:`coarsen`: twice the resolution, channels divided by ``2**len(axes)``.

    Parameters
    ----------
    state : Tensor
        ``(batch, channel, *space)``.
    axes, transform
        As in :func:`coarsen`.

    Returns
    -------
    Tensor
        ``(batch, channel / 2**k, *space)``, doubled along the axes.

    Raises
    ------
    ValueError
        When the channels cannot be divided into ``2**k`` sub-bands.
    """
    axes = _all_axes(state, axes)
    if state.shape[1] % 2 ** len(axes):
        raise ValueError(f"refining needs channels divisible by {2 ** len(axes)}, and the state has {state.shape[1]}")
    for axis in reversed(axes):
        first, second = torch.unflatten(state, 1, (2, -1)).unbind(1)
        if transform == "haar":
            first, second = first + second, first - second
        state = torch.stack([first, second], dim=3 + axis).flatten(2 + axis, 3 + axis)
    return state * 2 ** (-len(axes) / 2) if transform == "haar" else state


def resample_(
    flat: Tensor,
    shape: Sequence[int],
    axes: Sequence[int],
    transform: Transform,
    *,
    finer: bool,
    scratch: Tensor | None = None,
) -> None:
    """Coarsen or refine a channels-last state in place.

    Rows of the first axis that make one coarse row lie together before and after. So it is done in slabs, which stay
    in the cache while one axis after the other changes.

    Parameters
    ----------
    flat : Tensor
        Flat array that holds the state and afterwards the result.
    shape : sequence of int
        ``(batch, channel, *space)`` of the state.
    axes, transform
        As in :func:`coarsen`.
    finer : bool
        Refine (``W^T``) instead of coarsening (``W``).
    scratch : Tensor, optional
        Flat array whose content is lost; slabs are at most as large as it is, and it has to hold a coarse row, see
        :func:`scratch_for`. Without one slabs are large, in memory of their own.
    """
    for slab, room, of_slab in _slabs(flat, shape, axes, finer, scratch):
        compiled = passes.on_device(slab)
        if compiled is not None and compiled.takes(slab.numel(), axes):
            compiled.resample_(slab, room, of_slab, axes, haar=transform == "haar", finer=finer)
        else:
            run(_passes(slab, room, of_slab, axes, transform, finer=finer))


Pass = tuple[Callable[..., Tensor], Tensor, Tensor | float, Tensor]
"""A function of torch, what it is given, and where the result goes."""


def resampling(
    flat: Tensor, shape: Sequence[int], axes: Sequence[int], transform: Transform, *, finer: bool, scratch: Tensor
) -> list[Pass] | None:
    """Return what :func:`resample_` does on a processor, to be done by :func:`run` as often as these arrays are used.

    To find the views takes a quarter of the time where states are small. None on another device, and where they would
    be many.
    """
    slabs = list(itertools.islice(_slabs(flat, shape, axes, finer, scratch), _MOST_SLABS + 1))
    if len(slabs) > _MOST_SLABS or flat.device.type != "cpu":
        return None
    return [one for slab, room, of_slab in slabs for one in _passes(slab, room, of_slab, axes, transform, finer=finer)]


def run(found: Iterable[Pass]) -> None:
    """Do what :func:`resampling` returned."""
    for function, first, second, out in found:
        function(first, second, out=out)


_MOST_SLABS = 16


def _slabs(
    flat: Tensor, shape: Sequence[int], axes: Sequence[int], finer: bool, scratch: Tensor | None
) -> Iterator[tuple[Tensor, Tensor, tuple[int, ...]]]:
    """Yield each slab, its part of the scratch array, and its shape."""
    batch, channels, rows, *space = shape
    together = 2 if 0 in axes and not finer else 1
    of_one = flat.numel() // (batch * rows) * together
    # Examples lie one after the other, as rows do.
    count = batch * rows // together
    largest = _LARGE if scratch is None else min(scratch.numel(), _SLAB)
    length = min(count, max(1, largest // of_one))
    for start in range(0, count, length):
        some = min(length, count - start)
        slab = flat[start * of_one : (start + some) * of_one]
        room = torch.empty_like(slab) if scratch is None else scratch[: slab.numel()]
        yield slab, room, (1, channels, some * together, *space)


_SLAB = 1 << 17
"""Elements of a slab, where a coarse row is no larger: two of them fit into the cache of a core."""

_LARGE = 1 << 28
"""Elements of a slab in memory of its own, which costs least done at once but takes as much again."""


def scratch_for(before: Sequence[int], after: Sequence[int]) -> int:
    """Return the elements of the scratch array of :func:`resample_` for states that go from one shape to another."""
    if tuple(before) == tuple(after):
        return 0
    row = math.prod(before) // (before[0] * min(before[2], after[2]))
    return min(math.prod(before), max(_SLAB, row))


def _passes(
    flat: Tensor,
    scratch: Tensor,
    shape: Sequence[int],
    axes: Sequence[int],
    transform: Transform,
    *,
    finer: bool,
) -> Iterator[Pass]:
    batch, channels, *space = shape
    here, there = flat, scratch
    for axis in reversed(axes) if finer else axes:
        # Channels are last in memory: a pair along an axis is two long contiguous vectors.
        fine, coarse = list(space), list(space)
        if finer:
            channels //= 2
            fine[axis] *= 2
        else:
            coarse[axis] //= 2
        paired = (batch, *fine[:axis], fine[axis] // 2, 2, *fine[axis + 1 :], channels)
        split = (batch, *coarse, 2, channels)
        if finer:
            first, second = here.view(split).unbind(-2)
            out_first, out_second = there.view(paired).unbind(axis + 2)
            space = fine
        else:
            first, second = here.view(paired).unbind(axis + 2)
            out_first, out_second = there.view(split).unbind(-2)
            space = coarse
            channels *= 2
        if transform == "haar":
            yield torch.add, first, second, out_first
            yield torch.sub, first, second, out_second
        else:
            yield _copy, first, 1.0, out_first
            yield _copy, second, 1.0, out_second
        here, there = there, here
    scale = 2 ** (-len(axes) / 2) if transform == "haar" else 1.0
    if here is not flat or scale != 1.0:
        yield torch.mul, here, scale, flat


def _copy(values: Tensor, _: Tensor | float, *, out: Tensor) -> Tensor:
    return out.copy_(values)


def _all_axes(state: Tensor, axes: Sequence[int] | None) -> tuple[int, ...]:
    return tuple(range(state.ndim - 2)) if axes is None else tuple(axes)
