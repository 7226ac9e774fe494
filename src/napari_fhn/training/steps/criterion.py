"""From the description of an objective to the loss of a step: the one place that knows how a loss is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_fhn.training.data import balance
from napari_fhn.training.data.batch import Batch, Shown
from napari_fhn.training.objective import Absence, Objective, Order, Share
from napari_fhn.training.steps import knowledge, losses

PSEUDO = "pseudo-labels"
"""What the loss on them is called."""

_OVER_VOXELS = frozenset({"cross-entropy", "focal"})
"""Losses that are means over labelled voxels."""


class Weighed(NamedTuple):
    """A part of a batch, and how much of the batch's loss it makes.

    Parameters
    ----------
    batch : Batch
        The part.
    of_voxels : float
        Its share of the labelled voxels, weighed by class.
    of_blocks : float
        Its share of the blocks.
    of_pseudo : float
        Its share of the pseudo-labels, weighed by class.
    """

    batch: Batch
    of_voxels: float = 1.0
    of_blocks: float = 1.0
    of_pseudo: float = 1.0

    def of_all(self, terms: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return what the terms of the part add to those of the batch."""
        over = dict.fromkeys(_OVER_VOXELS, self.of_voxels) | {PSEUDO: self.of_pseudo}
        return {name: term * over.get(name, self.of_blocks) for name, term in terms.items()}


