"""A plain U-Net as a torch module."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_fhn.network.comparison import UNetArchitecture
from napari_fhn.network.pooling import channels_last, on_grid, pad, pool, repeat
from napari_fhn.network.rates import relative_groups


class UNet(nn.Module):
    """A plain U-Net: double convolutions, max pooling, repeated cells on the way up, skips by concatenation.

    Parameters
    ----------
    architecture : UNetArchitecture
        What it is made of.
    input_channels : int
        Channels of the data; any number.
    classes : int
        Classes, read from the finest level by a linear map of its channels.
    generator : torch.Generator, optional
        Source of the random initial kernels.
    """

    def __init__(
        self,
        architecture: UNetArchitecture,
        input_channels: int,
        classes: int,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.input_channels = input_channels
        self.classes = classes
        channels = architecture.level_channels
        down = [(before, n) for before, n in zip((input_channels, *channels), channels, strict=False)]
        up = [(coarse + n, n) for coarse, n in zip(channels[:0:-1], channels[-2::-1], strict=True)]
        shapes = [shape for before, n in (*down, *up) for shape in ((before, n), (n, n))]
        size = (3,) * architecture.dimensions
        self.scales = [math.sqrt(2 / (math.prod(size) * before)) for before, _ in shapes]
        self.kernels = nn.ParameterList(
            nn.Parameter(channels_last(torch.randn((n, before, *size), generator=generator) * scale))
            for (before, n), scale in zip(shapes, self.scales, strict=True)
        )
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(n)) for _, n in shapes)
        self.norms = nn.ModuleList(
            nn.GroupNorm(math.gcd(architecture.groups, n), n) for _, n in shapes if architecture.groups
        )
        scale = 1 / math.sqrt(channels[0])
        self.scales.append(scale)
        self.reading = nn.Parameter(torch.randn((classes, channels[0]), generator=generator) * scale)
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
        others = [*self.biases, self.reading_bias, *self.norms.parameters()]
        return relative_groups([*self.kernels, self.reading], self.scales, others, learning_rate, weight_decay)

    def _double(self, state: Tensor, number: int) -> Tensor:
        convolve = F.conv3d if state.ndim == 5 else F.conv2d
        for index in (2 * number, 2 * number + 1):
            state = convolve(state, self.kernels[index], self.biases[index], padding=1)
            if self.norms:
                state = self.norms[index](state)
            state = state.relu()
        return state

    def forward(self, data: Tensor) -> Tensor:
        """Return the class scores (logits) on the grid of the data.

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``.

        Returns
        -------
        Tensor
            ``(batch, classes, *space)``.
        """
        padded = pad(data, self.architecture.multiples)
        state = self._double(channels_last(padded), 0)
        passed, number = [], 0
        for number, axes in enumerate(self.architecture.poolings, 1):
            passed.append(state)
            state = self._double(pool(state, axes), number)
        for axes in reversed(self.architecture.poolings):
            number += 1
            state = self._double(torch.cat((repeat(state, axes), passed.pop()), dim=1), number)
        read = self.reading.view(*self.reading.shape, *(1,) * self.architecture.dimensions)
        return on_grid((F.conv3d if state.ndim == 5 else F.conv2d)(state, read, self.reading_bias), padded, data)

    def scores(self, data: Tensor, *, apart: bool = False) -> Tensor:
        """Return the class scores on the grid of the data; the same as calling the network, which reads no slices."""
        scores: Tensor = self(data)
        return scores
