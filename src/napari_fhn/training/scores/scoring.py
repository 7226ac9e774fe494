"""How well a training does: on the labels that it learns from, and on those held out, each scored when it is due."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.job import Job
from napari_fhn.training.prediction.predictor import Predictor
from napari_fhn.training.scores.validation import Best, held_out_confusion, score
from napari_fhn.training.steps.learner import Outcome
from napari_fhn.training.steps.unread import FADES
from napari_fhn.training.updates import Score

_SHARE = 0.05
"""Share of the time that goes into scoring what is held out."""

_FIRST = 1.5
"""Seconds of training before the first of them."""

_OF_A_TRAINING = 20
"""Scores of a training that may end early: at fixed steps, so that it ends at the same one each time."""


class Scoring:
    """Scores one training.

    Parameters
    ----------
    job : Job
        What it trains.
    predictor : Predictor
        Which predicts what is held out, with the weights that its network has then.
    labels : LabelFile
        The labels, those held out among them.

    Attributes
    ----------
    best : Best
        The weights with which the labels held out were predicted best, where the job says to wait for better ones.
    """

    def __init__(self, job: Job, predictor: Predictor, labels: LabelFile) -> None:
        self.best = Best(predictor.network, job.schedule.patience if job.held_out else 0)
        self._job = job
        self._predictor = predictor
        self._labels = labels
        self._seen = np.zeros((len(job.classes) + 1,) * 2)
        self._scores: dict[bool, Score] = {}
        self._due = 0.0

    def scores(self, step: int) -> tuple[Score, ...]:
        """Return what is kept with the network of a step: the score on what it learns from, and the last held out.

        The former as it is after that step, since when it was told of the last time went by the clock.
        """
        self.learnt_from(step)
        return tuple(self._scores[held_out] for held_out in sorted(self._scores))

    @property
    def mean_held_out(self) -> float | None:
        """The last mean IoU of what is held out; None before there is one."""
        return self._scores[True].mean if True in self._scores else None

    def see(self, outcome: Outcome) -> None:
        """Take what the network said of the labels that it learnt from; what it said earlier counts less and less."""
        self._seen *= FADES ** len(outcome.losses)
        self._seen += outcome.confusion

    def learnt_from(self, step: int) -> Score:
        """Score what the network said of the labels that it learns from, up to a step."""
        self._scores[False] = score(self._seen, step, False)
        return self._scores[False]

    def held_out(self, step: int) -> Score:
        """Score what the network of a step says of the labels held out."""
        found = score(held_out_confusion(self._predictor, self._labels), step, True)
        self._scores[True] = found
        self.best.look(found)
        return found

    def is_due(self, step: int, running: float) -> bool:
        """Whether what is held out is to be scored after a step.

        Parameters
        ----------
        step : int
            Made just now.
        running : float
            Seconds that the training has run.
        """
        if not self._job.held_out:
            return False
        if self.best.patience:
            return step % max(1, self._job.schedule.steps // _OF_A_TRAINING) == 0
        return running > _FIRST and time.monotonic() > self._due

    def took(self, seconds: float) -> None:
        """Let the next score of what is held out wait by what the last one took."""
        self._due = time.monotonic() + seconds * (1 / _SHARE - 1)

    def forget(self) -> None:
        """Begin again, from the weights of an earlier step."""
        self.best.forget()
        self._seen[...] = 0

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        return {
            "best": self.best.state(),
            "seen": self._seen.tolist(),
            "scores": [asdict(found) for found in self._scores.values()],
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned."""
        self.best.resume(state["best"])
        self._seen[...] = state["seen"]
        for found in state["scores"]:
            held_out = found["held_out"]
            if not isinstance(held_out, bool):
                raise ValueError("one of its scores is neither of labels held out nor of others")
            self._scores[held_out] = Score(found["step"], held_out, tuple(found["iou"]))
