"""A network in operations that every program has, for files that are read without this one.

The sweeps of :mod:`napari_fhn.network.leapfrog` work in place, on arrays that they keep, and go back by themselves: no
file holds that. Here the same scores are made by the plain steps of :mod:`napari_fhn.network.reference`, and what
depends on sizes is taken by index, so that a file serves data of any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from napari_fhn.network.architecture import Architecture, Transform
from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.leapfrog import Step
from napari_fhn.network.reference import leapfrog_step
from napari_fhn.network.symmetric import LayerParameters


class PortableNetwork(nn.Module):
    """The scores of a network on the grid of the data.

    Parameters
    ----------
    network : SegmentationNetwork
        Of any kind; its parameters are used, not copied.

    Examples
    --------
    >>> from napari_fhn.network import build, parse
    >>> network = build.build(parse("2d 8: 1x8 | down 1x8 | up 1x8"), 1, 2)
    >>> data = torch.randn(1, 1, 13, 9)
    >>> bool(torch.allclose(PortableNetwork(network)(data), network.scores(data), atol=1e-5))
    True
    """

    def __init__(self, network: SegmentationNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, data: Tensor) -> Tensor:
        """Return the class scores.

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``, of any size.

        Returns
        -------
        Tensor
            ``(batch, classes, *space)``; without the axis of which a slice is read.
        """
        network, architecture = self.network, self.network.architecture
        padded = _repeated_to(data, architecture.multiples)
        sizes = list(data.shape[2:])
        if isinstance(network, HyperbolicNetwork) and isinstance(architecture, Architecture):
            scores = network.on_grid(_read(network, padded), padded)
            if architecture.reading.axis is not None:
                del sizes[architecture.reading.axis]
        else:
            scores = network.scores(padded)
        for axis, size in enumerate(sizes, 2):
            scores = scores.index_select(axis, torch.arange(size, device=scores.device))
        return scores


def _read(network: HyperbolicNetwork, data: Tensor) -> Tensor:
    architecture = network.architecture
    for _ in range(architecture.haar_lift):
        data = _coarser(data, range(architecture.dimensions), "haar")
    repeated = torch.arange(architecture.channels, device=data.device) % data.shape[1]
    current = before = data.index_select(1, repeated)
    for number, parameters in enumerate(network.layer_parameters()):
        current, before = _step(current, before, network.step(number), parameters)
    return network.read(current)


def _step(current: Tensor, before: Tensor, step: Step, parameters: LayerParameters) -> tuple[Tensor, Tensor]:
    """Take a step of the reference, with the change of resolution by index."""
    change = _finer if step.finer else _coarser
    current, before = (change(state, step.axes, step.transform) for state in (current, before))
    return leapfrog_step(current, before, replace(step, axes=()), parameters)


def _coarser(state: Tensor, axes: Sequence[int], transform: Transform) -> Tensor:
    """Apply :func:`napari_fhn.network.transforms.coarsen`."""
    for axis in axes:
        even = 2 * torch.arange(state.shape[2 + axis] // 2, device=state.device)
        first, second = state.index_select(2 + axis, even), state.index_select(2 + axis, even + 1)
        if transform == "haar":
            first, second = first + second, first - second
        state = torch.cat([first, second], dim=1)
    return state * 2 ** (-len(axes) / 2) if transform == "haar" and axes else state


def _finer(state: Tensor, axes: Sequence[int], transform: Transform) -> Tensor:
    """Apply :func:`napari_fhn.network.transforms.refine`."""
    for axis in reversed(axes):
        fine = torch.arange(2 * state.shape[2 + axis], device=state.device)
        half = state.shape[1] // 2
        first, second = (part.index_select(2 + axis, fine // 2) for part in (state[:, :half], state[:, half:]))
        odd = (fine % 2).reshape([-1 if place == 2 + axis else 1 for place in range(state.ndim)])
        state = first + (1 - 2 * odd) * second if transform == "haar" else torch.where(odd == 1, second, first)
    return state * 2 ** (-len(axes) / 2) if transform == "haar" and axes else state


def _repeated_to(data: Tensor, multiples: Sequence[int]) -> Tensor:
    """Repeat the last voxel of each axis until its size is a multiple, as `napari_fhn.network.pooling.pad` does."""
    for axis, multiple in enumerate(multiples, 2):
        if multiple > 1:
            size = data.shape[axis]
            index = torch.arange((size + multiple - 1) // multiple * multiple, device=data.device)
            data = data.index_select(axis, index.clamp(max=size - 1))
    return data
