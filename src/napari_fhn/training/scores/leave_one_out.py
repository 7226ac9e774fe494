"""How well a training does where it has no labels: done again without some bodies in turn, and scored on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.box import Box
from napari_fhn.training.control import Control
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.files import removing
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.scores.estimating import Estimates, Sample, estimates, together
from napari_fhn.training.scores.score import Scores, confusion, predicted_shares, scores
from napari_fhn.training.updates import Done, Note, Update

Reference = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True)
class Turn:
    """What one training does not see.

    Parameters
    ----------
    bodies : tuple of Box
        Left out, and scored.
    kept_away : tuple of Box
        Labels in these are not learnt from either: they lie too close to what is left out.
    """

    bodies: tuple[Box, ...]
    kept_away: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Fold:
    """What a network says about the bodies that it was not shown.

    Parameters
    ----------
    number, folds : int
        Which of how many, from 1.
    bodies : tuple of Box
        Left out.
    each : tuple of Scores
        Of the network, on the labels of each body.
    scores : Scores
        Of all of them as one.
    shares : tuple of float
        Of each class in what the network predicts of the survey.
    reference : tuple of Scores
        Of the reference, on the labels of each body; empty where there is none.
    reference_shares : tuple of float
        Of each class in what the reference says.
    """

    number: int
    folds: int
    bodies: tuple[Box, ...]
    each: tuple[Scores, ...]
    scores: Scores
    shares: tuple[float, ...] = ()
    reference: tuple[Scores, ...] = ()
    reference_shares: tuple[float, ...] = ()

    @property
    def sample(self) -> Sample:
        """What the network says of its bodies."""
        return _sample(self.each, self.shares)

    @property
    def reference_sample(self) -> Sample | None:
        """What the reference says of them."""
        return _sample(self.reference, self.reference_shares) if self.reference else None


@dataclass(frozen=True)
class Spread:
    """All folds together.

    Parameters
    ----------
    pooled : Scores
        Of all left-out voxels as one.
    estimates : Estimates
        Of the whole survey, with confidence intervals over the bodies.
    mean, deviation, worst : float
        Of the mean IoU of the folds; the standard deviation is that of a sample, 0 for one fold.
    """

    pooled: Scores
    estimates: Estimates
    mean: float
    deviation: float
    worst: float


def leave_one_out(
    job: Job,
    turns: Sequence[Turn],
    folder: str | Path,
    control: Control | None = None,
    reference: Reference | None = None,
) -> Iterator[Update | Fold]:
    """Train once for each turn, without its bodies, and score the prediction on them.

    Parameters
    ----------
    job : Job
        What to train; what it holds out is a body like the others. Its own model and prediction are not touched.
    turns : sequence of Turn
        Wells, patches or blocks of labels that are left out together.
    folder : path-like
        Where the model and the prediction of a fold lie while they are needed, in a folder of their own.
    control : Control, optional
        To stop.
    reference : callable, optional
        Makes a humble prediction of the labels that a fold is shown, to be scored beside the network.

    Yields
    ------
    Update or Fold
        What ``fit`` and ``predict`` say, and a Fold after each. Stopped, the last is a Done that says so.

    Raises
    ------
    JobError
        When there are fewer than two turns, or the job cannot be done.
    """
    from napari_fhn.training.predicting import predict
    from napari_fhn.training.trainer import fit

    if len(turns) < 2:
        spared = sum(len(turn.bodies) for turn in turns)
        raise JobError(
            f"leaving one out takes two wells, patches or blocks of labels or more, and {spared} can be spared"
        )
    control = control or Control(watched=False)
    labels, classes = open_array(job.labels), len(job.classes)
    for number, turn in enumerate(turns, 1):
        scratch = Path(folder) / f"fold-{number}"
        removing.trial(scratch)
        scratch.mkdir(parents=True, exist_ok=True)
        fold = replace(
            job,
            held_out=turn.bodies,
            ignored=(*job.ignored, *turn.kept_away),
            model=str(scratch / "model"),
            prediction=str(scratch / "prediction.npy"),
            outputs=(),
            recipe="",  # what was trained once is trained again, whatever goes with such data today
        )
        mapped.create(fold.prediction, labels.shape, np.uint8)
        which = f"Fold {number} of {len(turns)}"
        yield Note(f"{which}.")
        for work in (fit, predict):
            for update in work(fold, control):
                # Whoever shows the last note alone still sees which training it is of.
                yield Note(f"{which}: {update.message}") if isinstance(update, Note) else update
                if isinstance(update, Done) and update.stopped:
                    return
        predicted = open_array(fold.prediction)
        each, shares = _scored(predicted, labels, turn.bodies, classes)
        beside: tuple[Scores, ...] = ()
        beside_shares: tuple[float, ...] = ()
        if reference is not None:
            shown = np.array(labels)
            for box in (*turn.bodies, *fold.ignored):
                shown[box.slices] = 0
            beside, beside_shares = _scored(reference(shown), labels, turn.bodies, classes)
        total = np.sum([np.array(one.confusion) for one in each], axis=0)
        yield Fold(number, len(turns), turn.bodies, each, scores(total), shares, beside, beside_shares)
        del predicted
        removing.trial(scratch)


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
    found = estimates(together([fold.sample for fold in folds]))
    return Spread(scores(total), found, float(values.mean()), deviation, float(values.min()))


def _scored(
    predicted: NDArray[Any], labels: NDArray[Any], bodies: Sequence[Box], classes: int
) -> tuple[tuple[Scores, ...], tuple[float, ...]]:
    each = tuple(scores(confusion(predicted[box.slices], labels[box.slices], classes)) for box in bodies)
    shares = predicted_shares(predicted, classes)
    return each, () if shares is None else tuple(shares.tolist())


def _sample(each: Sequence[Scores], shares: Sequence[float]) -> Sample:
    return Sample(np.array([one.confusion for one in each]), np.array(shares) if shares else None)
