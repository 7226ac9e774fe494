"""Classes foretold from likeness: a kernel machine whose answers for what is left out need no second fit. numpy alone.

Least squares on indicators of the classes with a kernel (a least-squares support vector machine, and kriging of
indicators where the features are coordinates): as good as a support vector machine on few examples, and what it would
say of a group of examples had it not seen them follows from one inverse (Rasmussen and Williams 2006, section 5.4.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_ROWS = 8192
"""Places whose likeness to all examples is held at once."""


class Likeness(NamedTuple):
    """How alike two places are, by the distance of their features, and how far examples are believed.

    Parameters
    ----------
    kind : {"gaussian", "exponential"}
        Of the squared distance, or of the distance: smooth, or with a kink at each example, as kriging has it.
    reach : float
        Distance at which likeness has fallen to ``1 / e``.
    noise : float
        Share of an example that is its own, beside one of full likeness: 0 goes through every example.
    """

    kind: Literal["gaussian", "exponential"]
    reach: float
    noise: float

    def between(self, squared: Floats) -> Floats:
        """Return likenesses, 0 to 1, from squared distances, in their place."""
        np.maximum(squared, 0, out=squared)
        if self.kind == "exponential":
            np.sqrt(squared, out=squared)
            squared /= -self.reach
        else:
            squared /= -(self.reach**2)
        return np.exp(squared, out=squared)


class KernelMachine:
    """Tells how much speaks for each class at a place, from examples.

    Parameters
    ----------
    features : ndarray of float32, shape (n, features)
        Of the examples.
    classes : ndarray of int, shape (n,)
        Theirs, from 0.
    count : int
        How many classes there are; of one without examples nothing is said.
    likeness : Likeness
        How alike two places are.

    Examples
    --------
    >>> import numpy as np
    >>> at = np.array([[0.0], [1.0], [4.0], [5.0]], np.float32)
    >>> machine = KernelMachine(at, np.array([0, 0, 1, 1]), 2, Likeness("gaussian", 1.0, 0.1))
    >>> machine.scores(np.array([[0.5], [4.5], [90.0]], np.float32)).round(1).tolist()
    [[0.5, -0.5], [-0.5, 0.5], [0.0, 0.0]]
    """

    def __init__(self, features: Floats, classes: NDArray[np.int64], count: int, likeness: Likeness) -> None:
        self._features = np.asarray(features, np.float32)
        self._likeness = likeness
        self._targets = indicators(classes, count)
        weights = balanced(classes)
        alike = likeness.between(squared_distances(self._features, self._features)).astype(np.float64)
        alike[np.diag_indices_from(alike)] += (likeness.noise + 1e-6) / weights
        self._inverse = np.linalg.inv(alike)
        self._coefficients = self._inverse @ self._targets

    def scores(self, features: Floats) -> Floats:
        """Return ``(places, classes)``: about 1 where all speaks for a class, 0 for each where nothing is known."""
        out = np.empty((len(features), self._targets.shape[1]), np.float32)
        coefficients = self._coefficients.astype(np.float32)
        for first in range(0, len(features), _ROWS):
            rows = slice(first, first + _ROWS)
            alike = self._likeness.between(squared_distances(features[rows], self._features))
            np.matmul(alike, coefficients, out=out[rows])
        return out

    def left_out(self, groups: Sequence[NDArray[np.int64]]) -> Floats:
        """Return ``(n, classes)``: what would be said of each group of examples, had its members not been seen.

        Parameters
        ----------
        groups : sequence of ndarray of int
            Numbers of the examples of each group; what is in none of them has scores of 0.
        """
        out = np.zeros(self._targets.shape, np.float32)
        for group in groups:
            own = self._inverse[np.ix_(group, group)]
            out[group] = self._targets[group] - np.linalg.solve(own, self._coefficients[group])
        return out


def indicators(classes: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return ``(n, count)``: 1 for an example's class, 0 for others, less their mean; 0 for classes without any."""
    there = np.bincount(classes, minlength=count) > 0
    out = np.zeros((len(classes), count))
    out[:, there] = -1 / max(1, int(there.sum()))
    out[np.arange(len(classes)), classes] += 1
    return out


def balanced(classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return weights with which all classes that occur count alike; their mean is 1."""
    counts = np.bincount(classes)
    return len(classes) / (np.count_nonzero(counts) * counts[classes])


def squared_distances(a: Floats, b: Floats) -> Floats:
    """Return ``(len(a), len(b))`` squared distances of rows; never much below 0, by rounding."""
    products = a @ b.T
    products *= -2
    products += np.einsum("ij,ij->i", a, a)[:, np.newaxis]
    products += np.einsum("ij,ij->i", b, b)
    return products
