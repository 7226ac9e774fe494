"""Values of a survey at scattered places, read in small boxes of which a bounded number is kept. numpy alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box

_CELL = (16, 16, 32)
"""Voxels of a page along each axis."""
_MOST = 2**27
"""Bytes of pages that are kept."""

Indices = NDArray[np.intp]
Read = Callable[[Box], NDArray[np.float32]]


class Pages:
    """Looks values up at places of a volume.

    Parameters
    ----------
    read : callable
        Given a box ``(inline, crossline, sample)``, returns its values, ``(*box.shape, channels)``.
    shape : tuple of int
        Of the volume.
    channels : int
        Values of a voxel.
    most : int, optional
        Pages that are kept (default: 128 MB of them); when there is no room for another all are let go.

    Examples
    --------
    >>> values = np.arange(24.0).reshape(2, 3, 4)
    >>> pages = Pages(lambda box: values[box.slices][..., None], values.shape)
    >>> pages.at(np.array([1, 0]), np.array([2, 1]), np.array([[0, 3], [2, 9]]))[..., 0].tolist()
    [[20.0, 23.0], [6.0, 7.0]]
    """

    def __init__(self, read: Read, shape: tuple[int, int, int], channels: int = 1, *, most: int | None = None) -> None:
        self._read = read
        self._shape = shape
        self._counts = tuple(-(-size // cell) for size, cell in zip(shape, _CELL, strict=True))
        self._slots = np.full(int(np.prod(self._counts)), -1, np.int32)
        self._room = min(most or _MOST // (4 * channels * int(np.prod(_CELL))), self._slots.size)
        self._kept = np.zeros((min(64, self._room), int(np.prod(_CELL)), channels), np.float32)
        self._used = 0
        self.reads = 0

    def at(
        self, inline: NDArray[np.intp], crossline: NDArray[np.intp], sample: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Return the values at samples of traces; beyond the ends of a trace those of its first or last sample.

        Parameters
        ----------
        inline, crossline : ndarray of int, shape (n,)
            Indices of the traces, inside the volume.
        sample : ndarray of int, shape (n, m)
            Indices of samples.

        Returns
        -------
        ndarray of float32, shape (n, m, channels)
        """
        sample = sample.clip(0, self._shape[2] - 1)
        column = (inline // _CELL[0]) * self._counts[1] + crossline // _CELL[1]
        page = column[:, np.newaxis] * self._counts[2] + sample // _CELL[2]
        within = ((inline % _CELL[0]) * _CELL[1] + crossline % _CELL[1])[:, np.newaxis] * _CELL[2] + sample % _CELL[2]
        slot = self._slots[page]
        if (slot < 0).any():
            self._bring(np.unique(page))
            slot = self._slots[page]
        return np.asarray(self._kept[slot, within])

    def _bring(self, pages: NDArray[np.intp]) -> None:
        """Read what is missing of some pages."""
        missing = pages[self._slots[pages] < 0]
        if self._used + len(missing) > self._room:
            self._slots[:] = -1
            self._used, missing = 0, pages
            # What is asked for at once has to be there at once.
            self._room = max(self._room, len(missing))
        if self._used + len(missing) > len(self._kept):
            size = max(self._used + len(missing), min(2 * len(self._kept), self._room))
            grown = np.zeros((size, *self._kept.shape[1:]), np.float32)
            grown[: self._used] = self._kept[: self._used]
            self._kept = grown
        for page in missing:
            start = tuple(int(at) * cell for at, cell in zip(np.unravel_index(page, self._counts), _CELL, strict=True))
            box = Box(start, tuple(min(a + c, n) for a, c, n in zip(start, _CELL, self._shape, strict=True)))
            whole = self._kept[self._used].reshape(*_CELL, -1)
            whole[tuple(slice(0, size) for size in box.shape)] = self._read(box)
            self._slots[page] = self._used
            self._used += 1
            self.reads += 1
