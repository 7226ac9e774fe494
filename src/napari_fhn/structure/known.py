"""Labels in an array, as the structure of the data asks for them. numpy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box


class Known:
    """An array of labels that does not change, or whose :meth:`look` says when it has.

    Parameters
    ----------
    values : ndarray, memmap, or what is read like one
        0 where unlabelled, class ``k`` is ``k + 1``; read row by row.
    classes : int
        How many there are; labels above are not seen.

    Attributes
    ----------
    shape : tuple of int
        Of the labels.
    classes : int
        How many there are.
    version : int
        Rises with every :meth:`look`.
    positions : list of ndarray
        Flat indices of the labelled voxels of each class.

    Examples
    --------
    >>> import numpy as np
    >>> known = Known(np.array([[0, 2], [1, 0]], np.uint8), 2)
    >>> [found.tolist() for found in known.positions], known.read(Box((1, 0), (3, 2))).tolist()
    ([[2], [1]], [[1, 0], [0, 0]])
    """

    def __init__(self, values: Any, classes: int) -> None:
        self._values = values
        self.shape: tuple[int, ...] = tuple(values.shape)
        self.classes = classes
        self.version = 0
        self.positions: list[NDArray[np.int64]] = []
        self.look()

    def look(self) -> None:
        """Find the labels again."""
        found: list[list[NDArray[np.int64]]] = [[] for _ in range(self.classes)]
        size = int(np.prod(self.shape[1:]))
        for index, row in enumerate(self._values):
            values = np.asarray(row).ravel()
            flat = np.flatnonzero(values)
            for k, places in enumerate(found):
                places.append(flat[values[flat] == k + 1] + index * size)
        self.positions = [np.concatenate(places) if places else np.zeros(0, np.int64) for places in found]
        self.version += 1

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Return the labels of a box; 0 outside and for unknown classes."""
        out = np.zeros(box.shape, np.uint8)
        start = tuple(max(0, a) for a in box.start)
        stop = tuple(max(a, min(n, b)) for a, b, n in zip(start, box.stop, self.shape, strict=True))
        inside = Box(start, stop)
        labels = np.asarray(self._values[inside.slices])
        out[inside.within(box)] = np.where(labels <= self.classes, labels, 0)
        return out
