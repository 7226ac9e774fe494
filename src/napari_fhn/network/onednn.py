"""What oneDNN, torch's library of convolutions on a CPU, can and torch does not document: tried before it is trusted.

It is what torch's own compiler emits. A build without it, or with another answer, gets torch's public functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def accumulate(target: Tensor, source: Tensor, kernels: Tensor, bias: Tensor | None, *, relu: bool = False) -> None:
    """Add ``kernels * source + bias`` to a target, and with ``relu`` take what is positive of that."""
    one = [1] * (source.ndim - 2)
    torch.ops.mkldnn._convolution_pointwise_.binary(
        target, source, kernels, bias, one, one, one, 1, "add", 1.0, "relu" if relu else None, [], None
    )


def in_order(kernels: Tensor, shape: Sequence[int]) -> Tensor:
    """Return kernels in the order in which oneDNN takes them for a source: otherwise it brings them there each time."""
    one = [1] * (kernels.ndim - 2)
    found: Tensor = torch.ops.mkldnn._reorder_convolution_weight(kernels, one, one, one, 1, list(shape))
    return found


@cache
def lacks_gradient_in_3d() -> bool:
    """Tell whether the gradient of kernels in 3D is a product of matrices for want of a routine: without AVX-512.

    That product first writes all 27 neighbours of each voxel of a sheet, and on two axes of a hundred it has been seen
    to take twenty times what the routine in 2D takes for the same arithmetic.
    """
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return available and torch.backends.cpu.get_cpu_capability() == "AVX2"


@cache
def fusion_works(dtype: torch.dtype) -> bool:
    """Tell whether the convolution that adds to its target is there and right."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    if dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Any:
        array = torch.randn(shape, generator=generator).to(dtype)
        return array.contiguous(memory_format=torch.channels_last_3d)

    try:
        for batch in (1, 2):
            source, kernels, bias = random(batch, 3, 4, 4, 6), random(5, 3, 3, 3, 3), torch.ones(5, dtype=dtype)
            target = random(batch, 5, 4, 4, 6)
            wanted = target.float() + F.conv3d(source.float(), kernels.float(), bias.float(), padding=1)
            rectified = target.clone()
            accumulate(rectified, source, kernels, bias, relu=True)
            accumulate(target, source, kernels, bias)
            if not torch.equal(rectified, target.relu()):
                return False
            if not torch.allclose(target.float(), wanted, atol=1e-4 if dtype == torch.float32 else 0.1, rtol=1e-2):
                return False
    except (RuntimeError, AttributeError, TypeError, NotImplementedError):
        return False
    return True


@cache
def packing_works() -> bool:
    """Tell whether kernels in oneDNN's own order are taken, and say the same bits."""
    generator = torch.Generator().manual_seed(0)
    try:
        for dimensions, layout in ((2, torch.channels_last), (3, torch.channels_last_3d)):
            space = [6] * dimensions
            source = torch.randn((1, 16, *space), generator=generator).contiguous(memory_format=layout)
            kernels = torch.randn((8, 16, *[3] * dimensions), generator=generator).contiguous(memory_format=layout)
            found = [torch.zeros((1, 8, *space)).contiguous(memory_format=layout) for _ in range(2)]
            for target, given in zip(found, (kernels, in_order(kernels, source.shape)), strict=True):
                accumulate(target, source, given, None)
            if not torch.equal(*found):
                return False
    except (RuntimeError, AttributeError, TypeError, NotImplementedError):
        return False
    return True
