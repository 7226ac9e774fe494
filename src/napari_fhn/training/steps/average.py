"""The exponential average of the weights: it predicts, is scored and saved, while the last weights go on learning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from napari_fhn.network.build import SegmentationNetwork


class WeightAverage:
    """Follows the weights of a network.

    Parameters
    ----------
    network : SegmentationNetwork
        What learns; on its device already.
    decay : float
        What is kept of the average in each step; 0 for none, where the average is the weights themselves. Among the
        first steps less is kept, ``(1 + t) / (10 + t)``, so that the random weights of the start are soon forgotten.
    """

    def __init__(self, network: SegmentationNetwork, decay: float) -> None:
        self.decay = decay
        self._parameters = list(network.parameters())
        self._average: list[torch.Tensor] = []
        self.restart()

    def restart(self) -> None:
        """Begin again at the weights of now."""
        self._steps = 0
        if self.decay:
            self._average = [parameter.detach().clone() for parameter in self._parameters]

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        return {"steps": self._steps, "average": self._average}

    @torch.no_grad()
    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned; an average that was not asked for then begins now."""
        if len(state["average"]) == len(self._average):
            self._steps = state["steps"]
            for average, kept in zip(self._average, state["average"], strict=True):
                average.copy_(kept)

    @torch.no_grad()
    def follow(self, left_out: torch.Tensor | None = None) -> None:
        """Take the weights of now into the average; to be called after each step.

        Parameters
        ----------
        left_out : Tensor, optional
            Scalar on the device of the weights: 1 where the step was left out, else 0.
        """
        if not self.decay:
            return
        kept = min(self.decay, (1 + self._steps) / (10 + self._steps))
        self._steps += 1
        share = 1 - kept if left_out is None else (1 - kept) * (1 - left_out)
        for average, parameter in zip(self._average, self._parameters, strict=True):
            average.lerp_(parameter, share)

    @contextmanager
    def in_network(self) -> Iterator[None]:
        """Put the average into the network for a while; nothing is to be learnt meanwhile."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    @torch.no_grad()
    def _exchange(self) -> None:
        for number, parameter in enumerate(self._parameters if self.decay else ()):
            # Who is whose changes, and no number moves.
            parameter.data, self._average[number] = self._average[number], parameter.data

    def finish(self) -> None:
        """Leave the average in the network for good."""
        self._exchange()
        self.decay = 0.0
        self._average.clear()
