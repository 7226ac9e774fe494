"""A trained network on disk: numbers in ``weights.npz``, everything else in ``model.json``. Loading runs no code."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from napari_fhn.network.build import SegmentationNetwork, build
from napari_fhn.network.comparison import description_from_dict
from napari_fhn.training.framing import Framing
from napari_fhn.training.job import JobError
from napari_fhn.training.volume import Normalisation

_FORMAT = "napari-fhn model 1"


@dataclass(frozen=True)
class Model:
    """A network with what is needed to use it on data.

    Parameters
    ----------
    network : SegmentationNetwork
        With its weights; of any kind.
    normalisation : Normalisation
        Of the data that it was trained on.
    classes : tuple of str
        Names, in the order of the network's scores.
    framing : Framing
        What it was told about the axes of the survey.
    """

    network: SegmentationNetwork
    normalisation: Normalisation
    classes: tuple[str, ...]
    framing: Framing


def save(model: Model, folder: str | Path) -> None:
    """Write a model; an older one in the folder stays whole until the new one is."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    description = {
        "format": _FORMAT,
        "architecture": model.network.architecture.to_dict(),
        "input_channels": model.network.input_channels,
        "classes": model.classes,
        "normalisation": asdict(model.normalisation),
        "framing": asdict(model.framing),
    }
    weights = {name: value.detach().cpu().numpy() for name, value in model.network.state_dict().items()}
    temporary = folder / "weights.tmp.npz"
    with temporary.open("wb") as stream:
        np.savez(stream, **weights)
    os.replace(temporary, folder / "weights.npz")
    temporary = folder / "model.tmp.json"
    temporary.write_text(json.dumps(description, indent=2), encoding="utf-8")
    os.replace(temporary, folder / "model.json")


def load(folder: str | Path) -> Model:
    """Read a model.

    Raises
    ------
    JobError
        When the folder holds none, or one that this version cannot read; the message names it.
    """
    folder = Path(folder)
    if not (folder / "model.json").exists():
        raise JobError(f"{folder} holds no trained network yet: train one first")
    try:
        description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if description.get("format") != _FORMAT:
            raise JobError(f"{folder} holds {description.get('format')!r}; this version reads {_FORMAT!r}")
        network = build(
            description_from_dict(description["architecture"]),
            description["input_channels"],
            len(description["classes"]),
        )
        with np.load(folder / "weights.npz", allow_pickle=False) as weights:
            network.load_state_dict({name: torch.from_numpy(weights[name]) for name in weights.files})
        normalisation = Normalisation(
            tuple(description["normalisation"]["centre"]), tuple(description["normalisation"]["scale"])
        )
        # Before there was more to tell, a model only knew which axis is vertical.
        framing = description.get("framing") or {"vertical_axis": description["vertical_axis"]}
        return Model(network, normalisation, tuple(description["classes"]), Framing.from_dict(framing))
    except JobError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, BadZipFile) as error:
        raise JobError(f"{folder} cannot be read as a trained network: {error}") from error
