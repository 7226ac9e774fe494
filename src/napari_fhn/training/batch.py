"""What one training step is shown."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Blocks of data and what is known in them.

    Parameters
    ----------
    data : Tensor
        ``(batch, channels, *space)`` float32.
    labels : Tensor
        ``(batch, *space)`` int64: 0 unlabelled, class ``k`` is ``k + 1``.
    """

    data: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Batch:
        """Move to a device."""
        return Batch(self.data.to(device), self.labels.to(device))