class Criterion:
    """Computes the loss of a step.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    classes : sequence of str
        Names of the classes.
    vertical : int or None
        Axis of time or depth, among those of the scores.
    pseudo : bool
        Whether there are pseudo-labels: one more cross-entropy, which counts as much as the losses on labels do,
        however many more voxels it is about.
    """

    def __init__(
        self, objective: Objective, classes: Sequence[str], vertical: int | None, *, pseudo: bool = False
    ) -> None:
        self.objective = objective
        self._pseudo = pseudo
        self.classes = tuple(classes)
        self.vertical = vertical
        self._weighed: tuple[Any, ...] = ()
        self._weights = torch.empty(0)
        self._shares = [knowledge.RunningShare() for _ in objective.knowledge]

    def terms(self, scores: Tensor, shown: Shown | Batch, counts: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return what the loss is the sum of, by name.

        Parameters
        ----------
        scores : Tensor
            ``(batch, classes, *space)``.
        shown : Shown or Batch
            What is known, on the device of the scores.
        counts : ndarray
            Labelled voxels of each class in the whole survey.

        Returns
        -------
        dict of str to Tensor
            Scalars.
        """
        shown = shown.shown if isinstance(shown, Batch) else shown
        found = self._from_labels(scores, shown, counts)
        if shown.pseudo is not None:
            by_class = self._by_class(counts, scores.device)
            found[PSEUDO] = losses.cross_entropy(losses.gathered(scores, shown.pseudo), by_class)
        return found | self._from_knowledge(scores, shown)

    def weighed(self, parts: Sequence[Batch], counts: NDArray[np.int64]) -> list[Weighed]:
        """Return the parts of a batch with how much of its loss each of them makes.

        Cross-entropy and focal loss are means over labelled voxels, weighed by class: those of the parts, weighed by
        what is labelled in each, are that of the batch. All other terms count by the number of blocks.

        Parameters
        ----------
        parts : sequence of Batch
            One after the other.
        counts : ndarray
            Labelled voxels of each class in the whole survey.
        """
        if len(parts) == 1:
            return [Weighed(parts[0])]
        labelled, pseudo = self.labelled(parts, counts), self.pseudo_labelled(parts, counts)
        blocks = [len(part.labels) for part in parts]
        total, taught = sum(labelled), sum(pseudo)
        return [
            Weighed(part, voxels / total if total else 0.0, count / sum(blocks), said / taught if taught else 0.0)
            for part, voxels, count, said in zip(parts, labelled, blocks, pseudo, strict=True)
        ]

    def pseudo_labelled(self, parts: Sequence[Batch], counts: NDArray[np.int64]) -> list[float]:
        """Return how many pseudo-labels are in each part, weighed by class.

        Parameters
        ----------
        parts, counts
            As in :meth:`weighed`.
        """
        by_class = losses.class_weights(counts, self.objective.balance, self.objective.beta).double()
        each = (part.shown.pseudo for part in parts)
        return [0.0 if one is None else float(by_class[one.classes].sum()) for one in each]

    def labelled(self, parts: Sequence[Batch], counts: NDArray[np.int64]) -> list[float]:
        """Return how much is labelled in each part, weighed by class.

        Parameters
        ----------
        parts, counts
            As in :meth:`weighed`.
        """
        by_class = losses.class_weights(counts, self.objective.balance, self.objective.beta).double()
        return [
            float(balance.in_blocks(part.shown.known, len(part.labels), part.shown.voxels, len(by_class)).sum())
            if self.objective.balance == balance.BLOCK
            else float(by_class[part.shown.known.classes].sum())
            for part in parts
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """What the loss is the sum of, in the order of :meth:`terms`."""
        pseudo = (PSEUDO,) if self._pseudo else ()
        known = (item.name for item in self.objective.knowledge)
        return tuple(dict.fromkeys((*self.objective.losses, *pseudo, *known)))

    @property
    def notes(self) -> int:
        """How many numbers :meth:`noted` returns."""
        return 2 * sum(isinstance(item, Share) for item in self.objective.knowledge)

    def noted(self, like: Tensor) -> Tensor:
        """Return what was found in the blocks of the last call of :meth:`terms`, to be added up over those of a step.

        Parameters
        ----------
        like : Tensor
            Whose type and device it has.
        """
        found = [number for share in self._shares if share.noted is not None for number in share.noted]
        return torch.stack([number.to(like) for number in found]) if found else like.new_empty(0)

    def commit(self, noted: Tensor) -> None:
        """Take what the blocks of a step were found to hold into the shares of the next ones.

        Parameters
        ----------
        noted : Tensor
            Sums of :meth:`noted`.
        """
        counted = (
            share for item, share in zip(self.objective.knowledge, self._shares, strict=True) if isinstance(item, Share)
        )
        for share, (filled, voxels) in zip(counted, noted.view(-1, 2), strict=True):
            share.commit(filled, voxels)

    def state(self) -> list[dict[str, Any]]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        return [share.state() for share in self._shares]

    def resume(self, state: Sequence[Mapping[str, Any]]) -> None:
        """Go on with what :meth:`state` returned; with another number of things known, they begin anew."""
        if len(state) == len(self._shares):
            for share, own in zip(self._shares, state, strict=True):
                share.resume(own)

    def _by_class(self, counts: NDArray[np.int64], device: torch.device) -> Tensor:
        """Return the weights of the classes on a device, moved there when the counts have changed."""
        asked = (*counts.tolist(), device)
        if asked != self._weighed:
            self._weighed = asked
            self._weights = losses.class_weights(counts, self.objective.balance, self.objective.beta).to(device)
        return self._weights

    def _from_labels(self, scores: Tensor, shown: Shown, counts: NDArray[np.int64]) -> dict[str, Tensor]:
        objective = self.objective
        known = losses.gathered(scores, shown.known)
        by_class = self._by_class(counts, scores.device)
        balanced = known
        if objective.balance == balance.BLOCK:
            alike = balance.in_blocks(shown.known, len(scores), shown.voxels, scores.shape[1]).to(known.weights.dtype)
            alike *= len(alike) / alike.sum().clamp_min(1)
            balanced = known._replace(weights=known.weights * alike)
        found: dict[str, Tensor] = {}
        for name in objective.losses:
            if name == "cross-entropy":
                found[name] = losses.cross_entropy(balanced, by_class, objective.smoothing)
            elif name == "focal":
                found[name] = losses.focal(balanced, by_class, objective.gamma, objective.smoothing)
            elif name == "dice":
                found[name] = losses.dice(known)
            else:
                found[name] = losses.lovasz(known)
        return found

    def _from_knowledge(self, scores: Tensor, shown: Shown) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        if not self.objective.knowledge:
            return found
        counted = shown.counted
        if counted is None:
            counted = torch.ones_like(scores[:, 0], dtype=torch.bool)
        belief = scores.softmax(1)
        absences = iter(shown.absent)
        for item, share in zip(self.objective.knowledge, self._shares, strict=True):
            if isinstance(item, Share):
                of_class = belief[:, self.classes.index(item.class_name)]
                value = share(of_class, counted, item.at_least, item.at_most)
            elif isinstance(item, Order):
                layers = [self.classes.index(name) for name in item.class_names or self.classes]
                assert self.vertical is not None
                value = knowledge.order(scores[:, layers], counted, self.vertical)
            elif isinstance(item, Absence):
                value = knowledge.absence(scores, next(absences), self.classes.index(item.class_name))
            else:
                axes = range(scores.ndim - 2)
                costs = [item.vertical if axis == self.vertical else item.horizontal for axis in axes]
                value = knowledge.smoothness(belief, counted, costs, shown.data, item.edge)
            found[item.name] = found.get(item.name, 0) + item.weight * value
        return found
