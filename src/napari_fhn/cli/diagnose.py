"""``napari-fhn diagnose``: whether a network is stable and can be inverted, at its time step and at others."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from napari_fhn.cli.exits import OK
from napari_fhn.cli.networks import add_network, chosen
from napari_fhn.cli.options import Commands, UsageError, add_json
from napari_fhn.cli.saying import busy
from napari_fhn.cli.tables import aligned
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.bounds import MOST_H
from napari_fhn.sentence import counted
from napari_fhn.training.job import JobError

if TYPE_CHECKING:
    from napari_fhn.training.models.diagnosis import Diagnosis

_MOST_SEED = 2**63 - 1
"""Beyond it torch has no random numbers."""


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
    asked = chosen(options)
    if not isinstance(asked.network, Architecture):
        raise JobError("diagnoses are for hyperbolic networks, and this is one to compare with")
    if any(not 0 < h <= MOST_H for h in options.h or ()):
        raise UsageError(f"time steps are above 0, and at most {MOST_H:g}")
    if not 0 <= options.seed <= _MOST_SEED:
        raise UsageError(f"a seed is a number from 0 to {_MOST_SEED:,}, not {options.seed}")
    with busy("Looking at the network"):
        from napari_fhn.training.models.diagnosis import of_architecture, of_model

        if asked.job is None:
            found = of_architecture(asked.network, options.h, options.seed)
        else:
            found = of_model(asked.job.model, options.h, options.seed)
    if options.json:
        print(json.dumps({"kind": "Diagnosis", **asdict(found), "verdict": found.verdict}))
        return OK
    kind = "trained network" if found.trained else "network with random kernels"
    print(f"A {kind}, {counted(len(found.stability.norms), 'layers')}, on noise of {' x '.join(map(str, found.space))}")
    print(f"{_over_time_step(found)}\n\n{_layers(found)}\n\n{found.verdict}")
    return OK


def _over_time_step(found: Diagnosis) -> str:
    steps = found.over_time_step
    rows = [["time step h", "largest h^2 |K|^2", "growth of states", "error in float32", "in float64", "sensitivity"]]
    for h, number, growth, single, double, sensitivity in zip(
        steps.h, steps.numbers, steps.growth, steps.single, steps.double, steps.sensitivity, strict=True
    ):
        mark = " (its own)" if h == found.h else ""
        values = (f"{number:.3g}", f"{growth:.3g}", f"{single:.1e}", f"{double:.1e}", f"{sensitivity:.3g}")
        rows.append([f"{h:.3g}{mark}", *values])
    return aligned(rows)


def _layers(found: Diagnosis) -> str:
    stable, powers = found.stability, found.energy
    rows = [["layer", "|K|", "h^2 |K|^2", "|Y| / |X|", "energy"]]
    total = powers.total or (None,) * len(powers.norms)
    for number, (norm, bound, size, whole) in enumerate(
        zip(stable.norms, stable.numbers, powers.norms, total, strict=True), 1
    ):
        rows.append([
            str(number), f"{norm:.3g}", f"{bound:.3g}", f"{size:.3g}", "-" if whole is None else f"{whole:.3g}",
        ])  # fmt: skip
    return aligned(rows)
