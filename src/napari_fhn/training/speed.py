"""What is set so that a device computes as fast as it can: the one place for training and prediction alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from napari_fhn.network.convolution import bfloat16_pays
from napari_fhn.network.hyperbolic import Precision

_ENOUGH_THREADS = 3
"""Threads from which one more costs less than it saves: the next batch is drawn in a twentieth of a step's work."""

_ROOMY = 2
"""Times the forecast of a step that have to be free before cuDNN may try routines, of which some need much memory."""


def draws_ahead(device: torch.device) -> bool:
    """Tell whether the next batch is drawn while a step is computed.

    Two threads of two cores have no time left for a third: whoever waits for the one that was interrupted loses what it
    saved.
    """
    return device.type != "cpu" or torch.get_num_threads() >= _ENOUGH_THREADS


def precision(wanted: str, dimensions: int, device: torch.device) -> Precision:
    """Return the precision of convolutions that a schedule comes to on a device.

    Parameters
    ----------
    wanted : {"float32", "bfloat16", "auto"}
        See :class:`~napari_fhn.training.schedule.Schedule`.
    dimensions : {2, 3}
        Of the network.
    device : torch.device
        Where it is.
    """
    fast = wanted == "bfloat16" or (wanted == "auto" and bfloat16_pays(dimensions, device))
    return "bfloat16" if fast else "float32"


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
