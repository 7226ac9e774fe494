"""A Job: everything ``fit`` and ``predict`` need to know, as one frozen dataclass that is saved as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from napari_fhn.box import Box
from napari_fhn.network.comparison import NetworkDescription, description_from_dict


class JobError(ValueError):
    """A job that cannot be done as described; the message says what to change."""


@dataclass(frozen=True)
class Input:
    """One array of the survey.

    Parameters
    ----------
    path : str
        A ``.npy`` file.
    channel_axis : int or None
        Axis that holds channels (bands, attributes); None when the array has spatial axes only.
    name : str
        What the person calls it.
    """

    path: str
    channel_axis: int | None = None
    name: str = ""


@dataclass(frozen=True)
class Schedule:
    """How to train.

    Parameters
    ----------
    steps : int
        Optimiser steps.
    batch : int
        Blocks in each step.
    block : tuple of int
        Largest block, in voxels, along the axes of the network (for 2D sections of a volume: trace, sample).
    learning_rate, weight_decay : float
        Of Adam with decoupled decay. The rate falls to zero along half a cosine.
    shear : float
        Structural augmentation, in samples per trace: the largest random dip added to a block and its labels alike. The
        network then cannot learn columns by heart and has to read the seismic. Ignored without a vertical axis.
    shift : float
        Largest random vertical shift of a block, in samples.
    noise : float
        Standard deviation of noise added to the normalised data, relative to 1.
    seed : int
        Of every random choice.
    precision : {"float32", "bfloat16", "auto"}
        Of the convolutions of a hyperbolic network; states are float32 always. ``"auto"`` takes bfloat16 where the
        device gains by it, which a short timing tells.
    """

    steps: int = 200
    batch: int = 2
    block: tuple[int, ...] = (256, 256)
    learning_rate: float = 1e-2
    weight_decay: float = 1e-3
    shear: float = 0.0
    shift: float = 0.0
    noise: float = 0.0
    seed: int = 0
    precision: str = "float32"

    def __post_init__(self) -> None:
        object.__setattr__(self, "block", tuple(int(size) for size in self.block))
        if self.steps < 1 or self.batch < 1 or any(size < 1 for size in self.block):
            raise JobError("steps, batch and block sizes must be at least 1")
        if self.precision not in ("float32", "bfloat16", "auto"):
            raise JobError(f"the precision can be float32, bfloat16 or auto, not {self.precision!r}")


def _network(data: Any) -> NetworkDescription:
    try:
        return description_from_dict(data)
    except ValueError as error:
        raise JobError(f"the job's network cannot be: {error}") from error


@dataclass(frozen=True)
class Job:
    """One training and the prediction that comes out of it.

    Parameters
    ----------
    inputs : tuple of Input
        Their spatial shapes are equal; their channels are stacked.
    labels : str
        ``.npy`` of integers with the spatial shape: 0 unlabelled, 1 to ``len(classes)``. Read again while training
        runs, so strokes painted meanwhile count.
    classes : tuple of str
        Their names; class ``k`` has value ``k + 1``.
    network : Architecture, ResNetArchitecture or UNetArchitecture
        2D on a volume means 2.5D: vertical sections, with ``network.context`` neighbours as channels. In JSON its
        ``"kind"`` is ``"hyperbolic"`` (also where it is missing), ``"resnet"`` or ``"unet"``.
    schedule : Schedule
        How to train.
    prediction : str
        ``.npy`` of uint8 with the spatial shape, written in place; 0 where nothing has been predicted yet.
    model : str
        Folder for the weights.
    vertical_axis : int or None
        Spatial axis of two-way time or depth. It is never flipped, and where a voxel lies along it enters as a channel.
        None for maps.
    held_out : tuple of Box
        Labels in these boxes are kept from training and used for the score.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    """

    inputs: tuple[Input, ...]
    labels: str
    classes: tuple[str, ...]
    network: NetworkDescription
    schedule: Schedule
    prediction: str
    model: str
    vertical_axis: int | None = None
    held_out: tuple[Box, ...] = field(default=())
    device: str = "auto"

    def __post_init__(self) -> None:
        if not self.inputs:
            raise JobError("a job needs at least one input")
        if len(self.classes) < 2:
            raise JobError("there is nothing to tell apart: name and label at least two classes")
        if len(self.schedule.block) != self.network.dimensions:
            raise JobError(
                f"the block {self.schedule.block} needs one size for each of the "
                f"{self.network.dimensions} dimensions of the network"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {**asdict(self), "network": self.network.to_dict()}

    def to_json(self) -> str:
        """Return the job as JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Rebuild a job from :meth:`to_json`.

        Raises
        ------
        JobError
            When the text is not a job; the message says which part.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise JobError(f"not JSON: {error}") from error
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Job:
        """Rebuild a job from plain JSON types.

        Raises
        ------
        JobError
            When they do not make a job; the message says which part.
        """
        try:
            return cls(
                **{
                    **data,
                    "inputs": tuple(Input(**item) for item in data["inputs"]),
                    "classes": tuple(data["classes"]),
                    "network": _network(data["network"]),
                    "schedule": Schedule(**data["schedule"]),
                    "held_out": tuple(Box(**item) for item in data.get("held_out", ())),
                }
            )
        except KeyError as error:
            raise JobError(f"the job has no {error.args[0]!r}") from error
        except TypeError as error:
            raise JobError(f"the job has a part this version does not know: {error}") from error

    def save(self, path: str | Path) -> None:
        """Write the job beside its model."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Job:
        """Read a saved job.

        Raises
        ------
        JobError
            When the file is missing or not a job; the message names it.
        """
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise JobError(f"{path}: cannot be read as a job: {error}") from error
        except JobError as error:
            raise JobError(f"{path}: {error}") from error
