"""How classes are read from the last state: a partial loss on some channels, on slices, or a linear head.

Sections 3.2 to 3.4 of Peters, Haber & Lensink (2024): the last state is as large as the data, and labels that are
smaller (a map for a cube, two classes for many channels) are embedded in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_fhn.network.readings import Reading


class Reader:
    """Reads class scores from a state, and puts their adjoint back.

    Parameters
    ----------
    reading : Reading
        What to read.
    classes : int
        How many.
    """

    def __init__(self, reading: Reading, classes: int) -> None:
        self.reading = reading
        self.channels = tuple(range(classes)) if reading.channels is None else reading.channels
        self.parameters = 2 if reading.head == "linear" else 0
        self._consecutive = self.channels == tuple(range(self.channels[0], self.channels[0] + len(self.channels)))

    def read(self, last: Tensor, head: Sequence[Tensor]) -> Tensor:
        """Return the scores.

        Parameters
        ----------
        last : Tensor
            ``(batch, n, *space)``.
        head : sequence of Tensor
            Weight ``(classes, n)`` and bias ``(classes,)`` of a linear head; empty for a partial reading.

        Returns
        -------
        Tensor
            ``(slices * batch, classes, *space)``, without the axis of which slices are read: all examples in the first
            slice, then all in the next. Never a view of ``last``.
        """
        parts = [self._scores(part, head) for part in self._slices(last)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def together(self, scores: Tensor) -> Tensor:
        """Return the mean over the slices of what :meth:`read` returned: ``(batch, classes, *space)``."""
        slices = self.reading.slices
        return scores if slices == 1 else torch.unflatten(scores, 0, (slices, -1)).mean(0)

    def put_back_(self, adjoint: Tensor, last: Tensor, scores_adjoint: Tensor, head: Sequence[Tensor]) -> list[Tensor]:
        """Write the adjoint of the last state and return the gradients of the head.

        Parameters
        ----------
        adjoint : Tensor
            ``(batch, n, *space)``, overwritten.
        last : Tensor
            The last state.
        scores_adjoint : Tensor
            Shaped like the scores.
        head : sequence of Tensor
            As in :meth:`read`.
        """
        adjoint.zero_()
        gradients: list[Tensor] = []
        # Added, for on a short axis two positions may be one slice.
        for target, part, own in zip(
            self._slices(adjoint), self._slices(last), torch.split(scores_adjoint, adjoint.shape[0]), strict=True
        ):
            if not head:
                target[:, self._index(target)] += own.to(adjoint.dtype)
                continue
            target += torch.einsum("bc...,cn->bn...", own, head[0])
            flat = own.movedim(1, 0).flatten(1)
            found = [flat @ part.movedim(1, 0).flatten(1).T, flat.sum(1)]
            gradients = [a + b for a, b in zip(gradients, found, strict=True)] if gradients else found
        return gradients

    def _scores(self, part: Tensor, head: Sequence[Tensor]) -> Tensor:
        if not head:
            # Class by class in memory, as all that is done with scores goes along the classes: interpolation, softmax
            # and losses take half the time.
            return part[:, self._index(part)].clone(memory_format=torch.contiguous_format)
        weight, bias = head
        scores = torch.einsum("bn...,cn->bc...", part, weight)
        return scores + bias.view(1, -1, *[1] * (scores.ndim - 2))

    def _index(self, part: Tensor) -> slice | Tensor:
        if self._consecutive:
            return slice(self.channels[0], self.channels[-1] + 1)
        return torch.tensor(self.channels, device=part.device)

    def _slices(self, state: Tensor) -> list[Tensor]:
        axis = self.reading.axis
        if axis is None:
            return [state]
        return [state.select(2 + axis, index) for index in self.reading.indices(state.shape[2 + axis])]
