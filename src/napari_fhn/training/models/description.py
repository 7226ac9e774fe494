"""What ``model.json`` says of a trained network, read and written without torch: for lists and for choices.

The weights themselves are the matter of :mod:`~napari_fhn.training.models.model`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from napari_fhn import record
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.training.combination.settings import Found
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Axis
from napari_fhn.training.schedule import Schedule
from napari_fhn.training.updates import Score

FILE = "model.json"
"""In the folder of a model."""

FIRST_WEIGHTS = "weights.npz"
"""The weights of models of the first version, which had no checksums."""

_FORMAT, _VERSION = "model", 3
_SECOND = "napari-fhn model 2"
_WEIGHTS = re.compile(r"weights-[0-9a-f]{16}\.safetensors|weights\.npz")


@dataclass(frozen=True)
class Normalisation:
    """Centre and scale of each channel, or of each band of each channel.

    Parameters
    ----------
    centre, scale : tuple of float
        Median and half the distance from the 16th to the 84th percentile, in the units of the data. Both shrug off
        spikes and clipped values. Where the bands of a cube are an axis of space, all bands of a channel follow each
        other.
    """

    centre: tuple[float, ...]
    scale: tuple[float, ...]


@dataclass(frozen=True)
class WeightsFile:
    """The file with the weights of a model.

    Parameters
    ----------
    file : str
        Its name, in the folder of the model.
    sha256 : str
        Of all that it holds.

    Raises
    ------
    ValueError
        When that is no name of such a file.
    """

    file: str
    sha256: str

    def __post_init__(self) -> None:
        if not _WEIGHTS.fullmatch(self.file):
            raise ValueError(f"it names {self.file!r:.80} as its weights, which is no file of a model")


@dataclass(frozen=True)
class Description:
    """All that is known of a trained network but its weights.

    Parameters
    ----------
    weights : WeightsFile
        Where those are.
    architecture : Architecture, ResNetArchitecture or UNetArchitecture
        Of the network, as it was trained: its state may be wider than that of its recipe.
    input_channels : int
        Channels that it takes: data, neighbouring sections, position, and what is known.
    classes, normalisation, framing, colors, codes, axes, inputs, schedule, steps, label_counts, scores, versions
        As in :class:`~napari_fhn.training.models.model.Model`.
    run, recipe, labels, combination
        As in :class:`~napari_fhn.training.models.model.Model`.
    sha256 : str
        Of all the rest: the same for equal models only. Empty before it was written.

    Raises
    ------
    ValueError
        When the normalisation is not one centre and one scale for each channel, or a number is not finite.
    """

    weights: WeightsFile
    architecture: NetworkDescription
    input_channels: int
    classes: tuple[str, ...]
    normalisation: Normalisation
    framing: Framing
    colors: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    axes: tuple[Axis, ...] = ()
    inputs: tuple[str, ...] = ()
    schedule: Schedule | None = None
    steps: int = 0
    label_counts: tuple[int, ...] = ()
    scores: tuple[Score, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    run: str = ""
    recipe: str = ""
    labels: str = ""
    combination: Found | None = None
    sha256: str = ""

    def __post_init__(self) -> None:
        numbers = (*self.normalisation.centre, *self.normalisation.scale)
        same = len(self.normalisation.centre) == len(self.normalisation.scale)
        if not same or not all(map(math.isfinite, numbers)):
            raise ValueError("its normalisation is not one centre and one scale for each channel")
        if self.input_channels < 1 or len(self.classes) < 2:
            raise ValueError("a network takes at least one channel and tells at least two classes apart")
        if self.codes and (len(set(self.codes)) != len(self.classes) or min(self.codes) < 0):
            raise ValueError("its codes are not one for each class")


def write(description: Description, folder: str | Path) -> str:
    """Write ``model.json``, and return its checksum.

    Parameters
    ----------
    description : Description
        Its ``sha256`` is left aside.
    folder : path-like
        Of the model. Its weights are there already.
    """
    content = record.encode(replace(description, sha256=""))
    content["sha256"] = checksum(content)
    record.write(Path(folder) / FILE, _FORMAT, _VERSION, content)
    return str(content["sha256"])


def read(folder: str | Path) -> Description:
    """Read ``model.json``.

    Parameters
    ----------
    folder : path-like
        Of a model.

    Returns
    -------
    Description

    Raises
    ------
    JobError
        When the folder holds none, or one that this version cannot read, or that was changed since; the message names
        the file.
    """
    folder = Path(folder)
    path = folder / FILE
    if not path.exists():
        raise JobError(f"{folder} holds no trained network yet: train one first")
    try:
        content = record.read(path, _FORMAT, _VERSION, {1: lambda data: _from_first(data, folder), 2: _from_second})
        if content.get("sha256") != checksum(content):
            raise record.RecordError("it was changed after it was written", path, "Restore it, or train again")
    except record.RecordError as error:
        raise JobError(str(error)) from error
    if isinstance(content.get("architecture"), dict):  # from before there were kinds of networks
        content["architecture"] = {"kind": Architecture.kind, **content["architecture"]}
    try:
        return record.decode(Description, content)
    except record.RecordError as error:
        raise JobError(f"{folder} cannot be read as a trained network: {error}") from error


def checksum(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a description says, however it is indented and ordered.

    Parameters
    ----------
    content : mapping
        Plain JSON types. Itself, the format word and the version are left aside.
    """
    return _digest({name: value for name, value in content.items() if name not in ("sha256", "format", "version")})


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _from_second(data: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a description of version 2, whose checksum was over its format word too, to the next."""
    content = dict(data)
    if content.pop("sha256", None) != _digest({**content, "format": _SECOND}):
        raise ValueError("it was changed after it was written: restore it, or train again")
    return {**content, "sha256": checksum(content)}


def _from_first(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Bring a description of version 1, which had no checksums and its weights in a fixed file, to the next."""
    content = dict(data)
    try:
        weights = (folder / FIRST_WEIGHTS).read_bytes()
    except OSError as error:
        raise ValueError(f"its weights cannot be read: {error}") from error
    # Before there was more to tell, a model only knew which axis is vertical.
    vertical = content.pop("vertical_axis", None)
    content["framing"] = content.get("framing") or {"vertical_axis": vertical}
    content["weights"] = {"file": FIRST_WEIGHTS, "sha256": hashlib.sha256(weights).hexdigest()}
    return {**content, "sha256": _digest({**content, "format": _SECOND})}
