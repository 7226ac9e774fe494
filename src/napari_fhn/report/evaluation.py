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
from napari_fhn.labels.volumes.apart import Apart, apart, far_enough
from napari_fhn.project.data import dips
from napari_fhn.project.labelling import carrying
from napari_fhn.report.sentences import called, minding, scored_on, weighed
from napari_fhn.report.standing import Standing, standing
from napari_fhn.report.trust import Trust, trust
from napari_fhn.sentence import counted, made_of
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.volume import Volume, cell_of, open_array
from napari_fhn.training.job import Axis, Job, JobError
from napari_fhn.training.scores.estimating import Drawn, Estimates, Sample, estimates
from napari_fhn.training.scores.score import Scores, confusion, near_boundaries, predicted_shares, scores

_BOUNDARY = 2
"""Voxels from a boundary within which voxels are scored once more."""

_ACROSS = 8
"""A truth is cut in so many blocks along its longest lateral side: what lies in one of them is not independent."""


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
class Evaluation:
    """A prediction beside what is known to be true.

    Parameters
    ----------
    on : {"held out", "truth"}
        What is taken for true: labels that training never saw, or a volume, where nothing was labelled.
    of : str
        What it is a score of, in words.
    classes : tuple of str
        Their names.
    network, nearest : Scores
        Of the network, and of the humblest reference: the nearest label of training copied sideways. Voxel by voxel, as
        they were counted.
    carried : Scores or None
        Of the better reference where an axis is vertical: the labels of training carried along the reflectors. None for
        a map, and where the survey is gone.
    estimates : Estimates
        Of the network in the whole survey, with confidence intervals: each class weighed by what it takes of the
        prediction, and bodies taken for what is independent.
    standings : tuple of Standing
        The network beside each reference: the nearest label copied, and of seismic data labels carried along the
        reflectors.
    boundaries : Scores
        Of the network, within two voxels of a boundary between two classes.
    bodies : tuple of Body
        Of the network, for each body held out.
    trust : Trust or None
        None where no probabilities were predicted.
    apart : Apart or None
        How far what is scored lies from the labels of training; None where there are none.
    mind : tuple of str
        What else one should know of these numbers, in sentences.
    """

    on: Literal["held out", "truth"]
    of: str
    classes: tuple[str, ...]
    network: Scores
    nearest: Scores
    carried: Scores | None
    estimates: Estimates
    standings: tuple[Standing, ...]
    boundaries: Scores
    bodies: tuple[Body, ...]
    trust: Trust | None
    apart: Apart | None
    mind: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a person has to read with the numbers: of what they are, how sure, beside what, and how far away."""
        apart = () if self.apart is None else (self.apart.words,)
        return (self.of, weighed(self.estimates), *(one.words for one in self.standings), *apart, *self.mind)

    @property
    def words(self) -> str:
        """All of that, and how well each body held out is predicted."""
        each = (f"{body.name}: {shown(body.scores.mean_iou)}." for body in self.bodies)
        return "\n".join([*self.sentences, *each])


def shown(value: float | None) -> str:
    """Return a share in two digits, or a dash."""
    return "-" if value is None else f"{value:.2f}"


def on_held_out(job: Job, *, margin: int | None = None, drawn: Drawn | None = None) -> Evaluation:
    """Score a prediction on the labels that training never saw.

    Parameters
    ----------
    job : Job
        Predicted.
    margin : int, optional
        Voxels: labels as close as this to a label of training are left out, along the axes but the vertical one. When
        absent, as far as the network sees, or as much of it as leaves half of every body.
    drawn : {"place", "class"}, optional
        How what is held out was chosen; what it shows when absent, see :mod:`napari_fhn.training.scores.estimating`.

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
    return _evaluate(job, "held out", known, target, margin, drawn)


def on_truth(job: Job, truth: NDArray[np.uint8], *, margin: int | None = None) -> Evaluation:
    """Score a prediction on a truth, where nothing was labelled.

    Parameters
    ----------
    job : Job
        Predicted.
    truth : ndarray of uint8
        On the grid of the labels; 0 where it is not known.
    margin : int, optional
        As in :func:`on_held_out`; nothing is left out when absent.

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
        raise JobError(f"the truth has class {truth.max()} and the job {counted(len(job.classes), 'classes')}")
    target = np.where(known == 0, truth, np.uint8(0))
    if not target.any():
        raise JobError("the truth says nothing beyond the labels: there is nothing to score")
    return _evaluate(job, "truth", known, target, margin)


def vertical_axis(job: Job) -> int | None:
    """Return the vertical axis of a job's labels; None for a map."""
    return None if job.map_axis is not None else job.vertical_axis


