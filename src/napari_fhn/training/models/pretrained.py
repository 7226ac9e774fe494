"""The network that was trained beforehand, on generated seismic surveys, and comes with this program.

It tells no classes apart. What it gives of a vertical section are features of which a linear map, made of a few wells
in a moment, tells those of any survey apart: `scripts/pretrain.py` trained it for that, on surveys that are neither
those that recipes are tuned on nor those that tell how well predictions are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from napari_fhn import record
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.training.combination.linear_head import Held
from napari_fhn.training.errors import JobError

FILE = "pretrained.safetensors"
"""Its name, in the folder of this module."""

CHANNELS = 4
"""What it is shown: a section, those on its two sides, and where a sample lies along the vertical axis."""


@dataclass(frozen=True)
class Pretrained:
    """A network that gives features of vertical sections, and how these are read.

    Parameters
    ----------
    network : HyperbolicNetwork
        It reads all channels of its last state: these are the features.
    held : Held
        How much the linear map that reads them is held back.
    scale : float
        What its scores are multiplied by, so that their softmax is as sure as it is right.
    made : str
        What it was trained on.
    """

    network: HyperbolicNetwork
    held: Held
    scale: float
    made: str = ""

    def save(self, path: str | Path) -> None:
        """Write it to a file, weights in half precision."""
        weights = {name: value.half().contiguous() for name, value in self.network.state_dict().items()}
        told = {"held": record.encode(self.held), "scale": self.scale, "made": self.made}
        architecture = json.dumps(self.network.architecture.to_dict())
        save_file(weights, str(path), {"architecture": architecture, "told": json.dumps(told)})

    @classmethod
    def load(cls, path: str | Path) -> Pretrained:
        """Read what :meth:`save` wrote.

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
            told = record.parse(metadata["told"])
            network = HyperbolicNetwork(architecture, CHANNELS, architecture.layer_channels[-1])
            network.load_state_dict(weights)
            held = record.decode(Held, told["held"])
            found = cls(network.eval().requires_grad_(False), held, float(told["scale"]), told["made"])
        except Exception as error:
            raise JobError(f"{path} is no network that was trained beforehand ({error}): install this again") from error
        return found


@cache
def bundled() -> Pretrained:
    """Return the one that comes with this program."""
    with torch.random.fork_rng(devices=[]):  # its first weights, which are not kept, change no other numbers
        return Pretrained.load(str(files(__package__).joinpath(FILE)))
