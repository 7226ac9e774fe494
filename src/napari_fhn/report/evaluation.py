"""How good a prediction is, where that can be known: on labels held out, and on a truth where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.box import Box
from napari_fhn.training.calibration import Calibration, calibration, fit_temperature, temper
from napari_fhn.training.frame import Frame
from napari_fhn.training.job import Axis, Job, JobError
from napari_fhn.training.score import Scores, confusion, near_boundaries, scores
from napari_fhn.training.volume import Volume, open_array

_BOUNDARY = 2
"""Voxels from a boundary within which voxels are scored once more."""

_SAMPLE = 300_000
"""Voxels whose probabilities are looked at; more are thinned evenly."""

_LEAST = 2.0**-25
"""Probability that a 0 in half precision stands for, at most."""


@dataclass(frozen=True)
class Body:
    """The score of one well, patch or block.

    Parameters
    ----------
    name : str
        Where it lies, in survey numbers where they are known.
    box : Box
        In voxels.
    scores : Scores
        Of its voxels.
    """

    name: str
    box: Box
    scores: Scores


@dataclass(frozen=True)
class Trust:
    """Whether the probabilities can be believed.

    Parameters
    ----------
    measured : Calibration
        Of the probabilities as they are.
    temperature : float or None
        With the least log loss on the labels held out; above 1 where the network is too sure. None without such labels,
        and where they are all right or all wrong, which would be believed without end.
    tempered : Calibration or None
        With a temperature fitted elsewhere: for each body held out on the other ones; None where there is no other.
    """

    measured: Calibration
    temperature: float | None
    tempered: Calibration | None


@dataclass(frozen=True)
class Evaluation:
    """A prediction beside what is known to be true.

    Parameters
    ----------
    on : {"held out", "truth"}
        What is taken for true: labels that training never saw, or a volume, where nothing was labelled.
    classes : tuple of str
        Their names.
    network, nearest : Scores
        Of the network, and of the humblest reference: the nearest label of training copied sideways.
    boundaries : Scores
        Of the network, within two voxels of a boundary between two classes.
    bodies : tuple of Body
        Of the network, for each body held out.
    trust : Trust or None
        None where no probabilities were predicted.
    """

    on: Literal["held out", "truth"]
    classes: tuple[str, ...]
    network: Scores
    nearest: Scores
    boundaries: Scores
    bodies: tuple[Body, ...]
    trust: Trust | None

    @property
    def words(self) -> str:
        """The scores of the network and of its humblest rival, in all and well by well."""

        def share(value: float | None) -> str:
            return "-" if value is None else f"{value:.2f}"

        mean, nearest = share(self.network.mean_iou), share(self.nearest.mean_iou)
        lines = [f"Mean IoU on what was held out {mean}, nearest well {nearest}."]
        return "\n".join([*lines, *(f"{body.name}: {share(body.scores.mean_iou)}." for body in self.bodies)])


def on_held_out(job: Job, *, margin: int = 0) -> Evaluation:
    """Score a prediction on the labels that training never saw.

    Parameters
    ----------
    job : Job
        Predicted.
    margin : int
        Voxels: labels closer than this to a label of training are left out, along the axes but the vertical one.

    Returns
    -------
    Evaluation

    Raises
    ------
    JobError
        When nothing is held out, or a file is missing.
    """
    known = _load(job.labels)
    target = np.zeros(known.shape, np.uint8)
    for box in job.held_out:
        target[box.slices] = known[box.slices]
    if not target.any():
        raise JobError("no labels are held out: hold some out with --hold-out, or name a truth with --truth")
    return _evaluate(job, "held out", known, target, margin)


def on_truth(job: Job, truth: NDArray[np.uint8], *, margin: int = 0) -> Evaluation:
    """Score a prediction on a truth, where nothing was labelled.

    Parameters
    ----------
    job : Job
        Predicted.
    truth : ndarray of uint8
        On the grid of the labels; 0 where it is not known.
    margin : int
        As in :func:`on_held_out`.

    Returns
    -------
    Evaluation

    Raises
    ------
    JobError
        When the truth does not go with the job, or a file is missing.
    """
    known = _load(job.labels)
    if truth.shape != known.shape:
        raise JobError(f"the truth is {truth.shape} voxels and the labels are {known.shape}: use one grid")
    if truth.max(initial=0) > len(job.classes):
        raise JobError(f"the truth has class {truth.max()} and the job {len(job.classes)} classes")
    target = np.where(known == 0, truth, np.uint8(0))
    if not target.any():
        raise JobError("the truth says nothing beyond the labels: there is nothing to score")
    return _evaluate(job, "truth", known, target, margin)


def vertical_axis(job: Job) -> int | None:
    """Return the vertical axis of a job's labels; None for a map."""
    return None if job.map_axis is not None else job.vertical_axis


