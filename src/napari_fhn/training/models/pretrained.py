"""The network that was trained beforehand, on generated seismic surveys, and comes with this program.

It tells no classes apart. What it gives of a vertical section are features of which a linear map, made of a few wells
in a moment, tells those of any survey apart: `scripts/pretrain.py` trained it for that, on surveys that are neither
those that recipes are tuned on nor those that tell how well predictions are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from napari_fhn import record
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.training.combination.linear_head import Held
from napari_fhn.training.models import halves

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

    @property
    def features(self) -> int:
        """How many it gives of a place."""
        return self.network.classes

    def save(self, path: str | Path) -> None:
        """Write it to a file, weights in half precision."""
        halves.save(path, self.network, {"held": record.encode(self.held), "scale": self.scale, "made": self.made})

    @classmethod
    def load(cls, path: str | Path) -> Pretrained:
        """Read what :meth:`save` wrote.

        Raises
        ------
        JobError
            Where it is none; the message names the file.
        """
        return halves.load(path, CHANNELS, cls._of)

    @classmethod
    def _of(cls, network: HyperbolicNetwork, told: Any) -> Pretrained:
        return cls(network, record.decode(Held, told["held"]), float(told["scale"]), told["made"])


@cache
def bundled() -> Pretrained:
    """Return the one that comes with this program."""
    return halves.bundled(FILE, CHANNELS, Pretrained._of)
