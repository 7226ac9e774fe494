"""Weights of the code that goes with the paper (InvertibleNetworks.jl), in the order in which this program has them.

Two things differ, and neither changes what a network can say. Their convolutions mirror the kernels, as the word means
in mathematics; torch's do not. And their Haar transform counts sub-bands with the last axis fastest, this one with the
first axis fastest; the local means come first in both. ``docs/network.md`` lists what else is different.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from napari_fhn.network.architecture import Architecture


def channel_orders(architecture: Architecture) -> list[Tensor]:
    """Return, for each layer, the channel of theirs that each channel of ours is.

    Parameters
    ----------
    architecture : Architecture
        Whose layers change the resolution along all axes, by Haar transforms, and go up no further than they came down.

    Raises
    ------
    ValueError
        For other changes of resolution, which their code does not have.

    Examples
    --------
    >>> from napari_fhn.network.language import parse
    >>> channel_orders(parse("2d 1: 1x1 | down 1x1"))[-1].tolist()
    [0, 2, 1, 3]
    """
    d = architecture.dimensions
    reversed_bits = [int(f"{band:0{d}b}"[::-1], 2) for band in range(2**d)]
    orders, levels = [], [torch.arange(architecture.channels)]
    for number, layer in enumerate(architecture.layers, 1):
        if layer.axes is not None or layer.transform != "haar":
            raise ValueError(f"layer {number} changes the resolution in a way that the published code does not have")
        if layer.resample == "coarsen":
            # Ours: band by band, in each the channels of the level above.
            before = levels[-1]
            levels.append(torch.cat([band * len(before) + before for band in reversed_bits]))
        elif layer.resample == "refine":
            if len(levels) == 1:
                raise ValueError(f"layer {number} is finer than the data, which the published code cannot take over")
            levels.pop()
        orders.append(levels[-1])
    return orders


def weights_from(architecture: Architecture, kernels: Sequence[Any], biases: Sequence[Any]) -> dict[str, Tensor]:
    """Return weights of the published code as a state of :class:`~napari_fhn.network.hyperbolic.HyperbolicNetwork`.

    Parameters
    ----------
    architecture : Architecture
        The network, with ``h`` the root of their ``alpha``; without a linear head.
    kernels : sequence of array_like
        ``HL.W.data`` of each layer, ``(3, 3[, 3], n, m)``: axes of space, channels of the state, rows.
    biases : sequence of array_like
        ``HL.b.data`` of each layer, ``(m,)``.

    Returns
    -------
    dict of str to Tensor
        For ``load_state_dict``.

    Raises
    ------
    ValueError
        When the arrays are not those of such a network; the message names the layer.
    """
    if not len(kernels) == len(biases) == len(architecture.layers):
        raise ValueError(f"{len(kernels)} kernels and {len(biases)} biases for {len(architecture.layers)} layers")
    space = tuple(range(architecture.dimensions))
    found: dict[str, Tensor] = {}
    for number, (layer, order, own, bias) in enumerate(
        zip(
            architecture.layers,
            channel_orders(architecture),
            map(torch.as_tensor, kernels),
            map(torch.as_tensor, biases),
            strict=True,
        )
    ):
        shape = (*(3,) * architecture.dimensions, len(order), layer.rank)
        if tuple(own.shape) != shape or tuple(bias.shape) != (layer.rank,):
            raise ValueError(
                f"layer {number + 1} has kernels of shape {tuple(own.shape)} and a bias of shape {tuple(bias.shape)}: "
                f"{shape} and {(layer.rank,)} are expected"
            )
        mirrored = own.flip(space)[..., order, :]
        found[f"kernels.{number}"] = mirrored.movedim((-1, -2), (0, 1)).float().contiguous()
        if architecture.bias:
            found[f"biases.{number}"] = bias.float()
    return found


def weights_to(architecture: Architecture, state: Mapping[str, Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Return the weights of a network in the order of the published code: what :func:`weights_from` takes.

    Parameters
    ----------
    architecture : Architecture
        The network.
    state : mapping of str to Tensor
        From ``state_dict``.

    Returns
    -------
    kernels : list of Tensor
        ``HL.W.data`` of each layer, ``(3, 3[, 3], n, m)``.
    biases : list of Tensor
        ``HL.b.data`` of each layer, ``(m,)``; 0 where the network has none.

    Raises
    ------
    ValueError
        When the published code has no such network.

    Examples
    --------
    >>> from napari_fhn.network import build, parse
    >>> architecture = parse("2d 1: 1x1 | down 1x1")
    >>> network = build.build(architecture, 1, 1)
    >>> kernels, biases = weights_to(architecture, network.state_dict())
    >>> kernels[1].shape, bool((weights_from(architecture, kernels, biases)["kernels.1"] == network.kernels[1]).all())
    (torch.Size([3, 3, 4, 1]), True)
    """
    if architecture.normalization != "none" or architecture.reading.head == "linear":
        raise ValueError("the published code has neither normalisation nor a linear head")
    space = tuple(range(architecture.dimensions))
    kernels, biases = [], []
    for number, (layer, order) in enumerate(zip(architecture.layers, channel_orders(architecture), strict=True)):
        own = state[f"kernels.{number}"].detach().cpu().movedim((0, 1), (-1, -2))
        theirs = torch.empty_like(own, memory_format=torch.contiguous_format)
        theirs[..., order, :] = own.flip(space)
        kernels.append(theirs)
        bias = state.get(f"biases.{number}")
        biases.append(torch.zeros(layer.rank) if bias is None else bias.detach().cpu().clone())
    return kernels, biases
