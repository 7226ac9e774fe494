"""The stratified estimator of accuracy and area, in closed form: for points that know nothing of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stratified:
    """Estimates with their standard errors; a 95 % interval reaches 1.96 of them to both sides.

    Parameters
    ----------
    accuracy, accuracy_error : float
        Overall accuracy.
    precision, precision_error : ndarray
        User's accuracy of each class.
    recall, recall_error : ndarray
        Producer's accuracy of each class.
    areas, areas_error : ndarray
        Share of each class in the whole.
    """

    accuracy: float
    accuracy_error: float
    precision: Array
    precision_error: Array
    recall: Array
    recall_error: Array
    areas: Array
    areas_error: Array


def stratified(matrix: ArrayLike, shares: ArrayLike) -> Stratified:
    """Estimate accuracy and area from points drawn at random within the classes of a map.

    Parameters
    ----------
    matrix : array_like
        ``(classes, classes)`` points: rows are truth, columns the map, as everywhere here (Olofsson et al. turn it).
    shares : array_like
        Of each class in the map; they are made to add up to 1.

    Returns
    -------
    Stratified
        Equations 2 to 7 and 9 to 11 of Olofsson et al. (2014), Remote Sensing of Environment 148, 42-57. A class with
        fewer than two points on the map adds nothing to an error.

    Examples
    --------
    The example of that paper, its table 8: deforestation, forest gain, stable forest, stable non-forest.

    >>> points = [[66, 0, 1, 2], [0, 55, 0, 1], [5, 8, 153, 9], [4, 12, 11, 313]]
    >>> found = stratified(points, [0.020, 0.015, 0.320, 0.645])
    >>> round(found.accuracy, 2), round(1.96 * found.accuracy_error, 2)
    (0.95, 0.02)
    >>> (100 * found.areas).round(1).tolist(), (196 * found.areas_error).round(1).tolist()
    ([2.4, 1.3, 31.8, 64.6], [0.7, 0.4, 1.7, 1.8])
    """
    counts, weights = np.asarray(matrix, np.float64), np.asarray(shares, np.float64)
    weights = weights / weights.sum()
    points = counts.sum(axis=0)
    free = np.maximum(points - 1, 0)
    among = _share(counts, points)  # P(true | map)
    joint = among * weights
    precision = np.diag(among)
    areas = joint.sum(axis=1)
    recall = _share(np.diag(joint), areas)
    spread = _share(among * (1 - among), free)  # of P(true | map)
    own = np.diag(spread)
    others = (weights**2 * spread).sum(axis=1) - weights**2 * own
    recall_variance = _share(weights**2 * (1 - recall) ** 2 * own + recall**2 * others, areas**2)
    return Stratified(
        float(np.diag(joint).sum()),
        float(np.sqrt((weights**2 * own).sum())),
        precision,
        np.sqrt(own),
        recall,
        np.sqrt(recall_variance),
        areas,
        np.sqrt((weights**2 * spread).sum(axis=1)),
    )


def _share(part: Array, whole: Array) -> Array:
    part, whole = np.broadcast_arrays(part, whole)
    share: Array = np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
    return share
