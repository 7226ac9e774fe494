"""Volumes that are computed a section at a time, when they are looked at: nobody asks for more than is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Lazy:
    """An array whose values are computed from the same part of others.

    Parameters
    ----------
    compute : callable
        Takes the parts of the sources, returns uint8 of the same shape.
    *sources : ndarray of int
        Of one shape, memory-mapped or not.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, compute: Callable[..., NDArray[np.uint8]], *sources: NDArray[Any]) -> None:
        self._compute = compute
        self._sources = sources
        self.shape = sources[0].shape
        self.ndim = sources[0].ndim
        self.size = sources[0].size

    def __getitem__(self, index: Any) -> NDArray[np.uint8]:
        return self._compute(*(np.asarray(source[index]) for source in self._sources))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)


def difference(predicted: NDArray[Any], truth: NDArray[Any]) -> Lazy:
    """Return the predicted class where it differs from a truth that is known, else 0."""

    def compute(p: NDArray[Any], t: NDArray[Any]) -> NDArray[np.uint8]:
        return np.where((t > 0) & (p != t), p, 0).astype(np.uint8)

    return Lazy(compute, predicted, truth)


def cell(predicted: NDArray[Any], truth: NDArray[Any], of: int, found: int) -> Lazy:
    """Return ``found`` where a class was predicted as another (or as itself), else 0."""

    def compute(p: NDArray[Any], t: NDArray[Any]) -> NDArray[np.uint8]:
        return np.where((t == of) & (p == found), found, 0).astype(np.uint8)

    return Lazy(compute, predicted, truth)
