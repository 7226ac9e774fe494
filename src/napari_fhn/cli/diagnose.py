"""``napari-fhn diagnose``: whether a network is stable and can be inverted, at its time step and at others."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from napari_fhn.cli.exits import OK
from napari_fhn.cli.networks import Chosen, add_network, chosen
from napari_fhn.cli.options import Commands, UsageError, add_json
from napari_fhn.cli.tables import aligned
from napari_fhn.network.architecture import Architecture
from napari_fhn.training.job import JobError

if TYPE_CHECKING:
    from napari_fhn.network.diagnostics import Energy, OverTimeStep, Stability
    from napari_fhn.network.hyperbolic import HyperbolicNetwork

_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Time steps that are tried, as parts of the network's own."""

_CELLS = {2: 4, 3: 2}
"""Coarsest cells along each axis of the noise that is sent through."""

_FINE = 1e-3
"""Invertibility error below which a gradient is as good as exact."""

_REFUSED = 0.05
"""Invertibility error above which training refuses a step."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("diagnose", help="say whether a network is stable and can be inverted")
    add_network(parser)
    parser.add_argument("--h", type=float, nargs="+", metavar="H", help="time steps (default: around the network's)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the noise, and of untrained kernels")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, and give a verdict."""
    found = chosen(options)
    if not isinstance(found.network, Architecture):
        raise JobError("diagnoses are for hyperbolic networks, and this is one to compare with")
    if options.h is not None and min(options.h) <= 0:
        raise UsageError("time steps are above 0")
    import torch

    from napari_fhn.network.diagnostics import energy, over_time_step, stability

    network, trained = _network(found, options.seed)
    space = [_CELLS[network.architecture.dimensions] * multiple for multiple in network.architecture.multiples]
    generator = torch.Generator().manual_seed(options.seed)
    data = torch.randn(1, network.input_channels, *space, generator=generator)
    hs = tuple(options.h or (factor * network.h for factor in _FACTORS))
    steps = over_time_step(network, data, hs)
    stable, powers = stability(network), energy(network, data)
    own = steps if network.h in hs else over_time_step(network, data, (network.h,))
    error = own.single[own.h.index(network.h)]
    words = verdict(stable, powers, error)
    if options.json:
        told = {"trained": trained, "over_time_step": asdict(steps), "stability": asdict(stable)}
        print(json.dumps({"kind": "Diagnosis", **told, "energy": asdict(powers), "error": error, "verdict": words}))
        return OK
    kind = "trained network" if trained else "network with random kernels"
    print(f"A {kind}, {len(stable.norms)} layers, on noise of {' x '.join(map(str, space))}")
    print(_over_time_step(steps, network.h))
    print()
    print(_layers(stable, powers))
    print()
    print(words)
    return OK


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


def _network(found: Chosen, seed: int) -> tuple[HyperbolicNetwork, bool]:
    """Return the network to look at, and whether it was trained."""
    import torch

    from napari_fhn.network.hyperbolic import HyperbolicNetwork

    assert isinstance(found.network, Architecture)
    if found.job is not None:
        from napari_fhn.training import model

        network = model.load(found.job.model).network
        if not isinstance(network, HyperbolicNetwork):
            raise JobError("diagnoses are for hyperbolic networks, and this is one to compare with")
        return network, True
    # Channels that fill the state: none is repeated, none left over.
    lift = 2 ** (found.network.dimensions * found.network.haar_lift)
    generator = torch.Generator().manual_seed(seed)
    return HyperbolicNetwork(found.network, found.network.channels // lift, 2, generator), False


def _over_time_step(steps: OverTimeStep, own: float) -> str:
    rows = [["time step h", "largest h^2 |K|^2", "growth of states", "error in float32", "in float64", "sensitivity"]]
    for h, number, growth, single, double, sensitivity in zip(
        steps.h, steps.numbers, steps.growth, steps.single, steps.double, steps.sensitivity, strict=True
    ):
        mark = " (its own)" if h == own else ""
        values = (f"{number:.3g}", f"{growth:.3g}", f"{single:.1e}", f"{double:.1e}", f"{sensitivity:.3g}")
        rows.append([f"{h:.3g}{mark}", *values])
    return aligned(rows)


def _layers(stable: Stability, powers: Energy) -> str:
    rows = [["layer", "|K|", "h^2 |K|^2", "|Y| / |X|", "energy"]]
    total = powers.total or (None,) * len(powers.norms)
    for number, (norm, bound, size, whole) in enumerate(
        zip(stable.norms, stable.numbers, powers.norms, total, strict=True), 1
    ):
        rows.append([
            str(number), f"{norm:.3g}", f"{bound:.3g}", f"{size:.3g}", "-" if whole is None else f"{whole:.3g}",
        ])  # fmt: skip
    return aligned(rows)
