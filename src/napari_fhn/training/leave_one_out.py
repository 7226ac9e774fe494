"""How well a training does where it has no labels: done again without each body of labels in turn, and scored on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from napari_fhn.box import Box
from napari_fhn.training.control import Control
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.score import Scores, confusion, scores
from napari_fhn.training.updates import Done, Note, Update
from napari_fhn.training.volume import open_array


@dataclass(frozen=True)
class Fold:
    """What a network says about the body that it was not shown.

    Parameters
    ----------
    number, folds : int
        Which of how many, from 1.
    body : Box
        Left out.
    scores : Scores
        Over the labels of the body.
    """

    number: int
    folds: int
    body: Box
    scores: Scores


@dataclass(frozen=True)
class Spread:
    """All folds together.

    Parameters
    ----------
    pooled : Scores
        Of all left-out voxels as one.
    mean, deviation, worst : float
        Of the mean IoU of the folds; the standard deviation is that of a sample, 0 for one fold.
    """

    pooled: Scores
    mean: float
    deviation: float
    worst: float


def leave_one_out(
    job: Job, bodies: Sequence[Box], folder: str | Path, control: Control | None = None
) -> Iterator[Update | Fold]:
    """Train as often as there are bodies, each time without one of them, and score the prediction on it.

    Parameters
    ----------
    job : Job
        What to train; what it holds out is a body like the others. Its own model and prediction are not touched.
    bodies : sequence of Box
        Wells, patches or blocks of labels.
    folder : path-like
        Where the model and the prediction of a fold lie while they are needed, in a folder of their own.
    control : Control, optional
        To stop.

    Yields
    ------
    Update or Fold
        What ``fit`` and ``predict`` say, and a Fold after each. Stopped, the last is a Done that says so.

    Raises
    ------
    JobError
        When there are fewer than two bodies, or the job cannot be done.
    """
    from napari_fhn.training.predicting import predict
    from napari_fhn.training.trainer import fit

    if len(bodies) < 2:
        raise JobError(
            f"leaving one out takes two wells, patches or blocks of labels or more, and {len(bodies)} can be spared"
        )
    control = control or Control(watched=False)
    labels = open_array(job.labels)
    for number, body in enumerate(bodies, 1):
        scratch = Path(folder) / f"fold-{number}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        fold = replace(
            job,
            held_out=(body,),
            model=str(scratch / "model"),
            prediction=str(scratch / "prediction.npy"),
            outputs=(),
        )
        np.lib.format.open_memmap(fold.prediction, mode="w+", dtype=np.uint8, shape=labels.shape).flush()
        yield Note(f"Fold {number} of {len(bodies)}.")
        for work in (fit, predict):
            for update in work(fold, control):
                yield update
                if isinstance(update, Done) and update.stopped:
                    return
        predicted = open_array(fold.prediction)
        matrix = confusion(predicted[body.slices], labels[body.slices], len(job.classes))
        yield Fold(number, len(bodies), body, scores(matrix))
        del predicted
        shutil.rmtree(scratch, ignore_errors=True)


def spread(folds: Sequence[Fold]) -> Spread:
    """Put folds together.

    Parameters
    ----------
    folds : sequence of Fold
        At least one.

    Returns
    -------
    Spread
    """
    values = np.array([fold.scores.mean_iou for fold in folds if fold.scores.mean_iou is not None])
    total = np.sum([np.array(fold.scores.confusion) for fold in folds], axis=0)
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Spread(scores(total), float(values.mean()), deviation, float(values.min()))
