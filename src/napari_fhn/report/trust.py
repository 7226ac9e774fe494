"""Whether the probabilities of a prediction can be believed, on labels that are held out or on a truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.job import Job
from napari_fhn.training.scores.calibration import Calibration, calibration, fit_temperature, temper

_SAMPLE = 300_000
"""Voxels whose probabilities are looked at; more are thinned evenly."""

_LEAST = 2.0**-25
"""Probability that a 0 in half precision stands for, at most."""


@dataclass(frozen=True)
class Trust:
    """Whether the probabilities can be believed.

    Parameters
    ----------
    measured : Calibration
        Of the probabilities as they are.
    temperature : float or None
        With the least log loss on the labels held out; above 1 where the network is too sure. None without such labels,
        and where they are all right or all wrong, which would be believed without end.
    tempered : Calibration or None
        With a temperature fitted elsewhere: for each body held out on the other ones; None where there is no other.
    """

    measured: Calibration
    temperature: float | None
    tempered: Calibration | None


def trust(job: Job, on: str, known: NDArray[Any], target: NDArray[np.uint8]) -> Trust | None:
    """Judge the probabilities of a job.

    Parameters
    ----------
    job : Job
        Predicted.
    on : {"held out", "truth"}
        What the target is.
    known, target : ndarray of uint8
        The labels, and what is scored.

    Returns
    -------
    Trust or None
        None where no probabilities of its own are there.
    """
    path = job.output_path("probabilities")
    if not path.exists():
        return None
    probabilities = open_array(str(path))
    if probabilities.shape != (len(job.classes), *target.shape):
        return None  # of another job that lived here
    # Those of the labels held out, by body: they are what a temperature is fitted on.
    parts = [_rows(probabilities, known, box) for box in job.held_out]
    parts = [(p, t) for p, t in parts if len(t)]
    temperature = fit_temperature(*_joined(parts)) if parts else None
    if on == "truth":
        p, t = _rows(probabilities, target, Box.whole(target.shape))
        return Trust(
            calibration(p, t), temperature, None if temperature is None else calibration(temper(p, temperature), t)
        )
    parts = [(p, t) for p, t in (_rows(probabilities, target, box) for box in job.held_out) if len(t)]
    if not parts:
        return None
    tempered = None
    if len(parts) > 1:
        others = [fit_temperature(*_joined(parts[:k] + parts[k + 1 :])) for k in range(len(parts))]
        if None not in others:
            cooled = [(temper(p, value or 1.0), t) for (p, t), value in zip(parts, others, strict=True)]
            tempered = calibration(*_joined(cooled))
    return Trust(calibration(*_joined(parts)), temperature, tempered)


def _rows(probabilities: NDArray[Any], target: NDArray[Any], box: Box) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return ``(voxels, classes)`` and ``(voxels,)`` of the labelled voxels of a box, thinned where they are many."""
    inside = np.asarray(target[box.slices])
    at = np.nonzero(inside)
    step = max(1, -(-len(at[0]) // _SAMPLE))
    at = tuple(index[::step] for index in at)
    where = tuple(index + start for index, start in zip(at, box.start, strict=True))
    every: tuple[Any, ...] = (slice(None), *where)
    rows = np.asarray(probabilities[every], np.float64).T
    truth = inside[at].astype(np.intp)
    predicted = rows.sum(axis=1) > 0
    # Half precision keeps neither the smallest probabilities nor their sum.
    rows = np.maximum(rows[predicted], _LEAST)
    return rows / rows.sum(axis=1, keepdims=True), truth[predicted]


def _joined(
    parts: Sequence[tuple[NDArray[np.float64], NDArray[np.intp]]],
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    return np.concatenate([p for p, _ in parts]), np.concatenate([t for _, t in parts])
