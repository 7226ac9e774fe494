"""Classes foretold from the nearest bodies of labels, by the inverse of their distance. numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_fhn.structure.examples import Examples
from napari_fhn.structure.kernel import Floats

_NEAREST = 8
"""Bodies that a place is foretold from."""

_ROWS = 4096
"""Places whose distances to all examples are held at once."""


def nearest_bodies(
    places: NDArray[np.int64], seen: Examples, apart: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the nearest examples of the nearest bodies.

    Parameters
    ----------
    places : ndarray of int, shape (n, axes)
        In voxels.
    seen : Examples
        What is known.
    apart : ndarray of int, shape (n,), optional
        A body for each place that does not count, as if it had not been seen.

    Returns
    -------
    squared : ndarray of int, shape (n, bodies)
        Distances; huge where there are fewer bodies.
    classes : ndarray of int, shape (n, bodies)
        Of the examples found.
    """
    order = np.argsort(seen.bodies, kind="stable")
    at, body, classes = seen.places[order], seen.bodies[order], seen.classes[order]
    edges = np.flatnonzero(np.diff(body, prepend=-1))
    count = min(_NEAREST, len(edges))
    found = np.empty((len(places), count), np.int64)
    far = np.iinfo(np.int64).max // len(order) - 1
    for first in range(0, len(places), _ROWS):
        rows = slice(first, first + _ROWS)
        squared = np.zeros((len(places[rows]), len(order)), np.int64)
        for axis in range(places.shape[1]):
            squared += np.square(places[rows, np.newaxis, axis] - at[:, axis])
        if apart is not None:
            squared[apart[rows, np.newaxis] == body] = far
        # Distance and example in one number, whose smallest is both.
        nearest = np.minimum.reduceat(squared * len(order) + np.arange(len(order)), edges, axis=1)
        found[rows] = np.partition(nearest, count - 1, axis=1)[:, :count] if count < nearest.shape[1] else nearest
    squared, example = np.divmod(found, len(order))
    return squared, classes[example]


def by_distance(
    squared: NDArray[np.int64], classes: NDArray[np.int64], there: NDArray[np.bool_], power: float, reach: float
) -> Floats:
    """Return scores ``(places, classes)`` from the nearest bodies: shares about their mean, which fade with distance.

    Parameters
    ----------
    squared, classes : ndarray
        From :func:`nearest_bodies`.
    there : ndarray of bool, shape (classes,)
        Which classes have labels: of others nothing is said.
    power : float
        Of the inverse distance.
    reach : float
        Distance from the nearest body, in voxels, at which scores have fallen to ``1 / e``.

    Examples
    --------
    >>> import numpy as np
    >>> by_distance(np.array([[1, 4]]), np.array([[0, 1]]), np.ones(2, bool), 2.0, np.inf).round(2).tolist()
    [[0.12, -0.12]]
    """
    # Two voxels more, so that what lies on the spot is not all there is.
    weights = (squared.astype(np.float64) + 4.0) ** (-power / 2)
    weights /= weights.sum(axis=1, keepdims=True)
    shares = np.zeros((len(squared), len(there)))
    for body in range(squared.shape[1]):
        np.add.at(shares, (np.arange(len(squared)), classes[:, body]), weights[:, body])
    shares[:, there] -= 1 / max(1, int(there.sum()))
    shares *= np.exp(-np.sqrt(squared.min(axis=1)) / reach)[:, np.newaxis]
    return shares.astype(np.float32)
