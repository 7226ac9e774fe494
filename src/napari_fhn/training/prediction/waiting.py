"""Probabilities that wait until the rest is known that a voxel depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.box import Box
from napari_fhn.training.combination.combiner import Combiner, Opinions
from napari_fhn.training.combination.settings import NETWORK
from napari_fhn.training.prediction.outputs import from_half, open_or_make, put_half


def names_of(combiner: Combiner | None, ways: int) -> tuple[str, ...]:
    """Return whose probabilities wait: where there are two directions those of all who see sections."""
    return (NETWORK,) if combiner is None or ways < 2 else combiner.directed


class Waiting:
    r"""What the network, and factors that look at sections, say in one direction; then what all said together.

    Parameters
    ----------
    values : ndarray of float16, shape (names * classes, \*outer.shape)
        Where it waits: a file, or memory.
    names : sequence of str
        Whose probabilities wait. In place of those of the first comes what is put together.
    outer : Box
        What it is of.
    """

    def __init__(self, values: NDArray[np.float16], names: Sequence[str], outer: Box) -> None:
        self._values = values
        self._names = tuple(names)
        self._outer = outer
        self._classes = len(values) // len(self._names)

    @classmethod
    def in_file(cls, path: Path, names: Sequence[str], classes: int, shape: Sequence[int]) -> Waiting:
        """Open a file; what is there is kept where its shape is right.

        Raises
        ------
        JobError
            When the disk has no room for it.
        """
        return cls(open_or_make(path, (len(names) * classes, *shape)), names, Box.whole(shape))

    def put(self, box: Box, said: Opinions) -> None:
        """Write ``(classes, *box.shape)`` of each."""
        for number, name in enumerate(self._names):
            put_half(self._values, self._there(box, number), said[name])

    def get(self, box: Box) -> dict[str, NDArray[np.float32]]:
        """Return ``(classes, *box.shape)`` of each."""
        return {name: from_half(self._values, self._there(box, number)) for number, name in enumerate(self._names)}

    def averaged(self, box: Box, said: Opinions, again: Callable[[], Opinions] | None = None) -> Opinions:
        """Return the means of what waits and of what is said now.

        Parameters
        ----------
        box : Box
            Of which it is.
        said : mapping of str to ndarray
            ``(classes, *box.shape)`` of each.
        again : callable, optional
            Says once more what waits. It is asked where something was put together in its place already, by who was
            killed before anybody knew.
        """
        first: Opinions = self.get(box)
        if again is not None and np.signbit(first[self._names[0]]).any():
            first = again()
        return {name: averaged(said[name], one) for name, one in first.items()}

    def put_together(self, box: Box, values: NDArray[np.float32]) -> None:
        """Write ``(classes, *box.shape)``, all that is said of a box: below 0, as it no longer waits for the rest."""
        put_half(self._values, self._there(box, 0), -values)

    def get_together(self, box: Box) -> NDArray[np.float32]:
        """Return what :meth:`put_together` wrote."""
        return np.abs(from_half(self._values, self._there(box, 0)))

    def sync(self) -> None:
        """Bring it to the disk."""
        mapped.sync_beside(self._values)

    def _there(self, box: Box, number: int) -> tuple[Any, ...]:
        return (slice(number * self._classes, (number + 1) * self._classes), *box.within(self._outer))


def averaged(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of what two directions say."""
    found = one + other
    found *= np.float32(0.5)
    return found
