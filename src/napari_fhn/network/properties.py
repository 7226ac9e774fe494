"""The three numbers of the paper's section 2.1: energy growth, stability, and the error of the inverse."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, pstdev

import torch
from torch import Tensor

from napari_fhn.network.diagnostics import norm
from napari_fhn.network.hyperbolic import HyperbolicNetwork


@dataclass(frozen=True)
class Properties:
    """What the paper's Figure 3 shows of a network ``g`` and data ``X``.

    Parameters
    ----------
    growth : float
        ``|g(X)| / |X|``.
    stability : tuple of float
        ``|g(X + d) - g(X)| / |d|`` for each random ``d``.
    inversion : float
        ``|g^-1(g(X)) - X| / |X|``.
    """

    growth: float
    stability: tuple[float, ...]
    inversion: float

    @property
    def mean_stability(self) -> float:
        """Over the perturbations."""
        return fmean(self.stability)

    @property
    def spread_of_stability(self) -> float:
        """Standard deviation over the perturbations."""
        return pstdev(self.stability)


@torch.no_grad()
def properties(
    network: HyperbolicNetwork, data: Tensor, *, size: float = 0.1, directions: int = 1, seed: int = 0
) -> Properties:
    """Measure a network, in the precision of its weights.

    Parameters
    ----------
    network : HyperbolicNetwork
        Random or trained; ``g`` leads from its data to its last state.
    data : Tensor
        ``(batch, input_channels, *space)``. With as many channels as the state, perturbations differ from channel to
        channel, as in the paper.
    size : float
        ``|d| / |X|``; the paper has 0.1.
    directions : int
        Perturbations.
    seed : int
        Of the perturbations, which are white noise.

    Returns
    -------
    Properties
        With infinite numbers where the states ran over.

    Examples
    --------
    >>> from napari_fhn.network import HyperbolicNetwork, parse
    >>> network = HyperbolicNetwork(parse("2d 4: 2x2", h=0.1), 4, 2)
    >>> round(properties(network, torch.randn(1, 4, 8, 8)).growth, 1)
    1.0
    """
    first = network.first_state(data)
    length = norm(first)
    last, before = network.states(data)
    _, back = network.invert(last, before)
    generator = torch.Generator().manual_seed(seed)
    moved = []
    for _ in range(directions):
        noise = torch.randn(data.shape, generator=generator, dtype=data.dtype).to(data.device)
        noise *= size * norm(data) / norm(noise)
        other, _ = network.states(data + noise)
        moved.append(_finite(norm(other - last) / norm(network.first_state(noise))))
    return Properties(_finite(norm(last) / length), tuple(moved), _finite(norm(back - first) / length))


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.inf
