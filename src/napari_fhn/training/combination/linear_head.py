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
        # A place counts by one over the root of how many its class has, so that what is rare is told apart too.
        worth = 1 / np.sqrt(np.asarray(total, np.float64) + RARE)
        worth *= classes / (total @ worth)
        size, squares, seen = 0, 0.0, 0
        products: NDArray[np.float64] | float = 0.0
        wanted: NDArray[np.float64] | float = 0.0
        for features, at, shares in itertools.chain.from_iterable(map(_in_lots, parts)):
            counted = shares @ worth
            rows = np.concatenate([features, at, np.ones((len(features), 1), np.float32)], axis=1).astype(np.float64)
            weighed = rows * counted[:, np.newaxis]
            products = products + weighed.T @ rows
            wanted = wanted + weighed.T @ (
                (shares / shares.sum(axis=1, keepdims=True)).astype(np.float64) - 1 / classes
            )
            squares += float(np.square(features, dtype=np.float64).sum())
            size, seen = features.shape[1], seen + features.size
        back = np.full(size + column.shape[1] + 1, held.depth * classes)
        back[:size] = held.features * squares / seen * classes
        back[-1] = _BIAS
        found = np.linalg.solve(products + np.diag(back), wanted).astype(np.float32)
        return cls(found[:size], column @ found[size:-1] + found[-1])


def _in_lots(part: Part) -> Iterator[Part]:
    """Yield a part in smaller ones: products are of doubles, which take several times as much as what is read."""
    features, at, shares = part
    for first in range(0, len(shares), _ROWS):
        lot = slice(first, first + _ROWS)
        yield features[lot], at[lot], shares[lot]
