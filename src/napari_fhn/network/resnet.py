r"""The symmetric multi-level ResNet of appendix A.1 as a torch module.

.. math:: Y_{j+1} = Y_j - h K_j^T \sigma(K_j Y_j + b_j)

with a square ``K``, or one of low block rank (Peters, Haber & Lensink 2024, appendix A.1). It cannot be run backwards:
each layer keeps its state and its hidden layer until the backward pass, and memory grows with depth.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_fhn.network.comparison import ResNetArchitecture
from napari_fhn.network.initial import kernels_of, scale_of
from napari_fhn.network.pooling import channels_last, on_grid, pad, pool, repeat
from napari_fhn.network.rates import relative_groups
from napari_fhn.network.reading import Reader


def symmetric_step(state: Tensor, kernels: Tensor, bias: Tensor, h: float) -> Tensor:
    """Return ``state - h K^T relu(K state + b)`` (appendix A.1).

    Parameters
    ----------
    state : Tensor
        ``(batch, n, *space)``.
    kernels, bias : Tensor
        ``(m, n, 3, 3[, 3])`` and ``(m,)``.
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
        Classes, read from the last state as ``architecture.reading`` says.
    generator : torch.Generator, optional
        Source of the random initial kernels.

    Raises
    ------
    ValueError
        When the data have more channels than the state, or the classes other channels than the last one has.
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
        reading, last = architecture.reading, architecture.stage_channels[-1]
        if reading.head == "partial" and max(reading.channels or (classes - 1,)) >= last:
            raise ValueError(f"{classes} classes are read from channels of a state that has {last}: take more channels")
        if reading.channels is not None and len(reading.channels) != classes:
            raise ValueError(f"{classes} classes cannot be read from {len(reading.channels)} channels named for them")
        self.architecture = architecture
        self.input_channels = input_channels
        self.classes = classes
        self.kernels = nn.ParameterList()
        self.biases = nn.ParameterList()
        self.scales: list[float] = []
        taps = int(3**architecture.dimensions)
        for layer in architecture.layers:
            shape = (layer.rows, layer.columns, *(3,) * architecture.dimensions)
            if layer.symmetric or architecture.initial == "glorot":
                # |K| about 1, inside the stability bound h |K|^2 < 2 of a step.
                scale = scale_of(architecture.initial, layer.rows, layer.columns, taps)
                kernels = kernels_of(architecture.initial, shape, scale, generator)
            else:  # a relu layer that keeps the size of what goes through it
                scale = math.sqrt(2 / (taps * layer.columns))
                kernels = torch.randn(shape, generator=generator) * scale
            self.scales.append(scale)
            self.kernels.append(nn.Parameter(channels_last(kernels)))
            self.biases.append(nn.Parameter(torch.zeros(layer.rows)))
        self._reader = Reader(reading, classes)
        # Without a linear head there is nothing to learn here, and the weights have no such entry.
        self.reading: nn.Parameter | None = None
        self.reading_bias: nn.Parameter | None = None
        if reading.head == "linear":
            scale = 1 / math.sqrt(last)
            self.scales.append(scale)
            self.reading = nn.Parameter(torch.randn((classes, last), generator=generator) * scale)
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
        kernels, others = list(self.kernels), list(self.biases)
        if self.reading is not None and self.reading_bias is not None:
            kernels.append(self.reading)
            others.append(self.reading_bias)
        return relative_groups(kernels, self.scales, others, learning_rate, weight_decay)

    def forward(self, data: Tensor, *, apart: bool = False) -> Tensor:
        """Return the class scores (logits) on the grid of the data, interpolated where the network ends coarser.

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``.
        apart : bool
            Leave slices that are read apart, as examples of their own.

        Returns
        -------
        Tensor
            ``(batch, classes, *space)``; without the axis of which a slice is read.
        """
        architecture = self.architecture
        padded = pad(data, architecture.multiples)
        index = torch.arange(architecture.channels, device=data.device) % self.input_channels
        scores = self._read(self._last(channels_last(padded[:, index])))
        scores = scores if apart else self._reader.together(scores)
        axis = architecture.reading.axis
        if axis is not None:
            padded, data = padded.select(2 + axis, 0), data.select(2 + axis, 0)
        return on_grid(scores, padded, data)

    def _last(self, state: Tensor) -> Tensor:
        architecture = self.architecture
        convolve = F.conv3d if architecture.dimensions == 3 else F.conv2d
        begun = -1
        for layer, kernels, bias in zip(architecture.layers, self.kernels, self.biases, strict=True):
            stage = architecture.stages[layer.stage]
            if layer.stage > begun and stage.resample != "keep":
                change = pool if stage.resample == "coarsen" else repeat
                state = change(state, architecture.changed_axes(stage))
            begun = layer.stage
            if layer.symmetric:
                state = symmetric_step(state, kernels, bias, architecture.h)
            else:
                state = convolve(state, kernels, bias, padding=1).relu()
        return state

    def _read(self, last: Tensor) -> Tensor:
        if self.reading is None or self.reading_bias is None:
            return self._reader.read(last, [])
        return self._reader.read(last, [self.reading, self.reading_bias])

    def scores(self, data: Tensor, *, apart: bool = False) -> Tensor:
        """Return the class scores on the grid of the data; the same as calling the network."""
        scores: Tensor = self(data, apart=apart)
        return scores
