"""What a report shows of a survey: sections with most labels, or a whole map, with labels, prediction and truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_fhn.report import figures
from napari_fhn.report.evaluation import vertical_axis
from napari_fhn.report.figures import Picture
from napari_fhn.report.windows import Window, places
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.job import Job

_WRONG = "#d55e00"
"""Okabe and Ito's vermilion."""


@dataclass(frozen=True)
class Cut:
    """One section, seen in several ways.

    Parameters
    ----------
    title : str
        Where it lies.
    pictures : tuple of Picture
        Labels, prediction, and what else there is.
    """

    title: str
    pictures: tuple[Picture, ...]


def cuts(job: Job, colors: Sequence[str], truth: NDArray[np.uint8] | None) -> tuple[Cut, ...]:
    """Draw the sections of a report.

    Parameters
    ----------
    job : Job
        Its files are read, a section at a time.
    colors : sequence of str
        Of the classes.
    truth : ndarray of uint8 or None
        On the grid of the labels.

    Returns
    -------
    tuple of Cut
        Of a volume one section along each axis; of a map the whole of it.
    """
    known = open_array(job.labels)
    prediction = open_array(job.prediction)
    path = job.output_path("probabilities")
    probabilities = open_array(str(path)) if path.exists() else None
    if probabilities is not None and probabilities.shape != (len(job.classes), *known.shape):
        probabilities = None  # of another job that lived here
    found = []
    for axis, index in places(known, vertical_axis(job)):
        window = Window(job, known.shape, axis, index)
        data = window.data()
        shown = [(known, "the survey and its labels"), (prediction, "the prediction")]
        if truth is not None:
            wrong = (prediction[window.at] != truth[window.at]) & (truth[window.at] > 0)
            shown.append((truth, "the truth"))
        pictures = [
            figures.section(data, window.of(volume[window.at]), colors, *window.sides, words=words)
            for volume, words in shown
        ]
        if truth is not None:
            differs = window.of(wrong.astype(np.uint8))
            words = "where the prediction differs from the truth"
            pictures.append(figures.section(data, differs, [_WRONG], *window.sides, words=words, opacity=1))
        if probabilities is not None:
            surest = np.asarray(probabilities[(slice(None), *window.at)]).max(axis=0).astype(float)
            words = "the probability of the predicted class"
            pictures.append(figures.values(window.of(surest), *window.sides, words=words))
        found.append(Cut(window.title, tuple(pictures)))
    return tuple(found)
