"""What stands in brackets behind a large array: slices and numbers, or the indices of single values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.sentence import counted

Box = tuple[slice, ...]
Points = tuple[NDArray[np.int64], ...]


def box_of(key: Any, shape: tuple[int, ...]) -> tuple[Box, tuple[slice | int, ...]]:
    """Return the box around what is asked for, and what to take of it.

    Raises
    ------
    IndexError
        When it lies outside.
    """
    given = list(key) if isinstance(key, tuple) else [key]
    at = [number for number, one in enumerate(given) if one is Ellipsis]
    if at:
        given[at[0] : at[0] + 1] = [slice(None)] * (len(shape) - len(given) + 1)
    given += [slice(None)] * (len(shape) - len(given))
    if len(given) > len(shape):
        raise IndexError(f"{counted(len(given), 'indices')} for {counted(len(shape), 'axes')}")
    box: list[slice] = []
    steps: list[slice | int] = []
    for one, size in zip(given, shape, strict=True):
        if isinstance(one, slice):
            numbers = range(size)[one]
            low, high = (min(numbers), max(numbers) + 1) if numbers else (0, 0)
            box.append(slice(low, high))
            steps.append(slice(None, None, numbers.step))
        else:
            number = range(size)[one.__index__()]
            box.append(slice(number, number + 1))
            steps.append(0)
    return tuple(box), tuple(steps)


def points_of(key: Any, shape: tuple[int, ...]) -> Points | None:
    """Return indices of single values along all axes; None for a key of slices and numbers.

    Raises
    ------
    IndexError
        When one lies outside, or they are mixed with slices.
    """
    if isinstance(key, np.ndarray) and key.dtype == bool and key.shape == shape:
        return tuple(np.nonzero(key))
    key = key if isinstance(key, tuple) else (key,)
    if not any(map(is_index, key)):
        return None
    if len(key) != len(shape) or any(isinstance(one, slice) or one is Ellipsis for one in key):
        raise IndexError("single values of a large array are named by their indices along all axes")
    index = np.broadcast_arrays(*(np.asarray(one, np.int64) for one in key))
    for one, size in zip(index, shape, strict=True):
        if one.size and not (-size <= one.min() and one.max() < size):
            raise IndexError(f"an index lies outside of an axis of {size}")
    return tuple(np.where(one < 0, one + size, one) for one, size in zip(index, shape, strict=True))


def is_index(one: Any) -> bool:
    """Tell whether a part of a key is an array of indices."""
    return isinstance(one, np.ndarray | list) and np.ndim(one) > 0


def near(points: Points, sides: tuple[int, ...]) -> Iterator[tuple[NDArray[np.int64], list[int], Points]]:
    """Yield the points of each block: which they are, the lowest index along each axis, and theirs from there."""
    where = np.stack([one.ravel() for one in points])
    if not where.size:
        return
    _, inverse = np.unique(where // np.array(sides)[:, np.newaxis], axis=1, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    for some in np.split(order, np.flatnonzero(np.diff(inverse.ravel()[order])) + 1):
        low = where[:, some].min(axis=1)
        yield some, [int(n) for n in low], tuple(where[:, some] - low[:, np.newaxis])
