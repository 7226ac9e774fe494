"""Warm start: the weights of a saved model as the first ones of a new training, as far as they fit."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.sentence import counted
from napari_fhn.training.job import JobError
from napari_fhn.training.models import model as models


def take_over(network: SegmentationNetwork, classes: Sequence[str], folder: str) -> str:
    """Put the weights of a saved model into a network.

    Parameters
    ----------
    network : SegmentationNetwork
        With weights of its own, which stay where nothing fits.
    classes : sequence of str
        Its classes. A linear head is taken over class by class, by their names.
    folder : str
        Of the model.

    Returns
    -------
    str
        What was taken over and what is new.

    Raises
    ------
    JobError
        When the folder holds no model, or one of which nothing fits.
    """
    model = models.load(folder)
    own, other = network.state_dict(), model.network.state_dict()
    fits = {name: value for name, value in other.items() if name in own and own[name].shape == value.shape}
    if not any(value.is_floating_point() and value.ndim > 1 for value in fits.values()):
        raise JobError(f"nothing of the network in {folder} fits this one: begin with its architecture, or without it")
    rows = _head(own, other, classes, model.classes)
    network.load_state_dict({**own, **fits, **rows})
    whole = len(fits) == len(own)
    if isinstance(network, HyperbolicNetwork) and isinstance(model.network, HyperbolicNetwork) and whole:
        network.h = model.network.h  # it may have been made safer
    new = []
    if model.classes != tuple(classes):
        unknown = [name for name in classes if name not in model.classes]
        new.append(f"classes {', '.join(unknown)}" if unknown else "the order of classes")
    if model.network.input_channels != network.input_channels:
        new.append(f"{counted(network.input_channels, 'channels')} of data instead of {model.network.input_channels}")
    if not whole:
        new.append(f"{len(own) - len(fits)} of {counted(len(own), 'arrays')} of weights")
    if not new:
        return f"Training goes on from the network in {folder}."
    return f"Training begins with the network in {folder}; new to it are {' and '.join(new)}."


def _head(
    own: dict[str, Tensor], other: dict[str, Tensor], classes: Sequence[str], known: Sequence[str]
) -> dict[str, Tensor]:
    """Return a linear head with the rows of the classes that both have."""
    found: dict[str, Tensor] = {}
    for name in ("head.0", "head.1"):
        if name not in own or name not in other or own[name].shape[1:] != other[name].shape[1:]:
            continue
        rows = [
            other[name][list(known).index(label)] if label in known else own[name][k] for k, label in enumerate(classes)
        ]
        found[name] = torch.stack([row.to(own[name].device) for row in rows])
    return found
