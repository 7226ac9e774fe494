"""The inputs of a job as one normalised array of channels over space, read box by box from where they lie."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.box import Box
from napari_fhn.sentence import Cell, cell, counted
from napari_fhn.training.data.boxes import within
from napari_fhn.training.data.stored import SUFFIX, Channel, Stored, lines, open_values
from napari_fhn.training.job import Input, Job, JobError
from napari_fhn.training.models.description import Normalisation

_SAMPLES = 200_000
"""Voxels looked at to fit the normalisation."""

_CLIP = 5.0
"""Normalised values beyond this are spikes, not geology."""


def open_array(path: str, mode: Literal["r", "r+"] = "r") -> NDArray[np.generic]:
    """Memory-map a ``.npy`` file.

    Raises
    ------
    JobError
        When it is missing or not such a file, or is to be written and lacks room; the message names it.
    """
    try:
        array: NDArray[np.generic] = mapped.open(path, mode)
    except FileNotFoundError:
        raise JobError(f"{path} does not exist: was it moved since the job was made?") from None
    except mapped.DamagedArray as error:
        raise JobError(str(error)) from error
    except OSError as error:
        if mapped.is_full(error):
            raise JobError(f"there is no room on the disk to write {path}: make room there") from error
        raise JobError(f"{path} cannot be read as a .npy array: {error}") from error
    return array


def cell_of(job: Job) -> Cell:
    """Return what the labels and the prediction of a job are made of.

    Parameters
    ----------
    job : Job
        Its axes tell; of one that has none its labels do, or its prediction where these are gone.
    """
    if job.map_axis is not None:
        return "pixel"  # a map, of a cube whose bands may be among the axes or not
    dimensions = len(job.axes)
    for path in (job.labels, job.prediction):
        if not dimensions:
            with contextlib.suppress(JobError):
                dimensions = open_array(path).ndim
    return cell(dimensions, job.vertical_axis)


def open_input(item: Input) -> NDArray[np.generic] | Stored:
    """Open an input, channels first: a memory-mapped copy, or a survey that is read where it lies.

    Raises
    ------
    JobError
        When it is missing, or has no such axis of channels; the message names it.
    """
    in_place = item.path.endswith(SUFFIX)
    array = open_values(item.path) if in_place else open_array(item.path)
    ndim = len(array.shape)
    if item.channel_axis is not None and not -ndim <= item.channel_axis < ndim:
        raise JobError(f"{item.path} has {counted(ndim, 'axes')} and no axis {item.channel_axis} for channels")
    if not isinstance(array, np.ndarray):
        return Stored(array, item.channel_axis)
    return array[np.newaxis] if item.channel_axis is None else np.moveaxis(array, item.channel_axis, 0)


def _centre_and_scale(values: NDArray[np.float64]) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    low, middle, high = np.percentile(values, (16, 50, 84)) if values.size else (0.0, 0.0, 0.0)
    spread = (high - low) / 2
    if spread <= 0 and values.size:  # mostly one value, such as a mask
        spread = values.std()
    return float(middle), float(spread) if spread > 0 else 1.0


class Volume:
    """The inputs of a job, stacked over channels.

    Parameters
    ----------
    inputs : sequence of Input
        Arrays of equal spatial shape.
    normalisation : Normalisation, optional
        Of a trained model; fitted on the data when absent.
    bands : int, optional
        Axis of space along which each slice is another quantity, with a centre and a scale of its own: a map is read
        from the bands of a cube.

    Attributes
    ----------
    shape : tuple of int
        Spatial shape.
    channels : int
        Over all inputs.

    Raises
    ------
    JobError
        When a file cannot be read or the shapes do not agree; the message names the file and the shapes.
    """

    def __init__(
        self, inputs: Sequence[Input], normalisation: Normalisation | None = None, bands: int | None = None
    ) -> None:
        self._arrays: list[NDArray[np.generic] | Stored] = []
        self._data = sum(not item.attribute for item in inputs)
        for item in inputs:
            array = open_input(item)
            if self._arrays and array.shape[1:] != self._arrays[0].shape[1:]:
                raise JobError(
                    f"{inputs[0].path} is {self._arrays[0].shape[1:]} voxels and {item.path} is {array.shape[1:]}: "
                    "inputs must lie on one grid"
                )
            self._arrays.append(array)
        self.shape: tuple[int, ...] = self._arrays[0].shape[1:]
        if len(self.shape) not in (2, 3) or not all(self.shape):
            raise JobError(f"{inputs[0].path} has spatial shape {self.shape}; 2 or 3 axes with data are needed")
        self.channels = sum(len(array) for array in self._arrays)
        # An axis that is not there is refused by the frame, which knows what it was to be.
        there = bands is not None and -len(self.shape) <= bands < len(self.shape)
        self._bands = bands % len(self.shape) if bands is not None and there else None
        self.normalisation = normalisation or self._fit()
        slices = 1 if self._bands is None else self.shape[self._bands]
        if len(self.normalisation.centre) != self.channels * slices:
            what = "channels" if self._bands is None else "bands"
            raise JobError(
                f"the model was trained on {counted(len(self.normalisation.centre), what)} and these inputs have "
                f"{self.channels * slices}: choose the inputs that it was trained on"
            )
        grid = [1] * len(self.shape)
        if self._bands is not None:
            grid[self._bands] = slices
        self._centre = np.asarray(self.normalisation.centre, np.float32).reshape(-1, *grid)
        self._scale = np.asarray(self.normalisation.scale, np.float32).reshape(-1, *grid)

    def _fit(self) -> Normalisation:
        # Whole lines from places all over the survey: few seeks in a file that may be large.
        rng = np.random.default_rng(0)
        along = len(self.shape) - 1 if self._bands is None else self._bands
        others = [size for axis, size in enumerate(self.shape) if axis != along]
        count = max(1, min(_SAMPLES // self.shape[along], int(np.prod(others))))
        index = tuple(rng.integers(0, size, count) for size in others)
        found: list[tuple[float, float]] = []
        for array in self._arrays:
            for number in range(len(array)):
                values = np.asarray(lines(array[number], along, index), np.float64)
                found += [_centre_and_scale(part) for part in ([values] if self._bands is None else values.T)]
        centre, scale = zip(*found, strict=True)
        return Normalisation(centre, scale)

    @property
    def dates(self) -> tuple[slice, ...]:
        """The channels of each input of data, where several have equally many: dates of the same bands; else empty."""
        counts = [len(array) for array in self._arrays[: self._data]]
        if len(counts) < 2 or len(set(counts)) > 1:
            return ()
        return tuple(slice(first, first + counts[0]) for first in range(0, sum(counts), counts[0]))

    @property
    def bytes_read(self) -> int:
        """Of inputs that are read where they lie, so far."""
        return sum(array.bytes_read for array in self._arrays if isinstance(array, Stored))

    def channel(self, number: int) -> NDArray[np.generic] | Channel:
        """Return the values of a channel as they are in its file, read by slices, of shape :attr:`shape`."""
        for array in self._arrays:
            if number < len(array):
                found: NDArray[np.generic] | Channel = array[number]
                return found
            number -= len(array)
        raise IndexError(f"there are {counted(self.channels, 'channels')}")

    def read(self, box: Box, first: int | None = None) -> NDArray[np.float32]:
        """Read a box.

        Parameters
        ----------
        box : Box
            May reach outside the survey, where the nearest values inside are repeated.
        first : int, optional
            So many channels from the first one; all when left out.

        Returns
        -------
        ndarray
            ``(channels, *box.shape)``, normalised; missing values (NaN) are 0, the centre.
        """
        inside = tuple(
            slice(min(max(a, 0), size - 1), max(min(b, size), 1))
            for a, b, size in zip(box.start, box.stop, self.shape, strict=True)
        )
        parts = [np.asarray(array[(slice(count), *inside)], np.float32) for array, count in self._first(first)]
        values = np.concatenate(parts) if len(parts) > 1 else parts[0]
        centre, scale = self._centre[:first], self._scale[:first]
        if self._bands is not None:
            part = (slice(None),) * (1 + self._bands) + (inside[self._bands],)
            centre, scale = centre[part], scale[part]
        values = (values - centre) / scale
        np.nan_to_num(values, copy=False, nan=0.0, posinf=_CLIP, neginf=-_CLIP)
        np.clip(values, -_CLIP, _CLIP, out=values)
        pad = [(0, 0)] + [
            (part.start - a, b - part.stop) for a, b, part in zip(box.start, box.stop, inside, strict=True)
        ]
        if any(before or after for before, after in pad):
            values = np.pad(values, [(max(before, 0), max(after, 0)) for before, after in pad], mode="edge")
        return values

    def _first(self, channels: int | None) -> Iterator[tuple[NDArray[np.generic] | Stored, int]]:
        """Yield the arrays that the first channels are of, and how many of each."""
        left = self.channels if channels is None else channels
        for array in self._arrays:
            if left > 0:
                yield array, min(left, len(array))
            left -= len(array)

    def present(self, box: Box) -> NDArray[np.bool_]:
        """Tell where there are data.

        Parameters
        ----------
        box : Box
            May reach outside the survey, where there are none.

        Returns
        -------
        ndarray of bool
            ``box.shape``; False where all channels are missing (NaN).
        """
        found = np.zeros(box.shape, bool)
        inside = within(box, Box.whole(self.shape))
        where = tuple(slice(a + part.start, a + part.stop) for a, part in zip(box.start, inside, strict=True))
        found[inside] = self._finite(where)
        return found

    def present_at(self, index: tuple[NDArray[np.int64], ...]) -> NDArray[np.bool_]:
        """Tell whether there are data at single voxels, given by their indices along each axis."""
        return self._finite(index)

    def _finite(self, where: tuple[slice, ...] | tuple[NDArray[np.int64], ...]) -> NDArray[np.bool_]:
        """Tell where one channel or more has a number; most often the first does, and no other is read."""
        found: NDArray[np.bool_] | None = None
        for array in self._arrays:
            for channel in (array[number] for number in range(len(array))):
                values = channel[where]  # integers are not looked at: they are numbers, all of them
                number = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)
                found = number if found is None else found | number
                if found.all():
                    return found
        assert found is not None
        return found
