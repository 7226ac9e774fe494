"""Where a survey is cut to be looked at, and what is seen there: for the `sections` of a report, and its `picture`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.labels.classes.class_table import ClassTable
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.volumes.splits import footprint
from napari_fhn.report.evaluation import vertical_axis
from napari_fhn.training.data.volume import cell_of, open_input
from napari_fhn.training.job import Axis, Job

_PIXELS = 900
"""Along a side of a picture; more are thinned."""


@dataclass(frozen=True)
class Ticks:
    """What the pixels along one side of a picture mean.

    Parameters
    ----------
    label : str
        With its unit.
    first, last : float
        At the middle of the first and of the last pixel.
    """

    label: str
    first: float
    last: float


def colors_of(job: Job) -> tuple[str, ...]:
    """Return the colours of a job's classes; those beside its labels where it is an old one."""
    if job.colors:
        return job.colors
    remembered = Path(job.labels).parent / "classes.csv"
    known = ClassTable.default(len(job.classes))
    if remembered.exists():
        with contextlib.suppress(LabelError, OSError):  # colours are no reason to have no report
            known = ClassTable.from_csv(remembered, as_values=True)
    colors = tuple(item.color for item in known)
    return colors if len(colors) == len(job.classes) else tuple(c.color for c in ClassTable.default(len(job.classes)))


def places(known: NDArray[Any], vertical: int | None) -> Iterator[tuple[int | None, int]]:
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


class Window:
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
        what = cell_of(job)
        traces = what == "sample" and axis != (job.vertical_axis or 0) % 2  # across a line
        return Ticks(f"axis {axis}, {'traces' if traces else f'{what}s'}", 0, size - 1)
    label = f"{meaning.name} ({meaning.unit})" if meaning.unit else meaning.name
    return Ticks(label, meaning.first, meaning.first + meaning.step * (size - 1))
