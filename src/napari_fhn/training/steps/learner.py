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
from napari_fhn.training.data.batch import Batch
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.distributed.company import Company, Seen
from napari_fhn.training.distributed.ranks import ALONE, Ranks
from napari_fhn.training.schedule import Schedule
from napari_fhn.training.steps.average import WeightAverage
from napari_fhn.training.steps.criterion import PSEUDO, Criterion, Weighed
from napari_fhn.training.steps.guard import Guard
from napari_fhn.training.steps.losses import at
from napari_fhn.training.steps.optimiser import Optimiser
from napari_fhn.training.steps.rollback import Rollback
from napari_fhn.training.steps.unread import Unread


@dataclass(frozen=True)
class Outcome:
    """What came of the steps since the one before.

    Parameters
    ----------
    terms : dict of str to float
        What was made small in the last step, by name.
    losses : tuple of float
        Of each step, the last one at the end: of all terms but that of pseudo-labels, so that the losses of a network
        that is taught go on where they were.
    classes : ndarray or None
        ``(batch, *space)``, from 1: what the network said of the last batch, before the step; None where nobody asked.
    confusion : ndarray
        On the labels of all batches, those of earlier steps faded by :data:`~napari_fhn.training.steps.unread.FADES`.
    refusal : str or None
        Why the last step was not made, or one before it, where that is so.
    """

    terms: dict[str, float]
    losses: tuple[float, ...]
    classes: NDArray[np.uint8] | None
    confusion: NDArray[np.float64]
    refusal: str | None

    @property
    def loss(self) -> float:
        """Of the last step."""
        return self.losses[-1]


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
    ranks : Ranks
        The processes that make each step together.
    """

    def __init__(
        self,
        network: SegmentationNetwork,
        criterion: Criterion,
        schedule: Schedule,
        labels: LabelFile,
        device: torch.device,
        ranks: Ranks = ALONE,
    ) -> None:
        self.network = network
        self.labels = labels
        self.device = device
        self.guard = Guard(network)
        self.optimiser = Optimiser(network, schedule)
        self.average = WeightAverage(network, schedule.average)
        self._criterion = criterion
        self._ranks = ranks
        self._company = Company(network, criterion, ranks)
        self._rollback = Rollback(network, self.optimiser, math.log(labels.classes))
        self._version = labels.version
        self._refused = False
        self._unread = Unread(labels.classes, device)
        self._pseudo = criterion.names.index(PSEUDO) if PSEUDO in criterion.names else None

    @property
    def must_read(self) -> bool:
        """Whether the next step has to be read: on a processor, where that is free, and after one was refused."""
        return self._refused or not self.optimiser.can_leave_out

    def learn(
        self,
        batch: Batch | None,
        step: int,
        *,
        read: bool = True,
        show: bool = True,
        rounds: int = 1,
        trouble: Exception | None = None,
    ) -> Outcome | None:
        """Make one step.

        Parameters
        ----------
        batch : Batch or None
            From which this process learns; None where it has found nothing that is labelled.
        step : int
            Steps made before this one.
        read : bool
            Wait for what comes of it.
        show : bool
            With it, for what the network says of the batch.
        rounds : int
            The most parts of a batch that any process has.
        trouble : Exception, optional
            That this process had with drawing its batch, so that all of them hear of it.

        Returns
        -------
        Outcome or None
            None where nothing was read.

        Raises
        ------
        JobError
            When step after step is refused.
        NothingLabelled
            When no process has anything to learn from.
        """
        changed = self._version != self.labels.version
        self._version = self.labels.version
        lesson = self._company.lesson(batch, self.labels.counts, rounds, changed=changed, trouble=trouble)
        if lesson.changed:
            self._rollback.labels_changed()
        self.network.train()
        self.optimiser.zero_gradients()
        self.guard.prepare(step)
        seen, each, error, noted = self._company.gradient(lesson, lambda part: self._see(part, show))
        loss = each.sum()
        told = loss if self._pseudo is None else loss - each[self._pseudo]
        if not (read or self.must_read):
            self._criterion.commit(noted)
            left_out = self.guard.left_out(loss, error)
            self.optimiser.step(step, left_out)
            self.average.follow(left_out)
            self._unread.add(loss, told, error)
            return None
        numbers = [loss, told] if error is None else [loss, told, error]
        found = self._unread.read(torch.cat((each, torch.stack(numbers))))
        # The last word of others: from here on nothing can be lost with one of them.
        confusion = self._ranks.total(torch.from_numpy(found.confusion)).numpy()
        self._criterion.commit(noted)
        terms, (made_small, of_labels, *errors) = found.values[: len(each)], found.values[len(each) :]
        refusal = self._judged((*found.losses, made_small))
        if refusal is not None:
            self.average.restart()
        else:
            refusal = self.guard.look_back(found.errors) or self.guard.refusal(made_small, *errors)
        if refusal is None:
            self.optimiser.step(step)
            self._rollback.stepped()
            self.average.follow()
        self._refused = refusal is not None
        shown = [one.classes.cpu().numpy() for one in seen if one.classes is not None]
        named = dict(zip(self._criterion.names, terms, strict=True))
        losses = (*found.told, of_labels)
        return Outcome(named, losses, np.concatenate(shown) if shown else None, confusion, refusal)

    def _judged(self, losses: Sequence[float]) -> str | None:
        """Judge the losses of steps that were made unread, and that of the step at hand, as if each had been read."""
        *unread, last = losses
        for loss in unread:
            # The weights that gave it are gone, and so may not be kept as good ones.
            if (refusal := self._rollback.judge(loss, keep=False)) is not None:
                return refusal  # what came after it began at weights that are gone too
            self._rollback.stepped()
        return self._rollback.judge(last)

    def _see(self, part: Weighed, show: bool) -> Seen:
        """Look at a part of a batch, and add its gradient to what is there."""
        here = part.batch.shown.to(self.device)
        scores = self.network.scores(here.data, apart=True)
        slices = len(scores) // len(here.data)
        terms = part.of_all(self._criterion.terms(scores, here.repeated(slices), self.labels.counts))
        each = torch.stack(list(terms.values()))
        # Also where the loss is no number: that is found out later, and the gradient is not used then.
        each.sum().backward()  # type: ignore[no-untyped-call]
        said = scores.detach()
        if slices > 1:
            said = torch.unflatten(said, 0, (slices, -1)).mean(0)
        self._unread.count(at(said, here.known.places), here.known.classes)
        classes = (said.argmax(1) + 1).to(torch.uint8) if show else None
        return Seen(each.detach(), classes, self.guard.error_on_device)

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
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
