"""Prediction by overlapping tiles into a memory-mapped file, first where the person looks."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.training import model as models
from napari_fhn.training.control import Control, Focus
from napari_fhn.training.device import choose_device
from napari_fhn.training.frame import Frame
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.labelled import LabelFile
from napari_fhn.training.tiles import blend, tile_shape
from napari_fhn.training.updates import BoxChanged, Done, Progress, Update
from napari_fhn.training.volume import Volume, open_array

_TILE_VOXELS = {2: 2**20, 3: 2**19}
"""Largest tile for 2D and 3D networks: a few hundred megabytes of states, and a stop heard within a second."""

_SIDE = 16
"""Sections that a 3D network looks at on each side to predict the one in view."""

_SLAB_VALUES = 2**27
"""Probabilities (float32) kept at once while two directions are averaged: half a gigabyte."""

_HALO = 32
"""Traces beyond a slab that its sections still see."""


class Predictor:
    """Writes classes into the prediction file, box by box.

    Parameters
    ----------
    network : SegmentationNetwork
        Its weights may change between calls.
    frame : Frame
        How it looks at the volume.
    path : str
        ``.npy`` of uint8 with the spatial shape.
    device : torch.device
        Where the network is.

    Raises
    ------
    JobError
        When the file is not such an array.
    """

    def __init__(self, network: SegmentationNetwork, frame: Frame, path: str, device: torch.device) -> None:
        self.network = network
        self.frame = frame
        self.device = device
        self.shape = frame.shape
        self.out = open_array(path, "r+")
        if self.out.shape != self.shape or self.out.dtype != np.uint8:
            raise JobError(
                f"{path} is {self.out.dtype} of shape {self.out.shape}; the prediction needs uint8 of {self.shape}"
            )

    def _rows(
        self, region: Box, across: int | None, control: Control | None
    ) -> Iterator[tuple[Box, NDArray[np.float32]]]:
        """Yield boxes along the first axis of a region with their probabilities ``(classes, *box.shape)``."""
        architecture = self.network.architecture
        axes = [axis for axis in range(len(self.shape)) if axis != across]
        space = self.frame.space(region, across)
        voxels = _TILE_VOXELS[architecture.dimensions]
        if self.frame.map_axis is not None:  # the whole of this axis goes into every tile
            voxels //= self.frame.volume.shape[self.frame.map_axis]
        tile = tile_shape(space, self.frame.multiples, voxels)
        overlap = min(architecture.receptive_radius, min(tile) // 2)

        def box_in_volume(start: tuple[int, ...], stop: tuple[int, ...]) -> Box:
            first, last = list(region.start), list(region.stop)
            for axis, a, b in zip(axes, start, stop, strict=True):
                first[axis], last[axis] = region.start[axis] + a, region.start[axis] + b
            return Box(tuple(first), tuple(last))

        def evaluate(box: Box) -> NDArray[np.float32]:
            if control is not None and control.stop.is_set():
                raise _Stopped
            where = box_in_volume(box.start, box.stop)
            data = self.frame.read(where, across)
            with torch.no_grad():
                self.network.eval()
                scores = self.network.scores(torch.from_numpy(np.ascontiguousarray(data))[None].to(self.device))
                values: NDArray[np.float32] = scores[0].float().softmax(0).cpu().numpy()
            return values

        for first, last, values in blend(space, tile, overlap, self.network.classes, evaluate):
            box = box_in_volume((first, *[0] * (len(space) - 1)), (last, *space[1:]))
            yield box, values.reshape(len(values), *box.shape)

    def classes(self, region: Box, across: int | None) -> NDArray[np.uint8]:
        """Return the classes (1 and up) of a region without writing them."""
        rows = [values.argmax(0) for _, values in self._rows(region, across, None)]
        axis = next(a for a in range(len(self.shape)) if a != across)
        return (np.concatenate(rows, axis) + 1).astype(np.uint8)

    def write(self, region: Box, across: int | None, control: Control | None = None) -> Iterator[Box]:
        """Predict a region into the file, yielding each box as it is written; ends early when stopped."""
        try:
            for box, values in self._rows(region, across, control):
                self.out[box.slices] = values.argmax(0) + 1
                yield box
        except _Stopped:
            return

    def section(self, focus: Focus, control: Control | None = None) -> Iterator[Box]:
        """Predict the section in view (for a 3D network: the middle of a slab around it)."""
        region = Box.whole(self.shape)
        if len(self.shape) == 2:
            yield from self.write(region, None, control)
            return
        thickness = 1 if self.frame.sections else 2 * _SIDE
        first = max(0, min(focus.index - thickness // 2, self.shape[focus.axis] - thickness))
        start, stop = list(region.start), list(region.stop)
        start[focus.axis], stop[focus.axis] = first, min(first + thickness, self.shape[focus.axis])
        across = focus.axis if self.frame.sections else None
        yield from self.write(Box(tuple(start), tuple(stop)), across, control)

    def can_section(self, focus: Focus) -> bool:
        """Tell whether one prediction fills this section; a time slice crosses all sections of a 2D network."""
        return not self.frame.sections or focus.axis in self.frame.sections

    def everything(self, control: Control | None = None) -> Iterator[tuple[Box, float]]:
        """Predict the whole volume; yields each written box and the share that is done.

        Sections are predicted in both directions and their probabilities averaged: the two make unlike mistakes.
        """
        whole = Box.whole(self.shape)
        if not self.frame.sections:
            for box in self.write(whole, None, control):
                yield box, box.stop[0] / self.shape[0]
            return
        voxels = int(np.prod(self.shape))
        done = 0
        try:
            for slab in self._slabs(control):
                total = np.zeros((self.network.classes, *slab.shape), np.float32)
                for across in self.frame.sections:
                    last = across == self.frame.sections[-1]
                    for index in _near_first(range(slab.start[across], slab.stop[across]), across, control):
                        for box, values in self._rows(self._one_section(slab, across, index), across, control):
                            # A crossline reaches over the slab, to see what lies around it.
                            inside = _common(box, slab)
                            into = tuple(
                                slice(a - o, b - o)
                                for a, b, o in zip(inside.start, inside.stop, slab.start, strict=True)
                            )
                            part = tuple(
                                slice(a - o, b - o)
                                for a, b, o in zip(inside.start, inside.stop, box.start, strict=True)
                            )
                            total[(slice(None), *into)] += values[(slice(None), *part)]
                            # What one direction says is shown at once, and overwritten by what both say.
                            self.out[inside.slices] = total[(slice(None), *into)].argmax(0) + 1
                            done += int(np.prod(inside.shape))
                            if not last:
                                yield inside, done / (2 * voxels)
                        if last:
                            box = _common(self._one_section(slab, across, index), slab)
                            yield box, done / (2 * voxels)
        except _Stopped:
            return

    def _slabs(self, control: Control | None) -> list[Box]:
        """Cut the volume along the first section axis so that the probabilities of a slab fit in memory."""
        axis = self.frame.sections[0]
        plane = int(np.prod(self.shape)) // self.shape[axis] * self.network.classes
        thickness = max(1, _SLAB_VALUES // plane)
        count = -(-self.shape[axis] // thickness)
        edges = [round(self.shape[axis] * i / count) for i in range(count + 1)]
        slabs = []
        for first, last in itertools.pairwise(edges):
            start, stop = [0] * len(self.shape), list(self.shape)
            start[axis], stop[axis] = first, last
            slabs.append(Box(tuple(start), tuple(stop)))
        focus = control.focus if control else None
        if focus is not None and focus.axis == axis:
            slabs.sort(key=lambda slab: abs(slab.start[axis] + slab.stop[axis] - 2 * focus.index))
        return slabs

    def _one_section(self, slab: Box, across: int, index: int) -> Box:
        """Return a section of a slab, with a halo of the survey where the section runs out of the slab."""
        start, stop = list(slab.start), list(slab.stop)
        for axis in self.frame.sections:
            start[axis] = max(0, start[axis] - _HALO)
            stop[axis] = min(self.shape[axis], stop[axis] + _HALO)
        start[across], stop[across] = index, index + 1
        return Box(tuple(start), tuple(stop))


def _common(one: Box, other: Box) -> Box:
    return Box(
        tuple(max(a, b) for a, b in zip(one.start, other.start, strict=True)),
        tuple(max(min(a, b), c, d) for a, b, c, d in zip(one.stop, other.stop, one.start, other.start, strict=True)),
    )


def _near_first(indices: range, axis: int, control: Control | None) -> list[int]:
    focus = control.focus if control else None
    if focus is None or focus.axis != axis:
        return list(indices)
    return sorted(indices, key=lambda index: abs(index - focus.index))


class _Stopped(Exception):
    """Raised between tiles when the person asked to stop; never leaves this module."""


def predict(job: Job, control: Control | None = None) -> Iterator[Update]:
    """Predict the whole survey with the model of a job.

    Parameters
    ----------
    job : Job
        Its ``model`` folder holds a trained network.
    control : Control, optional
        To stop, and to say what is in view.

    Yields
    ------
    Update
        Progress, BoxChanged, at the end Done.

    Raises
    ------
    JobError
        When the model or the files do not fit; the message says which.
    """
    control = control or Control()
    started = time.monotonic()
    device = choose_device(job.device)
    model = models.load(job.model)
    volume = Volume(job.inputs, model.normalisation)
    model.network.to(device).eval()
    frame = Frame(volume, model.network.architecture, model.framing)
    if model.framing.neighbours:
        frame.know(LabelFile(job.labels, frame.shape, len(model.classes), job.held_out))
    predictor = Predictor(model.network, frame, job.prediction, device)
    for box, share in predictor.everything(control):
        yield BoxChanged(box, 0)
        elapsed = time.monotonic() - started
        yield Progress("predict", round(100 * share), 100, seconds_left=elapsed * (1 - share) / share)
    stopped = control.stop.is_set()
    seconds = time.monotonic() - started
    words = "Prediction stopped; what was predicted stays" if stopped else "The whole survey is predicted"
    yield Done("predict", stopped, seconds, f"{words} ({seconds:.0f} s).")
