"""A map foretold from where its labels lie: kriging of the classes, with a reach that the labels decide. numpy alone.

The inverse distance to the nearest bodies was tried beside it, with powers of 1 to 5, with and without a fall-off: on
none of the real maps did it foretell places without labels better.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.believing import believed, softmax
from napari_fhn.structure.bodies import Bodies, Labels, Without
from napari_fhn.structure.examples import Examples, examples, spread
from napari_fhn.structure.kernel import Floats, KernelMachine, Likeness, squared_distances

_KEPT = 1200
"""Labelled voxels that a place is foretold from."""

_CHOSEN_BY = 400
"""Of these, those by which the reach is chosen."""

_REACHES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Distances at which likeness has fallen to ``1 / e``, in spacings of the bodies."""

_NOISES = (0.01, 0.3)

_UNTRIED = 2.0
"""Slope where nothing can be left out."""


class Rule(NamedTuple):
    """How classes follow from the places of labels.

    Parameters
    ----------
    likeness : Likeness
        Of two places; its reach is in voxels.
    slope : float
        How steeply probabilities follow scores; 0 where labels foretell nothing about each other.
    gain : float
        Mean log-likelihood of what was left out above that of a guess, in nats, all classes alike.
    """

    likeness: Likeness
    slope: float
    gain: float


class Patches:
    """A factor: what the places of labels say of the classes of other places.

    Kriging of the classes' indicators, with the reach by which labels are foretold best from others. Where they
    foretell nothing, and far from all of them, all classes are alike.

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
        self._labels = labels
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
        """Return the same as if these bodies had no labels; the rule, too, is found without."""
        left_out = frozenset(bodies)
        if left_out not in self._kept:
            self._kept[left_out] = Patches(Without(self._labels, self._bodies, left_out))
        return self._kept[left_out]

    @property
    def rule(self) -> Rule:
        """How classes follow from places; found when it is first asked for."""
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
        known = self._known
        assert known is not None
        if self._kriging is None:
            at = known.places.astype(np.float32)
            self._kriging = KernelMachine(at, known.classes, self._labels.classes, self.rule.likeness)
        return np.float32(self.rule.slope) * self._kriging.scores(places.astype(np.float32))


def _choose(known: Examples, classes: int) -> Rule:
    """Choose the rule by which labels are foretold best from others.

    Each is left out twice: with the whole of its body, as places are that lie far from any label, and alone, as those
    are that lie near one. By the first alone nobody would learn how far a body reaches that foretells no other.
    """
    bodies = np.unique(known.bodies)
    at = known.places.astype(np.float32)
    if len(bodies) < 2:
        size = float(max(1, np.ptp(at, axis=0).max())) if len(at) else 1.0
        return Rule(Likeness("exponential", size, _NOISES[0]), _UNTRIED, 0.0)
    far = np.where(known.bodies[:, np.newaxis] == known.bodies, np.inf, squared_distances(at, at))
    spacing = max(1.0, float(np.sqrt(np.median(far.min(axis=1)))))
    least = min(len(np.unique(known.bodies[known.classes == k])) for k in np.unique(known.classes))
    whole = [np.flatnonzero(known.bodies == body) for body in bodies]
    alone = list(np.arange(len(at))[:, np.newaxis])
    best = Rule(Likeness("exponential", spacing, _NOISES[0]), 0.0, 0.0)
    for reach, noise in product(_REACHES, _NOISES):
        likeness = Likeness("exponential", reach * spacing, noise)
        machine = KernelMachine(at, known.classes, classes, likeness)
        said = np.concatenate([machine.left_out(whole), machine.left_out(alone)])
        slopes, gain = believed([said], np.tile(known.classes, 2), least)
        if gain > best.gain + 1e-9:
            best = Rule(likeness, float(slopes[0]), gain)
    return best


def _between(values: Floats, axis: int, at: NDArray[np.float64]) -> Floats:
    """Interpolate along an axis, straight from node to node."""
    before = np.minimum(at.astype(np.int64), values.shape[axis] - 2)
    share = (at - before).astype(np.float32).reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    out: Floats = values.take(before, axis) * (1 - share) + values.take(before + 1, axis) * share
    return out
