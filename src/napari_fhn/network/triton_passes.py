r"""The passes of :mod:`~napari_fhn.network.passes` and the change of resolution as Triton kernels, for a GPU.

All arrays are channels-last and lie without gaps, so that two of the same shape agree element by element. Sums are made
in float32. ``TRITON_INTERPRET=1`` runs the kernels on a CPU, which is how they are tested.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

_BLOCK = 1024
"""Elements that one program of a kernel holds at a time."""

_PROGRAMS = 1024
"""Most programs whose sums are left to be added up."""

_ELEMENTS = 1 << 31
"""Of the slab that goes through ``W``: its elements are counted in 32 bits, which a GPU divides faster."""


@triton.jit  # type: ignore[untyped-decorator]
def _leap(target, older, state, back, scale, count, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    p = tl.load(state + at, mask=inside)
    y = tl.load(older + at, mask=inside)
    k = tl.load(back + at, mask=inside).to(tl.float32)
    tl.store(target + at, p + (p - y) + scale * k, mask=inside)


@triton.jit  # type: ignore[untyped-decorator]
def _relu_adjoint(z, adjoint, sums, voxels, m, VOXELS: tl.constexpr, M: tl.constexpr):  # type: ignore[no-untyped-def]
    channel = tl.arange(0, M)
    total = tl.zeros((M,), tl.float32)
    stride = tl.num_programs(0).to(tl.int64) * VOXELS
    for first in range(tl.program_id(0).to(tl.int64) * VOXELS, voxels, stride):
        voxel = first + tl.arange(0, VOXELS)
        at = voxel[:, None] * m + channel[None, :]
        inside = (voxel < voxels)[:, None] & (channel < m)[None, :]
        hidden = tl.load(z + at, mask=inside, other=0.0).to(tl.float32)
        back = tl.load(adjoint + at, mask=inside, other=0.0).to(tl.float32)
        shut = hidden <= 0
        back = tl.where(shut, 0.0, back)
        # Only what changes is written: after the way forward no hidden layer has anything below zero.
        tl.store(z + at, tl.zeros_like(hidden), mask=inside & (hidden < 0))
        tl.store(adjoint + at, back, mask=inside & shut)
        total += tl.sum(back, axis=0)
    tl.store(sums + tl.program_id(0) * m + channel, total, mask=channel < m)


@triton.jit  # type: ignore[untyped-decorator]
def _pair(a, b, HAAR: tl.constexpr):  # type: ignore[no-untyped-def]
    if HAAR:
        return a + b, a - b
    return a, b


@triton.jit  # type: ignore[untyped-decorator]
def _resample(  # type: ignore[no-untyped-def]
    source, target, count, c, h, w, scale,
    A0: tl.constexpr, A1: tl.constexpr, A2: tl.constexpr, HAAR: tl.constexpr, FINER: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    # One lane for each channel of the finer grid in each cell of the coarser one, which is h x w across.
    K: tl.constexpr = A0 + A1 + A2
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = lane < count
    channel, cell = lane % c, lane // c
    x, y, z = cell % w, (cell // w) % h, cell // (w * h)
    row = (w << A2) * c
    plane = (h << A1) * row
    fine = (z << A0) * plane + (y << A1) * row + (x << A2) * c + channel
    coarse = (cell << K) * c + channel
    # What lies between neighbours along the first, second and third of the axes that change, on either grid.
    f0 = plane if A0 else (row if A1 else c)
    f1 = row if A0 and A1 else c
    if FINER:
        here, s0, s1, s2 = source + coarse, c, 2 * c, 4 * c
        there, t0, t1, t2 = target + fine, f0, f1, c
    else:
        here, s0, s1, s2 = source + fine, f0, f1, c
        there, t0, t1, t2 = target + coarse, c, 2 * c, 4 * c
    v0, v1 = _pair(tl.load(here, mask=inside), tl.load(here + s0, mask=inside), HAAR)
    if K >= 2:
        v2, v3 = _pair(tl.load(here + s1, mask=inside), tl.load(here + s1 + s0, mask=inside), HAAR)
        v0, v2 = _pair(v0, v2, HAAR)
        v1, v3 = _pair(v1, v3, HAAR)
    if K == 3:
        here += s2
        v4, v5 = _pair(tl.load(here, mask=inside), tl.load(here + s0, mask=inside), HAAR)
        v6, v7 = _pair(tl.load(here + s1, mask=inside), tl.load(here + s1 + s0, mask=inside), HAAR)
        v4, v6 = _pair(v4, v6, HAAR)
        v5, v7 = _pair(v5, v7, HAAR)
        v0, v4 = _pair(v0, v4, HAAR)
        v1, v5 = _pair(v1, v5, HAAR)
        v2, v6 = _pair(v2, v6, HAAR)
        v3, v7 = _pair(v3, v7, HAAR)
        tl.store(there + t2, v4 * scale, mask=inside)
        tl.store(there + t2 + t0, v5 * scale, mask=inside)
        tl.store(there + t2 + t1, v6 * scale, mask=inside)
        tl.store(there + t2 + t1 + t0, v7 * scale, mask=inside)
    if K >= 2:
        tl.store(there + t1, v2 * scale, mask=inside)
        tl.store(there + t1 + t0, v3 * scale, mask=inside)
    tl.store(there, v0 * scale, mask=inside)
    tl.store(there + t0, v1 * scale, mask=inside)


def leap_(target: Tensor, older: Tensor, state: Tensor, back: Tensor, scale: float) -> None:
    """See :func:`napari_fhn.network.passes.leap_`: four passes over memory where torch takes six."""
    count = target.numel()
    with _on_its_card(target):
        _leap[(triton.cdiv(count, _BLOCK),)](target, older, state, back, scale, count, BLOCK=_BLOCK)


def relu_adjoint_(z: Tensor, adjoint: Tensor) -> Tensor:
    """See :func:`napari_fhn.network.passes.relu_adjoint_`; the sum is always made, as it costs nothing here."""
    m = z.shape[1]
    voxels, width = z.numel() // m, triton.next_power_of_2(m)
    some = max(1, 4 * _BLOCK // width)
    programs = min(triton.cdiv(voxels, some), _PROGRAMS)
    sums = torch.empty((programs, m), dtype=torch.float32, device=z.device)
    with _on_its_card(z):
        _relu_adjoint[(programs,)](z, adjoint, sums, voxels, m, VOXELS=some, M=width)
    return sums.sum(0)


def takes(elements: int, axes: Sequence[int]) -> bool:
    """Tell whether a slab of so many elements may be resampled along these axes here."""
    return elements < _ELEMENTS and list(axes) == sorted(set(axes)) and 1 <= len(axes) <= 3


def resample_(
    flat: Tensor, room: Tensor, shape: Sequence[int], axes: Sequence[int], *, haar: bool, finer: bool
) -> None:
    """Coarsen or refine a slab: all axes in one pass into ``room``, and back from there.

    Parameters
    ----------
    flat, room : Tensor
        The slab, and as much again.
    shape : sequence of int
        ``(1, channels, *space)`` of the slab, two or three axes.
    axes : sequence of int
        Spatial axes that change, in order.
    haar : bool
        The Haar transform; else the pixel shuffle.
    finer : bool
        Refine instead of coarsening.
    """
    _, channels, *space = shape
    changes = [int(axis in axes) for axis in range(len(space))]
    if not finer:
        space = [size >> change for size, change in zip(space, changes, strict=True)]
    else:
        channels >>= len(axes)
    if len(space) == 2:
        changes, space = [0, *changes], [1, *space]
    lanes = channels * math.prod(space)
    scale = 2 ** (-len(axes) / 2) if haar else 1.0
    with _on_its_card(flat):
        _resample[(triton.cdiv(lanes, _BLOCK),)](
            flat, room, lanes, channels, *space[1:], scale, *changes, HAAR=haar, FINER=finer, BLOCK=_BLOCK
        )
    flat.copy_(room)


def _on_its_card(array: Tensor) -> AbstractContextManager[Any]:
    """Start kernels on the device of an array: Triton takes the current one, which may be another."""
    return torch.cuda.device(array.device) if array.is_cuda else nullcontext()


def agrees(device: torch.device) -> bool:
    """Tell whether the kernels say on a device what torch says on a processor, for a small example of each."""
    from napari_fhn.network.transforms import coarsen

    generator = torch.Generator().manual_seed(0)
    state, older, back = (torch.randn((2, 6, 4, 8, 4), generator=generator) for _ in range(3))
    last = torch.channels_last_3d
    p, y, k = (array.to(device).contiguous(memory_format=last) for array in (state, older, back))
    leap_(y, y, p, k, -0.3)
    found = [(y, 2 * state - older - 0.3 * back)]
    total = relu_adjoint_(p, k)
    shut = back * (state > 0)
    found += [(p, state.relu()), (k, shut), (total, shut.sum((0, 2, 3, 4)))]
    flat = older.movedim(1, -1).flatten().to(device)
    resample_(flat, torch.empty_like(flat), (1, 6, 8, 8, 4), (0, 1, 2), haar=True, finer=False)
    found.append((flat.view(2, 2, 4, 2, 48).movedim(-1, 1), coarsen(older)))
    return all(torch.allclose(ours.cpu(), theirs, atol=1e-4, rtol=1e-4) for ours, theirs in found)
