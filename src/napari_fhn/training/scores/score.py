"""Scores of a prediction, over labelled voxels only, all of them from the confusion matrix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_fhn.sentence import counted

_SLAB_VOXELS = 2**24
"""Voxels counted at once: volumes may be larger than memory."""


def confusion(predicted: ArrayLike, truth: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Count voxels by true and predicted class.

    Parameters
    ----------
    predicted, truth : array_like of int
        Same shape, memory-mapped or not; classes are 1 to ``classes``. Voxels whose truth is 0 (unlabelled) do not
        count; a prediction of 0 (nothing predicted there) counts as wrong.
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
    p, t = np.asanyarray(predicted), np.asanyarray(truth)
    if p.shape != t.shape:
        raise ValueError(f"prediction and truth differ in shape: {p.shape} and {t.shape}")
    size = classes + 1
    total = np.zeros((size, size), np.int64)
    for slab in _slabs(t):
        known = t[slab] > 0
        mine, theirs = p[slab][known].astype(np.int64), t[slab][known].astype(np.int64)
        if theirs.size and max(theirs.max(), mine.max()) > classes:
            raise ValueError(f"there are {counted(classes, 'classes')}, and a value of {max(theirs.max(), mine.max())}")
        total += np.bincount(theirs * size + mine, minlength=size * size).reshape(size, size)
    return total


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
    hits, truth, predicted = _marginals(matrix)
    return _share(hits, truth + predicted - hits)


def predicted_shares(prediction: ArrayLike, classes: int) -> NDArray[np.float64] | None:
    """Return the share of each class in all that is predicted.

    Parameters
    ----------
    prediction : array_like of int
        0 where nothing is predicted.
    classes : int
        Number of classes.

    Returns
    -------
    ndarray or None
        ``(classes,)``, adding up to 1; None where nothing is predicted.
    """
    values = np.asanyarray(prediction)
    counts = np.zeros(classes + 1, np.int64)
    for slab in _slabs(values):
        counts += np.bincount(values[slab].ravel(), minlength=classes + 1)[: classes + 1]
    total = int(counts[1:].sum())
    return counts[1:] / total if total else None


@dataclass(frozen=True)
class Scores:
    """How well a prediction matches the truth.

    Numbers that are not defined (a class without voxels, a matrix without counts) are None. Means are over the classes
    that occur in the truth: a class that is not there says nothing by being absent from the prediction too.

    Parameters
    ----------
    confusion : tuple of tuple of int
        ``(classes + 1, classes + 1)``; rows are truth, columns prediction, the first of each is "none".
    voxels, unpredicted : int
        How many voxels have a truth, and how many of them have no prediction.
    accuracy : float or None
        Share of the voxels that are right.
    kappa : float or None
        Cohen's: accuracy beyond what the shares of the classes alone would give.
    mean_iou, mean_f1 : float or None
        Unweighted means over the classes that occur.
    iou, precision, recall, f1 : tuple of float or None
        For each class.
    """

    confusion: tuple[tuple[int, ...], ...]
    voxels: int
    unpredicted: int
    accuracy: float | None
    kappa: float | None
    mean_iou: float | None
    mean_f1: float | None
    iou: tuple[float | None, ...]
    precision: tuple[float | None, ...]
    recall: tuple[float | None, ...]
    f1: tuple[float | None, ...]

    @property
    def support(self) -> tuple[int, ...]:
        """Voxels of each class in the truth."""
        return tuple(sum(row) for row in self.confusion[1:])


def scores(matrix: NDArray[np.int64]) -> Scores:
    """Return all scores of a :func:`confusion` matrix.

    Parameters
    ----------
    matrix : ndarray
        ``(classes + 1, classes + 1)``; matrices of several places add up to that of all of them.

    Returns
    -------
    Scores
    """
    hits, truth, predicted = _marginals(matrix)
    occurs = truth > 0
    voxels = int(truth.sum())
    iou = _share(hits, truth + predicted - hits)
    f1 = _share(2 * hits, truth + predicted)
    accuracy = float(hits.sum()) / voxels if voxels else np.nan
    by_chance = float(truth @ predicted) / voxels**2 if voxels else np.nan
    kappa = (accuracy - by_chance) / (1 - by_chance) if by_chance < 1 else np.nan
    return Scores(
        confusion=tuple(tuple(int(count) for count in row) for row in matrix),
        voxels=voxels,
        unpredicted=int(matrix[1:, 0].sum()),
        accuracy=_known(accuracy),
        kappa=_known(kappa),
        mean_iou=_known(iou[occurs].mean()) if occurs.any() else None,
        mean_f1=_known(f1[occurs].mean()) if occurs.any() else None,
        iou=tuple(map(_known, iou)),
        precision=tuple(map(_known, _share(hits, predicted))),
        recall=tuple(map(_known, _share(hits, truth))),
        f1=tuple(map(_known, f1)),
    )


def near_boundaries(truth: NDArray[Any], reach: int) -> NDArray[np.bool_]:
    """Mark the voxels near a boundary between two classes, where predictions are hardest and matter most.

    Parameters
    ----------
    truth : ndarray of int
        0 where unlabelled; what lies beside an unlabelled voxel is no boundary.
    reach : int
        Voxels along an axis from a boundary; 1 marks those that touch it.

    Returns
    -------
    ndarray of bool
        Shape of ``truth``. Use as ``confusion(predicted, numpy.where(near, truth, 0), classes)``.

    Raises
    ------
    ValueError
        When the reach is below 1.
    """
    if reach < 1:
        raise ValueError(f"a boundary reaches at least one voxel, not {reach}")
    near = np.zeros(truth.shape, bool)
    for axis in range(truth.ndim):
        along, marked = np.moveaxis(truth, axis, 0), np.moveaxis(near, axis, 0)
        upper, lower = along[:-1], along[1:]
        edge = (upper != lower) & (upper > 0) & (lower > 0)
        for distance in range(min(reach, len(edge))):
            # An edge lies between rows k and k + 1.
            marked[: len(edge) - distance] |= edge[distance:]
            marked[1 + distance :] |= edge[: len(edge) - distance]
    return near & (truth > 0)


def _marginals(matrix: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Right voxels, true voxels and predicted voxels of each class."""
    return (
        np.diag(matrix)[1:].astype(float),
        matrix.sum(axis=1)[1:].astype(float),
        matrix.sum(axis=0)[1:].astype(float),
    )


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    share: NDArray[np.float64] = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return share


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _slabs(array: NDArray[Any]) -> Iterator[Any]:
    if array.ndim == 0:
        yield ...
        return
    rows = max(1, _SLAB_VOXELS // max(1, array[:1].size))
    for start in range(0, len(array), rows):
        yield slice(start, start + rows)
