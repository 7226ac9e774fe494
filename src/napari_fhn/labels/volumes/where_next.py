"""The few places most worth labelling next: where the network doubts, far from labels and from each other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from napari_fhn.sentence import counted

_CELLS = 24
"""Cells along the longest axis: a place is a region that one looks at, and not a voxel."""

_SMALLEST = 4
"""Voxels along the side of a cell, at least."""

_REACH = 3.0
"""Cells from a label to where it says nothing any more."""

_APART = 4.0
"""Cells between two places, at least."""

_LEAST = 0.02
"""Doubt below which nothing is worth a look."""


@dataclass(frozen=True)
class LabelSuggestion:
    """A place worth labelling.

    Parameters
    ----------
    voxel : tuple of int
        The middle of what is predicted of it.
    start, stop : tuple of int
        The box that was judged; ``stop`` is not in it.
    doubt : float
        Mean doubt in the box, 0 to 1.
    distance : float
        Voxels to the nearest label, to within a cell; infinite without any label.
    classes : tuple of int
        The one or two classes most often predicted in the box, the more frequent first.
    """

    voxel: tuple[int, ...]
    start: tuple[int, ...]
    stop: tuple[int, ...]
    doubt: float
    distance: float
    classes: tuple[int, ...]

    def reason(self, names: Mapping[int, str]) -> str:
        """Say why, in one line.

        Parameters
        ----------
        names : mapping
            Class names by value.
        """
        called = [names.get(value, f"class {value}") for value in self.classes]
        what = " or ".join(called) + "?" if len(called) > 1 else f"{called[0]}, but unsure" if called else "unsure"
        far = "" if not np.isfinite(self.distance) else f", {counted(round(self.distance), 'voxels')} from labels"
        return f"{what} Doubt {100 * self.doubt:.0f} %{far}"


def where_next(
    doubt: NDArray[Any], predicted: NDArray[Any], known: NDArray[Any], *, count: int = 5
) -> list[LabelSuggestion]:
    """Find the places most worth labelling.

    The survey is cut into cells. A cell counts with its mean doubt, less where labels are near; the best cell is
    taken, the cells around it are left out, and so on.

    Parameters
    ----------
    doubt : ndarray
        How unsure the network is: entropy, one minus the margin, or disagreement; float from 0 to 1, or uint8 from 0 to
        255. May be memory-mapped: it is read a slab at a time.
    predicted : ndarray of int
        Same shape; 0 where nothing is predicted, which is left out.
    known : ndarray of int
        Same shape; 0 where nothing is labelled.
    count : int
        At most so many places.

    Returns
    -------
    list of LabelSuggestion
        The best first; empty where there is no doubt.

    Raises
    ------
    ValueError
        When the shapes differ.
    """
    if not doubt.shape == predicted.shape == known.shape:
        raise ValueError(
            f"doubt, prediction and labels differ in shape: {doubt.shape}, {predicted.shape}, {known.shape}"
        )
    side = max(_SMALLEST, -(-max(doubt.shape) // _CELLS))
    mean, labelled = _cells(doubt, predicted, known, side)
    distance = scipy.ndimage.distance_transform_edt(~labelled) if labelled.any() else np.full(mean.shape, np.inf)
    value = mean * np.minimum(distance / _REACH, 1.0)
    grid = np.indices(mean.shape)
    places: list[LabelSuggestion] = []
    while len(places) < count:
        cell = np.unravel_index(int(np.argmax(value)), value.shape)
        if value[cell] < _LEAST:
            break
        places.append(_place(tuple(map(int, cell)), side, float(mean[cell]), float(distance[cell]), predicted))
        away = sum((axis - at) ** 2 for axis, at in zip(grid, cell, strict=True))
        value[away < _APART**2] = 0
    return places


def _cells(
    doubt: NDArray[Any], predicted: NDArray[Any], known: NDArray[Any], side: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the mean doubt of the predicted voxels of each cell, and which cells hold labels."""
    shape = tuple(-(-size // side) for size in doubt.shape)
    mean, labelled = np.zeros(shape), np.zeros(shape, bool)
    whole = 255.0 if doubt.dtype == np.uint8 else 1.0
    edges = [np.arange(0, size, side) for size in doubt.shape[1:]]
    for row in range(shape[0]):
        slab = slice(row * side, (row + 1) * side)
        there = np.asarray(predicted[slab]) > 0
        sums = np.where(there, np.nan_to_num(np.asarray(doubt[slab], np.float32)), 0.0)
        counts, marks = there.astype(np.float64), (np.asarray(known[slab]) > 0).astype(np.float64)
        total, of, marked = (_add_up(part, edges) for part in (sums.astype(np.float64), counts, marks))
        # While training runs only sections are predicted: half of one through a cell is enough to judge it.
        enough = of >= 0.5 / side * _add_up(np.ones(there.shape), edges)
        mean[row] = np.where(enough, total / np.maximum(of, 1) / whole, 0.0)
        labelled[row] = marked > 0
    return mean, labelled


def _add_up(values: NDArray[np.float64], edges: list[NDArray[np.intp]]) -> NDArray[np.float64]:
    values = values.sum(axis=0)
    for axis, starts in enumerate(edges):
        values = np.add.reduceat(values, starts, axis=axis)
    return values


def _place(cell: tuple[int, ...], side: int, doubt: float, distance: float, predicted: NDArray[Any]) -> LabelSuggestion:
    start = tuple(at * side for at in cell)
    stop = tuple(min(a + side, size) for a, size in zip(start, predicted.shape, strict=True))
    inside = np.asarray(predicted[tuple(itertools.starmap(slice, zip(start, stop, strict=True)))])
    values, counts = np.unique(inside[inside > 0], return_counts=True)
    common = [int(value) for value in values[np.argsort(-counts, kind="stable")][:2]]
    # On a section that is predicted, where not all of them are.
    there = np.nonzero(inside)
    middle = tuple(int(a + np.median(axis)) for a, axis in zip(start, there, strict=True))
    return LabelSuggestion(middle, start, stop, doubt, distance * side, tuple(common))
