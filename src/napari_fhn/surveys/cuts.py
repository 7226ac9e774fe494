"""Sections cut out of anything that lies on a survey's grid: across one axis, or along a line of traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.surveys.drawing import across


@dataclass(frozen=True)
class Plane:
    """The section across one axis.

    Parameters
    ----------
    axis : int or None
        Of the survey's axes of space; None for all of a survey that has two, which is a section itself.
    index : int
        Which one, from 0.
    """

    axis: int | None
    index: int = 0


@dataclass(frozen=True, eq=False)
class Path:
    """The section along traces of a volume that may lie anywhere.

    Parameters
    ----------
    traces : ndarray of int64, shape (n, 2)
        Where they lie along the two lateral axes; the last axis is vertical.
    """

    traces: NDArray[np.int64]


Cut = Plane | Path


def axes_of(where: Plane, ndim: int, vertical: int | None) -> tuple[int, int]:
    """Return which axis runs down a section and which to the right.

    Parameters
    ----------
    where : Plane
        The section.
    ndim : int
        How many axes of space there are, 2 or 3.
    vertical : int or None
        The axis of time or depth.

    Examples
    --------
    >>> axes_of(Plane(1, 30), 3, vertical=2)  # of a crossline
    (2, 0)
    >>> axes_of(Plane(None), 2, vertical=1)  # of a line
    (1, 0)
    """
    if where.axis is None:
        return (1, 0) if vertical == 1 else (0, 1)
    down, right = across(where.axis, ndim, vertical)[-2:]
    return down, right


def cut(values: Any, where: Cut, vertical: int | None, most: tuple[int, int]) -> NDArray[Any]:
    """Read a section, and nothing else, as it is drawn: from the left to the right, and down.

    Parameters
    ----------
    values : array_like
        On the grid of a survey, without its bands; read by index, so that it may lie on a disk.
    where : Plane or Path
        Which section.
    vertical : int or None
        The axis of time or depth.
    most : tuple of int
        Rows and columns that are wanted; of more only each second, third ... voxel is taken. A path has all its traces.

    Returns
    -------
    ndarray, shape (rows, columns)
        Of the dtype of `values`.

    Examples
    --------
    >>> volume = np.arange(24).reshape(2, 3, 4)
    >>> cut(volume, Plane(0, 1), 2, (9, 9)).tolist()
    [[12, 16, 20], [13, 17, 21], [14, 18, 22], [15, 19, 23]]
    >>> cut(volume, Path(np.array([[0, 0], [1, 2]])), 2, (2, 9)).tolist()
    [[0, 20], [2, 22]]
    """
    shape = tuple(int(n) for n in values.shape)
    if isinstance(where, Path):
        return _along(values, where.traces, _step(shape[-1], most[0]))
    down, right = axes_of(where, len(shape), vertical)
    key: list[int | slice] = [slice(None)] * len(shape)
    if where.axis is not None:
        key[where.axis] = min(max(where.index, 0), shape[where.axis] - 1)
    for axis, wanted in ((down, most[0]), (right, most[1])):
        key[axis] = slice(None, None, _step(shape[axis], wanted))
    section = np.asarray(values[tuple(key)])
    return section if down < right else section.T


def covered(size: int, taken: int) -> int:
    """Return how many voxels a picture covers along an axis of which it has only each second, third ... one.

    Parameters
    ----------
    size : int
        Voxels of the axis.
    taken : int
        Pixels of the picture, as :func:`cut` gives them.

    Examples
    --------
    >>> covered(9, 5)  # 0, 2, 4, 6 and 8, each as wide as two
    10
    """
    return taken * -(-size // max(taken, 1))


def _step(size: int, most: int) -> int:
    return max(1, -(-size // max(most, 1)))


def _along(values: Any, traces: NDArray[np.int64], step: int) -> NDArray[Any]:
    """Read traces, neighbours along an axis at once; what stands in the path twice is read once."""
    found, place = np.unique(traces, axis=0, return_inverse=True)
    columns, k = [], 0
    while k < len(found):
        # In rising order neighbours are those of one first axis, whose second one counts on.
        end = k + 1
        while end < len(found) and found[end, 0] == found[k, 0] and found[end, 1] == found[end - 1, 1] + 1:
            end += 1
        first, second = int(found[k, 0]), int(found[k, 1])
        columns.append(np.asarray(values[first, slice(second, second + end - k), slice(None, None, step)]))
        k = end
    return np.asarray(np.concatenate(columns)[place.ravel()].T)
