"""What marches along the dips begin from: wells, strokes, sections, horizons, as columns on a lattice. numpy alone."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies, Labels, labelled_columns
from napari_fhn.structure.marching import Lattice
from napari_fhn.structure.sweeping import Seeds

_COMPACT = 16
"""Traces: a body no wider, whose columns all say the same, is a well burnt flat, and its middle speaks for it."""

_SOURCES = 16
"""Most marches; more bodies than that march together with those beside them."""

_MOST = 2**16
"""Columns of a march; more are thinned evenly."""

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
        What they say: labels of each column that the seeds name.
    key : str
        Of the place: the same where a march would come out the same.
    members : tuple of int
        The bodies, by their numbers.
    """

    seeds: Seeds
    columns: NDArray[np.uint8]
    key: str
    members: tuple[int, ...]

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
    places = labelled_columns(labels, tuple(range(len(labels.shape) - 1)))
    if not len(places):
        return []
    body = Bodies.of_places(places, labels.shape, tuple(range(len(labels.shape) - 1))).at(places)
    return [_source(labels, lattice, places[np.isin(body, one)], tuple(one)) for one in _grouped(places, body)]


def left(found: list[Source], labels: Labels, lattice: Lattice, bodies: Bodies, out: Collection[int]) -> list[Source]:
    """Return what is left of sources where some bodies are left out: only those that march with one march anew.

    Parameters
    ----------
    found : list of Source
        Of all bodies.
    labels : Labels
        Without those that are left out.
    lattice : Lattice
        Of the same survey.
    bodies : Bodies
        All of them.
    out : collection of int
        Those that are left out.
    """
    remaining = []
    for one in found:
        members = tuple(number for number in one.members if number not in out)
        if not members:
            continue
        if members != one.members:
            places = labelled_columns(labels, bodies.lateral)
            one = _source(labels, lattice, places[np.isin(bodies.at(places), members)], members)
        # Those that are left are numbered anew, in the same order.
        remaining.append(replace(one, members=tuple(number - sum(gone < number for gone in out) for number in members)))
    return remaining


def _source(labels: Labels, lattice: Lattice, places: NDArray[np.int64], members: tuple[int, ...]) -> Source:
    """Return the source of the columns ``(n, lateral axes)`` of some bodies."""
    own = np.column_stack([np.zeros_like(places), places]) if len(labels.shape) == 2 else places
    own = own[:: -(-len(own) // _MOST)]
    said = _read(labels, own)
    if len(members) == 1 and (np.ptp(own, axis=0) < _COMPACT).all() and (said == said[0]).all():
        middle = own[np.square(own - own.mean(axis=0)).sum(axis=1).argmin()]
        seeds, key = well(lattice, middle)
        return Source(seeds, said[:1], key, members)
    return _wide(lattice, own, said, members)


def _grouped(places: NDArray[np.int64], body: NDArray[np.int64]) -> list[list[int]]:
    """Put bodies together with their neighbours until few enough march: around those farthest from each other."""
    count = int(body.max()) + 1
    if count <= _SOURCES:
        return [[number] for number in range(count)]
    sizes = np.bincount(body)
    middles = np.stack([np.bincount(body, along) / sizes for along in places.T], axis=1)
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


def well(lattice: Lattice, place: NDArray[np.int64]) -> tuple[Seeds, str]:
    """Return what a march from one column ``(inline, crossline)`` begins with, and the key of the place.

    Depths are those of the column itself, though its node may stand beside it.
    """
    node = place // np.array(lattice.stride[:2])
    at = lattice.column()
    above = np.minimum(at.astype(np.int64), lattice.shape[2] - 1)
    # A node between two samples lies between theirs.
    depth = _back(lattice, place[np.newaxis])[:, above] + (at - above).astype(np.float32)
    seeds = Seeds(node[np.newaxis], depth)
    return seeds, _key(seeds, place)


def _wide(lattice: Lattice, places: NDArray[np.int64], said: NDArray[np.uint8], members: tuple[int, ...]) -> Source:
    """A node for every cell with labels; in it the columns nearest its middle speak first."""
    across, along, _ = lattice.cost.shape
    cells = places // np.array(lattice.stride[:2])
    middle = np.stack([lattice.middles(axis)[cells[:, axis]] for axis in (0, 1)], axis=1)
    moved = _moved(lattice, places, said)
    flat, inverse = np.unique(np.ravel_multi_index((cells[:, 0], cells[:, 1]), (across, along)), return_inverse=True)
    columns = np.zeros((len(flat), said.shape[1]), np.uint8)
    for k in np.argsort(-np.square(places - middle).sum(axis=1), kind="stable"):
        np.copyto(columns[inverse[k]], moved[k], where=moved[k] > 0)
    # A cell more on either side, so that the one pick of a horizon is not lost between two nodes.
    known = columns > 0
    for _ in range(lattice.stride[2]):
        known = known | np.pad(known[:, 1:], ((0, 0), (0, 1))) | np.pad(known[:, :-1], ((0, 0), (1, 0)))
    depth = np.repeat(lattice.column()[np.newaxis], len(flat), axis=0)
    seeds = Seeds(np.stack(np.unravel_index(flat, (across, along)), axis=1), depth, known)
    return Source(seeds, columns, _key(seeds), members)


def _moved(lattice: Lattice, places: NDArray[np.int64], said: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return columns as they would be at the middle of their cells: moved along the dips there."""
    depth = said.shape[1]
    moved = np.empty_like(said)
    for first in range(0, len(places), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        index = np.rint(_back(lattice, places[some])).astype(np.int64)
        inside = (index >= 0) & (index < depth)
        moved[some] = np.where(inside, np.take_along_axis(said[some], index.clip(0, depth - 1), axis=1), 0)
    return moved


def _back(lattice: Lattice, places: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return, for each sample in the middles of their cells, the sample of the columns on the same reflector."""
    samples = np.arange(lattice.shape[2])
    cells = places // np.array(lattice.stride[:2])
    at = np.broadcast_to(samples, (len(cells), len(samples))).astype(np.float32)
    for axis in (0, 1):
        off = (lattice.middles(axis)[cells[:, axis]] - places[:, axis]).astype(np.float32)
        slopes = lattice.slopes[axis, cells[:, 0], cells[:, 1]]
        at -= off[:, np.newaxis] * slopes[:, samples // lattice.stride[2]]
    return at


def _key(seeds: Seeds, *more: NDArray[np.int64]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in (seeds.nodes, seeds.depth, *(() if seeds.known is None else (seeds.known,)), *more):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
