"""What training steps leave on the device until somebody reads it: reading makes the processor wait for the device."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Told(NamedTuple):
    """What was read.

    Parameters
    ----------
    values : list of float
        What was asked for.
    losses, errors : list of float
        Of each step since the last reading: of its loss, and of its inversion where there is one.
    confusion : ndarray
        ``(classes + 1, classes + 1)``, truth by prediction, over the labels of all these steps and of the one at hand.
    """

    values: list[float]
    losses: list[float]
    errors: list[float]
    confusion: NDArray[np.int64]


class Unread:
    """Losses, errors and counts on a device.

    Parameters
    ----------
    classes : int
        How many there are.
    device : torch.device
        Where they are.
    """

    def __init__(self, classes: int, device: torch.device) -> None:
        self._classes = classes
        self._confusion = torch.zeros((classes + 1) ** 2, dtype=torch.int32, device=device)
        self.forget()

    def forget(self) -> None:
        """Begin again."""
        self._losses: list[Tensor] = []
        self._errors: list[Tensor] = []
        self._confusion.zero_()

    def count(self, scores: Tensor, classes: Tensor) -> None:
        """Count labelled voxels by true and predicted class.

        Parameters
        ----------
        scores : Tensor
            ``(voxels, classes)``.
        classes : Tensor
            ``(voxels,)`` int64, from 0.
        """
        index = (classes + 1) * (self._classes + 1) + scores.argmax(1) + 1
        self._confusion.index_add_(0, index, torch.ones_like(index, dtype=torch.int32))

    def add(self, loss: Tensor, error: Tensor | None) -> None:
        """Keep the loss of a step, and the error of its inversion, scalars both."""
        self._losses.append(loss.detach())
        if error is not None:
            self._errors.append(error)

    def read(self, values: Tensor) -> Told:
        """Wait for the device, and begin again.

        Parameters
        ----------
        values : Tensor
            ``(n,)``, what is to be read with it.
        """
        kept = [one.to(torch.float32) for one in (*self._losses, *self._errors)]
        found = torch.cat((values, torch.stack(kept))).tolist() if kept else values.tolist()
        first, second = len(values), len(values) + len(self._losses)
        confusion = self._confusion.cpu().numpy().astype(np.int64)
        self.forget()
        return Told(
            found[:first],
            found[first:second],
            found[second:],
            confusion.reshape(self._classes + 1, self._classes + 1),
        )
