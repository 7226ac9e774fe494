"""The gating network that was trained beforehand, on generated seismic surveys, and comes with this program.

Of features and of what is carried along reflectors it says which to believe where, see
:mod:`napari_fhn.training.combination.gating`. `scripts/pretrain_gate.py` trained it, on the surveys that the features
learnt on.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.training.combination.gating import CHANNELS, OUTPUTS, Gate
from napari_fhn.training.models import halves

FILE = "gating.safetensors"
"""Its name, in the folder of this module."""

_TRUST = 0.75
"""How far it is followed: it learnt on generated surveys, and yours is another. On those to tune on, drawn twice as
large, 0.75 does as well as 1; on a survey of another generator better (`benchmarks/README.md`)."""


def save(gate: Gate, path: str | Path, made: str) -> None:
    """Write one to a file, weights in half precision, with what it was trained on."""
    halves.save(path, gate.network, {"made": made})


def _of(network: HyperbolicNetwork, _: Any) -> Gate:
    return Gate(network, _TRUST)


def load(path: str | Path) -> Gate:
    """Read what :func:`save` wrote.

    Raises
    ------
    JobError
        Where it is none; the message names the file.
    """
    return halves.load(path, CHANNELS, _of, OUTPUTS)


@cache
def bundled() -> Gate:
    """Return the one that comes with this program."""
    return halves.bundled(FILE, CHANNELS, _of, OUTPUTS)
