"""One training step: loss, gradient, the checks that it must pass, and the weights after it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.training.average import WeightAverage
from napari_fhn.training.batch import Shown
from napari_fhn.training.criterion import Criterion
from napari_fhn.training.guard import Guard
from napari_fhn.training.labelled import LabelFile
from napari_fhn.training.losses import at
from napari_fhn.training.optimiser import Optimiser
from napari_fhn.training.rollback import Rollback
from napari_fhn.training.schedule import Schedule
from napari_fhn.training.unread import Unread


@dataclass(frozen=True)
class Outcome:
    """What came of the steps since the one before.

    Parameters
    ----------
    terms : dict of str to float
        What the loss of the last step is the sum of.
    losses : tuple of float
        Of each step, the last one at the end.
    classes : ndarray or None
        ``(batch, *space)``, from 1: what the network said of the last batch, before the step; None where nobody asked.
    confusion : ndarray
        On the labels of all batches.
    refusal : str or None
        Why the last step was not made, or one before it, where that is so.
    """

    terms: dict[str, float]
    losses: tuple[float, ...]
    classes: NDArray[np.uint8] | None
    confusion: NDArray[np.int64]
    refusal: str | None

    @property
    def loss(self) -> float:
        """Of the last step."""
        return sum(self.terms.values())


class Learner:
    """Makes the training steps of a network.

    A GPU works through what it is told while the processor tells it what comes next, until somebody asks for a number.
    So nobody does in most steps: losses, errors and counts stay on the device, and a step that must not be made is left
    out there. They are read now and then, and in every step where that costs nothing, or where one was refused.

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
        self._refused = False
        self._unread = Unread(labels.classes, device)

    @property
    def must_read(self) -> bool:
        """Whether the next step has to be read: on a processor, where that is free, and after one was refused."""
        return self._refused or not self.optimiser.can_leave_out

    def learn(self, batch: Shown, step: int, *, read: bool = True, show: bool = True) -> Outcome | None:
        """Make one step.

        Parameters
        ----------
        batch : Shown
            From which to learn, anywhere.
        step : int
            Steps made before this one.
        read : bool
            Wait for what comes of it.
        show : bool
            With it, for what the network says of the batch.

        Returns
        -------
        Outcome or None
            None where nothing was read.

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
        batch = batch.to(self.device)
        scores = self.network.scores(batch.data)
        terms = self._criterion.terms(scores, batch, self.labels.counts)
        each = torch.stack(list(terms.values()))
        loss = each.sum()
        self._unread.count(at(scores.detach(), batch.known.places), batch.known.classes)
        if not (read or self.must_read):
            loss.backward()  # type: ignore[no-untyped-call]
            left_out = self.guard.left_out(loss.detach())
            self.optimiser.step(step, left_out)
            self.average.follow(left_out)
            self._unread.add(loss, self.guard.error_on_device)
            return None
        classes: NDArray[np.uint8] | None = None
        if show:
            classes = (scores.detach().argmax(1) + 1).to(torch.uint8).cpu().numpy()
        told = self._unread.read(torch.cat((each.detach(), loss.detach()[None])))
        *parts, value = told.values
        refusal = self._judged((*told.losses, value))
        if refusal is not None:
            self.average.restart()
        else:
            refusal = self.guard.look_back(told.errors)
        if refusal is None:
            if math.isfinite(value):
                loss.backward()  # type: ignore[no-untyped-call]
            refusal = self.guard.refusal(value)
        if refusal is None:
            self.optimiser.step(step)
            self._rollback.stepped()
            self.average.follow()
        self._refused = refusal is not None
        losses = (*told.losses, value)
        return Outcome(dict(zip(terms, parts, strict=True)), losses, classes, told.confusion, refusal)

    def _judged(self, losses: Sequence[float]) -> str | None:
        """Judge the losses of steps that were made unread, and that of the step at hand, as if each had been read."""
        *unread, last = losses
        for loss in unread:
            # The weights that gave it are gone, and so may not be kept as good ones.
            if (refusal := self._rollback.judge(loss, keep=False)) is not None:
                return refusal  # what came after it began at weights that are gone too
            self._rollback.stepped()
        return self._rollback.judge(last)

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
        self._unread.forget()
        self._rollback.labels_changed()
        self._rollback.keep()
