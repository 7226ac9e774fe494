"""A U-Net beside the hyperbolic network, as Figure 3 of the paper has it: how its states grow and its scores move."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.diagnostics import energy, norm, sensitivity
from napari_fhn.network.equivalent import equivalent_unet
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.unet import UNet


@torch.no_grad()
def activations(network: UNet, data: Tensor) -> tuple[float, ...]:
    """Follow the size of a U-Net's states, as :func:`napari_fhn.network.diagnostics.energy` does for ours.

    Parameters
    ----------
    network : UNet
        Any.
    data : Tensor
        ``(batch, input_channels, *space)``.

    Returns
    -------
    tuple of float
        Root mean square over that of the data, for each level on the way down and then up. Not norms: the states of a
        U-Net differ in size.
    """
    data = data.to(network.reading.dtype)
    seen: list[float] = []
    with _Activations(seen):
        network.scores(data)
    size = _rms(data)
    return tuple(value / size for value in seen[1::2])  # two convolutions at each level


_RELUS = (torch.Tensor.relu, torch.relu, F.relu)


class _Activations(TorchFunctionMode):
    """A hook on every ReLU: the convolutions of the comparison networks are functions, not modules."""

    def __init__(self, seen: list[float]) -> None:
        super().__init__()
        self.seen = seen

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in _RELUS:
            self.seen.append(_rms(result))
        return result


@dataclass(frozen=True)
class BesideUNet:
    """A random hyperbolic network and a random U-Net with its levels.

    Parameters
    ----------
    states : tuple of float
        ``|Y_j| / |X|`` for each layer of the hyperbolic network.
    unet_states : tuple of float
        See :func:`activations`.
    sensitivity, unet_sensitivity : float
        See :func:`napari_fhn.network.diagnostics.sensitivity`.
    """

    states: tuple[float, ...]
    unet_states: tuple[float, ...]
    sensitivity: float
    unet_sensitivity: float


def beside_unet(
    architecture: Architecture, data: Tensor, *, classes: int = 2, seeds: Iterable[int] = range(3)
) -> tuple[BesideUNet, ...]:
    """Measure random networks beside random U-Nets of the same levels.

    Parameters
    ----------
    architecture : Architecture
        Of the hyperbolic networks; the U-Nets are ``equivalent_unet`` of it.
    data : Tensor
        ``(batch, input_channels, *space)``.
    classes, seeds
        As in :func:`napari_fhn.network.diagnostics.random_over_time_step`.

    Returns
    -------
    tuple of BesideUNet

    Raises
    ------
    ValueError
        When no U-Net compares with the architecture.
    """
    pairs = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        ours = HyperbolicNetwork(architecture, data.shape[1], classes, generator)
        theirs = UNet(equivalent_unet(architecture), data.shape[1], classes, generator)
        states, unet_states = energy(ours, data).norms, activations(theirs, data)
        pairs.append(BesideUNet(states, unet_states, sensitivity(ours, data), sensitivity(theirs, data)))
    return tuple(pairs)


def _rms(values: Tensor) -> float:
    return norm(values) / math.sqrt(values.numel())
