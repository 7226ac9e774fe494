"""How well what labels say at once foretells bodies of labels that it is not told of: each of them left out in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies, Labels, labelled_columns

Item = TypeVar("Item")

_BODIES = 12
"""Bodies that are left out; of more, some from everywhere."""

_COLUMNS = 5
"""Columns of a wide body that are asked for."""

_COMPACT = 16
"""Traces: a body no wider is a well, and is asked for along one line through its middle."""

_LEAST = 1e-3
"""Probability below which being wrong is no worse."""


@dataclass(frozen=True)
class Asked:
    """A body of labels that is left out, and what of it is asked for.

    Parameters
    ----------
    number : int
        Its number among the bodies.
    columns : tuple of Box
        Whole columns of the survey.
    shared : ndarray of bool, shape (classes,)
        Which classes other bodies know too: of the rest nobody can know.
    """

    number: int
    columns: tuple[Box, ...]
    shared: NDArray[np.bool_]


def asked(labels: Labels) -> Iterator[Asked]:
    """Yield the bodies that are left out, one at a time; none where there is but one.

    Parameters
    ----------
    labels : Labels
        What is known, with the vertical axis last.
    """
    lateral = tuple(range(len(labels.shape) - 1))
    places = labelled_columns(labels, lateral)
    if not len(places):
        return
    bodies = Bodies.of_places(places, labels.shape, lateral)
    body = bodies.at(places)
    holds = np.zeros((bodies.count, labels.classes), bool)
    for k, flat in enumerate(labels.positions):
        voxels = np.unravel_index(flat, labels.shape)
        holds[bodies.at(np.stack([voxels[axis] for axis in lateral], axis=1)), k] = True
    if bodies.count < 2:
        return
    for number in _some(range(bodies.count), _BODIES):
        own = places[body == number]
        if (np.ptp(own, axis=0) < _COMPACT).all():
            line = own[(own[:, :-1] == own[len(own) // 2, :-1]).all(axis=1)]
            columns: tuple[Box, ...] = (
                Box((*line.min(axis=0).tolist(), 0), (*(line.max(axis=0) + 1).tolist(), labels.shape[-1])),
            )
        else:
            columns = tuple(
                Box((*place, 0), (*(at + 1 for at in place), labels.shape[-1]))
                for place in _some(own.tolist(), _COLUMNS)
            )
        others: NDArray[np.bool_] = np.any(np.delete(holds, number, axis=0), axis=0)
        if (holds[number] & others).any():
            yield Asked(number, columns, others)


def likely(said: NDArray[np.float32], shares: NDArray[np.float32]) -> float | None:
    """Return the mean logarithm of the probability of what is true, each place counted by how much of it is known.

    Parameters
    ----------
    said : ndarray, shape (classes, n)
        Probabilities.
    shares : ndarray, shape (classes, n)
        How much of each place is which class.
    """
    known = float(shares.sum())
    return float((np.log(np.maximum(said, _LEAST)) * shares).sum() / known) if known > 0 else None


def together(means: Iterable[float | None]) -> float | None:
    """Return the geometric mean of probabilities over bodies, whose logarithms these are; None where there are none."""
    found = [one for one in means if one is not None]
    return float(np.exp(np.mean(found))) if found else None


def foretold(labels: Labels, without: Callable[[int], Callable[[Box], NDArray[np.float32]]]) -> float | None:
    """Return how likely, in geometric mean over bodies, that is which a body knows, by what is made of the others.

    Parameters
    ----------
    labels : Labels
        What is known, with the vertical axis last.
    without : callable
        Of the number of a body: returns what says probabilities ``(classes, *box.shape)`` of a box without it.
    """

    def each(one: Asked) -> float | None:
        says = without(one.number)
        said = np.concatenate([says(box).reshape(labels.classes, -1) for box in one.columns], axis=1)
        known = np.concatenate([labels.read(box).ravel() for box in one.columns])
        classes = np.arange(1, labels.classes + 1)[:, np.newaxis]
        return likely(said, ((known == classes) & one.shared[:, np.newaxis]).astype(np.float32))

    return together(map(each, asked(labels)))


def _some(items: Iterable[Item], most: int) -> list[Item]:
    """Return some of them, from everywhere."""
    found = list(items)
    return [found[k] for k in np.linspace(0, len(found) - 1, min(len(found), most)).round().astype(int)]
