"""What a person would use without a network: labels copied sideways or along reflectors, and a random forest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.feature import multiscale_basic_features

from accuracy_answers import Answer, Settings
from accuracy_data import Task
from napari_fhn.labels import nearest_column
from napari_fhn.project.labelling.carrying import everywhere
from napari_fhn.structure.dips import DipField

_THIN = 3
"""A volume of more than ``_LARGE`` voxels is given to the forest with every so many-th sample of two-way time."""

_LARGE = 10_000_000

_FITTED = 30_000
"""Labelled voxels that the forest is fitted on at most, drawn at random."""


def nearest(task: Task, settings: Settings) -> Answer:
    """Copy the nearest labelled column sideways; on a map, the nearest labelled pixel."""
    answer = Answer()
    with answer.timed("predict"):
        answer.prediction = nearest_column(task.labels, task.vertical_axis)
    return answer


def carried(task: Task, settings: Settings) -> Answer:
    """Carry the labels along the reflectors, without a network; on a map, where there are none, as `nearest`."""
    if task.vertical_axis is None:
        return nearest(task, settings)
    answer = Answer()
    with answer.timed("predict"):
        dips = DipField.open(np.moveaxis(task.inputs[0][0], task.vertical_axis, -1))
        answer.prediction = everywhere(task.labels, dips, task.vertical_axis)
    return answer


def forest(task: Task, settings: Settings, *, position: bool) -> Answer:
    """Fit a random forest on intensity, edges and texture at five scales, as scikit-image's trainable segmentation.

    Parameters
    ----------
    task : Task
        What to learn from what.
    settings : Settings
        Nothing in it concerns the forest, which takes the time it takes.
    position : bool
        Whether where a voxel lies is a feature too: two-way time in a volume, row and column on a map.

    Returns
    -------
    Answer
    """
    from sklearn.ensemble import RandomForestClassifier  # an extra, which the nearest label does without

    answer = Answer()
    axis, size = task.vertical_axis, task.labels.size
    thinned = axis is not None and size > _LARGE
    step = [slice(None)] * task.labels.ndim
    if thinned and axis is not None:
        step[axis] = slice(_THIN // 2, None, _THIN)
    known = task.labels[tuple(step)]
    with answer.timed("train"):
        features = np.concatenate([_features(c[tuple(step)]) for maps in task.inputs for c in maps], -1)
        if position:
            axes = range(known.ndim) if axis is None else [axis]
            features = np.concatenate([features, *(_position(known.shape, a) for a in axes)], -1)
        features = features.reshape(-1, features.shape[-1])
        places = np.flatnonzero(known)
        rng = np.random.default_rng(task.seed)
        if len(places) > _FITTED:
            places = rng.choice(places, _FITTED, replace=False)
        classifier = RandomForestClassifier(n_estimators=50, max_depth=20, n_jobs=1, random_state=task.seed)
        classifier.fit(features[places], known.flat[places])
    with answer.timed("predict"):
        found = np.empty(known.size, np.uint8)
        rows = 500_000
        for start in range(0, known.size, rows):
            found[start : start + rows] = classifier.predict(features[start : start + rows])
        found = found.reshape(known.shape)
        if thinned and axis is not None:
            found = np.repeat(found, _THIN, axis).take(range(task.labels.shape[axis]), axis)
        answer.prediction = found
    answer.details = {"features": features.shape[1], "fitted_on": len(places), "thinned": _THIN if thinned else 1}
    return answer


def _features(channel: NDArray[np.generic]) -> NDArray[np.float32]:
    values = np.asarray(channel, np.float32)
    values = np.where(np.isfinite(values), values, np.nanmedian(values))  # what is missing is nothing special
    features: NDArray[np.float32] = multiscale_basic_features(values, sigma_min=0.5, sigma_max=8, workers=1)
    return features


def _position(shape: tuple[int, ...], axis: int) -> NDArray[np.float32]:
    along = [1] * (len(shape) + 1)
    along[axis] = shape[axis]
    return np.broadcast_to(np.arange(shape[axis], dtype=np.float32).reshape(along), (*shape, 1))
