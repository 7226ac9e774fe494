"""Small maps with labels in memory, for the tests of what is foretold on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box


class Known:
    """Labels in memory."""

    def __init__(self, values: NDArray[np.uint8], classes: int) -> None:
        self.values, self.classes, self.version = values, classes, 1

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def positions(self) -> list[NDArray[np.int64]]:
        return [np.flatnonzero(self.values == k + 1).astype(np.int64) for k in range(self.classes)]

    def read(self, box: Box) -> NDArray[np.uint8]:
        return self.values[box.slices].copy()

    def paint(self, where: tuple[slice | int, ...], value: int) -> None:
        self.values[where] = value
        self.version += 1


class Channels:
    """Channels in memory, with gaps where all are NaN; counts how often it is read."""

    def __init__(self, values: NDArray[np.floating]) -> None:
        self.values = np.asarray(values, np.float32)
        self.shape, self.channels = self.values.shape[1:], len(self.values)
        self.reads = 0

    def _inside(self, box: Box) -> tuple[NDArray[np.intp], ...]:
        sides = zip(box.start, box.stop, self.shape, strict=True)
        return np.ix_(*(np.arange(a, b).clip(0, size - 1) for a, b, size in sides))

    def read(self, box: Box) -> NDArray[np.float32]:
        self.reads += 1
        return np.nan_to_num(self.values[(slice(None), *self._inside(box))])

    def present(self, box: Box) -> NDArray[np.bool_]:
        found = np.isfinite(self.values[(slice(None), *self._inside(box))]).any(axis=0)
        for axis, (a, b, size) in enumerate(zip(box.start, box.stop, self.shape, strict=True)):
            at = np.arange(a, b)
            inside = ((at >= 0) & (at < size)).reshape([-1 if k == axis else 1 for k in range(len(self.shape))])
            found = found & inside
        return found


def fields(
    shape: tuple[int, ...] = (60, 80), classes: int = 3, bands: int = 4, seed: int = 0
) -> tuple[Channels, NDArray[np.uint8]]:
    """Return bands and the classes that they show: squares of ten voxels, each of one class, with noise."""
    rng = np.random.default_rng(seed)
    squares = rng.integers(0, classes, [-(-size // 10) for size in shape])
    truth = squares
    for axis in range(len(shape)):
        truth = truth.repeat(10, axis)
    truth = truth[tuple(slice(size) for size in shape)].astype(np.uint8) + 1
    colours = rng.normal(size=(bands, classes)).astype(np.float32) * 1.5
    values = colours[:, truth - 1] + 0.4 * rng.normal(size=(bands, *shape))
    return Channels(values), truth


def points(truth: NDArray[np.uint8], of_each: int, seed: int = 0) -> Known:
    """Return labels at some voxels of each class, drawn at random."""
    rng = np.random.default_rng(seed)
    values = np.zeros_like(truth)
    for value in np.unique(truth[truth > 0]):
        places = np.flatnonzero(truth == value)
        values.flat[rng.choice(places, min(of_each, len(places)), replace=False)] = value
    return Known(values, int(truth.max()))


def right(probabilities: NDArray[np.float32], truth: NDArray[np.uint8]) -> float:
    """Return the share of voxels whose most likely class is the true one."""
    return float((probabilities.argmax(axis=0) + 1 == truth)[truth > 0].mean())


def is_a_share(probabilities: NDArray[np.float32], shape: Sequence[int]) -> bool:
    """Tell whether they are probabilities of classes over a shape."""
    sums = probabilities.sum(axis=0)
    return (
        probabilities.dtype == np.float32
        and probabilities.shape[1:] == tuple(shape)
        and bool(np.isfinite(probabilities).all() and (probabilities >= 0).all() and np.allclose(sums, 1, atol=1e-4))
    )
