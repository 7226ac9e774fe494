"""The fully invertible hyperbolic network as a torch module."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.leapfrog import ReversibleSweep, Step, forward_sweep, inverse_sweep


class HyperbolicNetwork(nn.Module):
    """A fully invertible hyperbolic network with block-low-rank symmetric layers.

    Parameters
    ----------
    architecture : Architecture
        What it is made of.
    input_channels : int
        Channels of the data; they are repeated until they fill the state (section 3.2 of the paper).
    classes : int
        Classes, read from the first channels of the last state (the partial loss of section 3).
    generator : torch.Generator, optional
        Source of the random initial kernels.

    Raises
    ------
    ValueError
        When the data or the classes need more channels than the state has.

    References
    ----------
    Peters, Haber & Lensink (2024), "Fully invertible hyperbolic neural networks for segmenting large-scale surface and
    sub-surface data".
    """

    def __init__(
        self,
        architecture: Architecture,
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
        if classes > architecture.layer_channels[-1]:
            raise ValueError(
                f"{classes} classes are read from the first channels of a state that has "
                f"{architecture.layer_channels[-1]}: choose a network with more channels"
            )
        self.architecture = architecture
        self.input_channels = input_channels
        self.classes = classes
        self.steps = tuple(Step(layer.resample, architecture.h**2) for layer in architecture.layers)
        self.kernel_scales: list[float] = []
        self.kernels = nn.ParameterList()
        self.biases = nn.ParameterList()
        size = (3,) * architecture.dimensions
        for layer, n in zip(architecture.layers, architecture.layer_channels, strict=True):
            # A random m x n matrix of unit variance has a norm of about sqrt(m) + sqrt(n): this makes |K| about 1, well
            # inside the leapfrog's stability bound h^2 |K|^2 < 4.
            scale = 1 / (math.sqrt(3**architecture.dimensions) * (math.sqrt(layer.rank) + math.sqrt(n)))
            kernels = torch.randn((layer.rank, n, *size), generator=generator) * scale
            self.kernel_scales.append(scale)
            layout = torch.channels_last_3d if architecture.dimensions == 3 else torch.channels_last
            self.kernels.append(nn.Parameter(kernels.contiguous(memory_format=layout)))
            self.biases.append(nn.Parameter(torch.zeros(layer.rank)))

    def _parameters_in_order(self) -> list[Tensor]:
        return [p for pair in zip(self.kernels, self.biases, strict=True) for p in pair]

    def parameter_groups(self, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
        """Return optimiser groups whose learning rate is relative to the size of what they hold.

        Kernels shrink as channels multiply, and one absolute rate would throw the coarse levels over the stability
        bound ``h^2 |K|^2 < 4`` within a few steps while the fine ones hardly move.

        Parameters
        ----------
        learning_rate, weight_decay : float
            For weights of unit size.

        Returns
        -------
        list of dict
            For a ``torch.optim`` optimiser with decoupled decay.
        """
        groups: list[dict[str, Any]] = [
            {"params": [kernels], "lr": learning_rate * scale, "weight_decay": weight_decay / scale}
            for kernels, scale in zip(self.kernels, self.kernel_scales, strict=True)
        ]
        groups.append({"params": list(self.biases), "lr": learning_rate, "weight_decay": 0.0})
        return groups

    def lift(self, data: Tensor) -> Tensor:
        """Repeat the data's channels until they fill the state.

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``.

        Returns
        -------
        Tensor
            ``(batch, architecture.channels, *space)``.
        """
        n = self.architecture.channels
        index = torch.arange(n, device=data.device) % self.input_channels
        return data[:, index]

    def forward(self, data: Tensor) -> Tensor:
        """Return the class scores (logits).

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``; spatial sizes are multiples of ``architecture.multiple``.

        Returns
        -------
        Tensor
            ``(batch, classes, *space)`` (at the resolution where the last layer leaves it).
        """
        x = self.lift(data)
        if torch.is_grad_enabled():
            last: Tensor = ReversibleSweep.apply(  # type: ignore[no-untyped-call]
                x, self.steps, *self._parameters_in_order()
            )
        else:
            last, _ = forward_sweep(x, self.steps, self._parameters_in_order())
        return last[:, : self.classes]

    def scores(self, data: Tensor) -> Tensor:
        """Return the class scores on the grid of the data.

        Where the network leaves a coarser output (more ``W`` than ``W^T``, section 3.4 of the paper), it is
        interpolated linearly: classes are bodies wider than a cell, and a coarse reading keeps the wiggle of the data
        out of them.

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``.

        Returns
        -------
        Tensor
            ``(batch, classes, *space)``.
        """
        scores: Tensor = self(data)
        if scores.shape[2:] == data.shape[2:]:
            return scores
        mode = "bilinear" if data.ndim == 4 else "trilinear"
        return F.interpolate(scores, size=data.shape[2:], mode=mode)

    @torch.no_grad()
    def states(self, data: Tensor) -> tuple[Tensor, Tensor]:
        """Return the last two states for the data: all that is needed to go back."""
        return forward_sweep(self.lift(data), self.steps, self._parameters_in_order())

    @torch.no_grad()
    def invert(self, last: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``Y_2`` and ``Y_1``, both the lifted input up to rounding, from the last two states (eq. 2.9)."""
        return inverse_sweep(last, before, self.steps, self._parameters_in_order())
