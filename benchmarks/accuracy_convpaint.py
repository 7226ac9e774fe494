"""napari-convpaint's pixel classifier, from its programming interface.

It is run by the Python given with ``--convpaint-python``, whose environment has ``napari-convpaint`` and ``catboost``
beside this project.
"""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np

from accuracy_answers import Answer, Settings
from accuracy_data import Task

_SCALES = [1, 2, 4, 8]
"""Of convpaint's pyramid of features."""


def convpaint(task: Task, settings: Settings) -> Answer:
    """Train its CatBoost classifier on Gaussian features of a pyramid; of a volume, section by section.

    The Gaussian features are the ones that need no weights from the network. Volumes are stacks of inlines.

    Parameters
    ----------
    task : Task
        What to learn from what.
    settings : Settings
        Nothing in it concerns this classifier, which takes the time it takes.

    Returns
    -------
    Answer
    """
    _without_timm()
    from napari_convpaint.convpaint_model import ConvpaintModel

    answer = Answer()
    image = np.concatenate([np.asarray(maps, np.float32) for maps in task.inputs])
    axes = tuple(range(1, image.ndim))
    image = np.where(np.isfinite(image), image, np.nanmedian(image, axis=axes, keepdims=True))
    model = ConvpaintModel(fe_name="gaussian_features", fe_scalings=_SCALES, channel_mode="multi")
    with answer.timed("train"):
        model.train(image, task.labels)
    with answer.timed("predict"):
        answer.prediction = np.asarray(model.segment(image)).astype(np.uint8)
    answer.details = {"features": model.num_features, "extractor": "gaussian_features", "scales": _SCALES}
    return answer


def _without_timm() -> None:
    """Let convpaint be imported without timm, which its extractors with downloaded weights alone use."""
    try:
        import timm  # noqa: F401
    except ImportError:
        package = ModuleType("timm")
        package.__path__ = []
        sys.modules["timm"] = package
