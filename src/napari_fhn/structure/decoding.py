"""Columns labelled as a whole: the best labelling that probabilities and known boundaries allow. numpy alone.

What is said of the voxels of a column goes together: younger layers lie on older ones, and where one ends and another
begins there is a reflector that looks like the one at the wells. The labelling of a column that is best as a whole is
found exactly by dynamic programming (Viterbi 1967), without any training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies, Labels, labelled_columns

_COLUMNS = 4096
"""Columns that are decoded at once: what is remembered of them fits into a cache of the processor."""

_LOOKED_AT = 512
"""Labelled columns that are asked for the order; more are thinned evenly."""

_BODIES = 2
"""Bodies that must show two classes one above the other before that is taken for their order."""


@dataclass(frozen=True)
class Transitions:
    """What is known of the places where one class of a column ends and another begins.

    Parameters
    ----------
    pairs : tuple of (int, int)
        The class above and the class below, of those boundaries of which something is known.
    worth : ndarray of float32, shape (pairs, ..., sample)
        What it is worth, in units of the logarithm of a probability, that the lower class begins at this sample.
    other : float
        The same for all other boundaries, everywhere.
    """

    pairs: tuple[tuple[int, int], ...]
    worth: NDArray[np.float32]
    other: float


def decode(
    probabilities: NDArray[np.float32],
    order: NDArray[np.integer],
    penalty: float = np.inf,
    transitions: Transitions | None = None,
) -> NDArray[np.uint8]:
    """Label columns so that classes follow an order, and change where boundaries are, as well as probabilities allow.

    Parameters
    ----------
    probabilities : ndarray of float32
        ``(classes, ..., sample)``; columns along the last axis, from top to bottom.
    order : ndarray of int
        The classes that have a place in the order, from the top one down. Others may lie anywhere.
    penalty : float
        What it costs, in units of the logarithm of a probability, to step back in the order once from one sample to the
        next; infinite where that cannot be. A thick body that contradicts the order is kept where it costs a finite
        sum.
    transitions : Transitions, optional
        What is known of boundaries; without, a change of class costs nothing. They are taken to follow the order.

    Returns
    -------
    ndarray of uint8
        ``(..., sample)``: the class of each voxel, from 0.

    Raises
    ------
    ValueError
        Where a class has two places in the order, or is none.

    Examples
    --------
    >>> import numpy as np
    >>> said = np.array([[0.9, 0.45, 0.7, 0.1], [0.1, 0.55, 0.3, 0.9]], np.float32)
    >>> said.argmax(0).tolist(), decode(said, np.array([0, 1])).tolist()
    ([0, 1, 0, 1], [0, 0, 0, 1])

    A boundary that is known to lie one sample further down:

    >>> said = np.array([[0.9, 0.8, 0.45, 0.1], [0.1, 0.2, 0.55, 0.9]], np.float32)
    >>> known = Transitions(((0, 1),), np.array([[-3, -3, -3, 0]], np.float32), -3.0)
    >>> said.argmax(0).tolist(), decode(said, np.array([], int), transitions=known).tolist()
    ([0, 0, 1, 1], [0, 0, 0, 1])
    """
    classes, samples = probabilities.shape[0], probabilities.shape[-1]
    ranks = np.asarray(order, np.int64)
    if len(np.unique(ranks)) != len(ranks) or (len(ranks) and not 0 <= ranks.min() <= ranks.max() < classes):
        raise ValueError(f"an order names each class once, and there are {classes}: {ranks.tolist()}")
    columns = probabilities.reshape(classes, -1, samples)
    worth = None if transitions is None else transitions.worth.reshape(len(transitions.pairs), -1, samples)
    found = np.empty(columns.shape[1:], np.uint8)
    for first in range(0, columns.shape[1], _COLUMNS):
        part = slice(first, first + _COLUMNS)
        known = None
        if transitions is not None and worth is not None:
            known = Transitions(transitions.pairs, worth[:, part], transitions.other)
        found[part] = _best(columns[:, part], ranks, np.float32(penalty), known)
    return found.reshape(probabilities.shape[1:])


def _best(
    columns: NDArray[np.float32], order: NDArray[np.int64], penalty: np.float32, known: Transitions | None
) -> NDArray[np.uint8]:
    """Return the best labelling of ``(classes, column, sample)``."""
    classes, count, samples = columns.shape
    logs = np.array(columns.transpose(2, 0, 1), order="C")  # a copy: (sample, class, column), as they are gone through
    np.log(np.maximum(logs, np.finfo(np.float32).tiny, out=logs), out=logs)
    worths = None if known is None else np.ascontiguousarray(known.worth.transpose(2, 0, 1))
    came = np.empty((samples, classes, count), np.uint8)
    same = np.arange(classes, dtype=np.uint8)[:, np.newaxis]
    best, others = logs[0].copy(), np.setdiff1d(np.arange(classes), order)
    for sample in range(1, samples):
        reached, way = _before(best, order, others, penalty)
        if known is not None and worths is not None:
            reached += np.float32(known.other)
            for (upper, lower), worth in zip(known.pairs, worths[sample], strict=True):
                from_upper = best[upper] + worth
                better = from_upper > reached[lower]
                np.copyto(reached[lower], from_upper, where=better)
                np.copyto(way[lower], np.uint8(upper), where=better)
        stays = best >= reached  # of two ways as good, the one that stays
        came[sample] = np.where(stays, same, way)
        best = np.where(stays, best, reached) + logs[sample]
    found = np.empty((samples, count), np.uint8)
    found[-1] = best.argmax(axis=0)
    which = np.arange(count)
    for sample in range(samples - 1, 0, -1):
        found[sample - 1] = came[sample, found[sample], which]
    return found.T


def _before(
    best: NDArray[np.float32], order: NDArray[np.int64], others: NDArray[np.int64], penalty: np.float32
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return what the best way to each class ``(class, column)`` is worth, and the class that it comes from.

    A class with a place in the order is free to reach from those above it and from those without a place; from those
    below it costs the penalty. So it takes the best of each of these groups, and not of every pair of classes.
    """
    reached, way = np.empty_like(best), np.empty(best.shape, np.uint8)
    if len(order):
        values, froms = _running(best[order], order)
        below, below_from = _running(best[order[::-1]], order[::-1])
        _replace_by_better(values[:-1], froms[:-1], below[::-1][1:] - penalty, below_from[::-1][1:])
    if len(others):
        top = best[others].max(axis=0)
        top_from = others[best[others].argmax(axis=0)].astype(np.uint8)
        if len(order):
            _replace_by_better(values, froms, top, top_from)
            # From any class to one without a place.
            top = best.max(axis=0)
            top_from = best.argmax(axis=0).astype(np.uint8)
        reached[others], way[others] = top, top_from
    if len(order):
        reached[order], way[order] = values, froms
    return reached, way


