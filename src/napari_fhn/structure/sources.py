"""What marches along the dips begin from: wells, strokes, sections and horizons, as columns on a lattice. numpy alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies, Labels, labelled_columns
from napari_fhn.structure.marching import Lattice, Seeds

_COMPACT = 16
"""Traces: a body no wider, whose columns say the same at the same sample, is a well, and stands for its middle."""

_SOURCES = 16
"""Most marches; more bodies than that march together with those beside them."""

_AT_ONCE = 2048
"""Columns that are moved to their nodes at once."""


@dataclass(frozen=True)
class Source:
    """Columns that march together.

    Attributes
    ----------
    seeds : Seeds
        Where on the lattice.
    columns : ndarray of uint8, shape (n, sample)
        What they say: labels of each column that the seeds name, as if it stood at its node.
    key : str
        Of the place: the same where a march would come out the same.
    """

    seeds: Seeds
    columns: NDArray[np.uint8]
    key: str

    def says_as(self, other: Source) -> bool:
        """Whether it stands in the same place and says the same."""
        return self.key == other.key and np.array_equal(self.columns, other.columns)


def sources(labels: Labels, lattice: Lattice) -> list[Source]:
    """Find what is known, body by body.

    A well says the same wherever it is asked, so a change of its labels leaves its place as it was. A body with many
    columns (a section, a horizon, a stroke) begins only where something is labelled, so that what one of its columns
    does not know comes from the next that does.

    Parameters
    ----------
    labels : Labels
        Of a volume ``(inline, crossline, sample)`` or a line ``(trace, sample)``.
    lattice : Lattice
        Of the same survey.
    """
    line = len(labels.shape) == 2
    places = labelled_columns(labels, tuple(range(len(labels.shape) - 1)))
    if not len(places):
        return []
    body = Bodies.of_places(places, labels.shape, tuple(range(len(labels.shape) - 1))).at(places)
    if line:
        places = np.column_stack([np.zeros_like(places), places])
    groups = _grouped(places, body)
    found = []
    for members in groups:
        own = places[np.isin(body, members)]
        said = _read(labels, own)
        alike = _alike(said) if len(members) == 1 and (np.ptp(own, axis=0) < _COMPACT).all() else None
        if alike is None:
            found.append(_wide(lattice, own, said))
        else:
            middle = own[np.square(own - own.mean(axis=0)).sum(axis=1).argmin()]
            found.append(_well(lattice, middle, alike))
    return found


def _grouped(places: NDArray[np.int64], body: NDArray[np.int64]) -> list[list[int]]:
    """Put bodies together with their neighbours until few enough march: around those farthest from each other."""
    count = int(body.max()) + 1
    if count <= _SOURCES:
        return [[number] for number in range(count)]
    sizes = np.bincount(body)
    middles = np.stack([np.bincount(body, places[:, axis]) / sizes for axis in (0, 1)], axis=1)
    centres = [0]
    distance = np.square(middles - middles[0]).sum(axis=1)
    nearest = np.zeros(count, np.int64)
    while len(centres) < _SOURCES:
        centres.append(int(distance.argmax()))
        beside = np.square(middles - middles[centres[-1]]).sum(axis=1)
        nearest[beside < distance] = len(centres) - 1
        distance = np.minimum(distance, beside)
    groups = [np.flatnonzero(nearest == k).tolist() for k in range(len(centres))]
    return [group for group in groups if group]


def _read(labels: Labels, places: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the labels of columns ``(n, sample)``, read inline by inline."""
    depth = labels.shape[-1]
    said = np.empty((len(places), depth), np.uint8)
    order = np.argsort(places[:, 0], kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(places[order, 0])) + 1):
        inline, along = int(places[rows[0], 0]), places[rows, 1]
        first, last = int(along.min()), int(along.max()) + 1
        if len(labels.shape) == 2:
            section = labels.read(Box((first, 0), (last, depth)))
        else:
            section = labels.read(Box((inline, first, 0), (inline + 1, last, depth)))[0]
        said[rows] = section[along - first]
    return said


def _alike(said: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return what columns say together, None where one says something else than another."""
    highest = said.max(axis=0)
    lowest = np.where(said > 0, said, 255).min(axis=0)
    return highest if (lowest[highest > 0] == highest[highest > 0]).all() else None


def _well(lattice: Lattice, place: NDArray[np.int64], said: NDArray[np.uint8]) -> Source:
    node = place // np.array(lattice.stride[:2])
    columns = _moved(lattice, place[np.newaxis], said[np.newaxis])
    seeds = Seeds(node[np.newaxis], lattice.column()[np.newaxis], np.zeros(1, np.int32))
    return Source(seeds, columns, _key(seeds, place))


def _wide(lattice: Lattice, places: NDArray[np.int64], said: NDArray[np.uint8]) -> Source:
    """A node for every cell with labels; in it the columns nearest its middle speak first."""
    across, along, _ = lattice.cost.shape
    cells = places // np.array(lattice.stride[:2])
    middle = np.stack([lattice.middles(axis)[cells[:, axis]] for axis in (0, 1)], axis=1)
    moved = _moved(lattice, places, said)
    flat, inverse = np.unique(np.ravel_multi_index((cells[:, 0], cells[:, 1]), (across, along)), return_inverse=True)
    columns = np.zeros((len(flat), said.shape[1]), np.uint8)
    for k in np.argsort(-np.square(places - middle).sum(axis=1), kind="stable"):
        np.copyto(columns[inverse[k]], moved[k], where=moved[k] > 0)
    # A sample in the cell of a node begins there, even the one pick of a horizon; of several that nearest the node.
    step, down = lattice.stride[2], lattice.cost.shape[2]
    padded = np.zeros((len(flat), down * step), np.uint8)
    padded[:, : columns.shape[1]] = columns
    within = np.abs(np.arange(step) - (step - 1) / 2)
    off = np.where(padded.reshape(len(flat), down, step) > 0, within, np.inf)
    depth = (off.argmin(axis=2) + np.arange(down) * step).astype(np.float32)
    whole = np.isfinite(off).all(axis=2)
    depth[whole] = np.broadcast_to(lattice.column(), depth.shape)[whole]
    depth[np.isinf(off).all(axis=2)] = np.nan
    nodes = np.stack(np.unravel_index(flat, (across, along)), axis=1)
    seeds = Seeds(nodes, depth, np.arange(len(flat), dtype=np.int32))
    return Source(seeds, columns, _key(seeds))


def _moved(lattice: Lattice, places: NDArray[np.int64], said: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return columns as they would be at the middle of their cells: moved along the dips there."""
    depth = said.shape[1]
    samples = np.arange(depth)
    down = samples // lattice.stride[2]
    moved = np.empty_like(said)
    for first in range(0, len(places), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        cells = places[some] // np.array(lattice.stride[:2])
        at = np.broadcast_to(samples, (len(cells), depth)).astype(np.float32)
        for axis in (0, 1):
            off = lattice.middles(axis)[cells[:, axis]] - places[some, axis]
            at -= off[:, np.newaxis].astype(np.float32) * lattice.slopes[axis, cells[:, 0], cells[:, 1]][:, down]
        index = np.rint(at).astype(np.int64)
        inside = (index >= 0) & (index < depth)
        moved[some] = np.where(inside, np.take_along_axis(said[some], index.clip(0, depth - 1), axis=1), 0)
    return moved


def _key(seeds: Seeds, *more: NDArray[np.int64]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in (*seeds, *more):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
