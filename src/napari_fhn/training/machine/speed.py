"""What is set so that a device computes as fast as it can: the one place for training and prediction alike."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import torch

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.convolution import bfloat16_pays, choose
from napari_fhn.network.hyperbolic import Precision

_ENOUGH_THREADS = 3
"""Threads from which one more costs less than it saves: the next batch is drawn in a twentieth of a step's work."""

_ROOMY = 2
"""Times the forecast of a step that have to be free before cuDNN may try routines, of which some need much memory."""

_GAIN = 0.8
"""Most of the time in float32 that layers may take in half precision to be worth the digits."""

_TIMED = 2**22
"""Most voxels of a block that is timed."""

_TURNS = 3


def draws_ahead(device: torch.device) -> bool:
    """Tell whether the next batch is drawn while a step is computed.

    Two threads of two cores have no time left for a third: whoever waits for the one that was interrupted loses what it
    saved.
    """
    return device.type != "cpu" or torch.get_num_threads() >= _ENOUGH_THREADS


def precision(wanted: str, architecture: Architecture, block: Sequence[int], device: torch.device) -> Precision:
    """Return the precision of convolutions that a schedule comes to on a device.

    Parameters
    ----------
    wanted : {"float32", "bfloat16", "auto"}
        See :class:`~napari_fhn.training.schedule.Schedule`.
    architecture : Architecture
        Of the network.
    block : sequence of int
        What it is shown, along its axes.
    device : torch.device
        Where it is.
    """
    fast = wanted == "bfloat16" or (wanted == "auto" and bfloat16_pays(architecture.dimensions, device))
    if fast and wanted == "auto" and device.type == "cuda":
        # That a GPU has it does not say that layers of few channels gain by it.
        with settled(device):
            half, single = (seconds_of_layers(architecture, tuple(block), device, way) for way in (True, False))
        fast = half < _GAIN * single
    return "bfloat16" if fast else "float32"


@cache
def seconds_of_layers(
    architecture: Architecture, block: tuple[int, ...], device: torch.device, bfloat16: bool
) -> float:
    """Time ``K`` and ``K^T`` of every layer of a network once, those of one shape together, and remember it.

    Parameters
    ----------
    architecture, block, device
        As in :func:`precision`; a large block is cut, as all of it would say no more.
    bfloat16 : bool
        In which precision.

    Returns
    -------
    float
        Seconds of all layers.
    """
    while math.prod(block) > _TIMED:
        longest = block.index(max(block))
        block = (*block[:longest], -(-block[longest] // 2), *block[longest + 1 :])
    layers = zip(architecture.layers, architecture.layer_channels, architecture.layer_levels, strict=True)
    shapes = Counter(
        (n, layer.rank, tuple(max(1, int(size // 2**level)) for size, level in zip(block, levels, strict=True)))
        for layer, n, levels in layers
    )
    return sum(count * _clocked(*shape, device, bfloat16) for shape, count in shapes.items())


def _clocked(n: int, rank: int, space: tuple[int, ...], device: torch.device, bfloat16: bool) -> float:
    """Return the seconds of ``K`` and ``K^T`` of a layer: of the fastest of a few turns, as the first are slow."""
    ours = choose(torch.float32, device, bfloat16)
    state, target = (torch.zeros((1, *space, n), device=device).movedim(-1, 1) for _ in range(2))
    hidden = torch.zeros((1, *space, rank), dtype=ours.hidden_dtype(torch.float32), device=device).movedim(-1, 1)
    kernels = torch.zeros((rank, n, *[3] * len(space)), device=device)
    staging = torch.empty(max(1, ours.staging_bytes(state.numel(), hidden.numel()) // 4), device=device)
    best = math.inf
    for _ in range(_TURNS):
        _wait(device)
        began = time.perf_counter()
        ours.convolve(state, kernels, None, hidden, staging)
        ours.add_transposed(target, hidden, kernels, 1e-3, staging)
        _wait(device)
        best = min(best, time.perf_counter() - began)
    return best


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def settled(device: torch.device, *, needed: int | None = None, free: int = 0) -> Iterator[None]:
    """Let a GPU convolve as fast as it can, for a while.

    Convolutions of float32 may round what they multiply to TF32, which has the range of float32 and the digits of
    float16; states, sums and weights stay as they are. cuDNN tries its routines once for each shape, and remembers.
    Other devices know nothing of this, and nothing is set for them.

    Parameters
    ----------
    device : torch.device
        Where is computed.
    needed : int, optional
        Bytes that a step is to need.
    free : int
        Bytes that are free; where that is less than twice what is needed, cuDNN tries nothing.
    """
    if device.type != "cuda":
        yield
        return
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32
    cudnn.benchmark = needed is None or free >= _ROOMY * needed
    cudnn.allow_tf32 = matmul.allow_tf32 = True
    try:
        yield
    finally:
        cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32 = before
