"""What a report shows of a survey: sections with most labels, or a whole map, with labels, prediction and truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.labels.splits import footprint
from napari_fhn.report import figures
from napari_fhn.report.evaluation import vertical_axis
from napari_fhn.report.figures import Picture, Ticks
from napari_fhn.training.job import Axis, Job
from napari_fhn.training.volume import open_array, open_input

_PIXELS = 900
"""Along a side of a picture; more are thinned."""

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
    for axis, index in _places(known, vertical_axis(job)):
        window = _Window(job, known.shape, axis, index)
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


def _places(known: NDArray[Any], vertical: int | None) -> Iterator[tuple[int | None, int]]:
    """Yield axes and the index along each at which to cut: where most is labelled; in the middle of time or depth."""
    if known.ndim == 2:
        yield None, 0
        return
    vertical = None if vertical is None else vertical % known.ndim
    seen = footprint(known, vertical)
    level = [axis for axis in range(known.ndim) if axis != vertical]
    for own, axis in enumerate(level):
        others = tuple(a for a in range(seen.ndim) if a != own)
        yield axis, int(np.argmax(seen.sum(axis=others)))
    if vertical is not None:
        yield vertical, known.shape[vertical] // 2


class _Window:
    """A section, and how it is turned: time and depth run down.

    Attributes
    ----------
    at : tuple
        Index of a volume on the grid of the labels.
    sides : tuple of Ticks
        Down and across.
    title : str
        Where it lies.
    """

    def __init__(self, job: Job, shape: tuple[int, ...], axis: int | None, index: int) -> None:
        self._job = job
        self.at = tuple(index if a == axis else slice(None) for a in range(len(shape)))
        first, second = (a for a in range(len(shape)) if a != axis)
        vertical = vertical_axis(job)
        self._turned = vertical is not None and vertical % len(shape) == second
        down, across = (second, first) if self._turned else (first, second)
        self.sides = (_ticks(job, down, shape[down]), _ticks(job, across, shape[across]))
        self.title = "The whole map" if vertical is None else "The whole line"
        if axis is not None:
            meaning = _meaning(job, axis)
            self.title = f"Section at {index} along axis {axis}"
            if meaning is not None:
                self.title = f"{meaning.name} {meaning.first + meaning.step * index:g} {meaning.unit}".strip()

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn what was read with :attr:`at`, and thin it."""
        turned = np.asarray(values).swapaxes(0, 1) if self._turned else np.asarray(values)
        steps = [max(1, -(-size // _PIXELS)) for size in turned.shape[:2]]
        return turned[:: steps[0], :: steps[1]]

    def data(self) -> NDArray[np.float64]:
        """Read the first input: grey, or of three channels and more in three colours; from 0 to 1."""
        item = self._job.inputs[0]
        array: Any = open_input(item)
        if self._job.map_axis is not None:  # the labels lie on a map of this cube
            axis = 1 + self._job.map_axis % (array.ndim - 1)
            middle = array.shape[axis] // 2
            array = array[(slice(None),) * axis + (slice(middle, middle + 1),)].squeeze(axis)
        count = len(array)
        channels = [0] if count < 3 else [3 * count // 4, count // 2, count // 4]
        layers = []
        for channel in channels:
            values = self.of(np.asarray(array[channel][self.at], np.float64))
            finite = values[np.isfinite(values)]
            low, high = np.percentile(finite, (2, 98)) if finite.size else (0.0, 1.0)
            layers.append(np.nan_to_num(np.clip((values - low) / (high - low or 1.0), 0, 1)))
        return layers[0] if len(layers) == 1 else np.stack(layers, axis=-1)


def _meaning(job: Job, axis: int) -> Axis | None:
    """What the voxels of the labels mean along an axis; a map has one axis less than its cube."""
    own = axis + (job.map_axis is not None and axis >= job.map_axis)
    return job.axes[own] if own < len(job.axes) else None


def _ticks(job: Job, axis: int, size: int) -> Ticks:
    meaning = _meaning(job, axis)
    if meaning is None:
        return Ticks(f"axis {axis}, voxels", 0, size - 1)
    label = f"{meaning.name} ({meaning.unit})" if meaning.unit else meaning.name
    return Ticks(label, meaning.first, meaning.first + meaning.step * (size - 1))
