"""A linear map from features to classes, made in a moment of what is known: ridge regression. numpy alone.

Of Bertinetto et al. (2019, "Meta-learning with differentiable closed-form solvers"), where a network is trained through
the solution, as `scripts/pretrain.py` trains ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

Part: TypeAlias = tuple[Floats, Floats, Floats]
"""Features, places along the vertical axis and shares of some places, as :meth:`LinearHead.fit` takes them of all."""

RARE = 5.0
"""Places: how much a class counts goes by one over the root of how many it has, and these."""

SPACING = 24.0
"""Samples from one bump along the vertical axis to the next, about: a layer is not thinner in what depth alone says."""

_BIAS = 1e-5
"""How much the constant part is held back."""

_ROWS = 2**13
"""Places whose products are summed at once."""


def bumps(at: NDArray[np.floating], samples: int) -> Floats:
    """Return how near depths are to places along the vertical axis, one beside the other: what depth alone foretells.

    Parameters
    ----------
    at : ndarray, shape (n,)
        Samples from the top.
    samples : int
        Of a trace.

    Returns
    -------
    ndarray of float32, shape (n, places)
        Gaussians as wide as their places are apart, 1 in the middle.

    Examples
    --------
    >>> import numpy as np
    >>> (100 * bumps(np.array([0.0, 24.0]), 49)).astype(int).tolist()
    [[100, 60, 13], [60, 100, 60]]
    """
    places = np.linspace(0, samples - 1, max(2, round(samples / SPACING) + 1))
    width = max(places[1] - places[0], 1.0)
    found: Floats = np.exp(-0.5 * np.square((np.asarray(at)[:, np.newaxis] - places) / width)).astype(np.float32)
    return found


@dataclass(frozen=True)
class Held:
    """How much a linear map is held back, see :meth:`LinearHead.fit`.

    Parameters
    ----------
    features : float
        Share of their mean square that is added to the square of each.
    depth : float
        Added to the squares of the bumps along the vertical axis.
    """

    features: float
    depth: float


@dataclass(frozen=True)
class LinearHead:
    """Scores of classes that are linear in features, and in bumps along the vertical axis.

    Parameters
    ----------
    weights : ndarray of float32, shape (features, classes)
        Of the features.
    column : ndarray of float32, shape (cells down, classes)
        What depth alone adds.
    """

    weights: Floats
    column: Floats

    @classmethod
    def fit(cls, features: Floats, at: Floats, shares: Floats, column: Floats, held: Held) -> LinearHead:
        """Find the map that foretells, by least squares, which class each place has.

        Parameters
        ----------
        features : ndarray, shape (places, features)
        at : ndarray, shape (places, bumps)
            Where each lies along the vertical axis, as :func:`bumps` has it.
        shares : ndarray, shape (places, classes)
            Which part of each place is known as which class: more than 0 and at most 1 together.
        column : ndarray, shape (cells down, bumps)
            All there is along the vertical axis, as :func:`bumps` has it.
        held : Held
            How much it is held back.

        Returns
        -------
        LinearHead

        Examples
        --------
        >>> import numpy as np
        >>> features, at = np.float32([[1, 0], [0, 1], [1, 0]]), np.ones((3, 1), np.float32)
        >>> head = LinearHead.fit(features, at, np.float32([[1, 0], [0, 1], [1, 0]]), at[:1], Held(0.1, 0.1))
        >>> (features @ head.weights + head.column).argmax(axis=1).tolist()
        [0, 1, 0]
        """
        return cls.of([(features, at, shares)], shares.sum(axis=0), column, held)

    @classmethod
    def of(cls, parts: Iterable[Part], total: NDArray[np.floating], column: Floats, held: Held) -> LinearHead:
        """Find the same from places that come in parts, of which no more than one is in memory at a time.

        Parameters
        ----------
        parts : iterable of (features, at, shares)
            As in :meth:`fit`.
        total : ndarray, shape (classes,)
            The sums of the shares of all parts.
        column, held
            As in :meth:`fit`.
        """
        classes = len(total)
        worth = _worth(total)
        squares, seen = 0.0, 0
        products, wanted = np.zeros((1, 1)), np.zeros((1, classes))  # of the first part they take their size
        for features, at, shares in itertools.chain.from_iterable(map(_in_lots, parts)):
            counted = shares @ worth
            rows = _rows(features, at)
            weighed = rows * counted[:, np.newaxis]
            products = products + weighed.T @ rows
            wanted = wanted + weighed.T @ (
                (shares / shares.sum(axis=1, keepdims=True)).astype(np.float64) - 1 / classes
            )
            squares += float(np.square(features, dtype=np.float64).sum())
            seen += features.size
        return cls._solved(products, wanted, squares / seen, column, held)

    @classmethod
    def left(cls, known: Sums, out: Sums, column: Floats, held: Held) -> tuple[LinearHead, NDArray[np.intp]] | None:
        """Find the same from some places without others, of both of which the sums are known.

        Parameters
        ----------
        known, out : Sums
            Of all places, and of those of them that are left out.
        column, held
            As in :meth:`fit`.

        Returns
        -------
        head : LinearHead
            Of the classes that are left.
        classes : ndarray of int, shape (classes that are left,)
            Which these are, from 0.
        None
            Where fewer than two classes are left.
        """
        classes = np.flatnonzero(known.count > out.count)
        if len(classes) < 2:
            return None
        worth = _worth((known.shares - out.shares)[classes])
        products, wanted = np.zeros_like(known.products[0]), np.zeros_like(known.wanted[0][:, classes])
        for k, counted in zip(classes, worth, strict=True):
            products += counted * (known.products[k] - out.products[k])
            wanted += counted * (known.wanted[k] - out.wanted[k])[:, classes]
        wanted -= products[:, -1:] / len(classes)  # the last of a row is 1, so these are the sums of the rows
        squares = (known.squares - out.squares) / (known.seen - out.seen)
        return cls._solved(products, wanted, squares, column, held), classes

    @classmethod
    def _solved(
        cls, products: NDArray[np.float64], wanted: NDArray[np.float64], squares: float, column: Floats, held: Held
    ) -> LinearHead:
        """Return the map of which the sums over places are these; `squares` is the mean square of a feature."""
        classes, size = wanted.shape[1], len(products) - column.shape[1] - 1
        back = np.full(len(products), held.depth * classes)
        back[:size] = held.features * squares * classes
        back[-1] = _BIAS
        found = np.linalg.solve(products + np.diag(back), wanted).astype(np.float32)
        return cls(found[:size], column @ found[size:-1] + found[-1])


@dataclass(frozen=True)
class Sums:
    """What a map is found of, class by class: sums over places, of which those of some places can be taken away.

    Parameters
    ----------
    products : ndarray, shape (classes, rows, rows)
        Of the products of a row (features, bumps and 1), each place counted by how much of it is the class.
    wanted : ndarray, shape (classes, rows, classes)
        Of the rows, counted so, times how much of what is known of each place is which class.
    shares : ndarray, shape (classes,)
        Of how much of each place is the class.
    count : ndarray of int, shape (classes,)
        Places that know something of it.
    squares : float
        Of the squares of features.
    seen : int
        Features of all places.
    """

    products: NDArray[np.float64]
    wanted: NDArray[np.float64]
    shares: NDArray[np.float64]
    count: NDArray[np.int64]
    squares: float
    seen: int

    @classmethod
    def of(cls, features: Floats, at: Floats, shares: Floats) -> Sums:
        """Sum over places, given as :meth:`LinearHead.fit` takes them."""
        classes, size = shares.shape[1], features.shape[1] + at.shape[1] + 1
        products, wanted = np.zeros((classes, size, size)), np.zeros((classes, size, classes))
        for some_features, some_at, some_shares in _in_lots((features, at, shares)):
            rows = _rows(some_features, some_at)
            parts = some_shares / some_shares.sum(axis=1, keepdims=True)
            for k in np.flatnonzero(some_shares.any(axis=0)):
                there = some_shares[:, k] > 0
                weighed = rows[there] * some_shares[there, k, np.newaxis]
                products[k] += weighed.T @ rows[there]
                wanted[k] += weighed.T @ parts[there].astype(np.float64)
        squares = float(np.square(features, dtype=np.float64).sum())
        summed, count = shares.sum(axis=0, dtype=np.float64), np.count_nonzero(shares, axis=0)
        return cls(products, wanted, summed, np.asarray(count, np.int64), squares, features.size)


def _worth(total: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how much a place of each class counts: the more, the fewer there are: what is rare counts too."""
    worth: NDArray[np.float64] = 1 / np.sqrt(np.asarray(total, np.float64) + RARE)
    worth *= len(total) / (total @ worth)
    return worth


def _rows(features: Floats, at: Floats) -> NDArray[np.float64]:
    """Return what a map is linear in: features, bumps and 1."""
    return np.concatenate([features, at, np.ones((len(features), 1), np.float32)], axis=1).astype(np.float64)


def _in_lots(part: Part) -> Iterator[Part]:
    """Yield a part in smaller ones: products are of doubles, which take several times as much as what is read."""
    features, at, shares = part
    for first in range(0, len(shares), _ROWS):
        lot = slice(first, first + _ROWS)
        yield features[lot], at[lot], shares[lot]
