"""Relative geologic time: where each voxel's reflector meets one column that all are measured against. numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.marches import Marches
from napari_fhn.structure.marching import DipSource
from napari_fhn.structure.sources import well
from napari_fhn.structure.sweeping import March

_POWER = 2.0
"""Of the inverse length of the way."""

_NEAR = 2.0
"""Traces added to every way."""

_ALONG = 3
"""Columns along each lateral axis, where nobody names any."""


class RelativeTime:
    """The same number along a reflector, and a larger one below: a channel in which layers lie flat.

    Each node of a lattice is carried to every column along its reflector; from there, what that column's sample is at
    the first column is known. The answers are averaged by the inverse squares of the lengths of the ways, and a voxel
    lies as far below its node as its reflector does. Nothing is computed before it is read.

    Parameters
    ----------
    dips : DipSource
        Of a volume ``(inline, crossline, sample)`` or a line ``(trace, sample)``.
    columns : sequence of tuple of int, optional
        Lateral indices, ``(inline, crossline)`` or ``(trace,)``; by default three evenly along each axis, the one in
        the middle first. The first is the one that all are measured against.

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

    def __init__(self, dips: DipSource, columns: Sequence[tuple[int, ...]] | None = None) -> None:
        lateral = dips.shape[:-1]
        columns = even_columns(lateral) if columns is None else columns
        if not columns:
            raise ValueError("a relative time needs a column that it is measured against")
        for column in columns:
            if len(column) != len(lateral) or not all(0 <= at < n for at, n in zip(column, lateral, strict=True)):
                raise ValueError(f"the column at {column} lies outside a survey of {lateral} traces")
        self._marches = Marches.of(dips)
        self._places = [np.array([0] * (2 - len(column)) + list(column), np.int64) for column in columns]

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return the relative time of a box, in samples of the first column."""
        volume = box if len(box.start) == 3 else Box((0, *box.start), (1, *box.stop))
        times = self._at_nodes
        where = self._marches.where(volume)
        return np.asarray(times.take(where.node) + where.beyond, np.float32).reshape(box.shape)

    @cached_property
    def _at_nodes(self) -> NDArray[np.float32]:
        """The relative time of each node of the lattice."""
        lattice = self._marches.lattice
        wells = [well(lattice, place) for place in self._places]
        marches = lattice.march_all([seeds for seeds, _ in wells])
        shape, at = lattice.cost.shape, lattice.column()
        total, weights = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for place, march in zip(self._places, marches, strict=True):
            times = self._of_first(marches[0], place)
            if times is None:
                continue
            weight = (march.distance.reshape(shape) + np.float32(_NEAR)) ** -_POWER
            weight[_unreached(march).reshape(shape)] = 0
            total += weight * np.where(weight > 0, _looked_up(times, march.depth.reshape(shape)), 0)
            weights += weight
        found = np.full(shape, np.nan, np.float32)
        np.divide(total, weights, out=found, where=weights > 0)
        return _continued(found, at)

    def _of_first(self, first: March, place: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """Return the first column's sample for samples of a column; None where no way leads there."""
        box = Box((int(place[0]), int(place[1]), 0), (int(place[0]) + 1, int(place[1]) + 1, self._depth))
        where = self._marches.where(box)
        reached = ~_unreached(first).take(where.node)[0, 0]
        if not reached.any():
            return None
        # Ways of neighbouring samples may differ: time never runs back down a column.
        depth = first.depth.take(where.node) + where.beyond
        known = np.maximum.accumulate(depth[0, 0, reached])
        samples = np.arange(self._depth, dtype=np.float32)
        low, high = samples[reached][[0, -1]]
        times = np.interp(samples, samples[reached], known)
        times += np.minimum(samples - low, 0) + np.maximum(samples - high, 0)
        return times.astype(np.float32)

    @property
    def _depth(self) -> int:
        return self._marches.lattice.shape[2]


def even_columns(lateral: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return columns spread evenly over a survey, the one in the middle first.

    Examples
    --------
    >>> even_columns((30,)), even_columns((1, 12))
    ([(15,), (5,), (25,)], [(0, 6), (0, 2), (0, 10)])
    """
    each = [sorted({(2 * k + 1) * size // (2 * _ALONG) for k in range(_ALONG)}) for size in lateral]
    middle = tuple(size // 2 for size in lateral)
    return [middle, *(one for one in product(*each) if one != middle)]


def _unreached(march: March) -> NDArray[np.bool_]:
    return np.asarray(march.distance >= 1e5)


def _looked_up(times: NDArray[np.float32], depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return times at depths between and beyond the samples."""
    last = len(times) - 1
    above = np.floor(depth).clip(0, max(last - 1, 0)).astype(np.intp)
    below = np.minimum(above + 1, last)
    part = depth - above
    inside = part.clip(0, 1)
    return np.asarray(times[above] * (1 - inside) + times[below] * inside + (part - inside), np.float32)


def _continued(times: NDArray[np.float32], at: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return times of nodes; where no way led, that of the nearest node above or below, and as much as is between.

    A column that no way leads to at all keeps its own depths.
    """
    known = np.isfinite(times)
    if known.all():
        return times
    nodes = np.arange(len(at))
    above = np.maximum.accumulate(np.where(known, nodes, -1), axis=-1)
    below = np.minimum.accumulate(np.where(known, nodes, len(at))[..., ::-1], axis=-1)[..., ::-1]
    nearest = np.where((above < 0) | ((below < len(at)) & (below - nodes < nodes - above)), below, above)
    none = nearest == len(at)
    nearest = np.where(none, nodes, nearest)
    there = np.where(none, at, np.take_along_axis(times, nearest, axis=-1))
    return np.asarray(there + at - at[nearest], np.float32)
