"""From the description of a network to the network: the one place that knows all kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.comparison import NetworkDescription, ResNetArchitecture
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.resnet import ResNet
from napari_fhn.network.unet import UNet


class SegmentationNetwork(Protocol):
    """What training and prediction ask of a network; a ``torch.nn.Module`` has the second half of it anyway."""

    input_channels: int
    classes: int

    @property
    def architecture(self) -> NetworkDescription:
        """What the network is made of."""

    def scores(self, data: Tensor, *, apart: bool = False) -> Tensor:
        """Return the class scores ``(batch, classes, *space)`` of data ``(batch, input_channels, *space)``.

        With ``apart``, slices that a map is read from follow each other along the batch, and are not averaged.
        """

    def parameter_groups(self, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
        """Return optimiser groups for a learning rate and a decay that are meant for weights of unit size."""

    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]:
        """Iterate over what is trained."""

    def state_dict(self) -> dict[str, Any]:
        """Return the weights by name."""

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Take over weights."""

    def to(self, device: torch.device) -> Self:
        """Move to a device."""

    def eval(self) -> Self:
        """Get ready to predict."""

    def train(self, mode: bool = True) -> Self:
        """Get ready to train."""


def build(
    architecture: NetworkDescription, input_channels: int, classes: int, generator: torch.Generator | None = None
) -> SegmentationNetwork:
    """Make a network with random weights.

    Parameters
    ----------
    architecture : Architecture, ResNetArchitecture or UNetArchitecture
        What it is made of.
    input_channels : int
        Channels of the data.
    classes : int
        Classes to tell apart.
    generator : torch.Generator, optional
        Source of the random initial kernels.

    Returns
    -------
    SegmentationNetwork
        :class:`HyperbolicNetwork`, :class:`ResNet` or :class:`UNet`.

    Raises
    ------
    ValueError
        When the data or the classes need more channels than the network has.
    """
    if isinstance(architecture, Architecture):
        return HyperbolicNetwork(architecture, input_channels, classes, generator)
    if isinstance(architecture, ResNetArchitecture):
        return ResNet(architecture, input_channels, classes, generator)
    return UNet(architecture, input_channels, classes, generator)
