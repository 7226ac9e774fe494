"""What one training step is shown."""

from __future__ import annotations

from collections.abc import Sequence
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
    parts : int
        In how many it is shown, see ``Schedule.accumulate``.
    """

    data: Tensor
    labels: Tensor
    weights: Tensor | None = None
    counted: Tensor | None = None
    absent: Tensor | None = None
    parts: int = 1

    def split(self) -> list[Batch]:
        """Return the parts in which it is shown, as even as can be."""
        count = min(self.parts, len(self.data))
        if count == 1:
            return [self]
        weights, counted, absent = (_parted(rows, count) for rows in (self.weights, self.counted, self.absent))
        whole = (self.data.tensor_split(count), self.labels.tensor_split(count))
        return [Batch(*row) for row in zip(*whole, weights, counted, absent, strict=True)]

    def repeated(self, times: int) -> Batch:
        """Return it with what is known so many times over: once for each slice that a map is read from."""
        if times == 1:
            return self
        weights, counted, absent = (
            None if rows is None else torch.cat([rows] * times) for rows in (self.weights, self.counted, self.absent)
        )
        return Batch(self.data, torch.cat([self.labels] * times), weights, counted, absent)

    def to(self, device: torch.device) -> Batch:
        """Move to a device."""
        weights, counted, absent = (
            None if rows is None else rows.to(device) for rows in (self.weights, self.counted, self.absent)
        )
        return Batch(self.data.to(device), self.labels.to(device), weights, counted, absent, self.parts)


def _parted(rows: Tensor | None, count: int) -> Sequence[Tensor | None]:
    return [None] * count if rows is None else rows.tensor_split(count)
