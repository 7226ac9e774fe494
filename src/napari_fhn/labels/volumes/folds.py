"""Labels left out in turn: in how many folds, and what is kept away from them meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.volumes.splits import classes_in
from napari_fhn.sentence import counted

MOST_FOLDS = 8
"""Folds, unless more are asked for: a hundred points left out one by one are a hundred trainings."""

_KEPT = 0.5
"""Share of the labels of training that stay, at least, when some are kept away from what is left out."""


def folds(labels: NDArray[Any], boxes: Sequence[Box], most: int = MOST_FOLDS, seed: int = 0) -> list[list[Box]]:
    """Deal bodies out into folds that are left out one after the other.

    Each class is spread over the folds as evenly as can be, the rarest first, and no fold takes the last labels of one.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    boxes : sequence of Box
        From :func:`~napari_fhn.labels.volumes.splits.candidates`.
    most : int
        Folds at most; there are no more than bodies.
    seed : int
        Of the order in which bodies are dealt out.

    Returns
    -------
    list of list of Box
        None of them empty. A body without which a class would have no labels is in none.

    Raises
    ------
    LabelError
        When fewer than two folds are asked for.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((1, 12), np.uint8)
    >>> labels[0, ::2] = 1, 1, 1, 1, 2, 2
    >>> points = [Box((0, x), (1, x + 1)) for x in range(0, 12, 2)]
    >>> [sorted(int(labels[box.slices][0, 0]) for box in fold) for fold in folds(labels, points, 2)]
    [[1, 1, 2], [1, 1, 2]]
    """
    if most < 2:
        raise LabelError(f"labels cannot be left out in {counted(most, 'folds')}", "Use at least 2")
    present = np.array([classes_in(labels, box) for box in boxes], dtype=bool).reshape(len(boxes), 256)
    total = present.sum(axis=0)
    count = min(most, len(boxes))
    held = np.zeros((count, 256), int)
    dealt: list[list[int]] = [[] for _ in range(count)]
    order = np.random.default_rng(seed).permutation(len(boxes))
    rarity = np.where(present, total, len(boxes) + 1).min(axis=1, initial=len(boxes) + 1)
    for k in sorted(order, key=lambda body: int(rarity[body])):
        mine = present[k]
        able = [fold for fold in range(count) if (held[fold, mine] + 1 < total[mine]).all()]
        if not able:
            continue
        rarest = np.flatnonzero(mine & (total == rarity[k]))
        fold = min(able, key=lambda one: (int(held[one, rarest].sum()), len(dealt[one])))
        held[fold] += mine
        dealt[fold].append(int(k))
    return [[boxes[k] for k in sorted(fold)] for fold in dealt if fold]


def kept_away(
    labels: NDArray[Any], left_out: Sequence[Box], vertical_axis: int | None, radius: int
) -> tuple[int, float]:
    """Return how far labels of training can be kept from what is left out, and what that costs.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    left_out : sequence of Box
        What training does not see.
    vertical_axis : int or None
        Axis along which nothing is kept away.
    radius : int
        Voxels that are wanted: as far as the network sees.

    Returns
    -------
    margin : int
        The largest one up to the radius with which every class and half of the labels stay.
    cost : float
        Share of the labels of training that it takes.
    """
    at = np.nonzero(labels)
    values = np.asarray(labels[at])
    axis = None if vertical_axis is None else vertical_axis % labels.ndim
    # How far each label lies from what is left out: 0 inside.
    nearest = np.full(len(values), np.iinfo(np.int64).max)
    for box in left_out:
        away = np.zeros(len(values), np.int64)
        for k, (first, stop) in enumerate(zip(box.start, box.stop, strict=True)):
            beyond = np.maximum(np.maximum(first - at[k], at[k] - stop + 1), 0)
            # Above and below a block of a time slice lies another one, or nothing.
            away = np.maximum(away, np.where(beyond > 0, radius + 1, 0) if k == axis else beyond)
        nearest = np.minimum(nearest, away)
    trained = nearest > 0
    classes, total = set(np.unique(values[trained]).tolist()), int(trained.sum())

    def possible(margin: int) -> bool:
        stays = nearest > margin
        return stays.sum() >= _KEPT * total and set(np.unique(values[stays]).tolist()) == classes

    low, high = 0, max(0, radius)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if possible(middle) else (low, middle - 1)
    cost = float((trained & (nearest <= low)).sum()) / total if total else 0.0
    return low, cost


def grown(boxes: Sequence[Box], margin: int, shape: tuple[int, ...], vertical_axis: int | None) -> tuple[Box, ...]:
    """Return boxes with a margin around them along all axes but the vertical one, as far as the survey goes."""
    axis = None if vertical_axis is None else vertical_axis % len(shape)
    found = []
    for box in boxes:
        around = [0 if k == axis else margin for k in range(len(shape))]
        start = tuple(max(0, a - m) for a, m in zip(box.start, around, strict=True))
        stop = tuple(min(n, b + m) for b, m, n in zip(box.stop, around, shape, strict=True))
        found.append(Box(start, stop))
    return tuple(found)
