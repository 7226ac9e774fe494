"""A map foretold pixel by pixel from its bands: a kernel machine and a forest, weighed on the labels left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.believing import believed, softmax
from napari_fhn.structure.bodies import Bodies, Labels, Without
from napari_fhn.structure.examples import Examples, examples, folds, spread
from napari_fhn.structure.features import Data, Features, FeatureSet
from napari_fhn.structure.kernel import Floats, KernelMachine, Likeness

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier

_CHOSEN_BY = 500
"""Examples by which features and settings are chosen; more would take longer than a second."""

_KERNEL = 1000
"""Examples of the kernel machine: what a pixel is compared with, so that a whole scene takes seconds."""

_FOREST = 4000
"""Examples of the forest."""

_TREES = 100

_LEAF = 2
"""Examples at a leaf of a tree, at least."""

_FOLDS = 5

_REACHES = (0.6, 1.0, 1.8, 3.2)
"""Of likeness, in usual distances between two pixels of the survey."""

_NOISES = (0.01, 0.1, 1.0)

_UNTRIED = 2.0
"""Slope of a kernel machine where nothing can be left out: some belief, for want of a reason."""

_GROWN = 1.1
"""Features and settings are chosen again when there are so many times the examples that there were."""

_ROWS = 2**18
"""Voxels whose features are made at once, about."""


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


class _Choir:
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

    def read(self, box: Box) -> Floats:
        columns = self._features.columns(box)
        scores = np.zeros((len(columns), self._count), np.float32)
        for voice, model in self._models:
            rows = self._features.seen(columns, voice.features)
            said = model.scores(rows) if isinstance(model, KernelMachine) else _said(model, rows, self._count)
            scores += np.float32(voice.slope) * said
        return softmax(scores)


class PixelModel:
    """A factor: what the bands of a pixel say of its class, learnt from the labelled pixels in a second.

    Which features (bands, differences of dates, means around), which settings, and how far a kernel machine and a
    forest are believed, is decided by the bodies of labels left out in turn. Where they foretell nothing, all classes
    are alike. Nothing is fitted before something is read.

    Parameters
    ----------
    labels : Labels
        What is known; followed while it changes.
    data : Data
        The channels, scaled.
    dates : sequence of slice
        Channels of each date, alike many; empty where there are none to compare.
    vertical : int or None
        Axis along which labelled columns run; None for a map.

    Attributes
    ----------
    name, title : str
        See :class:`napari_fhn.structure.factor.Factor`.

    Raises
    ------
    ValueError
        When dates have unlike numbers of channels.
    """

    name = "bands"
    title = "by its bands"

    def __init__(
        self, labels: Labels, data: Data, *, dates: Sequence[slice] = (), vertical: int | None = None
    ) -> None:
        self._follow(labels, _Shared(data, tuple(dates)), vertical)

    def _follow(self, labels: Labels, shared: _Shared, vertical: int | None) -> None:
        self._labels, self._shared, self._vertical = labels, shared, vertical
        self._parent: PixelModel | None = None
        self._chosen: Chosen | None = None
        self._chosen_with = 0
        self._choir: _Choir | None = None
        self._kept: dict[frozenset[int], PixelModel] = {}
        self._seen = -1
        self._examples: Examples | None = None
        self.look()

    def look(self) -> bool:
        """Follow the labels; tells whether what it says has changed."""
        if self._labels.version == self._seen:
            return False
        self._seen = self._labels.version
        self._bodies = Bodies.of(self._labels, self._vertical)
        before, self._examples = self._examples, examples(self._labels, self._bodies, _FOREST)
        if before is not None and before.same(self._examples):
            return False
        self._choir = None
        self._kept = {}
        return True

    def without(self, bodies: Collection[int]) -> PixelModel:
        """Return the same as if these bodies had no labels; features, settings and beliefs are those of the whole."""
        left_out = frozenset(bodies)
        if left_out not in self._kept:
            other = PixelModel.__new__(PixelModel)
            other._follow(Without(self._labels, self._bodies, left_out), self._shared, self._vertical)
            other._parent = self._parent or self
            self._kept[left_out] = other
        return self._kept[left_out]

    @property
    def chosen(self) -> Chosen:
        """What the labels left out have decided; found when it is first asked for."""
        if self._parent is not None:
            return self._parent.chosen
        seen = self._examples
        assert seen is not None
        grown = max(len(seen.classes), 1) / max(self._chosen_with, 1)
        if self._chosen is None or not 1 / _GROWN < grown < _GROWN:
            some = seen.some(spread(seen, _CHOSEN_BY))
            columns = self._shared.columns(some.places)
            self._chosen = _choose(self._shared.features, some, self._labels.classes, columns)
            self._chosen_with = len(seen.classes)
        return self._chosen

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return ``(classes, *box.shape)`` that sum to 1; all alike where there are no data, or nothing is foretold."""
        classes = self._labels.classes
        out = np.full((classes, *box.shape), 1 / classes, np.float32)
        seen = self._examples
        assert seen is not None
        if len(np.unique(seen.classes)) < 2 or not self.chosen.voices:
            return out
        if self._choir is None:
            columns = self._shared.columns(seen.places)
            self._choir = _Choir(self._shared.features, self.chosen, seen, columns, classes)
        for part in _parts(box):
            present = self._shared.data.present(part)
            if present.any():
                told = self._choir.read(part).T.reshape(classes, *part.shape)
                out[(slice(None), *part.within(box))] = np.where(present, told, np.float32(1 / classes))
        return out


