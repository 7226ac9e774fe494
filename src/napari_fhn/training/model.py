"""A trained network on disk: numbers in a safetensors file, everything else in ``model.json``. Loading runs no code.

``model.json`` names its weights file, whose name and checksum come from what is in it. Saving writes new weights beside
the old ones and then replaces ``model.json``: whatever happens meanwhile, the folder holds one whole model.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy
import safetensors
import torch
from safetensors.torch import load as weights_from_bytes
from safetensors.torch import save as weights_to_bytes
from torch import Tensor

from napari_fhn import __version__
from napari_fhn.network.build import SegmentationNetwork, build
from napari_fhn.network.comparison import description_from_dict
from napari_fhn.training.framing import Framing
from napari_fhn.training.job import Axis, Job, JobError
from napari_fhn.training.schedule import Schedule
from napari_fhn.training.updates import Score
from napari_fhn.training.volume import Normalisation

_FORMAT = "napari-fhn model 2"
_DESCRIPTION = "model.json"
_WEIGHTS = re.compile(r"weights-[0-9a-f]{16}\.safetensors")

_LONGEST_DESCRIPTION = 16 << 20
"""Bytes of a ``model.json``; a longer one is something else."""


@dataclass(frozen=True)
class Model:
    """A network with what is needed to use it on data, and what a report says about it.

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
    colors, axes
        As in the :class:`~napari_fhn.training.job.Job` it was trained by.
    inputs : tuple of str
        What the person called the inputs, in the order of their channels.
    schedule : Schedule or None
        How it was trained; None where that is not known.
    steps : int
        Training steps behind the weights.
    label_counts : tuple of int
        Labelled voxels of each class that it was trained on; empty where not known.
    scores : tuple of Score
        The last ones, on its training labels and on those held out.
    versions : mapping of str to str
        Of the packages that wrote it; :func:`save` fills them in.
    sha256 : str
        Of the description and, through it, of the weights: the same for equal models only. Empty before it was saved.
    """

    network: SegmentationNetwork
    normalisation: Normalisation
    classes: tuple[str, ...]
    framing: Framing
    colors: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = ()
    inputs: tuple[str, ...] = ()
    schedule: Schedule | None = None
    steps: int = 0
    label_counts: tuple[int, ...] = ()
    scores: tuple[Score, ...] = ()
    versions: Mapping[str, str] | None = None
    sha256: str = ""

    @classmethod
    def of(cls, job: Job, network: SegmentationNetwork, normalisation: Normalisation) -> Model:
        """Return the model of a job, before anything is known of how well it does."""
        return cls(
            network,
            normalisation,
            job.classes,
            job.framing,
            job.colors,
            job.axes,
            tuple(item.name for item in job.inputs),
            job.schedule,
        )


def save(model: Model, folder: str | Path) -> Model:
    """Write a model; an older one in the folder stays whole until the new one is.

    Parameters
    ----------
    model : Model
        Of any kind of network, on any device.
    folder : path-like
        Made when it is not there.

    Returns
    -------
    Model
        The same with its ``versions`` and ``sha256``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # Plain strides: a kernel is kept channels-last in memory, and files know no such thing.
    state = {name: value.detach().cpu().contiguous() for name, value in model.network.state_dict().items()}
    weights = weights_to_bytes(state)
    digest = hashlib.sha256(weights).hexdigest()
    name = f"weights-{digest[:16]}.safetensors"
    model = replace(
        model,
        versions={
            "napari-fhn": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": numpy.__version__,
            "safetensors": safetensors.__version__,
        },
    )
    content = {
        "format": _FORMAT,
        "weights": {"file": name, "sha256": digest},
        **_described(model),
    }
    checksum = _checksum(content)
    _replace(folder / name, weights)
    _replace(folder / _DESCRIPTION, json.dumps({**content, "sha256": checksum}, indent=2).encode())
    for other in folder.iterdir():
        if _WEIGHTS.fullmatch(other.name) and other.name != name:
            other.unlink(missing_ok=True)
    return replace(model, sha256=checksum)


