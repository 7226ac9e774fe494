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
    weights : Tensor or None
        ``(batch, *space)`` float32 from 0 to 1, how much each label counts; None where all count fully.
    counted : Tensor or None
        ``(batch, *space)`` bool: the voxels of which something can be known, in the survey, with data and not ignored;
        None where all are.
    absent : Tensor or None
        ``(batch, absences, *space)`` bool: where each absence of the objective holds; None without any.
    """

    data: Tensor
    labels: Tensor
    weights: Tensor | None = None
    counted: Tensor | None = None
    absent: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """Move to a device."""
        return Batch(
            self.data.to(device),
            self.labels.to(device),
            *(None if part is None else part.to(device) for part in (self.weights, self.counted, self.absent)),
        )
