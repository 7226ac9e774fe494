"""Which attributes help: asked of the labels, some of which are left out in turn, by a small model of single places.

It takes seconds, and only foretells what a network makes of them: what a network sees around a voxel the small model is
told as means and spreads. Only what helps by more than chance is proposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.attributes.attribute import Attribute, AttributesError
from napari_fhn.structure.attributes.deriving import Derived, Sources
from napari_fhn.structure.attributes.facts import Facts
from napari_fhn.structure.bodies import Bodies, Labels

Values = NDArray[np.float32]

_PLACES = 1500
"""Labelled voxels that are looked at."""

_CELLS = 60
"""Cells of labelled columns or pixels that are read."""

_FOLDS = 4
_FOLDINGS = 2
_TREES = 40
_ROUNDS = 3
"""Attributes that are proposed at most."""

_LEAST = 0.02
"""Of the score: less is not worth a channel, whatever chance says."""


@dataclass(frozen=True)
class Choice:
    """What is proposed.

    Parameters
    ----------
    attributes : tuple of Attribute
        In the order of what they bring; none where none helps.
    why : str
        In words, as a sentence.
    """

    attributes: tuple[Attribute, ...]
    why: str


def choose(candidates: Sequence[Attribute], facts: Facts, sources: Sources, labels: Labels, *, seed: int = 0) -> Choice:
    """Propose attributes that help on labels left out.

    Parameters
    ----------
    candidates : sequence of Attribute
        That the data have.
    facts : Facts
        Of the data.
    sources : Sources
        The data.
    labels : Labels
        What is known.
    seed : int
        Of the places looked at, and of the small models.

    Returns
    -------
    Choice
    """
    bodies = Bodies.of(labels, facts.vertical)
    if bodies.count < 2 or not candidates:
        return Choice(
            (), "No attribute was chosen: to ask the labels takes two labelled places, one to foretell the other."
        )
    places, classes = _places(labels, bodies, facts, seed)
    body = bodies.at(np.stack([places[axis] for axis in bodies.lateral], axis=1))
    folds = [fold for number in range(_FOLDINGS) for fold in _folds(body, classes, seed + number)]
    if len(folds) < 2:
        return Choice((), "No attribute was chosen: no class is labelled at two places, one to foretell the other.")
    base = _features(_Around(sources, facts.vertical), places)
    known: dict[str, Values] = {}
    for one in candidates:
        if one.is_long(facts):
            continue
        try:
            known[one.text] = _features(Derived(one, facts, sources), places)
        except AttributesError:
            continue  # what cannot be found on these data helps nobody
    names = {one.text: one for one in candidates if one.text in known}
    return _forward(base, known, names, classes, folds, seed)


def _forward(
    base: Values,
    known: dict[str, Values],
    names: dict[str, Attribute],
    classes: NDArray[np.int64],
    folds: list[NDArray[np.bool_]],
    seed: int,
) -> Choice:
    """Take the attribute that helps most, and again as long as one does."""
    first = best = _scores(base, classes, folds, seed)
    taken: list[str] = []
    said: list[str] = []
    while len(taken) < _ROUNDS:
        features = [base, *(known[name] for name in taken)]
        trials = {
            name: _scores(np.concatenate([*features, more], axis=1), classes, folds, seed)
            for name, more in known.items()
            if name not in taken
        }
        if not trials:
            break
        name = max(trials, key=lambda one: float(trials[one].mean()))
        gain = trials[name] - best
        # What differs from fold to fold by two standard errors is what chance does.
        if gain.mean() < max(_LEAST, 2 * gain.std(ddof=1) / np.sqrt(len(gain))):
            break
        taken.append(name)
        best = trials[name]
        said.append(f"{_percent(best)} with {'' if len(taken) == 1 else 'also '}{names[name].title}")
    of = f"a quick model tells the classes apart by {_percent(first)} (mean F1) with the data alone"
    if not taken:
        return Choice(
            (), f"No attribute was chosen: on labels left out {of}, and no attribute adds to that by more than chance."
        )
    return Choice(tuple(names[name] for name in taken), f"On labels left out {of}, and by {', '.join(said)}.")


def _percent(scores: NDArray[np.float64]) -> str:
    return f"{100 * scores.mean():.0f} %"


class _Around:
    """The data with what a network sees of them around a voxel: means and spreads over two sizes of windows."""

    _SIZES = (5, 13)

    def __init__(self, sources: Sources, vertical: int | None) -> None:
        self._sources = sources
        self._vertical = vertical
        self.shape = sources.shape

    def read(self, box: Box) -> Values:
        """Return data, means and spreads; gaps count as zeros."""
        from scipy.ndimage import uniform_filter

        reach = self._SIZES[-1] // 2
        seen = Box(
            tuple(max(0, a - reach) for a in box.start),
            tuple(min(size, b + reach) for b, size in zip(box.stop, self.shape, strict=True)),
        )
        values = np.nan_to_num(self._sources.read(seen))
        parts = [values]
        for size in self._SIZES:
            # Across traces a network sees little of the same reflector: windows are tall on sections.
            sizes = [size if self._vertical in (None, axis) else 3 for axis in range(len(self.shape))]
            mean = uniform_filter(values, (0, *sizes))
            parts += [mean, np.sqrt(np.maximum(uniform_filter(values**2, (0, *sizes)) - mean**2, 0))]
        return np.concatenate(parts)[(slice(None), *box.within(seen))]


def _places(
    labels: Labels, bodies: Bodies, facts: Facts, seed: int
) -> tuple[tuple[NDArray[np.int64], ...], NDArray[np.int64]]:
    """Return labelled voxels, by axis, and their classes: as many of each class, in few columns of each body."""
    rng = np.random.default_rng(seed)
    flat = np.concatenate(labels.positions)
    classes = np.repeat(np.arange(labels.classes), [len(one) for one in labels.positions])
    if facts.vertical is not None:
        # Whole traces are read: of each body the columns nearest to its middle tell what the others do.
        flat, classes = _in_few_columns(flat, classes, bodies, labels.shape, rng)
    each = max(8, _PLACES // max(1, len(np.unique(classes))))
    kept = []
    for one in np.unique(classes):
        found = np.flatnonzero(classes == one)
        kept.append(rng.permutation(found)[:each])
    chosen = np.sort(np.concatenate(kept))
    return tuple(np.asarray(axis, np.int64) for axis in np.unravel_index(flat[chosen], labels.shape)), classes[chosen]


def _in_few_columns(
    flat: NDArray[np.int64],
    classes: NDArray[np.int64],
    bodies: Bodies,
    shape: tuple[int, ...],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    voxels = np.unravel_index(flat, shape)
    across = tuple(shape[axis] for axis in bodies.lateral)
    column = np.ravel_multi_index([voxels[axis] for axis in bodies.lateral], across)
    different = rng.permutation(np.unique(column))
    body = bodies.at(np.stack(np.unravel_index(different, across), axis=1))
    each = max(1, _CELLS // bodies.count)
    kept = np.concatenate([different[body == one][:each] for one in np.unique(body)])
    there = np.isin(column, kept)
    return flat[there], classes[there]


def _folds(body: NDArray[np.int64], classes: NDArray[np.int64], seed: int) -> list[NDArray[np.bool_]]:
    """Return which places are left out together: whole bodies, in folds that are alike in what they hold.

    A fold in which there is nothing that is known elsewhere asks nothing.
    """
    rng = np.random.default_rng(seed)
    different = rng.permutation(np.unique(body))
    count = min(_FOLDS, len(different))
    filled = np.zeros((count, int(classes.max()) + 1))
    at = np.zeros(int(body.max()) + 1, np.int64)
    for one in sorted(different, key=lambda number: -int((body == number).sum())):
        has = np.bincount(classes[body == one], minlength=filled.shape[1])
        at[one] = int((filled @ has + filled.sum(axis=1) * 1e-3).argmin())
        filled[at[one]] += has
    fold = at[body]
    masks = [fold == number for number in range(count)]
    return [
        mask for mask in masks if np.isin(classes[mask], classes[~mask]).any() and len(np.unique(classes[~mask])) > 1
    ]


def _features(derived: Derived | _Around, places: tuple[NDArray[np.int64], ...]) -> Values:
    """Return the channels ``(n, channels)`` at single places, read box by box where they lie together."""
    voxels = np.stack(places, axis=1)
    cell = np.array([64 if len(derived.shape) == 2 else 8] * (voxels.shape[1]))
    cell[-1] = max(cell[-1], 64)
    _, which = np.unique(voxels // cell, axis=0, return_inverse=True)
    out: Values | None = None
    for number in range(which.max() + 1):
        own = np.flatnonzero(which == number)
        start, stop = voxels[own].min(axis=0), voxels[own].max(axis=0) + 1
        found = derived.read(Box(tuple(start), tuple(stop)))
        if out is None:
            out = np.empty((len(voxels), len(found)), np.float32)
        out[own] = found[(slice(None), *(voxels[own] - start).T)].T
    assert out is not None
    return np.nan_to_num(out, posinf=0, neginf=0)


def _scores(
    features: Values, classes: NDArray[np.int64], folds: list[NDArray[np.bool_]], seed: int
) -> NDArray[np.float64]:
    """Return the mean F1 over classes of each fold left out."""
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.metrics import f1_score

    found = []
    for mask in folds:
        there = np.unique(classes[~mask])
        asked = np.isin(classes[mask], there)
        model = ExtraTreesClassifier(_TREES, min_samples_leaf=3, class_weight="balanced", random_state=seed, n_jobs=1)
        model.fit(features[~mask], classes[~mask])
        said = model.predict(features[mask][asked])
        found.append(float(f1_score(classes[mask][asked], said, average="macro", zero_division=0.0)))
    return np.asarray(found)