def _running(values: NDArray[np.float32], classes: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the largest of the rows so far, and the class of that row."""
    largest, froms = values.copy(), np.repeat(classes.astype(np.uint8)[:, np.newaxis], values.shape[1], axis=1)
    for row in range(1, len(values)):
        _replace_by_better(largest[row], froms[row], largest[row - 1], froms[row - 1])
    return largest, froms


def _replace_by_better(
    one: NDArray[np.float32], its: NDArray[np.uint8], other: NDArray[np.float32], theirs: NDArray[np.uint8]
) -> None:
    better = other > one
    np.copyto(one, other, where=better)
    np.copyto(its, theirs, where=better)


def order_of(labels: Labels, vertical: int) -> tuple[int, ...] | None:
    """Find the order in which classes lie above each other, where labelled columns agree on one.

    Parameters
    ----------
    labels : Labels
        What is known.
    vertical : int
        Axis along which columns run.

    Returns
    -------
    tuple of int or None
        Classes from the top one down, those only that two bodies or more show one above the other as the order has
        them. None where columns contradict each other, or a class comes back below another one, or fewer than three
        classes are shown so.
    """
    lateral = tuple(axis for axis in range(len(labels.shape)) if axis != vertical)
    places = labelled_columns(labels, lateral)
    bodies = Bodies.of_places(places, labels.shape, lateral).at(places) if len(places) else places
    step = max(1, -(-len(places) // _LOOKED_AT))
    shown: dict[tuple[int, int], set[int]] = {}
    for place, body in zip(places[::step], bodies[::step], strict=True):
        start, stop = [0] * len(labels.shape), list(labels.shape)
        for axis, at in zip(lateral, place, strict=True):
            start[axis], stop[axis] = int(at), int(at) + 1
        column = labels.read(Box(tuple(start), tuple(stop))).ravel()
        met: list[int] = []
        for value in column[column > 0].tolist():
            if met and met[-1] == value - 1:
                continue
            if value - 1 in met:
                return None  # it comes back
            met.append(value - 1)
        for upper in range(len(met)):
            for lower in range(upper + 1, len(met)):
                if (met[lower], met[upper]) in shown:
                    return None
                shown.setdefault((met[upper], met[lower]), set()).add(int(body))
    sure = {pair for pair, seen in shown.items() if len(seen) >= _BODIES}
    return _sorted(sure)


def _sorted(pairs: set[tuple[int, int]]) -> tuple[int, ...] | None:
    """Return the longest chain of classes in which each pair of neighbours is known; None below three."""
    lower: dict[int, set[int]] = {}
    for a, b in pairs:
        lower.setdefault(a, set()).add(b)
    longest: dict[int, tuple[int, ...]] = {}

    def chain(top: int, above: frozenset[int]) -> tuple[int, ...] | None:
        if top in above:
            return None  # in a circle
        if top not in longest:
            found: tuple[int, ...] = ()
            for below in sorted(lower.get(top, ())):
                rest = chain(below, above | {top})
                if rest is None:
                    return None
                found = max(found, rest, key=len)
            longest[top] = (top, *found)
        return longest[top]

    chains = [chain(top, frozenset()) for top in sorted(lower)]
    if not chains or any(one is None for one in chains):
        return None
    best = max((one for one in chains if one is not None), key=len)
    return best if len(best) > 2 else None
