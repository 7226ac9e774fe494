r"""The symmetric multi-level ResNet of appendix A.1 as a torch module.

.. math:: Y_{j+1} = Y_j - h K_j^T \sigma(K_j Y_j + b_j)

with square ``K`` (Peters, Haber & Lensink 2024, appendix A.1). It cannot be run backwards: each layer keeps its state
and its hidden layer until the backward pass, and memory grows with depth.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_fhn.network.comparison import ResNetArchitecture
from napari_fhn.network.pooling import channels_last, on_grid, pad, pool, repeat
from napari_fhn.network.rates import relative_groups


def symmetric_step(state: Tensor, kernels: Tensor, bias: Tensor, h: float) -> Tensor:
    """Return ``state - h K^T relu(K state + b)`` (appendix A.1).

    Parameters
    ----------
    state : Tensor
        ``(batch, n, *space)``.
    kernels, bias : Tensor
        ``(m, n, 3, 3[, 3])`` and ``(m,)``; ``m = n`` in the appendix.
    h : float
        Step.

    Returns
    -------
    Tensor
        ``(batch, n, *space)``.
    """
    convolve, transposed = (F.conv3d, F.conv_transpose3d) if state.ndim == 5 else (F.conv2d, F.conv_transpose2d)
    return state - h * transposed(convolve(state, kernels, bias, padding=1).relu(), kernels, padding=1)


class ResNet(nn.Module):
    """A symmetric multi-level ResNet.

    Parameters
    ----------
    architecture : ResNetArchitecture
        What it is made of.
    input_channels : int
        Channels of the data; they are repeated until they fill the state, as in the hyperbolic network.
    classes : int
        Classes, read from the last state by a linear map of its channels.
    generator : torch.Generator, optional
        Source of the random initial kernels.

    Raises
    ------
    ValueError
        When the data have more channels than the state.
    """

    def __init__(
        self,
        architecture: ResNetArchitecture,
        input_channels: int,
        classes: int,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if input_channels > architecture.channels:
            raise ValueError(
                f"the data have {input_channels} channels and the state only {architecture.channels}: "
                "choose a network with more channels"
            )
        self.architecture = architecture
        self.input_channels = input_channels
        self.classes = classes
        self.kernels = nn.ParameterList()
        self.biases = nn.ParameterList()
        self.scales: list[float] = []
        taps = int(3**architecture.dimensions)
        before = architecture.channels
        for stage, n in zip(architecture.stages, architecture.stage_channels, strict=True):
            for _ in range(stage.steps):
                # |K| about 1, inside the stability bound h |K|^2 < 2 of a step; where channels change, a relu layer
                # that keeps the size of what goes through it.
                scale = 1 / (2 * math.sqrt(taps * n)) if n == before else math.sqrt(2 / (taps * before))
                kernels = torch.randn((n, before, *(3,) * architecture.dimensions), generator=generator) * scale
                self.scales.append(scale)
                self.kernels.append(nn.Parameter(channels_last(kernels)))
                self.biases.append(nn.Parameter(torch.zeros(n)))
                before = n
        scale = 1 / math.sqrt(before)
        self.scales.append(scale)
        self.reading = nn.Parameter(torch.randn((classes, before), generator=generator) * scale)
        self.reading_bias = nn.Parameter(torch.zeros(classes))

    def parameter_groups(self, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
        """Return optimiser groups whose learning rate is relative to the initial size of what they hold.

        Parameters
        ----------
        learning_rate, weight_decay : float
            For weights of unit size.

        Returns
        -------
        list of dict
            For a ``torch.optim`` optimiser with decoupled decay.
        """
        others = [*self.biases, self.reading_bias]
        return relative_groups([*self.kernels, self.reading], self.scales, others, learning_rate, weight_decay)

    def forward(self, data: Tensor) -> Tensor:
        """Return the class scores (logits) on the grid of the data, interpolated where the network ends coarser.

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``.

        Returns
        -------
        Tensor
            ``(batch, classes, *space)``.
        """
        architecture = self.architecture
        convolve = F.conv3d if architecture.dimensions == 3 else F.conv2d
        padded = pad(data, architecture.multiples)
        index = torch.arange(architecture.channels, device=data.device) % self.input_channels
        state = channels_last(padded[:, index])
        layers = iter(zip(self.kernels, self.biases, strict=True))
        for stage in architecture.stages:
            if stage.resample != "keep":
                change = pool if stage.resample == "coarsen" else repeat
                state = change(state, architecture.changed_axes(stage))
            for _ in range(stage.steps):
                kernels, bias = next(layers)
                if kernels.shape[0] == kernels.shape[1]:
                    state = symmetric_step(state, kernels, bias, architecture.h)
                else:
                    state = convolve(state, kernels, bias, padding=1).relu()
        read = self.reading.view(*self.reading.shape, *(1,) * architecture.dimensions)
        return on_grid(convolve(state, read, self.reading_bias), padded, data)

    def scores(self, data: Tensor) -> Tensor:
        """Return the class scores on the grid of the data; the same as calling the network."""
        scores: Tensor = self(data)
        return scores
