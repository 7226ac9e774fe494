"""Maps told pixel by pixel: scikit-learn as anybody would use it, and this package's factors without a network."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from accuracy_answers import Answer, Settings
from accuracy_data import Task
from napari_fhn.box import Box

_FITTED = 30_000
"""Labelled pixels that the forest is fitted on at most, drawn at random."""

_FITTED_SVM = 4000
"""The same for the support vector machine, whose time grows with their square."""

_ROWS = 100_000


def reference(task: Task, settings: Settings, *, model: str, difference: bool = False) -> Answer:
    """Fit scikit-learn's support vector machine or random forest on the pixel's bands.

    Its settings are searched by five-fold cross-validation, as its users are told to.

    Parameters
    ----------
    task : Task
        What to learn from what.
    settings : Settings
        Nothing in it concerns these models, which take the time they take.
    model : {"svm", "forest"}
        Which.
    difference : bool
        Whether the differences of the dates are features too, where there are dates.

    Returns
    -------
    Answer
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    answer = Answer()
    with answer.timed("train"):
        maps = [np.asarray(item, np.float32).reshape(len(item), -1) for item in task.inputs]
        if difference and _dated(task):
            maps += [after - before for before, after in pairwise(maps)]
        features = np.concatenate(maps).T
        features = np.where(np.isfinite(features), features, np.nanmedian(features, axis=0))
        places = np.flatnonzero(task.labels)
        rng = np.random.default_rng(task.seed)
        most = _FITTED_SVM if model == "svm" else _FITTED
        if len(places) > most:
            places = rng.choice(places, most, replace=False)
        known = task.labels.flat[places]
        fewest = int(np.bincount(known)[1:][np.bincount(known)[1:] > 0].min())
        if model == "svm":
            tried = {"svc__C": [1, 10, 100], "svc__gamma": [g / features.shape[1] for g in (0.1, 0.3, 1, 3)]}
            chosen = make_pipeline(StandardScaler(), SVC(class_weight="balanced"))
        else:
            tried = {"max_features": ["sqrt", 0.5], "min_samples_leaf": [1, 3]}
            chosen = RandomForestClassifier(200, class_weight="balanced", n_jobs=1, random_state=task.seed)
        if fewest > 1 and len(places) <= 1000:
            parts = StratifiedKFold(min(5, fewest), shuffle=True, random_state=task.seed)
            chosen = GridSearchCV(chosen, tried, scoring="balanced_accuracy", cv=parts)
        chosen.fit(features[places], known)
    with answer.timed("predict"):
        found = np.empty(task.labels.size, np.uint8)
        for start in range(0, found.size, _ROWS):
            found[start : start + _ROWS] = chosen.predict(features[start : start + _ROWS])
        answer.prediction = found.reshape(task.labels.shape)
    best = getattr(chosen, "best_params_", {})
    answer.details = {
        "features": features.shape[1],
        "fitted_on": len(places),
        "chosen": {k: str(v) for k, v in best.items()},
    }
    return answer


def factors(task: Task, settings: Settings, *, names: Sequence[str], smoothed: bool = False) -> Answer:
    """Predict a map from the factors that need no network, multiplied.

    Parameters
    ----------
    task : Task
        A map, or a volume without a vertical axis.
    settings : Settings
        Nothing in it concerns factors, which take the time they take.
    names : sequence of {"bands", "patches"}
        Which factors.
    smoothed : bool
        Whether probabilities are smoothed along the bands, over two cells.

    Returns
    -------
    Answer
    """
    from napari_fhn.structure.guided import Guide, guided
    from napari_fhn.structure.patches import Patches
    from napari_fhn.structure.pixels import PixelModel
    from napari_fhn.structure.pooling import Weight, pool
    from napari_fhn.training.data.labelled import LabelFile
    from napari_fhn.training.data.volume import Volume
    from napari_fhn.training.job import Input

    answer = Answer()
    whole = Box.whole(task.labels.shape)
    with tempfile.TemporaryDirectory() as folder:
        inputs = []
        for number, item in enumerate(task.inputs):
            path = Path(folder) / f"input{number}.npy"
            np.save(path, item)
            inputs.append(Input(str(path), 0))
        np.save(Path(folder) / "labels.npy", task.labels)
        with answer.timed("train"):
            volume = Volume(inputs)
            labels = LabelFile(str(Path(folder) / "labels.npy"), volume.shape, len(task.classes))
            found = {
                name: PixelModel(labels, volume, dates=volume.dates) if name == "bands" else Patches(labels)
                for name in names
            }
            spot = Box((0,) * len(whole.stop), (1,) * len(whole.stop))
            for factor in found.values():
                factor.read(spot)
        with answer.timed("predict"):
            said: NDArray[np.float32] = pool(
                {name: factor.read(whole) for name, factor in found.items()}, {name: Weight(1.0) for name in names}
            )
            if smoothed:
                reach = (2,) * len(whole.stop)
                said = guided(said, Guide(volume).read(whole), reach, volume.present(whole))
            answer.prediction = (said.argmax(axis=0) + 1).astype(np.uint8)
    bands, patches = found.get("bands"), found.get("patches")
    if isinstance(bands, PixelModel):
        answer.details["bands"] = [[v.features.title, v.likeness, round(v.slope, 2)] for v in bands.chosen.voices]
    if isinstance(patches, Patches):
        answer.details["patches"] = {key: str(value) for key, value in patches.rule._asdict().items()}
    return answer


def _dated(task: Task) -> bool:
    return len(task.inputs) > 1 and len({len(item) for item in task.inputs}) == 1