def load(folder: str | Path) -> Model:
    """Read a model.

    Raises
    ------
    JobError
        When the folder holds none, or one that this version cannot read, or that is not as it was written; the message
        names the file.
    """
    folder = Path(folder)
    path = folder / _DESCRIPTION
    if not path.exists():
        raise JobError(f"{folder} holds no trained network yet: train one first")
    try:
        content = _read_description(path)
        try:
            return _model(content, _read_weights(folder, content))
        except FileNotFoundError:
            # Somebody saved a newer one between our two readings.
            newer = _read_description(path)
            if newer == content:
                raise
            return _model(newer, _read_weights(folder, newer))
    except JobError:
        raise
    except Exception as error:
        # Whatever a damaged file makes the readers stumble over, the person needs its name.
        raise JobError(f"{folder} cannot be read as a trained network: {error or type(error).__name__}") from error


def _described(model: Model) -> dict[str, Any]:
    return {
        "architecture": model.network.architecture.to_dict(),
        "input_channels": model.network.input_channels,
        "classes": list(model.classes),
        "colors": list(model.colors),
        "normalisation": asdict(model.normalisation),
        "framing": asdict(model.framing),
        "axes": [asdict(axis) for axis in model.axes],
        "inputs": list(model.inputs),
        "schedule": None if model.schedule is None else asdict(model.schedule),
        "steps": model.steps,
        "label_counts": list(model.label_counts),
        "scores": [asdict(score) for score in model.scores],
        "versions": dict(model.versions or {}),
    }


def _checksum(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a description says, however it is indented and ordered."""
    plain = json.dumps({k: v for k, v in content.items() if k != "sha256"}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())  # the name must not be on disk before the bytes are
    os.replace(temporary, path)


def _read_description(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _LONGEST_DESCRIPTION:
        raise JobError(f"{path} is too long to describe a network: it is another kind of file")
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise JobError(f"{path} does not describe a network")
    if content.get("format") != _FORMAT:
        raise JobError(
            f"{path} is {content.get('format')!r}, and this version reads {_FORMAT!r}: use the version that wrote it, "
            "or train again"
        )
    if content.get("sha256") != _checksum(content):
        raise JobError(f"{path} was changed after it was written: restore it, or train again")
    return content


def _read_weights(folder: Path, content: Mapping[str, Any]) -> dict[str, Tensor]:
    name = content["weights"]["file"]
    if not (isinstance(name, str) and _WEIGHTS.fullmatch(name)):
        raise JobError(f"{folder / _DESCRIPTION} names {name!r} as its weights, which is no file of a model")
    data = (folder / name).read_bytes()
    if hashlib.sha256(data).hexdigest() != content["weights"]["sha256"]:
        raise JobError(f"{folder / name} is not as it was written: restore it, or train again")
    return weights_from_bytes(data)


def _model(content: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Model:
    classes = _strings(content["classes"])
    architecture = description_from_dict(content["architecture"])
    # Without memory at first: a description of something huge is found out by the weights that it does not go with.
    with torch.device("meta"):
        expected = build(architecture, content["input_channels"], len(classes)).state_dict()
    if {k: tuple(v.shape) for k, v in expected.items()} != {k: tuple(v.shape) for k, v in weights.items()}:
        raise ValueError("its weights are not those of the network that it describes")
    network = build(architecture, content["input_channels"], len(classes))
    network.load_state_dict(weights)
    normalisation = Normalisation(
        tuple(map(float, content["normalisation"]["centre"])), tuple(map(float, content["normalisation"]["scale"]))
    )
    numbers = (*normalisation.centre, *normalisation.scale)
    if len(normalisation.centre) != len(normalisation.scale) or not all(map(math.isfinite, numbers)):
        raise ValueError("its normalisation is not one centre and one scale for each channel")
    framing = Framing.from_dict(content["framing"])
    for axis in (framing.vertical_axis, framing.map_axis):
        if axis is not None and type(axis) is not int:
            raise ValueError(f"the number of an axis is expected where it has {axis!r:.80}")
    return Model(
        network=network,
        normalisation=normalisation,
        classes=classes,
        framing=framing,
        colors=_strings(content["colors"]),
        axes=tuple(Axis(**axis) for axis in content["axes"]),
        inputs=_strings(content["inputs"]),
        schedule=None if content["schedule"] is None else Schedule.from_dict(content["schedule"]),
        steps=int(content["steps"]),
        label_counts=tuple(map(int, content["label_counts"])),
        scores=tuple(Score(s["step"], s["held_out"], tuple(s["iou"])) for s in content["scores"]),
        versions=dict(content["versions"]),
        sha256=content["sha256"],
    )


def _strings(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"names are expected where it has {values!r:.80}")
    return tuple(values)
