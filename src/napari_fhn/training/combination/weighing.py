"""How much each factor counts, found on labels that the first part of a training is not shown.

A third of the bodies of labels (wells, patches, points; of two, one) is left out until two fifths of the steps are
made. Then network and factors foretell them, the weights are found with which all foretell them best together, and
training goes on with all labels. That costs no training of its own, and nobody is weighed by what it was told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies
from napari_fhn.structure.decoding import order_of
from napari_fhn.structure.pooling import evidence_of, influence, likelihood, pool, weigh
from napari_fhn.training.combination.choosing import left_out
from napari_fhn.training.combination.combiner import Combiner
from napari_fhn.training.combination.settings import (
    NETWORK,
    Combination,
    FactorWeight,
    Foretold,
    Found,
    prior,
)
from napari_fhn.training.combination.shown import Shown
from napari_fhn.training.data.boxes import within
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.prediction.predictor import Predictor
from napari_fhn.training.scores.score import confusion, intersection_over_union

_UNTIL = 0.4
"""Share of the steps that is made without them."""

_SAMPLES = 4000
"""Voxels of a body that are looked at; more are thinned evenly."""

_HELD = 2**26
"""Probabilities of each factor that are held at once; regions round bodies get smaller, so that they fit."""

PENALTY = 6.0
"""What a step back in the order of layers costs: a body two or three samples thick and sure of itself outweighs it."""


@dataclass(frozen=True)
class _Sample:
    """What is foretold of a region, and what is true in the body that it surrounds."""

    region: Box
    said: Mapping[str, NDArray[np.float32]]
    places: tuple[NDArray[np.int64], ...]
    truth: NDArray[np.int64]
    body: NDArray[np.int64]


class _Tested:
    """All that is foretold of what was left out, and what is true there.

    Parameters
    ----------
    samples : sequence of _Sample
        At least one.
    """

    def __init__(self, samples: Sequence[_Sample]) -> None:
        self.samples = tuple(samples)
        self.truth = np.concatenate([one.truth for one in samples])
        self.evidence = evidence_of(np.concatenate([one.body for one in samples]), self.truth)

    def at(self, values: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return ``(classes, n)`` of the labelled voxels, from probabilities of each region."""
        return np.concatenate([_at(one, said) for one, said in zip(self.samples, values, strict=True)], axis=1)

    def likelihood(self, values: Sequence[NDArray[np.float32]]) -> float:
        """Return how likely what is true is by probabilities of each region."""
        return likelihood(self.at(values), self.truth, self.evidence)

    def worse_than_a_guess(self, said: NDArray[np.float32]) -> bool:
        """Tell whether ``(classes, n)`` of the labelled voxels foretell them worse than all classes alike would."""
        return likelihood(said, self.truth, self.evidence) < -math.log(len(said))

    def foretold(self, said: NDArray[np.float32]) -> Foretold:
        """Return how well ``(classes, n)`` of the labelled voxels foretell them."""
        return Foretold(
            _mean_iou(said.argmax(axis=0) + 1, self.truth, len(said)),
            round(likelihood(said, self.truth, self.evidence), 4),
        )


def weighed_at(steps: int) -> int:
    """Return the step of a training of so many after which factors are weighed."""
    return round(_UNTIL * steps)


