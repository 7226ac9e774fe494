"""One training step: loss, gradient, the checks that it must pass, and the weights after it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.training.average import WeightAverage
from napari_fhn.training.batch import Batch
from napari_fhn.training.criterion import Criterion, Weighed
from napari_fhn.training.guard import Guard
from napari_fhn.training.labelled import LabelFile
from napari_fhn.training.optimiser import Optimiser
from napari_fhn.training.rollback import Rollback
from napari_fhn.training.schedule import Schedule
from napari_fhn.training.score import confusion


@dataclass(frozen=True)
class Outcome:
    """What came of a step.

    Parameters
    ----------
    terms : dict of str to float
        What the loss is the sum of.
    classes : ndarray
        ``(batch, *space)``, from 1: what the network said of the batch, before the step.
    confusion : ndarray
        On the labels of the batch.
    refusal : str or None
        Why the step was not made, where it was not.
    """

    terms: dict[str, float]
    classes: NDArray[np.int64]
    confusion: NDArray[np.int64]
    refusal: str | None

    @property
    def loss(self) -> float:
        """Of the step."""
        return sum(self.terms.values())


class _Seen(NamedTuple):
    """What came of one part of a batch: its terms of the loss, what the network said, and how well it went back."""

    terms: dict[str, float]
    classes: NDArray[np.int64]
    error: float | None


class Learner:
    """Makes the training steps of a network.

    Parameters
    ----------
    network : SegmentationNetwork
        On its device already.
    criterion : Criterion
        What is minimised.
    schedule : Schedule
        How to learn.
    labels : LabelFile
        What is known, for the balance of classes.
    device : torch.device
        Where the network is.
    """

    def __init__(
        self,
        network: SegmentationNetwork,
        criterion: Criterion,
        schedule: Schedule,
        labels: LabelFile,
        device: torch.device,
    ) -> None:
        self.network = network
        self.labels = labels
        self.device = device
        self.guard = Guard(network)
        self.optimiser = Optimiser(network, schedule)
        self.average = WeightAverage(network, schedule.average)
        self._criterion = criterion
        self._rollback = Rollback(network, self.optimiser, math.log(labels.classes))
        self._version = labels.version

    def learn(self, batch: Batch, step: int) -> Outcome:
        """Make one step.

        Parameters
        ----------
        batch : Batch
            From which to learn.
        step : int
            Steps made before this one.

        Raises
        ------
        JobError
            When step after step is refused.
        """
        if self._version != self.labels.version:
            self._version = self.labels.version
            self._rollback.labels_changed()
        self.network.train()
        self.optimiser.zero_gradients()
        seen = [self._see(part) for part in self._criterion.weighed(batch.split(), self.labels.counts)]
        terms = {name: sum(one.terms[name] for one in seen) for name in seen[0].terms}
        value = sum(terms.values())
        refusal = self._rollback.judge(value)
        if refusal is not None:
            self.average.restart()
        else:
            # An error that is no number is the largest.
            errors = [one.error if one.error == one.error else math.inf for one in seen if one.error is not None]
            refusal = self.guard.refusal(value, max(errors, default=None))
        if refusal is None:
            self.optimiser.step(step)
            self._rollback.stepped()
            self.average.follow()
        classes: NDArray[np.int64] = np.concatenate([one.classes for one in seen])
        counts = confusion(classes, batch.labels.numpy(), self.labels.classes)
        return Outcome(terms, classes, counts, refusal)

    def _see(self, part: Weighed) -> _Seen:
        """Look at a part of a batch, and add its gradient to what is there."""
        batch = part.batch.to(self.device)
        scores = self.network.scores(batch.data, apart=True)
        slices = len(scores) // len(batch.labels)
        terms = part.of_all(self._criterion.terms(scores, batch.repeated(slices), self.labels.counts))
        loss = torch.stack(list(terms.values())).sum()
        if math.isfinite(loss.item()):
            loss.backward()  # type: ignore[no-untyped-call]
        together = torch.unflatten(scores.detach(), 0, (slices, -1)).mean(0)
        classes: NDArray[np.int64] = together.argmax(1).cpu().numpy() + 1
        return _Seen({name: term.item() for name, term in terms.items()}, classes, self.guard.error)

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.suspended`."""
        return {
            "weights": self.network.state_dict(),
            "optimiser": self.optimiser.state(),
            "average": self.average.state(),
            "guard": self.guard.state(),
            "rollback": self._rollback.state(),
            "criterion": self._criterion.state(),
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned."""
        self.network.load_state_dict(state["weights"])
        self.optimiser.resume(state["optimiser"])
        self.average.resume(state["average"])
        self.guard.resume(state["guard"])
        self._rollback.resume(state["rollback"])
        self._criterion.resume(state["criterion"])

    def restart(self) -> None:
        """Go on from the weights that somebody put into the network, as good ones."""
        self.optimiser.forget()
        self.average.restart()
        self._rollback.labels_changed()
        self._rollback.keep()