class _Shared:
    """What does not depend on labels: features, and those of voxels that were read already."""

    def __init__(self, data: Data, dates: tuple[slice, ...]) -> None:
        self.data = data
        self._dates = dates
        self._features: Features | None = None
        self._flat = np.zeros(0, np.int64)
        self._columns: Floats | None = None

    @property
    def features(self) -> Features:
        """Made when they are first asked for."""
        if self._features is None:
            self._features = Features(self.data, self._dates)
        return self._features

    def columns(self, places: NDArray[np.int64]) -> Floats:
        """Return the columns of voxels, which stay for the next time."""
        flat = np.ravel_multi_index(tuple(places.T), self.data.shape)
        missing = ~np.isin(flat, self._flat)
        if missing.any() or self._columns is None:
            new = self.features.at(places[missing])
            old = self._columns if self._columns is not None and len(self._flat) < 4 * _FOREST else new[:0]
            known = self._flat[: len(old)]
            if len(old) < len(self._flat):  # too many of former times: read again what is wanted now
                new, missing = self.features.at(places), np.ones(len(flat), bool)
            both = np.concatenate([known, flat[missing]])
            order = np.argsort(both, kind="stable")
            self._flat, self._columns = both[order], np.concatenate([old, new])[order]
        return self._columns[np.searchsorted(self._flat, flat)]


def _choose(features: Features, seen: Examples, classes: int, columns: Floats) -> Chosen:
    """Choose features and settings by what is left out, and how far each voice is believed.

    Of each set of features the best kernel machine is heard, and a forest on the best set; what adds nothing gets a
    slope of 0 and is silent.
    """
    plain = Voice(features.sets[0], Likeness("gaussian", _REACHES[1] * _usual(features.seen(columns, features.sets[0])), _NOISES[1]), _UNTRIED)
    parts = folds(seen, _FOLDS)
    if not parts or len(np.unique(seen.classes)) < 2:
        return Chosen((plain,), 0.0)
    told = np.concatenate(parts)
    right, independent = seen.classes[told], len(np.unique(seen.bodies[told]))
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
            said[part] = _said(_grown(rows[rest], seen.classes[rest]), rows[part], classes)
    found.append((0.0, Voice(best[1].features, None, 0.0), said[told]))
    slopes, gain = believed([one[2] for one in found], right, independent)
    voices = [one[1]._replace(slope=float(slope)) for one, slope in zip(found, slopes, strict=True)]
    return Chosen(tuple(voice for voice in voices if voice.slope > 0), gain)


def _usual(rows: Floats) -> float:
    """Return the usual distance between two examples."""
    return max(float(np.sqrt(2 * rows.var(axis=0).sum())), 1e-6) if len(rows) else 1.0


def _grown(rows: Floats, classes: NDArray[np.int64]) -> ExtraTreesClassifier:
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(_TREES, min_samples_leaf=_LEAF, class_weight="balanced", random_state=0, n_jobs=1)
    return forest.fit(rows, classes)


def _said(forest: ExtraTreesClassifier, rows: Floats, classes: int) -> Floats:
    """Return the scores ``(voxels, classes)`` of a forest: logarithms about their mean, 0 for a class it has not seen."""
    shares = np.log(forest.predict_proba(rows).astype(np.float32) + 0.5 / _TREES)
    out = np.zeros((len(rows), classes), np.float32)
    out[:, forest.classes_] = shares - shares.mean(axis=1, keepdims=True)
    return out


def _parts(box: Box) -> Iterator[Box]:
    """Yield boxes that make up a box, rows of about so many voxels."""
    row = max(1, int(np.prod(box.shape[1:])))
    step = max(1, _ROWS // row)
    for first in range(box.start[0], box.stop[0], step):
        last = min(first + step, box.stop[0])
        yield Box((first, *box.start[1:]), (last, *box.stop[1:]))
