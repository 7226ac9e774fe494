"""Averages along reflectors: what is said of a voxel is said of its neighbours along the same bed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from .slopes import Dips

Field = NDArray[np.float32]

STOPS = (0.15, 0.5)
"""At the first coherence and below a path ends; from the second on it costs nothing."""


def along_dips(
    probabilities: NDArray[np.float32],
    dips: Dips,
    reach: tuple[int, ...],
    *,
    stops: tuple[float, float] = STOPS,
    threads: int = 1,
) -> NDArray[np.float32]:
    """Average probabilities along reflectors.

    Each lateral axis in turn: from every voxel a path follows the slopes trace by trace, to both sides, and reads the
    nearest sample. A trace weighs less the further away it is, down to nothing just beyond `reach`, and less for all
    incoherent places on the way, so that paths end at faults.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (classes, *shape)
        Of a box; the vertical axis is the last.
    dips : Dips
        Of the same box.
    reach : tuple of int
        How many traces each way, along each lateral axis. What lies further inside the box than this depends on nothing
        outside it; see :func:`halo`.
    stops : tuple of float
        A place of the first coherence or below ends a path, one of the second or above lets it pass.
    threads : int
        How many sections are averaged at the same time.

    Returns
    -------
    ndarray of float32, shape (classes, *shape)
        Their sums over the classes are as they were.

    Raises
    ------
    ValueError
        When shapes do not go together.

    Examples
    --------
    A boundary that dips by one sample per trace, with an error in it:

    >>> import numpy as np
    >>> trace, sample = np.mgrid[:20, :40]
    >>> below = (sample - trace > 10).astype(np.float32)
    >>> below[9:11, 25:30] = 0
    >>> dips = Dips(np.ones((1, 20, 40), np.float32), np.ones((20, 40), np.float32))
    >>> smooth = along_dips(np.stack([1 - below, below]), dips, (5,))
    >>> bool((smooth.argmax(0) == (sample - trace > 10)).all())
    True
    """
    shape = probabilities.shape[1:]
    if dips.coherence.shape != shape or dips.slopes.shape != (len(shape) - 1, *shape) or len(reach) != len(shape) - 1:
        raise ValueError(
            f"probabilities of shape {probabilities.shape} need dips of shape {shape} and a reach for each lateral "
            f"axis, not {dips.slopes.shape}, {dips.coherence.shape} and {reach}"
        )
    passing = np.clip((dips.coherence - stops[0]) / (stops[1] - stops[0]), 0, 1).astype(np.float32)
    values = np.asarray(probabilities, np.float32)
    for axis, far in enumerate(reach):
        if far < 1 or shape[axis] < 2:
            continue
        averaged = np.empty_like(values)
        average = partial(_average, values, averaged, dips.slopes[axis], passing, far)
        sections = list(_sections(len(shape) - 1, shape, axis))
        if min(threads, len(sections)) > 1:
            with ThreadPoolExecutor(threads) as pool:  # numpy holds no lock while it reads and multiplies
                list(pool.map(average, sections))
        else:
            list(map(average, sections))
        values = averaged
    return values if values is not probabilities else values.copy()


def halo(reach: tuple[int, ...]) -> tuple[int, ...]:
    """Return the traces around a box on which its average depends, along each lateral axis; columns are whole."""
    return tuple(max(0, far) for far in reach)


def _sections(lateral: int, shape: tuple[int, ...], axis: int) -> Iterator[tuple[slice | int, ...]]:
    """Yield the index of every section along an axis: what is read at random should fit into the cache."""
    if lateral == 1:
        yield (slice(None), slice(None))
        return
    for other in range(shape[1 - axis]):
        yield (slice(None), other, slice(None)) if axis == 0 else (other, slice(None), slice(None))


def _average(
    values: Field, averaged: Field, slopes: Field, passing: Field, reach: int, section: tuple[slice | int, ...]
) -> None:
    """Write the average of one section."""
    there = (slice(None), *section)
    averaged[there] = _section(values[there], slopes[section], passing[section], reach)


def _section(values: Field, slopes: Field, passing: Field, reach: int) -> Field:
    """Average ``(classes, traces, samples)`` along the paths of one section."""
    classes, traces, samples = values.shape
    flat = np.ascontiguousarray(values).reshape(classes, -1)
    slope, passing = np.ascontiguousarray(slopes), np.ascontiguousarray(passing)
    total, weights = flat.reshape(values.shape).copy(), np.ones((traces, samples), np.float32)
    sample = np.arange(samples, dtype=np.float32)
    room = np.empty(slope.shape, np.float32)
    for side in (1, -1):
        at = np.broadcast_to(sample, (traces, samples)).copy()
        weight, step = passing.copy(), slope * np.float32(side)
        for far in range(1, min(reach, traces - 1) + 1):
            # Rows are the traces that still have a neighbour so far away on this side.
            rows = slice(0, traces - far) if side == 1 else slice(far, traces)
            at, weight, step = (part[:-1] if side == 1 else part[1:] for part in (at, weight, step))
            at += step
            row = np.arange(far, traces) if side == 1 else np.arange(0, traces - far)
            index = np.rint(at).astype(np.intp)
            within = (index >= 0) & (index < samples)
            np.clip(index, 0, samples - 1, out=index)
            index += row[:, None] * samples
            read = room[: len(index)]
            # Nothing is out of bounds any more, and where numpy need not tell so it reads twice as fast.
            weight = weight * passing.ravel().take(index, out=read, mode="clip")
            weight *= within
            share = weight * np.float32(1 - far / (reach + 1))
            weights[rows] += share
            for mine, theirs in zip(total, flat, strict=True):
                theirs.take(index, out=read, mode="clip")
                read *= share
                mine[rows] += read
            step = slope.ravel().take(index, mode="clip")
            step *= np.float32(side)
    total /= weights
    return total
