"""What a device can do at best, and what a training step of this network would take then."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from measure import Case, timed

_SIDE = {"cuda": 8192, "cpu": 512}
"""Of the matrices that are multiplied."""

_COPIED = {"cuda": 1 << 28, "cpu": 1 << 22}
"""Numbers that are copied."""


@dataclass(frozen=True)
class Ceiling:
    """What a device does at best.

    Parameters
    ----------
    operations : float
        Multiplications and additions in a second, in a large product of matrices.
    bytes : float
        Read and written in a second, in a large copy.
    """

    operations: float
    bytes: float

    @classmethod
    def of(cls, device: torch.device, dtype: torch.dtype) -> Ceiling:
        """Measure it."""
        side, count = _SIDE[device.type], _COPIED[device.type]
        left, right = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
        product = min(timed(lambda: left @ right, device, 5, 10.0))
        source = torch.empty(count, device=device)
        target = torch.empty_like(source)
        copy = min(timed(lambda: target.copy_(source), device, 5, 10.0))
        return cls(2 * side**3 / product, 2 * source.numel() * source.element_size() / copy)

    def seconds(self, case: Case) -> float:
        """Return what a step takes where every layer is as fast as either of the two lets it.

        A layer convolves eight times: ``K`` and ``K^T`` forward, ``K``, ``K^T`` and the gradient of ``K`` for state and
        adjoint backward. It reads two states and writes one forward, reads four and writes two backward.
        """
        total = 0.0
        for (n, m, space), count in case.convolutions().items():
            voxels = case.batch * math.prod(space)
            operations = 8 * 2 * 3 ** len(space) * n * m * voxels
            moved = 9 * 4 * n * voxels
            total += count * max(operations / self.operations, moved / self.bytes)
        return total
