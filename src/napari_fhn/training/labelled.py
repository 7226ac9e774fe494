"""The label file as training sees it: shared with whoever paints, looked at again while training runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.boxes import check_axes, clear, read_padded
from napari_fhn.training.job import JobError
from napari_fhn.training.volume import open_array

_KEPT = 500_000
"""Labelled voxels remembered for each class; more are thinned evenly."""


class LabelFile:
    """Where labels are, by class, without those held out.

    Parameters
    ----------
    path : str
        ``.npy`` of integers; 0 is unlabelled.
    shape : tuple of int
        Spatial shape of the inputs.
    classes : int
        Number of classes.
    held_out : sequence of Box
        Their labels are not seen by :meth:`read` and :attr:`positions`.
    ignored : sequence of Box
        Nor are labels in these, which are not scored either.
    present : callable, optional
        Tells for flat indices of voxels whether there are data; labels on others are not among :attr:`positions`.

    Attributes
    ----------
    shape : tuple of int
        Of the labels.
    positions : list of ndarray
        Flat indices of the labelled voxels of each class, thinned where they are very many.
    counts : ndarray
        Labelled voxels of each class.
    unknown : int
        Largest label that is no class, 0 where there is none.
    version : int
        Rises whenever labels are found to have changed.

    Raises
    ------
    JobError
        When the file does not fit the inputs, or has labels without a class from the start.
    """

    def __init__(
        self,
        path: str,
        shape: tuple[int, ...],
        classes: int,
        held_out: Sequence[Box] = (),
        ignored: Sequence[Box] = (),
        present: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None,
    ) -> None:
        self._array = open_array(path)
        self.path = path
        self.shape = shape
        self.classes = classes
        self.held_out = tuple(held_out)
        self._left_out = (*held_out, *ignored)
        self._present = present
        if self._array.shape != shape:
            raise JobError(
                f"{path} has shape {self._array.shape} and the inputs {shape}: labels must lie on their grid"
            )
        if self._array.dtype.kind not in "iu":
            raise JobError(f"{path} holds {self._array.dtype} values; labels are integers")
        check_axes("held-out", held_out, shape)
        check_axes("ignored", ignored, shape)
        self.positions: list[NDArray[np.int64]] = []
        self.counts = np.zeros(classes, np.int64)
        self.unknown = 0
        self.version = 0
        self._next_look = 0.0
        self.look()
        if self.unknown:
            where = self._first(self.unknown)
            raise JobError(
                f"{path} has label {self.unknown} at voxel {where}, and there are {classes} classes: "
                "add the class or erase the label"
            )

    def look(self) -> None:
        """Find the labelled voxels again, unless that was done so recently that it would slow training down."""
        started = time.monotonic()
        if started < self._next_look:
            return
        found: list[list[NDArray[np.int64]]] = [[] for _ in range(self.classes)]
        self.unknown = 0
        plane = int(np.prod(self._array.shape[1:]))
        rows = max(1, 2**22 // plane)
        for row in range(0, self._array.shape[0], rows):
            box = Box.whole(self._array.shape)
            box = Box((row, *box.start[1:]), (min(row + rows, self._array.shape[0]), *box.stop[1:]))
            labels = self._read(box).ravel()
            flat = np.flatnonzero(labels)
            values = labels[flat]
            for k in range(self.classes):
                found[k].append(flat[values == k + 1] + row * plane)
            if flat.size:
                self.unknown = max(self.unknown, int(values.max()) if values.max() > self.classes else 0)
        positions = [np.concatenate(parts) for parts in found]
        self.counts = np.array([len(p) for p in positions])
        positions = [p[:: -(-len(p) // _KEPT)] if len(p) > _KEPT else p for p in positions]
        if self._present is not None:
            for k, thinned in enumerate(positions):
                kept = thinned[self._present(thinned)]
                if len(kept) < len(thinned):
                    self.counts[k] = -(-self.counts[k] * len(kept) // len(thinned))
                    positions[k] = kept
        if len(self.positions) != len(positions) or not all(map(np.array_equal, self.positions, positions)):
            self.version += 1
        self.positions = positions
        # At most a twentieth of the time goes into looking; a small survey is looked at in every step.
        now = time.monotonic()
        self._next_look = now + 20 * (now - started)

    def _first(self, value: int) -> tuple[int, ...]:
        for row, plane in enumerate(self._array):
            if (plane == value).any():
                return (row, *(int(i) for i in np.argwhere(plane == value)[0]))
        return ()

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Return the training labels of a box; 0 outside the survey, in what is held out, and for unknown classes."""
        labels = self._read(box)
        # A class that was added after training began has no place in the network.
        labels[labels > self.classes] = 0
        return labels

    def _read(self, box: Box) -> NDArray[np.uint8]:
        labels = read_padded(self._array, box)
        clear(labels, box, self._left_out)
        return labels

    def truth(self, box: Box) -> NDArray[np.uint8]:
        """Return the labels of a box inside the survey, held out or not."""
        return np.asarray(self._array[box.slices], np.uint8)
