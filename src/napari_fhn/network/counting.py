"""Memory as Peters, Haber & Lensink (2024) count it: states and kernels in float32. Bytes; GB are decimal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from napari_fhn.network.architecture import Architecture, Layer

_FLOAT = 4


def in_words(size: float) -> str:
    """Return a number of bytes for a person, like ``"1.7 GB"`` (decimal)."""
    for unit, of_unit in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= of_unit:
            return f"{size / of_unit:.3g} {unit}" if size < 1000 * of_unit else f"{size / of_unit:.0f} {unit}"
    return f"{size:.0f} bytes"


def padded(architecture: Architecture, block: Sequence[int]) -> tuple[int, ...]:
    """Return a block as the network pads it, each size rounded up to a multiple.

    Raises
    ------
    ValueError
        When the block has not one positive size for each dimension of the network.
    """
    if len(block) != architecture.dimensions or min(block) < 1:
        raise ValueError(
            f"the block {tuple(block)} needs one size, at least 1, for each of the {architecture.dimensions} "
            "dimensions of the network"
        )
    return tuple(-(-size // multiple) * multiple for size, multiple in zip(block, architecture.multiples, strict=True))


def state_values(architecture: Architecture, block: Sequence[int]) -> int:
    """Return how many numbers a state of a block has: the same in every layer, for ``W`` loses and adds nothing."""
    voxels = math.prod(padded(architecture, block))
    return architecture.channels * voxels // int(2 ** (architecture.dimensions * architecture.haar_lift))


def kernel_values(architecture: Architecture, *, block_low_rank: bool = True) -> tuple[int, ...]:
    """Return how many numbers the kernels of each layer have: ``m n 3^d``; in a full one ``n^2 3^d`` (section 2.2)."""
    of_one = int(3**architecture.dimensions)
    counts = architecture.kernels_per_layer
    return tuple((count.unique if block_low_rank else count.acting) * of_one for count in counts)


@dataclass(frozen=True)
class PaperMemory:
    """Memory in bytes as Table 1 of Peters, Haber & Lensink (2024) counts it.

    Parameters
    ----------
    states_ordinary : int
        One state for each layer: what the non-invertible equivalent keeps.
    states_invertible : int
        Three states, whatever the depth.
    kernels_full : int
        ``n^2`` kernels in each layer.
    kernels_block_low_rank : int
        ``m n`` kernels in each layer.
    """

    states_ordinary: int
    states_invertible: int
    kernels_full: int
    kernels_block_low_rank: int


def paper_memory(architecture: Architecture, block: Sequence[int]) -> PaperMemory:
    """Count states and kernels as Table 1 does: float32, nothing else.

    Parameters
    ----------
    architecture : Architecture
        The network.
    block : sequence of int
        Voxels along its axes.

    Returns
    -------
    PaperMemory
    """
    state = _FLOAT * state_values(architecture, block)
    return PaperMemory(
        states_ordinary=len(architecture.layers) * state,
        states_invertible=3 * state,
        kernels_full=_FLOAT * sum(kernel_values(architecture, block_low_rank=False)),
        kernels_block_low_rank=_FLOAT * sum(kernel_values(architecture)),
    )


@dataclass(frozen=True)
class Curves:
    """States and kernels in bytes, as in Figure 2 of Peters, Haber & Lensink (2024).

    Parameters
    ----------
    along : list of int
        Depths, or numbers of coarsenings.
    ordinary : list of int
        One state for each layer, full kernels.
    invertible : list of int
        Three states, full kernels.
    block_low_rank : list of int
        Three states, block-low-rank kernels.
    """

    along: list[int]
    ordinary: list[int]
    invertible: list[int]
    block_low_rank: list[int]


def memory_over_depth(
    block: Sequence[int], depths: Sequence[int], *, channels: int, rank: int, coarsenings: int
) -> Curves:
    """Count memory over the number of layers.

    Parameters
    ----------
    block : sequence of int
        Voxels along the 2 or 3 axes.
    depths : sequence of int
        Numbers of layers, each above ``coarsenings``.
    channels : int
        Channels of the state before the first layer.
    rank : int
        Block rank of every layer.
    coarsenings : int
        Layers that coarsen, evenly among the others.

    Returns
    -------
    Curves

    Raises
    ------
    ValueError
        When there are more coarsenings than layers after the first.
    """
    return _curves(block, depths, [_evenly(len(block), channels, rank, depth, coarsenings) for depth in depths])


def memory_over_coarsenings(
    block: Sequence[int], coarsenings: Sequence[int], *, channels: int, rank: int, depth: int
) -> Curves:
    """Count memory over the number of coarsenings, each of which makes ``n`` of full kernels ``2**d`` times as large.

    Parameters
    ----------
    block, channels, rank
        As in :func:`memory_over_depth`.
    coarsenings : sequence of int
        Numbers of layers that coarsen, each below ``depth``.
    depth : int
        Layers.

    Returns
    -------
    Curves

    Raises
    ------
    ValueError
        When there are more coarsenings than layers after the first.
    """
    return _curves(block, coarsenings, [_evenly(len(block), channels, rank, depth, count) for count in coarsenings])


def _evenly(dimensions: int, channels: int, rank: int, depth: int, coarsenings: int) -> Architecture:
    if not 0 <= coarsenings < depth:
        raise ValueError(f"of {depth} layers all but the first can coarsen, and not {coarsenings}")
    first = {depth * part // (coarsenings + 1) for part in range(1, coarsenings + 1)}
    layers = tuple(Layer("coarsen" if number in first else "keep", rank) for number in range(depth))
    return Architecture(dimensions, channels, layers)


def _curves(block: Sequence[int], along: Sequence[int], networks: Sequence[Architecture]) -> Curves:
    counts = [paper_memory(network, block) for network in networks]
    return Curves(
        along=list(along),
        ordinary=[count.states_ordinary + count.kernels_full for count in counts],
        invertible=[count.states_invertible + count.kernels_full for count in counts],
        block_low_rank=[count.states_invertible + count.kernels_block_low_rank for count in counts],
    )
