"""Random training blocks that hold labels, with flips and structural augmentation."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.batch import Batch
from napari_fhn.training.frame import Frame
from napari_fhn.training.job import Schedule
from napari_fhn.training.labelled import LabelFile


class Blocks:
    """Draws batches of blocks around labelled voxels, each class as often as the others.

    Parameters
    ----------
    frame : Frame
        How the network looks at the volume.
    labels : LabelFile
        What is known.
    schedule : Schedule
        Block size, batch, augmentation and seed.
    multiples : tuple of int
        Block sizes are multiples of these, one for each axis of the network.
    """

    def __init__(self, frame: Frame, labels: LabelFile, schedule: Schedule, multiples: tuple[int, ...]) -> None:
        self.frame = frame
        self.labels = labels
        self.schedule = schedule
        self.multiples = multiples
        self._rng = np.random.default_rng(schedule.seed)

    def draw(self) -> Batch | None:
        """Draw a batch.

        Returns
        -------
        Batch or None
            None when nothing is labelled (any more).
        """
        self.labels.look()
        if not self.labels.counts.any():
            return None
        # One section axis for the whole batch: the blocks of a batch share their shape.
        across = int(self._rng.choice(self.frame.sections)) if self.frame.sections else None
        pairs = [self._block(across) for _ in range(self.schedule.batch)]
        data, labels = (np.stack(parts) for parts in zip(*pairs, strict=True))
        # The person may have erased since the last look what the blocks were drawn around.
        return Batch(torch.from_numpy(data), torch.from_numpy(labels.astype(np.int64))) if labels.any() else None

    def _block(self, across: int | None) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        box = self._box_around_a_label(across)
        data = self.frame.data(box, across)
        labels = self.labels.read(box).reshape(self.frame.space(box, across))
        data, labels = self._flip(data, labels)
        sheared, moved = self._shear(data, labels)
        if moved.any():  # a small patch near the border may be moved out of the block
            data, labels = sheared, moved
        if self.schedule.noise:
            noise = self._rng.standard_normal(data.shape, dtype=np.float32)
            data = data * np.float32(self._rng.uniform(0.8, 1.25)) + noise * np.float32(self.schedule.noise)
        return self.frame.with_position(data, box), np.ascontiguousarray(labels)

    def _box_around_a_label(self, across: int | None) -> Box:
        present = np.flatnonzero(self.labels.counts)
        positions = self.labels.positions[int(self._rng.choice(present))]
        shape = self.frame.volume.shape
        voxel = np.unravel_index(int(self._rng.choice(positions)), shape)
        start, stop, block = [], [], iter(zip(self.schedule.block, self.multiples, strict=True))
        for axis, (size, at) in enumerate(zip(shape, voxel, strict=True)):
            if axis == across:
                start.append(int(at))
                stop.append(int(at) + 1)
                continue
            length = _length(size, *next(block))
            # Anywhere such that the voxel lies inside; within the survey as far as it is long enough.
            low, high = max(0, int(at) - length + 1), min(int(at), max(size - length, 0))
            first = int(self._rng.integers(min(low, high), high + 1))
            start.append(first)
            stop.append(first + length)
        return Box(tuple(start), tuple(stop))

    def _flip(
        self, data: NDArray[np.float32], labels: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        for axis in range(labels.ndim):
            if axis != self.frame.vertical and self._rng.random() < 0.5:
                data, labels = np.flip(data, 1 + axis), np.flip(labels, axis)
        return data, labels

    def _shear(
        self, data: NDArray[np.float32], labels: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Move every column up or down by a random dip and shift, the data and its labels alike."""
        vertical = self.frame.vertical
        if vertical is None or not (self.schedule.shear or self.schedule.shift):
            return data, labels
        data, labels = np.moveaxis(data, 1 + vertical, -1), np.moveaxis(labels, vertical, -1)
        move = np.full(labels.shape[:-1], self._rng.uniform(-1, 1) * self.schedule.shift)
        for axis, size in enumerate(labels.shape[:-1]):
            along = [1] * (labels.ndim - 1)
            along[axis] = size
            dip = self._rng.uniform(-1, 1) * self.schedule.shear
            move += (dip * (np.arange(size) - size / 2)).reshape(along)
        size = labels.shape[-1]
        source = np.arange(size) + move[..., np.newaxis]
        nearest = np.rint(source).astype(np.int64)
        labels = np.where(
            (nearest >= 0) & (nearest < size),
            np.take_along_axis(labels, nearest.clip(0, size - 1), -1),
            np.uint8(0),
        )
        below = np.floor(source).astype(np.int64)
        weight = (source - below).astype(np.float32)[np.newaxis]
        upper = np.take_along_axis(data, below.clip(0, size - 1)[np.newaxis], -1)
        lower = np.take_along_axis(data, (below + 1).clip(0, size - 1)[np.newaxis], -1)
        data = upper + weight * (lower - upper)
        return np.moveaxis(data, -1, 1 + vertical), np.moveaxis(labels, -1, vertical)


def _length(size: int, block: int, multiple: int) -> int:
    """Return the block length along an axis: at most the block, else the survey rounded up."""
    up = -(-min(size, block) // multiple) * multiple
    return up if up <= max(block, multiple) else up - multiple
