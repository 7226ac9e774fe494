"""All labels that a person has shown, also those that a network is not shown until its factors are weighed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.data.labelled import LabelFile


class Shown:
    """A label file as if nothing of it were hidden; what is held out or ignored stays so.

    What follows from labels without a network is told all of them: it is weighed as it would speak without some, see
    :meth:`napari_fhn.structure.factor.Factor.without`.

    Parameters
    ----------
    labels : LabelFile
        Followed while it changes.

    Attributes
    ----------
    shape : tuple of int
        Of the labels.
    classes : int
        How many there are.
    """

    def __init__(self, labels: LabelFile) -> None:
        self._labels = labels
        self.shape = labels.shape
        self.classes = labels.classes
        self._seen = -1
        self._positions: list[NDArray[np.int64]] = []

    @property
    def version(self) -> int:
        """That of the label file."""
        return self._labels.version

    @property
    def positions(self) -> list[NDArray[np.int64]]:
        """Flat indices of the labelled voxels of each class, in order."""
        if not self._labels.hidden:
            return self._labels.positions
        if self._seen != self._labels.version:
            self._seen = self._labels.version
            flat, values = self._labels.behind()
            self._positions = [
                np.union1d(found, flat[values == k + 1]) for k, found in enumerate(self._labels.positions)
            ]
        return self._positions

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Return the labels of a box; 0 outside the survey, in what is held out, and for unknown classes."""
        return self._labels.read(box, hidden=True)
