"""The label file as training sees it: shared with whoever paints, looked at again while training runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.sentence import counted
from napari_fhn.training.control import Focus
from napari_fhn.training.data.boxes import check_axes, clear, read_padded
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.job import JobError

_PART = 2**22
"""Voxels looked at in one go: a few milliseconds."""

_KEPT = 50_000
"""Labelled voxels remembered for each class in each part of the file; more are thinned evenly."""

_SHARE = 0.05
"""Most of the time that goes into looking for labels nobody is known to have painted."""


class _Part:
    """Some rows of the label file, and the labels in them."""

    def __init__(self, box: Box, classes: int) -> None:
        self.box = box
        self.positions = [np.zeros(0, np.int64)] * classes
        self.counts = np.zeros(classes, np.int64)
        self.unknown = 0

    def find(self, labels: NDArray[np.uint8], present: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None) -> bool:
        """Find the labels again; tells whether they have changed."""
        flat = np.flatnonzero(labels)
        values = labels.ravel()[flat]
        flat += self.box.start[0] * (labels.size // labels.shape[0])
        classes = len(self.positions)
        positions = [flat[values == k + 1] for k in range(classes)]
        counts = np.array([len(found) for found in positions])
        for k, found in enumerate(positions):
            kept = found[:: max(1, -(-len(found) // _KEPT))]
            if present is not None and len(kept):
                with_data = kept[present(kept)]
                counts[k] = -(-counts[k] * len(with_data) // len(kept))
                kept = with_data
            positions[k] = kept
        highest = int(values.max()) if values.size else 0
        unknown = highest if highest > classes else 0
        same = unknown == self.unknown and np.array_equal(counts, self.counts)
        changed = not (same and all(map(np.array_equal, positions, self.positions)))
        self.positions, self.counts, self.unknown = positions, counts, unknown
        return changed


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
    newer : bool
        Whether it may hold labels of classes that came later; they are left out, and the largest is :attr:`unknown`.

    Attributes
    ----------
    shape : tuple of int
        Of the labels.
    positions : list of ndarray
        Flat indices of the labelled voxels of each class, thinned where they are very many.
    counts : ndarray
        Labelled voxels of each class.
    hidden : tuple of Box
        What :meth:`hide` left out last.
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
        *,
        newer: bool = False,
    ) -> None:
        self._array = open_array(path)
        self.path = path
        self.shape = shape
        self.classes = classes
        self.held_out = tuple(held_out)
        self.ignored = tuple(ignored)
        self._left_out = (*held_out, *ignored)
        self.hidden: tuple[Box, ...] = ()
        self._present = present
        if self._array.shape != shape:
            raise JobError(
                f"{path} has shape {self._array.shape} and the inputs {shape}: labels must lie on their grid"
            )
        if self._array.dtype.kind not in "iu":
            raise JobError(f"{path} holds {self._array.dtype} values; labels are integers")
        check_axes("held-out", held_out, shape)
        check_axes("ignored", ignored, shape)
        self.version = 0
        rows = max(1, _PART // int(np.prod(shape[1:])))
        self._parts = [
            _Part(Box((row, *[0] * (len(shape) - 1)), (min(row + rows, shape[0]), *shape[1:])), classes)
            for row in range(0, shape[0], rows)
        ]
        self._turn = 0
        self._next_look = 0.0
        self._in_view: tuple[Focus, NDArray[np.generic]] | None = None
        self._find(self._parts)
        if self.unknown and not newer:
            where = self._first(self.unknown)
            raise JobError(
                f"{path} has label {self.unknown} at voxel {where}, and there are {counted(classes, 'classes')}: "
                "add the class or erase the label"
            )

    def hide(self, boxes: Sequence[Box]) -> None:
        """Leave the labels of some more boxes out, in place of those that were hidden before.

        Parameters
        ----------
        boxes : sequence of Box
            Empty to show all again.
        """
        self.hidden = tuple(boxes)
        self._left_out = (*self.held_out, *self.ignored, *boxes)
        self._find(self._parts)

    def look(self, focus: Focus | None = None) -> None:
        """Find labels again that may have changed.

        Where the section in view has changed, at once: that is where people paint. The rest part by part, in a small
        share of the time; a small survey is one part.

        Parameters
        ----------
        focus : Focus, optional
            The section in view.
        """
        began = time.monotonic()
        parts = self._changed_in_view(focus)
        if not parts and began < self._next_look:
            return
        if not parts:
            parts = [self._parts[self._turn]]
            self._turn = (self._turn + 1) % len(self._parts)
        self._find(parts)
        now = time.monotonic()
        self._next_look = now + (now - began) * (1 / _SHARE - 1)

    def _changed_in_view(self, focus: Focus | None) -> list[_Part]:
        """Return the parts in which the section in view is not as it was."""
        if focus is None or not 0 <= focus.axis < len(self.shape) or not 0 <= focus.index < self.shape[focus.axis]:
            return []
        now: NDArray[np.generic] = np.asarray(self._array.take(focus.index, focus.axis))
        before, self._in_view = self._in_view, (focus, now)
        if before is None or before[0] != focus:
            return []  # another section; what was painted there meanwhile is found in its turn
        if focus.axis == 0:
            rows = np.array([focus.index]) if (now != before[1]).any() else np.zeros(0, np.int64)
        else:
            rows = np.flatnonzero((now != before[1]).reshape(len(now), -1).any(axis=1))
        return [part for part in self._parts if ((rows >= part.box.start[0]) & (rows < part.box.stop[0])).any()]

    def _find(self, parts: Sequence[_Part]) -> None:
        changed = [part.find(self._read(part.box, self._left_out), self._present) for part in parts]
        if any(changed) or not self.version:
            self.version += 1
            self.positions: list[NDArray[np.int64]] = [
                np.concatenate([part.positions[k] for part in self._parts]) for k in range(self.classes)
            ]
            self.counts: NDArray[np.int64] = np.sum([part.counts for part in self._parts], axis=0)
            self.unknown = max(part.unknown for part in self._parts)

    def _first(self, value: int) -> tuple[int, ...]:
        for row, plane in enumerate(self._array):
            if (plane == value).any():
                return (row, *(int(i) for i in np.argwhere(plane == value)[0]))
        return ()

    def read(self, box: Box, *, hidden: bool = False) -> NDArray[np.uint8]:
        """Return the training labels of a box; 0 outside the survey, in what is held out, and for unknown classes.

        Parameters
        ----------
        box : Box
            May reach outside.
        hidden : bool
            Whether what :meth:`hide` left out is read, too.
        """
        labels = self._read(box, (*self.held_out, *self.ignored) if hidden else self._left_out)
        # A class that was added after training began has no place in the network.
        labels[labels > self.classes] = 0
        return labels

    def behind(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return what :meth:`hide` left out: flat indices of labelled voxels with data, and their labels."""
        flats, values = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
        for box in self.hidden:
            labels = self.read(box, hidden=True)
            at = np.nonzero(labels)
            flat = np.ravel_multi_index([n + a for n, a in zip(at, box.start, strict=True)], self.shape)
            there = self._present(flat) if self._present is not None and len(flat) else np.ones(len(flat), bool)
            flats.append(flat[there])
            values.append(labels[at][there])
        return np.concatenate(flats), np.concatenate(values)

    def _read(self, box: Box, left_out: Sequence[Box]) -> NDArray[np.uint8]:
        labels = read_padded(self._array, box)
        clear(labels, box, left_out)
        return labels

    def truth(self, box: Box) -> NDArray[np.uint8]:
        """Return the labels of a box inside the survey, held out or not."""
        return np.asarray(self._array[box.slices], np.uint8)
