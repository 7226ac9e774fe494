"""The gradient of a step whose parts are seen by several processes, as if one had seen them one after the other.

Part ``k`` of a batch belongs to process ``k`` modulo their number. After each round of parts every process sends each
other one its share of the gradient, and adds what it gets in the order of the parts; at the end all have the sums of
all. That is as much traffic as any sum over processes needs, and it has an order: the sums are to the last bit those of
one process that sees the parts one by one, and so are those of any other number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.training.data.batch import Batch
from napari_fhn.training.distributed.ranks import Joined, Ranks, code_of
from napari_fhn.training.steps.criterion import Criterion, Weighed


class NothingLabelled(Exception):
    """Nothing that the processes have drawn is labelled."""


class Seen(NamedTuple):
    """What came of one part of a batch, on the device: terms of its loss, what the network said, how it went back."""

    terms: Tensor
    classes: Tensor | None
    error: Tensor | None


class Lesson(NamedTuple):
    """What all processes make a step of.

    Parameters
    ----------
    parts : list of Weighed
        Of this process.
    there : tuple of (tuple of bool)
        For each round, which processes have a part in it.
    changed : bool
        Whether labels have changed since the step before, for any of them.
    """

    parts: list[Weighed]
    there: tuple[tuple[bool, ...], ...]
    changed: bool


class Gradient(NamedTuple):
    """Of a step; the sums are the same in all processes.

    Parameters
    ----------
    seen : list of Seen
        By this process.
    terms : Tensor
        ``(terms,)``, what the loss is the sum of.
    error : Tensor or None
        The largest of all inversions; None for a network that keeps its states.
    noted : Tensor
        For :meth:`Criterion.commit`.
    """

    seen: list[Seen]
    terms: Tensor
    error: Tensor | None
    noted: Tensor


class Company:
    """Makes gradients, with others or alone.

    Parameters
    ----------
    network : SegmentationNetwork
        Has the gradient afterwards.
    criterion : Criterion
        Weighs the parts.
    ranks : Ranks
        The others.
    """

    def __init__(self, network: SegmentationNetwork, criterion: Criterion, ranks: Ranks) -> None:
        self._network = network
        self._criterion = criterion
        self._ranks = ranks

    def lesson(
        self,
        batch: Batch | None,
        counts: NDArray[np.int64],
        rounds: int,
        *,
        changed: bool,
        trouble: Exception | None = None,
    ) -> Lesson:
        """Agree on what a step is made of.

        Parameters
        ----------
        batch : Batch or None
            What this process has drawn; None where nothing is labelled.
        counts : ndarray
            Labelled voxels of each class in the survey.
        rounds : int
            The most parts that any process has.
        changed : bool
            Whether this process has found that labels have changed.
        trouble : Exception, optional
            That it had with drawing.

        Raises
        ------
        NothingLabelled
            Where no part of any process has labels.
        Exception
            See :meth:`Ranks.meet`.
        """
        parts = [] if batch is None else batch.split()
        if not isinstance(self._ranks, Joined):
            self._ranks.meet(trouble)
            if not parts:
                raise NothingLabelled
            return Lesson(self._criterion.weighed(parts, counts), ((True,),) * len(parts), changed)
        said = np.zeros((rounds + 1, 4))
        said[0, :3] = code_of(trouble), changed, len(parts)
        each = zip(self._criterion.labelled(parts, counts), self._criterion.pseudo_labelled(parts, counts), strict=True)
        for row, part, (voxels, pseudo) in zip(said[1:], parts, each, strict=False):
            row[:] = voxels, len(part.labels), part.places, pseudo
        heard = np.array(self._ranks.numbers(said.ravel().tolist())).reshape(self._ranks.size, rounds + 1, 4)
        self._ranks.heard(heard[:, 0, 0].tolist(), trouble)
        if not heard[:, 1:, 2].any():
            raise NothingLabelled
        # In the order of the parts, as a single process adds them up.
        voxels, blocks, taught = (sum(heard[:, 1:, column].T.ravel().tolist()) for column in (0, 1, 3))
        weighed = [
            Weighed(part, own[0] / voxels if voxels else 0.0, own[1] / blocks, own[3] / taught if taught else 0.0)
            for part, own in zip(parts, said[1:].tolist(), strict=False)
        ]
        there = tuple(tuple(bool(count > turn) for count in heard[:, 0, 2]) for turn in range(rounds))
        return Lesson(weighed, tuple(row for row in there if any(row)), bool(heard[:, 0, 1].any()))

    def gradient(self, lesson: Lesson, see: Callable[[Weighed], Seen]) -> Gradient:
        """Let the network see the parts.

        Parameters
        ----------
        lesson : Lesson
            From :meth:`lesson`.
        see : callable
            Shows a part, and adds its gradient to what is there.

        Raises
        ------
        Exception
            See :meth:`Ranks.meet`.
        """
        ranks = self._ranks
        if isinstance(ranks, Joined):
            return self._with_others(ranks, lesson, see)
        seen, sums = [], _Sums()
        for part in lesson.parts:
            seen.append(see(part))
            sums.add(torch.cat((seen[-1].terms, self._criterion.noted(seen[-1].terms))))
        terms, noted = sums.split(len(seen[0].terms))
        return Gradient(seen, terms, _largest([one.error for one in seen if one.error is not None]), noted)

    def _with_others(self, ranks: Joined, lesson: Lesson, see: Callable[[Weighed], Seen]) -> Gradient:
        parameters = [one for one in self._network.parameters() if one.requires_grad]
        buffers = [one for one in cast("torch.nn.Module", self._network).buffers() if one.is_floating_point()]
        count = sum(sum(row) for row in lesson.there)
        like = parameters[0].detach()
        names = len(self._criterion.names)
        width = -(-_length([*parameters, *buffers], names + self._criterion.notes) // ranks.size)
        seen: list[Seen] = []
        sums, inverted = _Sums(), False
        for turn, there in enumerate(lesson.there):
            trouble, rows = None, None
            if there[ranks.rank]:
                try:
                    one = see(lesson.parts[turn])
                    seen.append(one)
                    riders = [one.terms, self._criterion.noted(one.terms), *(kept / count for kept in buffers)]
                    rows = _rows(parameters, riders, ranks.size, width)
                except Exception as met:
                    trouble = met
            for parameter in parameters:
                parameter.grad = None
            heard = ranks.numbers([code_of(trouble), float(bool(seen) and seen[-1].error is not None)])
            ranks.heard([code for code, _ in heard], trouble)
            inverted = inverted or any(has for _, has in heard)
            for row in ranks.exchanged(rows, there, like.new_empty(width)):
                sums.add(row)
        whole = ranks.joined(sums.whole)
        at = 0
        for parameter in parameters:
            gradient = whole[at : at + parameter.numel()].view(parameter.shape)
            # As it lies in memory where one process made it: sums over it round alike.
            parameter.grad = torch.empty_like(parameter).copy_(gradient)
            at += parameter.numel()
        terms, noted = whole[at : at + names], whole[at + names : at + names + self._criterion.notes]
        at += names + self._criterion.notes
        for kept in buffers:
            kept.copy_(whole[at : at + kept.numel()].view(kept.shape))
            at += kept.numel()
        error = None
        if inverted:
            own = _largest([one.error for one in seen if one.error is not None])
            error = ranks.largest(torch.zeros((), device=like.device) if own is None else own.float())
        return Gradient(seen, terms, error, noted)


class _Sums:
    """Adds up arrays in their order."""

    def __init__(self) -> None:
        self._sum: Tensor | None = None

    def add(self, more: Tensor) -> None:
        self._sum = more if self._sum is None else self._sum + more

    @property
    def whole(self) -> Tensor:
        assert self._sum is not None
        return self._sum

    def split(self, first: int) -> tuple[Tensor, Tensor]:
        return self.whole[:first], self.whole[first:]


def _length(arrays: Sequence[Tensor], more: int) -> int:
    return sum(one.numel() for one in arrays) + more


def _rows(parameters: Sequence[Tensor], riders: Sequence[Tensor], size: int, width: int) -> Tensor:
    """Return gradients and what travels with them as one row for each process."""
    like = parameters[0]
    flat = like.new_zeros(size * width)
    at = 0
    for one in (*(torch.zeros_like(own) if own.grad is None else own.grad for own in parameters), *riders):
        flat[at : at + one.numel()].copy_(one.detach().reshape(-1))
        at += one.numel()
    return flat.view(size, width)


def _largest(errors: Sequence[Tensor]) -> Tensor | None:
    """Return the largest, of which one that is no number is the largest of all."""
    if len(errors) < 2:
        return errors[0] if errors else None
    together = torch.stack(list(errors))
    return torch.where(together.isnan(), torch.inf, together).max()
