"""Confusion matrix and intersection over union, over labelled voxels only."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def confusion(predicted: ArrayLike, truth: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Count voxels by true and predicted class.

    Parameters
    ----------
    predicted, truth : array_like of int
        Same shape; classes are 1 to ``classes``. Voxels whose truth is 0 (unlabelled) do not count; a prediction of 0
        (nothing predicted there) counts as wrong.
    classes : int
        Number of classes.

    Returns
    -------
    ndarray
        ``(classes + 1, classes + 1)``; rows are truth, columns prediction; row 0 stays empty.

    Raises
    ------
    ValueError
        When the shapes differ or a value is not a class.
    """
    p, t = np.asarray(predicted), np.asarray(truth)
    if p.shape != t.shape:
        raise ValueError(f"prediction and truth differ in shape: {p.shape} and {t.shape}")
    known = t > 0
    p, t = p[known].astype(np.int64), t[known].astype(np.int64)
    if t.size and max(t.max(), p.max()) > classes:
        raise ValueError(f"there are {classes} classes, and a value of {max(t.max(), p.max())}")
    size = classes + 1
    return np.bincount(t * size + p, minlength=size * size).reshape(size, size)


def intersection_over_union(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the IoU of each class from a :func:`confusion` matrix.

    Parameters
    ----------
    matrix : ndarray
        ``(classes + 1, classes + 1)``.

    Returns
    -------
    ndarray
        ``(classes,)``; NaN for a class that neither occurs nor was predicted.
    """
    hits = np.diag(matrix)[1:].astype(float)
    union = matrix.sum(axis=1)[1:] + matrix.sum(axis=0)[1:] - hits
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(union > 0, hits / union, np.nan)