class Weighing:
    """Labels left out of the beginning of a training, and what they say of the factors.

    Parameters
    ----------
    labels : LabelFile
        What is known. The bodies left out are hidden in it.
    left_out : sequence of Box
        Bodies, one or more boxes each.
    body : sequence of int
        Which body each box is of.
    until : int
        Steps that are made without them.
    """

    def __init__(self, labels: LabelFile, left_out: Sequence[Box], body: Sequence[int], until: int) -> None:
        self.left_out = tuple(left_out)
        self.body = tuple(body)
        self.until = until
        self._labels = labels
        labels.hide(self.left_out)

    @classmethod
    def of(cls, labels: LabelFile, vertical: int | None, steps: int, seed: int) -> Weighing | None:
        """Choose what is left out.

        Parameters
        ----------
        labels : LabelFile
            What is known.
        vertical : int or None
            Axis along which columns run.
        steps : int
            Of the training.
        seed : int
            Of the choice.

        Returns
        -------
        Weighing or None
            None where there are too few bodies, or no class is in two of them.
        """
        boxes, body = left_out(labels, Bodies.of(labels, vertical), vertical, seed)
        until = weighed_at(steps)
        if not boxes or not 0 < until < steps:
            return None
        return cls(labels, boxes, body, until)

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        boxes = [[*box.start, *box.stop] for box in self.left_out]
        return {"boxes": boxes, "body": list(self.body), "until": self.until}

    @classmethod
    def resume(cls, labels: LabelFile, state: Mapping[str, Any]) -> Weighing:
        """Go on with what :meth:`state` returned."""
        axes = len(labels.shape)
        boxes = [Box(tuple(ends[:axes]), tuple(ends[axes:])) for ends in state["boxes"]]
        return cls(labels, boxes, state["body"], state["until"])

    def release(self) -> None:
        """Show the bodies."""
        self._labels.hide(())

    def find(self, predictor: Predictor, combiner: Combiner, wanted: Combination, step: int) -> Found:
        """Find how much each factor counts.

        Parameters
        ----------
        predictor : Predictor
            Of the network that was not shown the bodies.
        combiner : Combiner
            With the other factors, which are asked as if they had not been told of the bodies either.
        wanted : Combination
            What a person chose.
        step : int
            Of the training.

        Returns
        -------
        Found
        """
        combiner.look()
        untold = combiner.without(self._numbers(combiner.vertical))
        samples = list(self._samples(predictor, untold))
        if not samples:
            return combiner.found
        tested = _Tested(samples)
        names = list(samples[0].said)
        said = {name: tested.at([one.said[name] for one in samples]) for name in names}
        weights = weigh(said, tested.truth, tested.evidence, prior(names))
        if len(set(self.body)) == 1 and all(map(tested.worse_than_a_guess, said.values())):
            weights = combiner.found.weights  # what nobody foretells says of nobody how far to believe it
        found = replace(
            combiner.found,
            factors=tuple(
                FactorWeight(
                    name,
                    weights[name].weight,
                    weights[name].floor,
                    tested.foretold(said[name]),
                    round(influence(said[name], weights[name], tested.evidence), 4),
                )
                for name in names
            ),
            bodies=len(set(self.body)),
            step=step,
        )
        pooled = [pool(one.said, weights) for one in samples]
        found = self._smoothed(found, combiner, wanted, tested, pooled)
        return self._ordered(found, untold, wanted, tested, pooled)

    def _numbers(self, vertical: int | None) -> frozenset[int]:
        """Return what was left out by the bodies of now, all labels shown: it may have grown together with others."""
        bodies = Bodies.of(Shown(self._labels), vertical)
        return frozenset().union(*(bodies.within(box) for box in self.left_out))

    def _smoothed(
        self,
        found: Found,
        combiner: Combiner,
        wanted: Combination,
        tested: _Tested,
        pooled: list[NDArray[np.float32]],
    ) -> Found:
        """Choose how far probabilities are averaged along the structure; `pooled` becomes the average."""
        if wanted.smoothing == "off" or combiner.smoother is None:
            return replace(found, reach=())
        best: tuple[int, ...] = ()
        before = None if wanted.smoothing == "on" or combiner.smoother.usual else tested.likelihood(pooled)
        kept = list(pooled)
        for reach in combiner.smoother.candidates:
            tried = [
                combiner.smoother.smooth(one.region, values, reach)
                for one, values in zip(tested.samples, pooled, strict=True)
            ]
            after = tested.likelihood(tried)
            if before is None or after > before:
                before, best, kept = after, reach, tried
        pooled[:] = kept
        return replace(found, reach=best)

    def _ordered(
        self,
        found: Found,
        combiner: Combiner,
        wanted: Combination,
        tested: _Tested,
        pooled: Sequence[NDArray[np.float32]],
    ) -> Found:
        """Choose whether columns are labelled in an order."""
        found = replace(found, order=(), penalty=None)
        together = replace(tested.foretold(tested.at(pooled)), mean_iou=_named_right(found, combiner, tested, pooled))
        found = replace(found, together=together)
        order = known_order(self._labels, combiner.vertical, wanted)
        if order is None:
            return found
        ordered = replace(found, order=order, penalty=PENALTY)
        after = _named_right(ordered, combiner, tested, pooled)
        if wanted.order == "on" or together.mean_iou is None or (after or 0.0) >= together.mean_iou:
            return replace(ordered, together=replace(together, mean_iou=after))
        return found

    def _samples(self, predictor: Predictor, combiner: Combiner) -> Iterator[_Sample]:
        shape = predictor.shape
        margin = [0] * len(shape)
        if combiner.smoother is not None:
            widest = max(combiner.smoother.candidates, key=max)
            margin = list(combiner.smoother.halo(widest))
        for region, across in self._regions(predictor, margin):
            truth = self._labels.truth(region)
            body = np.full(region.shape, -1)
            for number, box in zip(self.body, self.left_out, strict=True):
                body[within(region, box)] = number
            for box in (*self._labels.held_out, *self._labels.ignored):
                body[within(region, box)] = -1
            flat = np.flatnonzero(
                (body >= 0) & (truth > 0) & (truth <= self._labels.classes) & predictor.frame.present(region)
            )
            if not flat.size:
                continue
            flat = flat[:: max(1, -(-len(flat) // _SAMPLES))]
            places = np.unravel_index(flat, region.shape)
            network = predictor.network_probabilities(region, across)
            said = combiner.opinions(region, {NETWORK: network})
            yield _Sample(region, said, places, truth[places].astype(np.int64) - 1, body[places])

    def _regions(self, predictor: Predictor, margin: Sequence[int]) -> list[tuple[Box, int | None]]:
        """Return what is predicted: a section of each direction through each body, or boxes round bodies, or all."""
        shape, sections, vertical = predictor.shape, predictor.frame.sections, predictor.frame.vertical_axis
        bodies, ways = sorted(set(self.body)), sections or (None,)
        voxels = _HELD // self._labels.classes
        found: list[tuple[Box, int | None]] = []
        for number in bodies:
            own = [box for one, box in zip(self.body, self.left_out, strict=True) if one == number]
            start = np.min([box.start for box in own], axis=0)
            stop = np.max([box.stop for box in own], axis=0)
            for across in ways:
                low, high = start - margin, stop + margin
                if across is not None:
                    low[across] = (start[across] + stop[across]) // 2
                    high[across] = low[across] + 1
                if vertical is not None:
                    low[vertical], high[vertical] = 0, shape[vertical]
                region = Box(tuple(low.clip(0).tolist()), tuple(np.minimum(high, shape).tolist()))
                found.append((_fitting(region, own, vertical, voxels // (len(bodies) * len(ways))), across))
        around = 2 * (predictor.radius or 0)
        all_of_it = sum(math.prod(size + around for size in box.shape) for box, _ in found) > math.prod(shape)
        if not sections and all_of_it and math.prod(shape) <= voxels:
            return [(Box.whole(shape), None)]
        return found


def _fitting(region: Box, own: Sequence[Box], vertical: int | None, voxels: int) -> Box:
    """Return as much of a region as is allowed, around a box in the middle of those that it is for; columns whole."""
    sizes = list(region.shape)
    lateral = [axis for axis in range(len(sizes)) if axis != vertical]
    while math.prod(sizes) > voxels and max(sizes[axis] for axis in lateral) > 1:
        longest = max(lateral, key=sizes.__getitem__)
        sizes[longest] = -(-sizes[longest] // 2)
    middle = own[len(own) // 2]
    start = tuple(
        min(max((a + b - size) // 2, first), last - size)
        for a, b, size, first, last in zip(middle.start, middle.stop, sizes, region.start, region.stop, strict=True)
    )
    return Box(start, tuple(a + size for a, size in zip(start, sizes, strict=True)))


def known_order(labels: LabelFile, vertical: int | None, wanted: Combination) -> tuple[int, ...] | None:
    """Return the order in which columns are labelled, where labels show one and it is wanted."""
    if wanted.order == "off" or vertical is None:
        return None
    return order_of(labels, vertical)


def _named_right(
    found: Found, combiner: Combiner, tested: _Tested, pooled: Sequence[NDArray[np.float32]]
) -> float | None:
    """Return the mean IoU of the classes that a combiner, untold of what was left out, gives regions."""
    combiner.found = found
    named = [combiner.classes(one.region, values) for one, values in zip(tested.samples, pooled, strict=True)]
    labelled = np.concatenate([one[sample.places] for one, sample in zip(named, tested.samples, strict=True)])
    return _mean_iou(labelled, tested.truth, len(pooled[0]))


def _at(sample: _Sample, values: NDArray[np.float32]) -> NDArray[np.float32]:
    there: tuple[Any, ...] = (slice(None), *sample.places)
    found: NDArray[np.float32] = values[there]
    return found


def _mean_iou(named: NDArray[Any], truth: NDArray[np.int64], classes: int) -> float | None:
    """Return the mean IoU of classes from 1 over those that are true somewhere."""
    matrix = confusion(np.asarray(named, np.int64), truth + 1, classes)
    occurs = matrix[1:].sum(axis=1) > 0
    values = intersection_over_union(matrix)[occurs]
    return round(float(np.mean(values)), 4) if len(values) else None
