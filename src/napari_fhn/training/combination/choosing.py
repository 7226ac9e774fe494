"""Which labels the beginning of a training is not shown, so that factors can be weighed on them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies
from napari_fhn.training.data.labelled import LabelFile

_SHARE = 1 / 3
"""Of the bodies of labels that is left out."""

_FEWEST = 2
"""Bodies of labels from which on some are left out: of two wells one foretells the other. Else what is believed would
decide, and no belief does well on flat layers and across faults alike."""

_MOST = 48
"""Bodies left out: more tell no more, and have to be predicted."""


def left_out(labels: LabelFile, bodies: Bodies, vertical: int | None, seed: int) -> tuple[list[Box], list[int]]:
    """Choose what a training is not shown at first.

    Parameters
    ----------
    labels : LabelFile
        What is known.
    bodies : Bodies
        Theirs.
    vertical : int or None
        Axis along which columns run.
    seed : int
        Of the choice.

    Returns
    -------
    boxes : list of Box
        Whole bodies; where each of them is the only one of a class, a body without what it has of such classes. None
        where there are too few bodies, or no class is in two of them.
    body : list of int
        Which body each box is of.
    """
    chosen, alone = choose(labels, bodies, seed), np.zeros(labels.classes, bool)
    if not chosen and bodies.count >= _FEWEST:
        holds = _held(labels, bodies)
        shared = holds.sum(axis=0) > 1
        told = (holds & shared).sum(axis=1)
        chosen, alone = ([int(told.argmax())] if told.any() else []), ~shared
    boxes, body = [], []
    for number in chosen:
        own = bodies.boxes({number}, labels.shape)
        if alone.any():
            own = [part for box in own for part in _without(labels, box, np.flatnonzero(alone) + 1, vertical)]
        boxes += own
        body += [number] * len(own)
    return boxes, body


def choose(labels: LabelFile, bodies: Bodies, seed: int) -> list[int]:
    """Choose bodies to leave out: a third of them, one of two, and none that is the last of a class."""
    if bodies.count < _FEWEST:
        return []
    holds = _held(labels, bodies)
    left = holds.sum(axis=0)
    wanted = min(_MOST, max(1, round(_SHARE * bodies.count)))
    chosen: list[int] = []
    for number in np.random.default_rng(seed).permutation(bodies.count).tolist():
        if len(chosen) == wanted:
            break
        if holds[number].any() and (left[holds[number]] > 1).all():
            left -= holds[number]
            chosen.append(number)
    return sorted(chosen)


def _held(labels: LabelFile, bodies: Bodies) -> NDArray[np.bool_]:
    """Return ``(bodies, classes)``: which body has which classes."""
    holds = np.zeros((bodies.count, labels.classes), bool)
    for k, flat in enumerate(labels.positions):
        voxels = np.unravel_index(flat, labels.shape)
        places = np.unique(np.stack([voxels[axis] for axis in bodies.lateral], axis=1), axis=0)
        numbers = bodies.at(places)
        holds[numbers[numbers >= 0], k] = True
    return holds


def _without(labels: LabelFile, box: Box, values: NDArray[np.int64], vertical: int | None) -> Iterator[Box]:
    """Yield the parts of a box, cut across the vertical axis, that hold none of some classes, from 1."""
    there = np.isin(labels.read(box), values)
    if vertical is None:
        if not there.any():
            yield box
        return
    free = ~there.any(axis=tuple(axis for axis in range(there.ndim) if axis != vertical))
    ends = np.flatnonzero(np.diff(free.astype(np.int8), prepend=0, append=0)) + box.start[vertical]
    for first, last in ends.reshape(-1, 2).tolist():
        yield box.slab(vertical, first, last)
