r"""What a network does to energy, and what rounding does to its inverse (section 2.1 and Figure 3 of the paper).

A layer is a step of ``Y'' = -f(Y)`` with ``f = K^T sigma(K Y + b)`` the gradient of a potential ``phi``. Of one layer
that repeats, the leapfrog conserves an energy up to ``O(h^2)`` as long as ``h^2 |K|^2 < 4``; beyond that, states grow
exponentially. In a network every layer has a ``K`` of its own and does work on the state, so states may grow below the
bound too, slowly: how much is what is measured here.

Everything is done on copies: the network that is looked at stays as it is.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_fhn.network.architecture import Activation, Architecture
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.resnet import ResNet
from napari_fhn.network.transforms import coarsen, refine
from napari_fhn.network.unet import UNet

BOUND = 4.0
"""Of ``h^2 |K|^2`` for a stable leapfrog, where the slope of ``sigma`` is at most 1."""

# Antiderivatives of the activations that have a simple one; that of softplus is a dilogarithm.
_POTENTIALS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "relu": lambda z: z.relu().square() / 2,
    "leaky_relu": lambda z: z * F.leaky_relu(z) / 2,
    "elu": lambda z: torch.where(z > 0, z.square() / 2, torch.expm1(z.clamp(max=0)) - z),
    "tanh": lambda z: z + F.softplus(-2 * z) - math.log(2),
    "sigmoid": F.softplus,
}


@dataclass(frozen=True)
class Energy:
    """Sizes and energies of the states of one sweep, an entry for each layer.

    Parameters
    ----------
    norms : tuple of float
        ``|Y_j| / |X|``. ``W`` keeps the norm, so levels can be compared.
    kinetic : tuple of float
        ``|Y_j - W Y_{j-2}|^2 / (2h)^2 / 2`` over ``|X|^2``: of the velocity at ``P = W Y_{j-1}``.
    potential : tuple of float or None
        ``phi_j(P)`` over ``|X|^2``; None with a normalisation, where the layer is no gradient, and with softplus.
    """

    norms: tuple[float, ...]
    kinetic: tuple[float, ...]
    potential: tuple[float, ...] | None

    @property
    def total(self) -> tuple[float, ...] | None:
        """Kinetic and potential energy; up to ``O(h^2)`` the same in layers with the same ``K`` and ``b``."""
        if self.potential is None:
            return None
        return tuple(a + b for a, b in zip(self.kinetic, self.potential, strict=True))

    @property
    def growth(self) -> float:
        """The largest norm; infinite where numbers ran over."""
        return max(norm if math.isfinite(norm) else math.inf for norm in self.norms)


@torch.no_grad()
def energy(network: HyperbolicNetwork, data: Tensor) -> Energy:
    """Follow the energy through the layers.

    Parameters
    ----------
    network : HyperbolicNetwork
        Of any type; the data are converted to it.
    data : Tensor
        ``(batch, input_channels, *space)``.

    Returns
    -------
    Energy
    """
    twin = copy.deepcopy(network)
    parameters = twin.layer_parameters()
    architecture = twin.architecture
    phi = _POTENTIALS.get(architecture.activation) if architecture.normalization == "none" else None
    data = data.to(parameters[0].kernels.dtype)
    first = twin.first_state(data)
    size = norm(first)
    pair = [first, first]
    norms, kinetic, potential = [], [], []

    def watch(number: int, state: Tensor) -> None:
        step, layer = twin.step(number - 1), parameters[number - 1]
        change = refine if step.finer else coarsen
        current, before = (change(part, step.axes, step.transform) if step.axes else part for part in pair)
        norms.append(norm(state) / size)
        kinetic.append((norm(state - before) / (2 * twin.h * size)) ** 2 / 2)
        if phi is not None:
            z = _convolution(current)(current, layer.kernels, layer.bias, padding=1)
            potential.append(phi(z).sum(dtype=torch.float64).item() / size**2)
        pair[:] = state.clone(), current

    twin.states(data, watch)
    return Energy(tuple(norms), tuple(kinetic), None if phi is None else tuple(potential))


@torch.no_grad()
def kernel_norms(
    network: HyperbolicNetwork, *, size: int = 16, iterations: int = 100, tolerance: float = 1e-5
) -> tuple[float, ...]:
    """Return the operator norm ``|K_j|`` of each layer, by power iteration on ``K^T K``.

    Parameters
    ----------
    network : HyperbolicNetwork
        Any; with a normalisation, the norms are those of ``K`` without it.
    size : int
        Cells along each axis of the grid on which ``K`` acts, zero-padded. The norm grows with the grid, by one to two
        per cent from 16 to infinity.
    iterations : int
        At most.
    tolerance : float
        Relative change of the norm at which an iteration ends.

    Returns
    -------
    tuple of float
        From below: the iteration rises to the norm.
    """
    return tuple(_kernel_norm(kernels, size, iterations, tolerance) for kernels in network.kernels)


def _kernel_norm(kernels: Tensor, size: int, iterations: int, tolerance: float) -> float:
    shape = (1, kernels.shape[1], *[size] * (kernels.ndim - 2))
    vector = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(kernels)
    convolve = _convolution(vector)
    transposed = F.conv_transpose3d if vector.ndim == 5 else F.conv_transpose2d
    norm = 0.0
    for _ in range(iterations):
        image = convolve(vector / vector.norm(), kernels, padding=1)
        last, norm = norm, image.norm().item()
        if norm - last <= tolerance * norm:
            break
        vector = transposed(image, kernels, padding=1)
    return norm


@dataclass(frozen=True)
class Stability:
    """Every layer of a network beside the bound of the leapfrog.

    Parameters
    ----------
    h : float
        Time step.
    norms : tuple of float
        ``|K_j|``.
    """

    h: float
    norms: tuple[float, ...]

    @property
    def numbers(self) -> tuple[float, ...]:
        """``h^2 |K_j|^2``, to be compared with :data:`BOUND`."""
        return tuple((self.h * norm) ** 2 for norm in self.norms)

    @property
    def stable(self) -> bool:
        """True where every layer, repeated, would be stable."""
        return max(self.numbers) < BOUND

    @property
    def largest_h(self) -> float:
        """The time step at which the largest layer meets the bound."""
        largest = max(self.norms)
        return math.sqrt(BOUND) / largest if largest else math.inf


def stability(network: HyperbolicNetwork, *, size: int = 16) -> Stability:
    """Compare ``h^2 |K_j|^2`` of every layer with the bound.

    Parameters
    ----------
    network : HyperbolicNetwork
        Any.
    size : int
        See :func:`kernel_norms`.

    Returns
    -------
    Stability
    """
    return Stability(network.h, kernel_norms(network, size=size))


@dataclass(frozen=True)
class RoundTrip:
    """What is left of the first state after all layers forward and all layers back.

    Parameters
    ----------
    from_data : float
        ``|Y_2 - X| / |X|``.
    from_each_other : float
        ``|Y_1 - Y_2| / |Y_2|``: the same without knowing ``X``, as a training step has it for nothing.
    """

    from_data: float
    from_each_other: float


@dataclass(frozen=True)
class Invertibility:
    """Round trips in two precisions.

    Parameters
    ----------
    single, double : RoundTrip
        In float32 and float64.
    """

    single: RoundTrip
    double: RoundTrip


def invertibility(network: HyperbolicNetwork, data: Tensor) -> Invertibility:
    """Run the network forward and back (eq. 2.6 and 2.9) and measure what rounding did.

    Parameters
    ----------
    network : HyperbolicNetwork
        Of any type; its weights are converted.
    data : Tensor
        ``(batch, input_channels, *space)``.

    Returns
    -------
    Invertibility
    """
    return Invertibility(
        *(_round_trip(copy.deepcopy(network).to(dtype), data) for dtype in (torch.float32, torch.float64))
    )


def _round_trip(twin: HyperbolicNetwork, data: Tensor) -> RoundTrip:
    data = data.to(next(twin.parameters()).dtype)
    first = twin.first_state(data)
    second, earlier = twin.invert(*twin.states(data))
    return RoundTrip(norm(second - first) / norm(first), norm(earlier - second) / norm(second))


@torch.no_grad()
def sensitivity(
    network: HyperbolicNetwork | ResNet | UNet, data: Tensor, *, directions: int = 4, size: float = 1e-3, seed: int = 0
) -> float:
    """Return how far scores move when the data move: the largest ``|f(x + d) - f(x)| / |d|`` met.

    Parameters
    ----------
    network : HyperbolicNetwork, ResNet or UNet
        ``f`` are its ``scores``; evaluated in float64.
    data : Tensor
        ``(batch, input_channels, *space)``.
    directions : int
        White noise drawn as ``d``.
    size : float
        ``|d| / |x|``.
    seed : int
        Of the noise.

    Returns
    -------
    float
        A bound from below of the network's Lipschitz constant.
    """
    twin, data = copy.deepcopy(network).double(), data.double()
    generator = torch.Generator().manual_seed(seed)
    scores, largest = twin.scores(data), 0.0
    for _ in range(directions):
        noise = torch.randn(data.shape, generator=generator, dtype=data.dtype).to(data.device)
        noise *= size * norm(data) / norm(noise)
        largest = max(largest, norm(twin.scores(data + noise) - scores) / norm(noise))
    return largest


@dataclass(frozen=True)
class OverTimeStep:
    """One network at several time steps; an entry of each tuple for each of them.

    Parameters
    ----------
    h : tuple of float
        Time steps.
    numbers : tuple of float
        The largest ``h^2 |K_j|^2``.
    growth : tuple of float
        The largest ``|Y_j| / |X|``, in float64.
    single, double : tuple of float
        ``|Y_2 - X| / |X|`` after forward and back, in float32 and float64.
    sensitivity : tuple of float
        See :func:`sensitivity`.
    """

    h: tuple[float, ...]
    numbers: tuple[float, ...]
    growth: tuple[float, ...]
    single: tuple[float, ...]
    double: tuple[float, ...]
    sensitivity: tuple[float, ...]


def over_time_step(network: HyperbolicNetwork, data: Tensor, hs: Sequence[float]) -> OverTimeStep:
    """Measure one network, its weights unchanged, at several time steps.

    Parameters
    ----------
    network : HyperbolicNetwork
        Random or trained.
    data : Tensor
        ``(batch, input_channels, *space)``.
    hs : sequence of float
        Time steps.

    Returns
    -------
    OverTimeStep
    """
    single, double = (copy.deepcopy(network).to(dtype) for dtype in (torch.float32, torch.float64))
    largest = max(kernel_norms(network))
    rows = []
    for h in hs:
        single.h = double.h = h
        errors = [_round_trip(twin, data).from_data for twin in (single, double)]
        rows.append(((h * largest) ** 2, energy(double, data).growth, *errors, sensitivity(double, data)))
    return OverTimeStep(tuple(hs), *zip(*rows, strict=True))


def random_over_time_step(
    architecture: Architecture, data: Tensor, hs: Sequence[float], *, classes: int = 2, seeds: Iterable[int] = range(3)
) -> tuple[OverTimeStep, ...]:
    """Measure random networks at several time steps.

    Parameters
    ----------
    architecture : Architecture
        Of all of them.
    data : Tensor
        ``(batch, input_channels, *space)``.
    hs : sequence of float
        Time steps.
    classes : int
        That they tell apart.
    seeds : iterable of int
        Of the kernels; one network for each.

    Returns
    -------
    tuple of OverTimeStep
    """
    generators = (torch.Generator().manual_seed(seed) for seed in seeds)
    networks = (HyperbolicNetwork(architecture, data.shape[1], classes, generator) for generator in generators)
    return tuple(over_time_step(network, data, hs) for network in networks)


def _convolution(state: Tensor) -> Callable[..., Tensor]:
    return F.conv3d if state.ndim == 5 else F.conv2d


def norm(values: Tensor) -> float:
    """Return the Euclidean norm of all values, summed in float64."""
    return float(torch.linalg.vector_norm(values, dtype=torch.float64))
