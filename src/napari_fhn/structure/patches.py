"""A map foretold from where its labels lie: kriging of the classes, or the nearest bodies, as the labels decide."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.believing import believed, softmax
from napari_fhn.structure.bodies import Bodies, Labels, Without
from napari_fhn.structure.distances import by_distance, nearest_bodies
from napari_fhn.structure.examples import Examples, examples, spread
from napari_fhn.structure.kernel import Floats, KernelMachine, Likeness

_KEPT = 4096
"""Examples that distances are measured to."""

_KRIGED = 800
"""Examples of kriging."""

_CHOSEN_BY = 400
"""Examples by which settings are chosen."""

_REACHES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Distances at which likeness fades, in spacings of the bodies."""

_NOISES = (0.01, 0.3)

_POWERS = (1.0, 2.0, 3.0, 5.0)
"""Of the inverse distance."""

_UNTRIED = 2.0
"""Slope where nothing can be left out."""


class Rule(NamedTuple):
    """How classes follow from the places of labels.

    Parameters
    ----------
    power : float or None
        Of the inverse distance; None for kriging.
    reach : float
        Distance in voxels at which what is known has faded to ``1 / e``.
    noise : float
        Of kriging: see :class:`napari_fhn.structure.kernel.Likeness`.
    slope : float
        How steeply probabilities follow scores; 0 where labels foretell nothing about each other.
    gain : float
        Mean log-likelihood of the bodies left out above that of a guess, in nats, all classes alike.
    """

    power: float | None
    reach: float
    noise: float
    slope: float
    gain: float

    @property
    def likeness(self) -> Likeness:
        """Of kriging."""
        return Likeness("exponential", self.reach, self.noise)


class Patches:
    """A factor: what the places of labels say of the classes of other places.

    Kriging of the classes' indicators, or the inverse distance to the nearest bodies, with a reach and a steepness by
    which each body is foretold best from the others. Where they foretell nothing, all classes are alike.

    Parameters
    ----------
    labels : Labels
        What is known; followed while it changes.

    Attributes
    ----------
    name, title : str
        See :class:`napari_fhn.structure.factor.Factor`.
    """

    name = "patches"
    title = "by the nearest labels"

    def __init__(self, labels: Labels) -> None:
        self._follow(labels, None)

    def _follow(self, labels: Labels, parent: Patches | None) -> None:
        self._labels, self._parent = labels, parent
        self._seen = -1
        self._known: Examples | None = None
        self._rule: Rule | None = None
        self._kriging: KernelMachine | None = None
        self._kept: dict[frozenset[int], Patches] = {}
        self.look()

    def look(self) -> bool:
        """Follow the labels; tells whether what it says has changed."""
        if self._labels.version == self._seen:
            return False
        self._seen = self._labels.version
        self._bodies = Bodies.of(self._labels, None)
        before, self._known = self._known, examples(self._labels, self._bodies, _KEPT)
        if before is not None and before.same(self._known):
            return False
        self._rule = self._kriging = None
        self._kept = {}
        return True

    def without(self, bodies: Collection[int]) -> Patches:
        """Return the same as if these bodies had no labels; the rule is that of the whole."""
        left_out = frozenset(bodies)
        if left_out not in self._kept:
            other = Patches.__new__(Patches)
            other._follow(Without(self._labels, self._bodies, left_out), self._parent or self)
            self._kept[left_out] = other
        return self._kept[left_out]

    @property
    def rule(self) -> Rule:
        """How classes follow from places; found when it is first asked for."""
        if self._parent is not None:
            return self._parent.rule
        if self._rule is None:
            assert self._known is not None
            self._rule = _choose(self._known.some(spread(self._known, _CHOSEN_BY)), self._labels.classes)
        return self._rule

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return ``(classes, *box.shape)`` that sum to 1; all alike where nothing is foretold."""
        classes, known = self._labels.classes, self._known
        assert known is not None
        if len(known.classes) == 0 or self.rule.slope <= 0:
            return np.full((classes, *box.shape), 1 / classes, np.float32)
        # On a lattice that is fine beside what tells bodies apart: what is foretold varies slowly.
        stride = max(1, self._bodies.size // 2)
        nodes = [np.arange(a // stride, (b - 1) // stride + 2) for a, b in zip(box.start, box.stop, strict=True)]
        places = np.stack(np.meshgrid(*nodes, indexing="ij"), axis=-1).reshape(-1, len(nodes)) * stride
        scores = self._scores(places).T.reshape(classes, *map(len, nodes))
        for axis, (first, a, b) in enumerate(zip(nodes, box.start, box.stop, strict=True)):
            scores = _between(scores, 1 + axis, np.arange(a, b) / stride - first[0])
        return np.moveaxis(softmax(np.moveaxis(scores, 0, -1)), -1, 0)

    def _scores(self, places: NDArray[np.int64]) -> Floats:
        rule, known, classes = self.rule, self._known, self._labels.classes
        assert known is not None
        if rule.power is not None:
            there = np.bincount(known.classes, minlength=classes) > 0
            scores = by_distance(*nearest_bodies(places, known), there, rule.power, rule.reach)
        else:
            if self._kriging is None:
                some = known.some(spread(known, _KRIGED))
                self._kriging = KernelMachine(some.places.astype(np.float32), some.classes, classes, rule.likeness)
            scores = self._kriging.scores(places.astype(np.float32))
        return np.float32(rule.slope) * scores


def _choose(known: Examples, classes: int) -> Rule:
    """Choose the rule by which bodies are foretold best from the others."""
    bodies = np.unique(known.bodies)
    if len(bodies) < 2:
        return Rule(None, _usual_reach(known), _NOISES[0], _UNTRIED, 0.0)
    squared, of = nearest_bodies(known.places, known, known.bodies)
    spacing = float(np.median(np.sqrt(squared.min(axis=1))))
    least = min(len(np.unique(known.bodies[known.classes == k])) for k in np.unique(known.classes))
    groups = [np.flatnonzero(known.bodies == body) for body in bodies]
    best = Rule(None, spacing, _NOISES[0], 0.0, 0.0)
    at = known.places.astype(np.float32)
    there = np.bincount(known.classes, minlength=classes) > 0
    for reach, noise in product(_REACHES, _NOISES):
        rule = Rule(None, reach * spacing, noise, 0.0, 0.0)
        said = KernelMachine(at, known.classes, classes, rule.likeness).left_out(groups)
        best = _better(best, rule, said, known, least)
    for reach, power in product((*_REACHES, np.inf), _POWERS):
        rule = Rule(power, reach * spacing, 0.0, 0.0, 0.0)
        best = _better(best, rule, by_distance(squared, of, there, power, rule.reach), known, least)
    return best


def _better(best: Rule, rule: Rule, said: Floats, known: Examples, least: int) -> Rule:
    slopes, gain = believed([said], known.classes, least)
    return rule._replace(slope=float(slopes[0]), gain=gain) if gain > best.gain + 1e-9 else best


def _usual_reach(known: Examples) -> float:
    """Return the size of the body there is."""
    return float(max(1, np.ptp(known.places, axis=0).max())) if len(known.places) else 1.0


def _between(values: Floats, axis: int, at: NDArray[np.float64]) -> Floats:
    """Interpolate along an axis, straight from node to node."""
    before = np.minimum(at.astype(np.int64), values.shape[axis] - 2)
    share = (at - before).astype(np.float32).reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    out: Floats = values.take(before, axis) * (1 - share) + values.take(before + 1, axis) * share
    return out
