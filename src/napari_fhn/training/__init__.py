"""Fit, predict, score: a Job goes in, a stream of small typed updates comes out.

Takes plain arrays (``.npy`` files) and runs with torch, numpy and safetensors alone. What describes the work (jobs,
updates) is plain Python; ``fit`` and ``predict`` bring torch in only when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_fhn.installed import in_words
from napari_fhn.training.control import Control, Focus
from napari_fhn.training.job import Axis, Input, Job, JobError, Schedule
from napari_fhn.training.objective import Objective
from napari_fhn.training.scores.score import confusion, intersection_over_union
from napari_fhn.training.updates import BoxChanged, Checkpoint, Device, Done, Failed, Note, Progress, Score, Update

if TYPE_CHECKING:
    from napari_fhn.training.predicting import predict
    from napari_fhn.training.trainer import fit

__all__ = [
    "Axis",
    "BoxChanged",
    "Checkpoint",
    "Control",
    "Device",
    "Done",
    "Failed",
    "Focus",
    "Input",
    "Job",
    "JobError",
    "Note",
    "Objective",
    "Progress",
    "Schedule",
    "Score",
    "Update",
    "confusion",
    "fit",
    "intersection_over_union",
    "predict",
]


def __getattr__(name: str) -> Any:
    # The viewer's process builds jobs and reads updates; it must stay free of torch.
    module = {"fit": "trainer", "predict": "predicting"}.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"napari_fhn.training.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise JobError(f"{in_words(error)}") from error
