"""Bodies of labels: wells, patches, points and strokes, told apart by the labelled columns that touch. numpy alone."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box

_CELLS = 128
"""Bodies are told apart on a grid of so many cells along the longer lateral axis: what lies closer is one body."""


class Labels(Protocol):
    """What is known, voxel by voxel, while it may change.

    Attributes
    ----------
    shape : tuple of int
        Of the labels.
    classes : int
        How many there are; class ``k`` has value ``k + 1``, and 0 is unlabelled.
    version : int
        Rises whenever labels are found to have changed.
    positions : list of ndarray
        Flat indices of the labelled voxels of each class, thinned where they are very many.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102

    @property
    def classes(self) -> int: ...  # noqa: D102

    @property
    def version(self) -> int: ...  # noqa: D102

    @property
    def positions(self) -> list[NDArray[np.int64]]: ...  # noqa: D102

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Return the labels of a box; 0 outside the survey."""
        ...


class Bodies:
    """The bodies of some labels: columns that touch, sides or corners, on a grid of cells.

    Parameters
    ----------
    cells : ndarray of int64, shape (n, lateral axes)
        Cells that hold labels, sorted and each once.
    size : int
        Voxels of a cell along each lateral axis.
    lateral : tuple of int
        The axes across which columns lie.

    Attributes
    ----------
    count : int
        How many bodies there are.

    Examples
    --------
    Three wells, two of which touch:

    >>> import numpy as np
    >>> bodies = Bodies(np.array([[0, 0], [0, 1], [4, 4]]), 1, (0, 1))
    >>> bodies.count, bodies.at(np.array([[0, 1], [4, 4], [2, 2]])).tolist()
    (2, [0, 1, -1])
    """

    def __init__(self, cells: NDArray[np.int64], size: int, lateral: tuple[int, ...]) -> None:
        self.cells = cells
        self.size = size
        self.lateral = lateral
        self.of_cell = _connected(cells)
        self.count = int(self.of_cell.max()) + 1 if len(cells) else 0

    @classmethod
    def of(cls, labels: Labels, vertical: int | None) -> Bodies:
        """Find the bodies of labels.

        Parameters
        ----------
        labels : Labels
            What is known.
        vertical : int or None
            Axis along which columns run; None for a map, where every pixel is a column of one voxel.
        """
        lateral = tuple(axis for axis in range(len(labels.shape)) if axis != vertical)
        return cls.of_places(labelled_columns(labels, lateral), labels.shape, lateral)

    @classmethod
    def of_places(cls, places: NDArray[np.int64], shape: tuple[int, ...], lateral: tuple[int, ...]) -> Bodies:
        """Find the bodies of labelled columns ``(n, lateral axes)`` of a survey."""
        size = max(1, max(shape[axis] for axis in lateral) // _CELLS)
        return cls(_each_once(places // size, tuple(-(-shape[axis] // size) for axis in lateral)), size, lateral)

    def at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the body of columns ``(n, lateral axes)``; -1 where there is none."""
        found = np.full(len(places), -1, np.int64)
        if not len(self.cells):
            return found
        # Cells are sorted, so one number for each is sorted, too.
        grid = tuple((self.cells.max(axis=0) + 1).tolist())
        cells = places // self.size
        inside = ((cells >= 0) & (cells < grid)).all(axis=1)
        wanted = np.ravel_multi_index(tuple(cells[inside].T), grid)
        known = np.ravel_multi_index(tuple(self.cells.T), grid)
        at = np.searchsorted(known, wanted).clip(max=len(known) - 1)
        found[inside] = np.where(known[at] == wanted, self.of_cell[at], -1)
        return found

    def within(self, box: Box) -> frozenset[int]:
        """Return the bodies that reach into a box of the survey."""
        start, stop = (np.array([side[axis] for axis in self.lateral]) for side in (box.start, box.stop))
        inside = ((self.cells >= start // self.size) & (self.cells <= (stop - 1) // self.size)).all(axis=1)
        return frozenset(self.of_cell[inside].tolist())

    def boxes(self, bodies: Collection[int], shape: tuple[int, ...]) -> list[Box]:
        """Return boxes, a cell each, that hold these bodies and no other, with the whole of their columns."""
        found = []
        for cell in self.cells[np.isin(self.of_cell, list(bodies))]:
            start, stop = [0] * len(shape), list(shape)
            for axis, at in zip(self.lateral, cell, strict=True):
                start[axis] = int(at) * self.size
                stop[axis] = min(shape[axis], (int(at) + 1) * self.size)
            found.append(Box(tuple(start), tuple(stop)))
        return found


class Without:
    """Labels in which some bodies are erased, to ask what would be said of them.

    Parameters
    ----------
    labels : Labels
        What is known.
    bodies : Bodies
        Theirs, as they are now.
    left_out : collection of int
        Those that are erased.
    """

    def __init__(self, labels: Labels, bodies: Bodies, left_out: Collection[int]) -> None:
        self._labels = labels
        self._boxes = bodies.boxes(left_out, labels.shape)
        self._hidden = Bodies(bodies.cells[np.isin(bodies.of_cell, list(left_out))], bodies.size, bodies.lateral)
        self.shape = labels.shape
        self.classes = labels.classes
        self._seen = -1
        self._positions: list[NDArray[np.int64]] = []

    @property
    def version(self) -> int:
        """That of the labels."""
        return self._labels.version

    @property
    def positions(self) -> list[NDArray[np.int64]]:
        """Those of the labels, without the bodies left out."""
        if self._seen != self._labels.version:
            self._seen = self._labels.version
            self._positions = [self._kept(found) for found in self._labels.positions]
        return self._positions

    def _kept(self, flat: NDArray[np.int64]) -> NDArray[np.int64]:
        voxels = np.unravel_index(flat, self.shape)
        places = np.stack([voxels[axis] for axis in self._hidden.lateral], axis=1)
        return flat[self._hidden.at(places) < 0]

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Return the labels of a box, 0 in the bodies left out."""
        labels = self._labels.read(box)
        for one in self._boxes:
            start = tuple(map(max, one.start, box.start))
            stop = tuple(map(min, one.stop, box.stop))
            if all(a < b for a, b in zip(start, stop, strict=True)):
                labels[Box(start, stop).within(box)] = 0
        return labels


def labelled_columns(labels: Labels, lateral: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the places ``(n, lateral axes)`` of the columns that hold labels, each once and in order."""
    flat = np.concatenate(labels.positions) if labels.positions else np.zeros(0, np.int64)
    voxels = np.unravel_index(flat, labels.shape)
    columns = np.stack([voxels[axis] for axis in lateral], axis=1).astype(np.int64)
    return _each_once(columns, tuple(labels.shape[axis] for axis in lateral))


def _each_once(places: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return places ``(n, axes)`` in order, each once: ticked off on the grid, which takes no sorting."""
    there = np.zeros(shape, bool)
    there[tuple(places.T)] = True
    return np.argwhere(there).astype(np.int64, copy=False)


def _connected(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the connected bodies of cells ``(n, lateral axes)`` that touch at sides or corners."""
    number = {tuple(cell): index for index, cell in enumerate(cells.tolist())}
    body = np.full(len(cells), -1, np.int64)
    around = np.array(list(product((-1, 0, 1), repeat=cells.shape[1])), np.int64)
    count = 0
    for seed in range(len(cells)):
        if body[seed] >= 0:
            continue
        body[seed], grow = count, [seed]
        while grow:
            cell = cells[grow.pop()]
            for near in (cell + around).tolist():
                other = number.get(tuple(near), -1)
                if other >= 0 and body[other] < 0:
                    body[other] = count
                    grow.append(other)
        count += 1
    return body
