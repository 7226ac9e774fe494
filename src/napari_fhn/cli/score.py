"""What came out: IoU against the truth beside the humble reference, and the prediction as a file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.cli.given import read_classes
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.score import confusion, intersection_over_union


@dataclass(frozen=True)
class Scores:
    """IoU by class where nothing was labelled, NaN for a class that is not there.

    Parameters
    ----------
    network, nearest : tuple of float
        Of the network, and of copying the nearest labelled column (or pixel) sideways.
    voxels : int
        How many were compared.
    """

    network: tuple[float, ...]
    nearest: tuple[float, ...]
    voxels: int

    @property
    def means(self) -> tuple[float, float]:
        """Mean over the classes that are there: network, nearest."""
        return _mean(self.network), _mean(self.nearest)


def scores(prediction: NDArray[np.uint8], truth: NDArray[np.uint8], known: NDArray[np.uint8], job: Job) -> Scores:
    """Compare a prediction with the truth, where nothing was labelled.

    Parameters
    ----------
    prediction, truth, known : ndarray of uint8
        On the survey's grid; voxels whose truth is 0 do not count.
    job : Job
        Its held-out labels are not given to the reference, as they were not given to the network.

    Returns
    -------
    Scores
    """
    truth = np.where(known == 0, truth, np.uint8(0))
    trained = np.array(known)
    for box in job.held_out:
        trained[box.slices] = 0
    nearest = labels.nearest_column(trained, job.vertical_axis)
    n = len(job.classes)
    return Scores(
        tuple(float(v) for v in intersection_over_union(confusion(prediction, truth, n))),
        tuple(float(v) for v in intersection_over_union(confusion(nearest, truth, n))),
        int(np.count_nonzero(truth)),
    )


def report(job: Job, truth_file: Path, as_json: bool = False) -> Scores:
    """Print the IoU of a job's prediction by class, beside the nearest-well reference.

    Parameters
    ----------
    job : Job
        Predicted.
    truth_file : Path
        True classes on the survey's grid.
    as_json : bool
        As one JSON object in place of a table.

    Returns
    -------
    Scores
    """
    prediction = np.load(job.prediction, mmap_mode="r", allow_pickle=False)
    truth = read_classes(truth_file, prediction.shape)
    if truth.max() > len(job.classes):
        raise JobError(f"{truth_file} has class {truth.max()} and the job {len(job.classes)} classes")
    found = scores(prediction, truth, np.load(job.labels, mmap_mode="r", allow_pickle=False), job)
    if as_json:
        print(
            json.dumps(
                {
                    "kind": "Truth",
                    "classes": job.classes,
                    "network": [_plain(v) for v in found.network],
                    "nearest": [_plain(v) for v in found.nearest],
                    "voxels": found.voxels,
                }
            )
        )
    else:
        print(table(job.classes, found, "nearest column" if job.vertical_axis is not None else "nearest pixel"))
    return found


def table(classes: tuple[str, ...], found: Scores, reference: str) -> str:
    """Return scores as lines of text."""
    width = max(len(name) for name in (*classes, "mean"))
    column = max(len(reference), 8)
    rows = [*zip(classes, found.network, found.nearest, strict=True), ("mean", *found.means)]
    lines = [
        f"IoU where nothing was labelled ({found.voxels:,} voxels)",
        f"{'':{width}}  {'network':>8}  {reference:>{column}}",
    ]
    lines += [f"{name:{width}}  {_text(a):>8}  {_text(b):>{column}}" for name, a, b in rows]
    return "\n".join(lines)


def _mean(values: tuple[float, ...]) -> float:
    known = [v for v in values if not math.isnan(v)]
    return sum(known) / len(known) if known else math.nan


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value


def _text(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