CARRIED_TITLE = "the labels, carried along the reflectors"
"""What the better reference of a volume or a line is called."""


def reference_title(vertical: int | None) -> str:
    """Say in words what the better reference is."""
    return nearest_title(None) if vertical is None else CARRIED_TITLE


def nearest_title(vertical: int | None) -> str:
    """Return what the humblest reference is called, as it goes with "behind"."""
    return "the nearest labelled pixel, copied" if vertical is None else "the nearest well, copied sideways"


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
    job: Job,
    on: Literal["held out", "truth"],
    known: NDArray[Any],
    target: NDArray[np.uint8],
    margin: int | None,
    drawn: Drawn | None = None,
) -> Evaluation:
    vertical, radius = vertical_axis(job), job.network.receptive_radius
    before = int(np.count_nonzero(target))
    if on == "held out":
        away = apart(known, job.held_out, vertical, radius, margin)
        kept = margin if margin is not None else 0 if away is None else away.margin
        if kept:
            far_enough(target, known, job.held_out, vertical, kept)
    else:
        kept = margin or 0
        away = apart(known, job.held_out, vertical, radius, kept, target)
        if kept:
            far = labels.far_from_training(known, job.held_out, vertical, kept)
            target *= far if vertical is None else np.expand_dims(far, vertical)
    if not target.any():
        raise JobError(f"nothing is left to score beyond {counted(kept, 'voxels')} from the labels of training")
    close = before - int(np.count_nonzero(target))
    prediction = _load(job.prediction)
    target = _without_gaps(job, prediction, target)
    count = len(job.classes)
    trained = np.array(known)
    for box in job.held_out:
        trained[box.slices] = 0
    nearest = labels.nearest_column(trained, vertical)
    boundaries = np.where(near_boundaries(target, _BOUNDARY), target, np.uint8(0))
    boxes = job.held_out if on == "held out" else _cut(target, vertical)
    mine, theirs = (_sample(found, target, boxes, count, on) for found in (prediction, nearest))
    along = carrying.reference(trained, job.inputs, vertical, dips.folder_of(job))
    followed = None if along is None else _sample(along, target, boxes, count, on)
    bodies = tuple(
        Body(body_name(box, job.axes, vertical), box, scores(matrix))
        for box, matrix in (zip(boxes, mine.bodies, strict=True) if on == "held out" else ())
    )
    found = estimates(mine, drawn)
    beside = [standing(nearest_title(vertical), mine, theirs, drawn)]
    if followed is not None:
        beside.append(standing(CARRIED_TITLE, mine, followed, drawn))
    voxels = int(np.count_nonzero(target))
    what = called(job.held_out, vertical) if on == "held out" else ""
    return Evaluation(
        on,
        made_of(
            scored_on(found.bodies, what, voxels, close, kept, "pixels" if vertical is None else "traces"),
            cell_of(job),
        ),
        job.classes,
        scores(mine.bodies.sum(axis=0)),
        scores(theirs.bodies.sum(axis=0)),
        None if followed is None else scores(followed.bodies.sum(axis=0)),
        found,
        tuple(one for one in beside if one is not None),
        scores(confusion(prediction, boundaries, count)),
        bodies,
        trust(job, on, known, target),
        away,
        minding(found, job.classes, what),
    )


def _sample(prediction: NDArray[Any], target: NDArray[np.uint8], boxes: Sequence[Box], classes: int, on: str) -> Sample:
    """What a prediction says of each box; on a truth that is all there is, and nothing is to be weighed."""
    matrices = [confusion(prediction[box.slices], target[box.slices], classes) for box in boxes]
    return Sample(np.stack(matrices), predicted_shares(prediction, classes) if on == "held out" else None)


def _cut(target: NDArray[np.uint8], vertical: int | None) -> list[Box]:
    """Cut a truth in blocks, each of which counts as one body."""
    lateral = [size for axis, size in enumerate(target.shape) if vertical is None or axis != vertical % target.ndim]
    return labels.blocks(target, max(1, -(-max(lateral) // _ACROSS)), vertical)


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


def _load(path: str) -> NDArray[Any]:
    if not Path(path).exists():
        raise JobError(f"{path} does not exist: was it moved since the job was made, or is nothing predicted yet?")
    return open_array(path)
