"""The labels held out: how well they are predicted while training runs, and when that gets no better."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.prediction.predictor import Predictor
from napari_fhn.training.scores.score import confusion, intersection_over_union
from napari_fhn.training.updates import Score


def score(matrix: NDArray[Any], step: int, held_out: bool) -> Score:
    """Return the IoU of a confusion matrix as an update.

    A class that is not among the labels says nothing, wherever it was predicted: one well rarely meets every class.
    """
    occurs = matrix[1:].sum(axis=1) > 0
    values = intersection_over_union(matrix)
    iou = tuple(float(v) if known else None for v, known in zip(values, occurs, strict=True))
    return Score(step, held_out, iou)


def held_out_confusion(predictor: Predictor, labels: LabelFile) -> NDArray[np.int64]:
    """Return the confusion over the labels held out, on one section or block through each body.

    Predicted with it is all that the network sees around it, so that it says what it would say of the whole survey.
    """
    around = predictor.network.architecture.receptive_radius
    across = predictor.frame.sections[0] if predictor.frame.sections else None
    total = np.zeros((labels.classes + 1,) * 2, np.int64)
    for region, bodies in _together(labels.held_out, predictor.shape, around, across):
        said = predictor.classes(region, across)
        truth = np.zeros(region.shape, np.uint8)
        for body in bodies:
            truth[body.within(region)] = labels.truth(body)
        total += confusion(said, truth, labels.classes)
    return total


def _together(
    bodies: Sequence[Box], shape: Sequence[int], around: int, across: int | None
) -> list[tuple[Box, list[Box]]]:
    """Return what is predicted for which bodies: once for those of which one region is no larger than one for each.

    What a deep network sees around a well is most of a survey: with a region for each, four wells would take as long as
    predicting it four times.
    """
    found: list[tuple[Box, list[Box]]] = []
    for body in bodies:
        start, stop = list(body.start), list(body.stop)
        if across is not None:
            start[across] = (body.start[across] + body.stop[across]) // 2
            stop[across] = start[across] + 1
        inside = Box(tuple(start), tuple(stop))
        for axis, size in enumerate(shape):
            if axis != across:
                start[axis] = max(0, start[axis] - around)
                stop[axis] = min(size, stop[axis] + around)
        region, together = Box(tuple(start), tuple(stop)), [inside]
        merged = True
        while merged:
            merged = False
            for other, its in found:
                both = Box(
                    tuple(map(min, region.start, other.start)),
                    tuple(map(max, region.stop, other.stop)),
                )
                # Sections are not joined to a slab: each body is seen on the one through its middle.
                alike = across is None or region.start[across] == other.start[across]
                if alike and math.prod(both.shape) <= math.prod(region.shape) + math.prod(other.shape):
                    region, together, merged = both, [*its, *together], True
                    found.remove((other, its))
                    break
        found.append((region, together))
    return found


class Best:
    """Remembers the weights with the best score, and says when to give up waiting for better ones.

    Parameters
    ----------
    network : SegmentationNetwork
        With the weights that were scored, whenever it is looked at.
    patience : int
        Scores in a row without a better one; 0 never gives up and remembers nothing.

    Attributes
    ----------
    step : int
        Training step of the best score; 0 before there is one.
    """

    def __init__(self, network: SegmentationNetwork, patience: int) -> None:
        self.network = network
        self.patience = patience
        self.step = 0
        self._mean = -1.0
        self._worse = 0
        self._weights: dict[str, torch.Tensor] = {}

    def look(self, scored: Score) -> None:
        """Take a score of the network as it is now."""
        if not self.patience or scored.mean is None:
            return
        if scored.mean > self._mean:
            self._mean, self.step, self._worse = scored.mean, scored.step, 0
            self._weights = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        else:
            self._worse += 1

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        return {"step": self.step, "mean": self._mean, "worse": self._worse, "weights": self._weights}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned; who had given up tries again."""
        self.step, self._mean, self._weights = state["step"], state["mean"], dict(state["weights"])
        self._worse = 0 if 0 < self.patience <= state["worse"] else state["worse"]

    @property
    def given_up(self) -> bool:
        """Whether patience has run out."""
        return 0 < self.patience <= self._worse

    def forget(self) -> None:
        """Begin again: what was best is so no longer, since other labels are held against it or training went back."""
        self.step, self._mean, self._worse = 0, -1.0, 0
        self._weights = {}

    def restore(self, then: Callable[[int], object] = int) -> bool:
        """Put the best weights into the network; False when there are none.

        Parameters
        ----------
        then : callable
            Told after which step they were the network's.
        """
        if self._weights:
            self.network.load_state_dict(self._weights)
            then(self.step)
        return bool(self._weights)
