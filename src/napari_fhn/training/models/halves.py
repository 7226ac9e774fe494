"""Networks that come with this program, each a file of weights in half precision and of what else it needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from napari_fhn import record
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.training.errors import JobError

Made = TypeVar("Made")


def save(path: str | Path, network: HyperbolicNetwork, told: Mapping[str, Any]) -> None:
    """Write a network to a file, and with it what is told of it: numbers, words, and records of these."""
    weights = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    architecture = json.dumps(network.architecture.to_dict())
    save_file(weights, str(path), {"architecture": architecture, "told": json.dumps(dict(told))})


def load(path: str | Path, channels: int, make: Callable[[HyperbolicNetwork, Any], Made], outputs: int = 0) -> Made:
    """Read what :func:`save` wrote.

    Parameters
    ----------
    path : str or Path
        The file.
    channels : int
        Of the data.
    make : callable
        Makes what is returned of the network, which learns no more, and of what was told of it.
    outputs : int
        Numbers that are read of each place; all channels of the last state when left out.

    Raises
    ------
    JobError
        Where it is none; the message names the file.
    """
    try:
        with safe_open(str(path), "pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        architecture = Architecture.from_dict(record.parse(metadata["architecture"]))
        network = HyperbolicNetwork(architecture, channels, outputs or architecture.layer_channels[-1])
        network.load_state_dict(weights)
        return make(network.eval().requires_grad_(False), record.parse(metadata["told"]))
    except Exception as error:
        raise JobError(f"{path} is no network that was trained beforehand ({error}): install this again") from error


def bundled(file: str, channels: int, make: Callable[[HyperbolicNetwork, Any], Made], outputs: int = 0) -> Made:
    """Return one by its name, as :func:`load` does."""
    with torch.random.fork_rng(devices=[]):  # its first weights, which are not kept, change no other numbers
        return load(str(files(__package__).joinpath(file)), channels, make, outputs)
