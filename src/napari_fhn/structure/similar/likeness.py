"""How much every cell of a survey looks like some examples, and unlike others."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_fhn.structure.similar.describing import Descriptions

_PROTOTYPES = 16
"""Examples that are compared with at most: many are alike."""

_AT_ONCE = 2**20
"""Cells compared at once."""


class NoExample(ValueError):
    """None of the places that were shown has data."""


@dataclass(frozen=True)
class Examples:
    """Places that a person has shown.

    Parameters
    ----------
    alike : sequence of (n, axes) arrays of int64
        Voxels of each of the places that are looked for; a click is one voxel, a lasso all those inside.
    unlike : same
        Voxels of places that were shown not to be meant.
    """

    alike: tuple[NDArray[np.int64], ...]
    unlike: tuple[NDArray[np.int64], ...] = field(default=())

    def without(self, place: NDArray[np.int64]) -> Examples:
        """Return the examples with one more place that is not meant."""
        return Examples(self.alike, (*self.unlike, place))

    def with_also(self, place: NDArray[np.int64]) -> Examples:
        """Return the examples with one more place that is meant."""
        return Examples((*self.alike, place), self.unlike)


def likeness(found: Descriptions, examples: Examples) -> NDArray[np.float32]:
    """Compare all cells with examples.

    Parameters
    ----------
    found : Descriptions
        The survey.
    examples : Examples
        What is looked for.

    Returns
    -------
    ndarray of float32, shape ``found.lattice.shape``
        1 where a cell looks like an example, half where it differs from all of them by what near neighbours usually do,
        falling to 0; NaN where there are no data. Where there are places that are not meant, cells more like those have
        less.

    Raises
    ------
    NoExample
        When no place that is looked for has data.
    """
    alike = prototypes(found, examples.alike)
    if not len(alike):
        raise NoExample("there are no data at the place")
    unlike = prototypes(found, examples.unlike)
    flat = found.values.reshape(len(found.values), -1)
    # Two cells that differ by chance only are this far apart, squared.
    scale = np.float32(2 * len(flat))
    out = np.empty(flat.shape[1], np.float32)
    for first in range(0, flat.shape[1], _AT_ONCE):
        part = flat[:, first : first + _AT_ONCE]
        near = np.exp2(-_distance(part, alike) / scale)
        if len(unlike):
            far = np.exp2(-_distance(part, unlike) / scale)
            near = near * near / np.maximum(near + far, np.float32(1e-12))
        out[first : first + _AT_ONCE] = near
    out[~np.isfinite(flat[0])] = np.nan
    return out.reshape(found.lattice.shape)


def prototypes(found: Descriptions, places: tuple[NDArray[np.int64], ...]) -> NDArray[np.float32]:
    """Return what places look like, ``(n, components)``: a few examples of each that are unlike each other.

    A single voxel is described by the mean of its cell and those next to it along the lateral axes, which is less of
    a chance than the cell alone.
    """
    chosen = []
    for place in places:
        cells = np.unique(found.lattice.cells_of(place), axis=0)
        if len(cells) == 1:
            cells = _around(cells[0], found.lattice.shape)
            values = _known(found, cells)
            chosen += [values.mean(axis=0, keepdims=True)] if len(values) else []
        else:
            chosen.append(_apart(_known(found, cells), max(1, _PROTOTYPES // len(places))))
    return np.concatenate(chosen) if chosen else np.zeros((0, len(found.values)), np.float32)


def _known(found: Descriptions, cells: NDArray[np.int64]) -> NDArray[np.float32]:
    values = found.values[(slice(None), *cells.T)].T
    known: NDArray[np.float32] = values[np.isfinite(values).all(axis=1)]
    return known


def _around(cell: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """A cell and those that touch its sides."""
    steps = np.concatenate(
        [np.zeros((1, len(shape)), int), np.eye(len(shape), dtype=int), -np.eye(len(shape), dtype=int)]
    )
    near = cell + steps
    found: NDArray[np.int64] = near[((near >= 0) & (near < shape)).all(axis=1)]
    return found


def _apart(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Choose means of groups of examples: few that stand for all (Lloyd's, begun far apart)."""
    if len(values) <= 1:
        return values
    count = min(count, max(1, len(values) // 4))
    middle = values.mean(axis=0)
    centres = [values[np.argmin(((values - middle) ** 2).sum(axis=1))]]
    nearest = ((values - centres[0]) ** 2).sum(axis=1)
    while len(centres) < count and nearest.max() > 2 * values.shape[1]:
        centres.append(values[int(np.argmax(nearest))])
        nearest = np.minimum(nearest, ((values - centres[-1]) ** 2).sum(axis=1))
    groups = np.stack(centres)
    for _ in range(3):
        which = np.argmin(_squared(values.T, groups), axis=0)
        groups = np.stack([values[which == k].mean(axis=0) if (which == k).any() else g for k, g in enumerate(groups)])
    return groups


def _distance(cells: NDArray[np.float32], examples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared distance of cells ``(components, n)`` to the nearest example."""
    found = np.full(cells.shape[1], np.inf, np.float32)
    for example in examples:
        found = np.minimum(found, ((cells - example[:, None]) ** 2).sum(axis=0))
    return found


def _squared(cells: NDArray[np.float32], examples: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([((cells - example[:, None]) ** 2).sum(axis=0) for example in examples])
