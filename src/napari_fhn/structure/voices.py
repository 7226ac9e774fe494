"""Small models of pixels that are heard together: kernel machines and a forest, weighed on what was left out."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.believing import believed, softmax
from napari_fhn.structure.examples import Examples, folds, spread
from napari_fhn.structure.features import Features, FeatureSet
from napari_fhn.structure.kernel import Floats, KernelMachine, Likeness

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier

_KERNEL = 800
"""Examples of the kernel machine: what a pixel is compared with, so that a whole scene takes seconds."""

_TREES = 100

_TREES_TRIED = 40
"""Trees of the forests that are grown to see what is left out: a hundred would take longer than all the rest."""

_LEAF = 2
"""Examples at a leaf of a tree, at least."""

_FOLDS = 5

_REACHES = (0.6, 1.0, 1.8, 3.2)
"""Of likeness, in usual distances between two pixels of the survey."""

_NOISES = (0.01, 0.1, 1.0)

_UNTRIED = 2.0
"""Slope of a kernel machine where nothing can be left out: some belief, for want of a reason."""

_WORTH = 0.01
"""Nats of mean log-likelihood that a voice has to add to be heard: each costs time at every pixel."""


class Voice(NamedTuple):
    """One small model of pixels, and how far it is believed.

    Parameters
    ----------
    features : FeatureSet
        That it looks at.
    likeness : Likeness or None
        Of a kernel machine; None for a forest.
    slope : float
        How steeply probabilities follow its scores.
    """

    features: FeatureSet
    likeness: Likeness | None
    slope: float


class Chosen(NamedTuple):
    """What the labels left out have decided.

    Parameters
    ----------
    voices : tuple of Voice
        Those that are heard; none where nothing foretells what was left out.
    gain : float
        Mean log-likelihood of what was left out above that of a guess, in nats, all classes alike; 0 where nothing
        could be left out.
    """

    voices: tuple[Voice, ...]
    gain: float


class Choir:
    """Voices that have seen the same examples."""

    def __init__(self, features: Features, chosen: Chosen, seen: Examples, columns: Floats, classes: int) -> None:
        self._features, self._count = features, classes
        some = spread(seen, _KERNEL)
        self._models: list[tuple[Voice, KernelMachine | ExtraTreesClassifier]] = []
        for voice in chosen.voices:
            rows = features.seen(columns, voice.features)
            if voice.likeness is None:
                self._models.append((voice, _grown(rows, seen.classes)))
            else:
                self._models.append((voice, KernelMachine(rows[some], seen.classes[some], classes, voice.likeness)))

    def read(self, box: Box, where: NDArray[np.bool_]) -> Floats:
        """Return probabilities ``(voxels, classes)`` of those of a box that are asked for."""
        columns = self._features.columns(box, [voice.features for voice, _ in self._models])
        if not where.all():
            columns = columns[where.ravel()]
        scores = np.zeros((len(columns), self._count), np.float32)
        for voice, model in self._models:
            rows = self._features.seen(columns, voice.features)
            said = model.scores(rows) if isinstance(model, KernelMachine) else _said(model, rows, self._count)
            scores += np.float32(voice.slope) * said
        return softmax(scores)


def get_ready() -> None:
    """Import the forest, which takes a second."""
    import sklearn.ensemble  # noqa: F401


def choose(features: Features, seen: Examples, classes: int, columns: Floats) -> Chosen:
    """Choose features and settings by what is left out, and how far each voice is believed.

    Of each set of features the best kernel machine is heard, and a forest on the best set; what adds nothing gets a
    slope of 0 and is silent.
    """
    plain = Voice(
        features.sets[0],
        Likeness("gaussian", _REACHES[1] * _usual(features.seen(columns, features.sets[0])), _NOISES[1]),
        _UNTRIED,
    )
    parts = folds(seen, _FOLDS)
    if not parts or len(np.unique(seen.classes)) < 2:
        return Chosen((plain,), 0.0)
    told = np.concatenate(parts)
    right = seen.classes[told]
    independent = min(len(np.unique(seen.bodies[told][right == k])) for k in np.unique(right))
    found: list[tuple[float, Voice, Floats]] = []
    for which in features.sets:
        rows = features.seen(columns, which)
        usual = _usual(rows)
        of_set = []
        for reach, noise in product(_REACHES, _NOISES):
            likeness = Likeness("gaussian", reach * usual, noise)
            said = KernelMachine(rows, seen.classes, classes, likeness).left_out(parts)[told]
            slopes, gain = believed([said], right, independent)
            of_set.append((gain, Voice(which, likeness, float(slopes[0])), said))
        found.append(max(of_set, key=lambda one: one[0]))
    best = max(found, key=lambda one: one[0])
    rows = features.seen(columns, best[1].features)
    said = np.zeros((len(seen.classes), classes), np.float32)
    for part in parts:
        rest = np.setdiff1d(np.arange(len(seen.classes)), part)
        if len(np.unique(seen.classes[rest])) > 1:
            forest = _grown(rows[rest], seen.classes[rest], _TREES_TRIED)
            said[part] = _said(forest, rows[part], classes)
    found.append((0.0, Voice(best[1].features, None, 0.0), said[told]))
    slopes, gain = believed([one[2] for one in found], right, independent)
    while len(found) > 1:
        fewer = [believed([one[2] for one in found if one is not silent], right, independent) for silent in found]
        least = max(range(len(found)), key=lambda number: fewer[number][1])
        if fewer[least][1] < gain - _WORTH:
            break
        del found[least]
        slopes, gain = fewer[least]
    voices = [one[1]._replace(slope=float(slope)) for one, slope in zip(found, slopes, strict=True)]
    return Chosen(tuple(voice for voice in voices if voice.slope > 0), gain)


def _usual(rows: Floats) -> float:
    """Return the usual distance between two examples."""
    return max(float(np.sqrt(2 * rows.var(axis=0).sum())), 1e-6) if len(rows) else 1.0


def _grown(rows: Floats, classes: NDArray[np.int64], trees: int = _TREES) -> ExtraTreesClassifier:
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(trees, min_samples_leaf=_LEAF, class_weight="balanced", random_state=0, n_jobs=1)
    forest.fit(rows, classes)
    return forest


def _said(forest: ExtraTreesClassifier, rows: Floats, classes: int) -> Floats:
    """Return scores ``(voxels, classes)`` of a forest: logarithms less their mean, 0 for a class it has not seen."""
    shares = np.log(forest.predict_proba(rows).astype(np.float32) + 0.5 / _TREES)
    out = np.zeros((len(rows), classes), np.float32)
    out[:, forest.classes_] = shares - shares.mean(axis=1, keepdims=True)
    return out
