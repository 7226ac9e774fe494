"""The one channel of news: what ``fit`` and ``predict`` say while they work.

Every update is a small frozen dataclass that survives a trip through JSON, so the same stream feeds the dock, the
command line, logs and tests, in this process or from another.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.record.errors import in_words


@dataclass(frozen=True)
class Progress:
    """Some work is done.

    Parameters
    ----------
    task : {"train", "predict"}
        Which work.
    step, steps : int
        Steps done and in all.
    seconds_left : float or None
        Estimate, in seconds; None before there is one.
    loss : float or None
        Loss of the step on labels, and on what else is known of them (training only). That on pseudo-labels stands in
        `terms`: with it the loss would rise where it joins, as if training went wrong.
    step_seconds : float or None
        Duration of the last training step alone, in seconds, without predictions of the view.
    invertibility_error : float or None
        Relative error of the recomputed first states (training of an invertible network only).
    memory : int or None
        Bytes that the computing process holds now: on a GPU what it has allocated there, else its resident memory.
    terms : dict of str to float or None
        What was made small, by name, where that is the sum of several terms; None for one that is no number.
    keeps : {"nothing", "hidden", "states"} or None
        What the step kept of its way forward, where there was memory for it (training of an invertible network only).
    """

    task: str
    step: int
    steps: int
    seconds_left: float | None = None
    loss: float | None = None
    step_seconds: float | None = None
    invertibility_error: float | None = None
    memory: int | None = None
    terms: Mapping[str, float | None] = field(default_factory=dict)
    keeps: str | None = None


ON_HELD_OUT = "labels held out"
ON_TRAINED = "the labels it learns from, which is no measure of how good it is elsewhere"
"""What a score of a training step is measured on: the same words wherever one is shown."""


@dataclass(frozen=True)
class Score:
    """Intersection over union at a training step.

    Parameters
    ----------
    step : int
        Training step.
    held_out : bool
        True when measured on labels that training never saw; False when on the training labels themselves.
    iou : tuple of float or None
        One for each class; None where the class does not occur there.
    """

    step: int
    held_out: bool
    iou: tuple[float | None, ...]

    @property
    def on(self) -> str:
        """What it was measured on, in words; on training labels that is no measure of a prediction, and said so."""
        return ON_HELD_OUT if self.held_out else ON_TRAINED

    @property
    def mean(self) -> float | None:
        """Mean over the classes that occur."""
        known = [value for value in self.iou if value is not None]
        return sum(known) / len(known) if known else None


@dataclass(frozen=True)
class BoxChanged:
    """The prediction file has new values in this box of voxels."""

    box: Box
    step: int


@dataclass(frozen=True)
class Checkpoint:
    """The network of a training step is kept: ``Control.revert`` goes back to it while training runs.

    Parameters
    ----------
    step : int
        Training step.
    path : str
        Its model folder, which also predicts, and from which another job may start.
    loss : float or None
        Median loss of the steps before it.
    held_out : float or None
        Mean IoU of the held-out labels when it was made; None where nothing is held out or nothing was scored yet.
    """

    step: int
    path: str
    loss: float | None = None
    held_out: float | None = None


@dataclass(frozen=True)
class Device:
    """Where an unforced choice of device computes; said once the process has loaded its libraries, and before work.

    Parameters
    ----------
    name : str
        As torch calls it: ``"cpu"``, ``"cuda"``, ``"mps"``.
    title : str
        As its maker calls it.
    free : int
        Bytes of its memory that are free.
    """

    name: str
    title: str
    free: int


@dataclass(frozen=True)
class Note:
    """Something the person should know; the work goes on."""

    message: str


@dataclass(frozen=True)
class Done:
    """The work ended, by itself or because it was stopped; what it made is on disk.

    Parameters
    ----------
    task : {"train", "predict"}
        Which work.
    stopped : bool
        Whether there was more to do.
    seconds : float
        That it took.
    message : str
        A sentence for a person.
    step : int
        Training steps behind the network that is on disk now; 0 where nothing was trained, and all is as it was.
    """

    task: str
    stopped: bool
    seconds: float
    message: str
    step: int = 0


@dataclass(frozen=True)
class Failed:
    """The work ended with an error.

    Parameters
    ----------
    message : str
        A sentence for a person: what happened and what to do.
    detail : str
        The traceback or the last lines of the log, for a report.
    """

    message: str
    detail: str = ""


Update = Progress | Score | BoxChanged | Checkpoint | Device | Note | Done | Failed

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Progress, Score, BoxChanged, Checkpoint, Device, Note, Done, Failed)
}


def _plain(value: Any) -> Any:
    # JSON has no NaN: an unknown number is null.
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def to_json(update: Update) -> str:
    """Return the update as one line of JSON."""
    return json.dumps({"kind": type(update).__name__, **_plain(asdict(update))})


def from_json(line: str | bytes) -> Update:
    """Rebuild an update from :func:`to_json`.

    Raises
    ------
    ValueError
        When the line is not an update.
    """
    try:
        data = record.parse(line)
    except record.RecordError as error:
        raise ValueError(f"not an update: {error}") from error
    return from_plain(data)


def from_plain(data: Any) -> Update:
    """Rebuild an update from what a line of :func:`to_json` says, as plain JSON types.

    Raises
    ------
    ValueError
        When that is not an update; each of its parts is of its type.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"not an update: {in_words(data)}")
    rest = {name: value for name, value in data.items() if name != "kind"}
    try:
        update: Update = record.decode(_KINDS[kind], rest, kind)
    except record.RecordError as error:
        raise ValueError(f"not an update: {error}") from error
    return update
