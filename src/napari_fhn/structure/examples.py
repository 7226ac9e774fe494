"""Which labelled voxels a small model learns from, and which of them are left out together. numpy alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.structure.bodies import Bodies, Labels

Numbers = NDArray[np.int64]

_PIECES = 4
"""A body is cut into so many along its longer side where no other has its class."""


class Examples(NamedTuple):
    """Some of the labelled voxels.

    Parameters
    ----------
    places : ndarray of int, shape (n, axes)
        Where, in voxels; in order of their flat index.
    classes : ndarray of int, shape (n,)
        Theirs, from 0.
    bodies : ndarray of int, shape (n,)
        The bodies of labels that they are of.
    """

    places: Numbers
    classes: Numbers
    bodies: Numbers

    def some(self, chosen: Numbers | NDArray[np.bool_]) -> Examples:
        """Return those chosen, by number or by a mask."""
        return Examples(self.places[chosen], self.classes[chosen], self.bodies[chosen])

    def same(self, other: Examples) -> bool:
        """Tell whether two are the same."""
        return np.array_equal(self.places, other.places) and np.array_equal(self.classes, other.classes)


def examples(labels: Labels, bodies: Bodies, most: int) -> Examples:
    """Choose examples among the labelled voxels: of each class alike many, of each of its bodies alike many.

    Parameters
    ----------
    labels : Labels
        What is known.
    bodies : Bodies
        Theirs.
    most : int
        How many at most.

    Returns
    -------
    Examples
    """
    found = [np.asarray(flat, np.int64) for flat in labels.positions]
    allowed = most_of_each([len(flat) for flat in found], most)
    flats, classes, numbers = [], [], []
    for k, (flat, room) in enumerate(zip(found, allowed, strict=True)):
        body = bodies.at(_across(flat, labels.shape, bodies.lateral))
        kept = evenly(body, room)
        flats.append(flat[kept])
        classes.append(np.full(len(kept), k, np.int64))
        numbers.append(body[kept])
    flat = np.concatenate(flats) if flats else np.zeros(0, np.int64)
    order = np.argsort(flat, kind="stable")
    places = np.stack(np.unravel_index(flat[order], labels.shape), axis=1).astype(np.int64)
    if not flats:
        return Examples(places, flat, flat)
    return Examples(places, np.concatenate(classes)[order], np.concatenate(numbers)[order])


def spread(chosen: Examples, most: int) -> Numbers:
    """Return the numbers of some of the examples: of each class alike many, of each of its bodies alike many."""
    own = [np.flatnonzero(chosen.classes == k) for k in np.unique(chosen.classes)]
    rooms = most_of_each([len(of) for of in own], most)
    kept = [of[evenly(chosen.bodies[of], room)] for of, room in zip(own, rooms, strict=True)]
    return np.sort(np.concatenate(kept)) if kept else np.zeros(0, np.int64)


def evenly(body: Numbers, most: int) -> Numbers:
    """Return which of the members of several bodies to keep, in order: of each body alike many, spread over it."""
    if len(body) <= most:
        return np.arange(len(body))
    names, inverse, counts = np.unique(body, return_inverse=True, return_counts=True)
    allowed = most_of_each(counts.tolist(), most)
    if len(names) > most:  # not even one of each
        allowed = [0] * len(names)
        for number in np.linspace(0, len(names) - 1, most).round().astype(int):
            allowed[number] = 1
    kept = []
    for number, room in enumerate(allowed):
        own = np.flatnonzero(inverse == number)
        kept.append(own[np.linspace(0, len(own) - 1, room).round().astype(int)] if room else own[:0])
    return np.sort(np.concatenate(kept))


def most_of_each(counts: list[int], most: int) -> list[int]:
    """Share room among heaps: each gets alike much, and what small ones leave goes to the others.

    Examples
    --------
    >>> most_of_each([3, 100, 50], 43)
    [3, 20, 20]
    """
    allowed, left = [0] * len(counts), most
    for rank, number in enumerate(sorted(range(len(counts)), key=lambda number: counts[number])):
        allowed[number] = min(counts[number], left // (len(counts) - rank))
        left -= allowed[number]
    return allowed


def folds(chosen: Examples, count: int) -> list[Numbers]:
    """Part examples into folds, none of which shares a body with another; every class is in two or more if it can be.

    A class that only one body has could not be foretold from others: such a body is cut into pieces along its longer
    side. A class of a single voxel is in no fold.

    Parameters
    ----------
    chosen : Examples
        To part.
    count : int
        How many folds at most.

    Returns
    -------
    list of ndarray of int
        Numbers of the examples of each fold.
    """
    group = _groups(chosen)
    names = np.unique(group[group >= 0])
    if len(names) < 2:
        return []
    kinds = int(chosen.classes.max()) + 1
    table = np.zeros((len(names), kinds), np.int64)
    np.add.at(table, (np.searchsorted(names, group[group >= 0]), chosen.classes[group >= 0]), 1)
    share = table / np.maximum(1, table.sum(axis=0))
    # The largest first, each to the fold that has least of its classes; what is equal by order, so that it repeats.
    filled = np.zeros((min(count, len(names)), kinds))
    fold_of = np.zeros(len(names), np.int64)
    for number in np.argsort(-share.max(axis=1), kind="stable"):
        has = share[number] > 0
        burden = (filled[:, has] + share[number, has]).max(axis=1) + 1e-6 * filled.sum(axis=1)
        fold_of[number] = int(burden.argmin())
        filled[fold_of[number]] += share[number]
    where = np.full(len(group), -1, np.int64)
    where[group >= 0] = fold_of[np.searchsorted(names, group[group >= 0])]
    return [own for fold in range(len(filled)) if len(own := np.flatnonzero(where == fold))]


def _groups(chosen: Examples) -> Numbers:
    """Number what is left out together: bodies, or pieces of them; -1 for a class of a single voxel."""
    group = chosen.bodies.copy()
    after = int(group.max()) + 1 if len(group) else 0
    for k in np.unique(chosen.classes):
        own = np.flatnonzero(chosen.classes == k)
        if len(np.unique(chosen.bodies[own])) > 1:
            continue
        if len(own) == 1:
            group[own] = -1
            continue
        at = chosen.places[own]
        along = int(np.ptp(at, axis=0).argmax())
        rank = np.argsort(np.argsort(at[:, along], kind="stable"), kind="stable")
        pieces = min(_PIECES, len(own))
        group[own] = after + rank * pieces // len(own)
        after += pieces
    return group


def _across(flat: Numbers, shape: tuple[int, ...], lateral: tuple[int, ...]) -> Numbers:
    voxels = np.unravel_index(flat, shape)
    return np.stack([voxels[axis] for axis in lateral], axis=1).astype(np.int64)
