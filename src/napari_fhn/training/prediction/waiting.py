"""Probabilities that wait in a file until the rest is known that a voxel depends on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.box import Box
from napari_fhn.training.prediction.outputs import from_half, open_or_make, put_half


class Waiting:
    """A file of half precision, written and read a box at a time.

    Parameters
    ----------
    path : Path
        What is there is kept where its shape is right.
    shape : sequence of int
        ``(classes, *survey)``.

    Raises
    ------
    JobError
        When the disk has no room for it.
    """

    def __init__(self, path: Path, shape: Sequence[int]) -> None:
        self._values = open_or_make(path, shape)

    def put(self, box: Box, values: NDArray[np.float32]) -> None:
        """Write ``(classes, *box.shape)``."""
        put_half(self._values, (slice(None), *box.slices), values)

    def get(self, box: Box) -> NDArray[np.float32]:
        """Return ``(classes, *box.shape)``."""
        return from_half(self._values, (slice(None), *box.slices))

    def sync(self) -> None:
        """Bring it to the disk."""
        mapped.sync_beside(self._values)


def averaged(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of what two directions say."""
    found = one + other
    found *= np.float32(0.5)
    return found
