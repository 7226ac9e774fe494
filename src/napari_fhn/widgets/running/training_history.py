"""The curves of one training: losses, scores and checkpoints as they come in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from psygnal import Signal

from napari_fhn.training.updates import Checkpoint, Progress, Score, Update


@dataclass
class TrainingHistory:
    """What a training has said so far; ``changed`` is emitted by whoever has handed it news.

    Parameters
    ----------
    steps, losses, seconds : list
        Of each training step: its number, loss and duration.
    memory : int or None
        Bytes that the training process holds.
    invertibility_error : float or None
        Relative error of the states recomputed in the last step.
    scores : dict
        On the training labels (False) and on those held out (True), as they came.
    checkpoints : list of Checkpoint
        Networks to which one can go back.
    of : Path or None
        Folder of the run whose history it is.
    """

    changed: ClassVar[Signal] = Signal()

    steps: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    memory: int | None = None
    invertibility_error: float | None = None
    scores: dict[bool, list[Score]] = field(default_factory=lambda: {False: [], True: []})
    checkpoints: list[Checkpoint] = field(default_factory=list)
    of: Path | None = None

    @property
    def iou(self) -> tuple[float | None, ...]:
        """The last IoU of each class, held out where there is such a score."""
        scores = self.scores[True] or self.scores[False]
        return scores[-1].iou if scores else ()

    @property
    def iou_on(self) -> str:
        """What it was measured on, in words; empty where nothing was."""
        scores = self.scores[True] or self.scores[False]
        return scores[-1].on if scores else ""

    def curve(self, held_out: bool, of: int | None = None) -> tuple[list[int], list[float]]:
        """Return steps and IoU, where it is known.

        Parameters
        ----------
        held_out : bool
            Of the labels held out, or of those trained on.
        of : int, optional
            Number of a class, from 0; the mean over classes when absent.
        """
        steps, values = [], []
        for score in self.scores[held_out]:
            value = score.mean if of is None else score.iou[of] if of < len(score.iou) else None
            if value is not None:
                steps.append(score.step)
                values.append(value)
        return steps, values

    def hear(self, update: Update) -> bool:
        """Take in an update; returns whether a curve has changed by it."""
        match update:
            case Progress(loss=loss, step=step) if loss is not None:
                if self.steps and step <= self.steps[-1]:
                    self._forget_after(step - 1)
                self.steps.append(step)
                self.losses.append(loss)
                self.seconds.append(math.nan if update.step_seconds is None else update.step_seconds)
                self.memory, self.invertibility_error = update.memory, update.invertibility_error
            case Score():
                self.scores[update.held_out].append(update)
            case Checkpoint():
                self.checkpoints.append(update)
            case _:
                return False
        return True

    def replay(self, updates: Iterable[Update], of: Path | None = None) -> None:
        """Begin anew with what was said before.

        Parameters
        ----------
        updates : iterable of Update
            Of a training that goes on, or that is looked at again.
        of : Path, optional
            Folder of its run.
        """
        self.of = of
        self.memory = self.invertibility_error = None
        self._forget_after(-1)
        for update in updates:
            self.hear(update)
        self.changed.emit()

    def _forget_after(self, step: int) -> None:
        """Training went back: what came after that step is not part of this network's history."""
        kept = sum(number <= step for number in self.steps)
        for values in (self.steps, self.losses, self.seconds):
            del values[kept:]
        for held_out, scores in self.scores.items():
            self.scores[held_out] = [score for score in scores if score.step <= step]
        self.checkpoints = [point for point in self.checkpoints if point.step <= step]
