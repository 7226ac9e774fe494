"""Whether a network is stable and can be inverted, measured on noise and said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.diagnostics import Energy, OverTimeStep, Stability, energy, over_time_step, stability
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.training.job import JobError
from napari_fhn.training.models import model as models

_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Time steps that are tried, as parts of the network's own."""

_CELLS = {2: 4, 3: 2}
"""Coarsest cells along each axis of the noise that is sent through."""

_FINE = 1e-3
"""Invertibility error below which a gradient is as good as exact."""

_REFUSED = 0.05
"""Invertibility error above which training refuses a step."""


@dataclass(frozen=True)
class Diagnosis:
    """What was measured.

    Parameters
    ----------
    trained : bool
        False for a network with random kernels.
    h : float
        Its own time step.
    space : tuple of int
        Voxels of the noise along its axes.
    over_time_step : OverTimeStep
        At several time steps.
    stability : Stability
        Of every layer, at its own time step.
    energy : Energy
        Of the states of one sweep, at its own time step.
    error : float
        What a way forward and back in float32 costs at its own time step, relative to the first state.
    """

    trained: bool
    h: float
    space: tuple[int, ...]
    over_time_step: OverTimeStep
    stability: Stability
    energy: Energy
    error: float

    @property
    def verdict(self) -> str:
        """What the numbers mean."""
        return verdict(self.stability, self.energy, self.error)


def of_architecture(architecture: Architecture, hs: Sequence[float] | None = None, seed: int = 0) -> Diagnosis:
    """Diagnose a network with random kernels.

    Parameters
    ----------
    architecture : Architecture
        Data of as many channels as fill its state are sent through.
    hs : sequence of float, optional
        Time steps to try; a quarter to four times its own when absent.
    seed : int
        Of kernels and noise.

    Returns
    -------
    Diagnosis
    """
    lift = 2 ** (architecture.dimensions * architecture.haar_lift)
    generator = torch.Generator().manual_seed(seed)
    network = HyperbolicNetwork(architecture, architecture.channels // lift, 2, generator)
    return _diagnose(network, False, hs, seed)


def of_model(folder: str | Path, hs: Sequence[float] | None = None, seed: int = 0) -> Diagnosis:
    """Diagnose a trained network; the arguments are those of :func:`of_architecture`.

    Raises
    ------
    JobError
        When the folder holds none, or one of another kind.
    """
    network = models.load(folder).network
    if not isinstance(network, HyperbolicNetwork):
        raise JobError("diagnoses are for hyperbolic networks, and this is one to compare with")
    return _diagnose(network, True, hs, seed)


def verdict(stable: Stability, powers: Energy, error: float) -> str:
    """Say in words what the numbers mean.

    Parameters
    ----------
    stable : Stability
        Of the network at its own time step.
    powers : Energy
        Of a sweep.
    error : float
        What a way forward and back in float32 costs, relative to the first state.

    Returns
    -------
    str
    """
    largest = max(stable.numbers)
    if stable.stable:
        first = f"Stable: the largest h^2 |K|^2 is {largest:.2g}, below the bound of 4."
    else:
        first = (
            f"Not stable: the largest h^2 |K|^2 is {largest:.2g}, above the bound of 4; "
            f"a time step below {stable.largest_h:.2g} would be."
        )
    growth = f"States grow {powers.growth:.2g}-fold at most." if powers.growth > 1.05 else "States do not grow."
    if error < _FINE:
        last = f"Forward and back loses {error:.1e} of the first state: gradients are as good as exact."
    elif error <= _REFUSED:
        last = f"Forward and back loses {error:.1e} of the first state: gradients are good enough, and no better."
    else:
        last = (
            f"Forward and back loses {error:.1e} of the first state: training would refuse its steps. "
            "Take a smaller time step, or fewer layers."
        )
    return " ".join((first, growth, last))


def _diagnose(network: HyperbolicNetwork, trained: bool, hs: Sequence[float] | None, seed: int) -> Diagnosis:
    architecture = network.architecture
    space = tuple(_CELLS[architecture.dimensions] * multiple for multiple in architecture.multiples)
    data = torch.randn(1, network.input_channels, *space, generator=torch.Generator().manual_seed(seed))
    hs = tuple(hs or (factor * network.h for factor in _FACTORS))
    steps = over_time_step(network, data, hs)
    own = steps if network.h in hs else over_time_step(network, data, (network.h,))
    return Diagnosis(
        trained,
        network.h,
        space,
        steps,
        stability(network),
        energy(network, data),
        own.single[own.h.index(network.h)],
    )
