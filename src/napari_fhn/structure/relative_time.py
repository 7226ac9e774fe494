"""Relative geologic time: where each voxel's reflector meets one column that all are measured against. numpy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.marches import Marches
from napari_fhn.structure.marching import DipSource
from napari_fhn.structure.sources import well

_POWER = 2.0
"""Of the inverse length of the way."""

_NEAR = 2.0
"""Traces added to every way."""


class RelativeTime:
    """The same number along a reflector, and a larger one below: a channel in which layers lie flat.

    Each voxel is carried to every column along its reflector; from there, what that column's sample is at the first
    column is known. The answers are averaged by the inverse squares of the lengths of the ways.

    Parameters
    ----------
    dips : DipSource
        Of a volume ``(inline, crossline, sample)`` or a line ``(trace, sample)``.
    columns : sequence of tuple of int
        Lateral indices, ``(inline, crossline)`` or ``(trace,)``; wells, as a rule. The first is the one that all are
        measured against.
    marches : Marches, optional
        Shared with others that carry over the same dips.

    Raises
    ------
    ValueError
        When no column is given, or one lies outside the survey.

    Examples
    --------
    Reflectors that fall by one sample per trace:

    >>> from types import SimpleNamespace
    >>> dips = SimpleNamespace(shape=(6, 12), read=lambda box: SimpleNamespace(
    ...     slopes=np.ones((1, *box.shape), np.float32), coherence=np.ones(box.shape, np.float32)))
    >>> RelativeTime(dips, [(0,)]).read(Box((0, 0), (6, 12)))[:, 6].tolist()
    [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    """

    def __init__(self, dips: DipSource, columns: Sequence[tuple[int, ...]], *, marches: Marches | None = None) -> None:
        lateral = dips.shape[:-1]
        if not columns:
            raise ValueError("a relative time needs a column that it is measured against")
        for column in columns:
            if len(column) != len(lateral) or not all(0 <= at < n for at, n in zip(column, lateral, strict=True)):
                raise ValueError(f"the column at {column} lies outside a survey of {lateral} traces")
        self._marches = Marches.of(dips) if marches is None else marches
        self._depth = dips.shape[-1]
        places = [np.array([0] * (2 - len(column)) + list(column), np.int64) for column in columns]
        self._wells = [well(self._marches.lattice, place) for place in places]
        self._marches.prepare(self._wells)
        self._times = [self._of_first(place) for place in places]

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return the relative time of a box, in samples of the first column; NaN where no column is reached."""
        volume = box if len(box.start) == 3 else Box((0, *box.start), (1, *box.stop))
        where = self._marches.where(volume)
        total, weights = np.zeros(volume.shape, np.float32), np.zeros(volume.shape, np.float32)
        for (seeds, key), times in zip(self._wells, self._times, strict=True):
            if times is None:
                continue
            depth, distance, _ = self._marches.carried(seeds, key, where)
            weight = np.where(np.isfinite(distance), (distance + _NEAR) ** -_POWER, 0).astype(np.float32)
            total += weight * np.where(weight > 0, _looked_up(times, depth), 0)
            weights += weight
        out = np.full(volume.shape, np.nan, np.float32)
        np.divide(total, weights, out=out, where=weights > 0)
        return out.reshape(box.shape)

    def _of_first(self, place: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """Return the first column's sample for each sample of a column; None where no way leads there."""
        box = Box((int(place[0]), int(place[1]), 0), (int(place[0]) + 1, int(place[1]) + 1, self._depth))
        depth, distance, _ = self._marches.carried(*self._wells[0], self._marches.where(box))
        reached = np.isfinite(distance[0, 0])
        if not reached.any():
            return None
        samples = np.arange(self._depth, dtype=np.float32)
        # Ways of neighbouring samples may differ: time never runs back down a column.
        known = np.maximum.accumulate(depth[0, 0, reached])
        first, last = samples[reached][[0, -1]]
        times = np.interp(samples, samples[reached], known)
        times += np.minimum(samples - first, 0) + np.maximum(samples - last, 0)
        return times.astype(np.float32)


def relative_time(dips: DipSource, columns: Sequence[tuple[int, ...]]) -> NDArray[np.float32]:
    """Return the relative geologic time of a whole survey: one channel, in samples of the first column.

    Parameters
    ----------
    dips : DipSource
        Of a volume ``(inline, crossline, sample)`` or a line ``(trace, sample)``.
    columns : sequence of tuple of int
        See :class:`RelativeTime`.

    Returns
    -------
    ndarray of float32, shape of the survey
        NaN where no column is reached.

    Raises
    ------
    ValueError
        When no column is given, or one lies outside the survey.
    """
    times = RelativeTime(dips, columns)
    out = np.empty(dips.shape, np.float32)
    for row in range(dips.shape[0]):
        box = Box((row, *[0] * (len(dips.shape) - 1)), (row + 1, *dips.shape[1:]))
        out[box.slices] = times.read(box)
    return out


def _looked_up(times: NDArray[np.float32], depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return times at depths between and beyond the samples."""
    last = len(times) - 1
    above = np.floor(depth).clip(0, max(last - 1, 0)).astype(np.intp)
    below = np.minimum(above + 1, last)
    part = depth - above
    inside = part.clip(0, 1)
    return np.asarray(times[above] * (1 - inside) + times[below] * inside + (part - inside), np.float32)
