"""What training steps leave on the device until somebody reads it: reading makes the processor wait for the device."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FADES = 0.9
"""What is left after a step of the counts of the one before: what was said of labels then counts less and less."""


class Told(NamedTuple):
    """What was read.

    Parameters
    ----------
    values : list of float
        What was asked for.
    losses, told, errors : list of float
        Of each step since the last reading: its loss, that part of it which people are told of, and the error of its
        inversion where there is one.
    confusion : ndarray
        ``(classes + 1, classes + 1)``, truth by prediction, over the labels of all these steps and of the one at hand,
        faded: the same as if each step had been read.
    """

    values: list[float]
    losses: list[float]
    told: list[float]
    errors: list[float]
    confusion: NDArray[np.float64]


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
        self._device = device
        self.forget()

    def forget(self) -> None:
        """Begin again."""
        self._losses: list[Tensor] = []
        self._told: list[Tensor] = []
        self._errors: list[Tensor] = []
        self._confusions = [self._none()]

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
        self._confusions[-1].index_add_(0, index, torch.ones_like(index, dtype=torch.int32))

    def _none(self) -> Tensor:
        return torch.zeros((self._classes + 1) ** 2, dtype=torch.int32, device=self._device)

    def add(self, loss: Tensor, told: Tensor, error: Tensor | None) -> None:
        """Keep the loss of a step with its counts, what of it is told, and the error of its inversion, all scalars."""
        self._losses.append(loss.detach())
        self._told.append(told.detach())
        self._confusions.append(self._none())
        if error is not None:
            self._errors.append(error)

    def read(self, values: Tensor) -> Told:
        """Wait for the device, and begin again.

        Parameters
        ----------
        values : Tensor
            ``(n,)``, what is to be read with it.
        """
        kept = [one.to(torch.float32) for one in (*self._losses, *self._told, *self._errors)]
        found = torch.cat((values, torch.stack(kept))).tolist() if kept else values.tolist()
        ends = list(itertools.accumulate((len(values), len(self._losses), len(self._told))))
        first, losses, told, errors = (found[a:b] for a, b in itertools.pairwise((0, *ends, len(found))))
        confusion = np.zeros((self._classes + 1) ** 2)
        for one in torch.stack(self._confusions).cpu().numpy():
            confusion = FADES * confusion + one
        self.forget()
        return Told(first, losses, told, errors, confusion.reshape(self._classes + 1, self._classes + 1))