def body_name(box: Box, axes: Sequence[Axis], vertical: int | None) -> str:
    """Say where a body lies.

    Parameters
    ----------
    box : Box
        In voxels.
    axes : sequence of Axis
        What the voxels mean; empty where that is not known.
    vertical : int or None
        Axis that is left out.

    Returns
    -------
    str
        Its middle, such as ``"inline 1080, crossline 1210"``.
    """
    words = []
    for axis, (start, stop) in enumerate(zip(box.start, box.stop, strict=True)):
        if vertical is not None and axis == vertical % len(box.start):
            continue
        middle = (start + stop - 1) // 2
        if axis < len(axes):
            unit = f" {axes[axis].unit}" if axes[axis].unit else ""
            words.append(f"{axes[axis].name} {axes[axis].first + middle * axes[axis].step:g}{unit}")
        else:
            words.append(f"axis {axis} at {middle}")
    return ", ".join(words)


def _evaluate(
    job: Job, on: Literal["held out", "truth"], known: NDArray[Any], target: NDArray[np.uint8], margin: int
) -> Evaluation:
    vertical = vertical_axis(job)
    if margin:
        far = labels.far_from_training(known, job.held_out, vertical, margin)
        target *= far if vertical is None else np.expand_dims(far, vertical)
        if not target.any():
            raise JobError(f"nothing is left to score beyond {margin} voxels from the labels of training")
    prediction = _load(job.prediction)
    target = _without_gaps(job, prediction, target)
    count = len(job.classes)
    trained = np.array(known)
    for box in job.held_out:
        trained[box.slices] = 0
    nearest = labels.nearest_column(trained, vertical)
    boundaries = np.where(near_boundaries(target, _BOUNDARY), target, np.uint8(0))
    bodies = tuple(
        Body(
            body_name(box, job.axes, vertical),
            box,
            scores(confusion(prediction[box.slices], target[box.slices], count)),
        )
        for box in (job.held_out if on == "held out" else ())
    )
    return Evaluation(
        on,
        job.classes,
        scores(confusion(prediction, target, count)),
        scores(confusion(nearest, target, count)),
        scores(confusion(prediction, boundaries, count)),
        bodies,
        _trust(job, on, known, target),
    )


def _trust(job: Job, on: str, known: NDArray[Any], target: NDArray[np.uint8]) -> Trust | None:
    path = job.output_path("probabilities")
    if not path.exists():
        return None
    probabilities = _load(str(path))
    if probabilities.shape != (len(job.classes), *target.shape):
        return None  # of another job that lived here
    # Those of the labels held out, by body: they are what a temperature is fitted on.
    parts = [_rows(probabilities, known, box) for box in job.held_out]
    parts = [(p, t) for p, t in parts if len(t)]
    temperature = fit_temperature(*_joined(parts)) if parts else None
    if on == "truth":
        p, t = _rows(probabilities, target, Box.whole(target.shape))
        return Trust(
            calibration(p, t), temperature, None if temperature is None else calibration(temper(p, temperature), t)
        )
    parts = [(p, t) for p, t in (_rows(probabilities, target, box) for box in job.held_out) if len(t)]
    if not parts:
        return None
    tempered = None
    if len(parts) > 1:
        others = [fit_temperature(*_joined(parts[:k] + parts[k + 1 :])) for k in range(len(parts))]
        if None not in others:
            cooled = [(temper(p, value or 1.0), t) for (p, t), value in zip(parts, others, strict=True)]
            tempered = calibration(*_joined(cooled))
    return Trust(calibration(*_joined(parts)), temperature, tempered)


def _without_gaps(job: Job, prediction: NDArray[Any], target: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Leave out what cannot be predicted, since there are no data."""
    unpredicted = np.flatnonzero((prediction == 0) & (target != 0))
    # Where the inputs are gone nobody can tell a gap from what was not predicted yet.
    if not unpredicted.size or not all(Path(item.path).exists() for item in job.inputs):
        return target
    present = Frame(Volume(job.inputs, bands=job.map_axis), job.network, job.framing).present_at(unpredicted)
    target = target.copy()
    target.flat[unpredicted[~present]] = 0
    return target


def _rows(probabilities: NDArray[Any], target: NDArray[Any], box: Box) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return ``(voxels, classes)`` and ``(voxels,)`` of the labelled voxels of a box, thinned where they are many."""
    inside = np.asarray(target[box.slices])
    at = np.nonzero(inside)
    step = max(1, -(-len(at[0]) // _SAMPLE))
    at = tuple(index[::step] for index in at)
    where = tuple(index + start for index, start in zip(at, box.start, strict=True))
    every: tuple[Any, ...] = (slice(None), *where)
    rows = np.asarray(probabilities[every], np.float64).T
    truth = inside[at].astype(np.intp)
    predicted = rows.sum(axis=1) > 0
    # Half precision keeps neither the smallest probabilities nor their sum.
    rows = np.maximum(rows[predicted], _LEAST)
    return rows / rows.sum(axis=1, keepdims=True), truth[predicted]


def _joined(
    parts: Sequence[tuple[NDArray[np.float64], NDArray[np.intp]]],
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    return np.concatenate([p for p, _ in parts]), np.concatenate([t for _, t in parts])


def _load(path: str) -> NDArray[Any]:
    if not Path(path).exists():
        raise JobError(f"{path} does not exist: was it moved since the job was made, or is nothing predicted yet?")
    return open_array(path)
