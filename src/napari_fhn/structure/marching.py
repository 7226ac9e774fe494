"""Depths carried along the dips: from some columns to every other, on the way that costs least. numpy alone.

A column that is known says at each of its samples what lies there. Along a reflector it says the same elsewhere. Which
sample of which column lies on the reflector through a voxel is found trace by trace, outwards: the neighbour's answer,
shifted by the dip between the two. Every way is as long as its steps, and a step through chaos or a fault is longer than
one along a clear reflector, so that of all ways the shortest counts, which goes round a fault. Ways are those of Dijkstra,
for each sample on its own, found by sweeps over whole lines of traces (fast sweeping, as for the eikonal equation).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box

_NODES = 600_000
"""Most nodes of a lattice: a march takes about a third of a second on so many."""

_TALL = 64
"""Samples from which on every second one is enough: what is carried varies slowly along a column."""

_ROUNDS = 4
"""Most times that all directions are swept; a way round a fault needs two."""

_SETTLED = 1e-4
"""Share of the nodes that may still change when sweeping ends."""

_FAR = np.float32(1e6)
"""Nothing was carried here."""


class Dipping(Protocol):
    """Slopes (lateral axes, *box.shape) in samples per trace, and coherence (box.shape) from 0 to 1."""

    @property
    def slopes(self) -> NDArray[np.float32]: ...  # noqa: D102

    @property
    def coherence(self) -> NDArray[np.float32]: ...  # noqa: D102


class DipSource(Protocol):
    """Where dips come from: :class:`napari_fhn.structure.dips.DipField`, or arrays in a test."""

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102

    def read(self, box: Box) -> Dipping:
        """Return the dips of a box."""
        ...


class Seeds(NamedTuple):
    """Where a march begins: nodes of the lattice, and what lies on the reflector through each of their samples.

    Parameters
    ----------
    nodes : ndarray of int64, shape (n, 2)
        Each once.
    depth : ndarray of float32, shape (n, nodes along a column)
        Sample of the known column, not a whole number where the node lies beside it; NaN where nothing is known.
    source : ndarray of int32, shape (n,)
        Which column it is.
    """

    nodes: NDArray[np.int64]
    depth: NDArray[np.float32]
    source: NDArray[np.int32]


class March(NamedTuple):
    """What was carried to every node of a lattice.

    Parameters
    ----------
    depth : ndarray of float32, shape of the lattice
        Sample of the known column that lies on the same reflector.
    distance : ndarray of float32
        Length of the way, in traces, longer where reflectors are not clear; 1e6 where nothing was carried.
    source : ndarray of int32 or None
        Which column; None where there was one.
    """

    depth: NDArray[np.float32]
    distance: NDArray[np.float32]
    source: NDArray[np.int32] | None

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return self.depth.nbytes + self.distance.nbytes + (0 if self.source is None else self.source.nbytes)


@dataclass(frozen=True)
class Lattice:
    """Dips on every so many-th trace and sample of a survey; a line is a volume of one inline.

    Attributes
    ----------
    shape : tuple of int
        Of the survey, ``(inline, crossline, sample)``.
    stride : tuple of int
        Voxels of a cell along each axis; a node lies in the middle of its cell.
    slopes : ndarray of float32, shape (2, *nodes)
        Means over the cells, in samples per trace.
    cost : ndarray of float32, shape (*nodes)
        Length of a step of one trace: 1 along clear reflectors, more elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> slopes = np.full((2, 8, 8, 16), 0.5, np.float32)
    >>> clear = np.ones((8, 8, 16), np.float32)
    >>> dips = SimpleNamespace(shape=(8, 8, 16), read=lambda box: SimpleNamespace(
    ...     slopes=slopes[(slice(None), *box.slices)], coherence=clear[box.slices]))
    >>> lattice = Lattice.of(dips)
    >>> column = lattice.column()[None]
    >>> march = lattice.march(Seeds(np.array([[0, 0]]), column, np.zeros(1, np.int32)))

    Reflectors fall by half a sample per trace in both directions:

    >>> float(march.depth[4, 4, 10])
    6.0
    """

    shape: tuple[int, int, int]
    stride: tuple[int, int, int]
    slopes: NDArray[np.float32]
    cost: NDArray[np.float32]

    @classmethod
    def of(cls, dips: DipSource, *, shyness: float = 4.0, nodes: int = _NODES) -> Lattice:
        """Read the dips of a whole survey, a row of cells at a time.

        Parameters
        ----------
        dips : DipSource
            Of a volume ``(inline, crossline, sample)`` or a line ``(trace, sample)``.
        shyness : float
            How many times longer, beside itself, a step is where there is no clear reflector at all.
        nodes : int
            How many there are at most.
        """
        line = len(dips.shape) == 2
        shape: tuple[int, int, int] = (1, *dips.shape) if line else dips.shape  # type: ignore[assignment]
        stride = strides(shape, nodes)
        across, along, down = (-(-n // s) for n, s in zip(shape, stride, strict=True))
        slopes = np.zeros((2, across, along, down), np.float32)
        cost = np.empty((across, along, down), np.float32)
        for row in range(across):
            start, stop = row * stride[0], min(shape[0], (row + 1) * stride[0])
            box = Box((start, 0, 0), (stop, *shape[1:]))
            found = dips.read(Box(box.start[1:], box.stop[1:]) if line else box)
            coherence = np.nan_to_num(found.coherence).reshape(box.shape)
            cost[row] = 1 + shyness * (1 - _means(coherence, stride))
            for axis, slope in zip((1,) if line else (0, 1), found.slopes, strict=True):
                # Clear reflectors tell the dip of a cell; those that are not would blur it.
                weight = coherence + np.float32(1e-3)
                mean = _means(np.nan_to_num(slope).reshape(box.shape) * weight, stride)
                slopes[axis, row] = mean / _means(weight, stride)
        return cls(shape, stride, slopes, cost)

    def column(self) -> NDArray[np.float32]:
        """Return the samples at which the nodes of a column lie."""
        return self.middles(2)

    def middles(self, axis: int) -> NDArray[np.float32]:
        """Return where along an axis of the survey the nodes lie, in voxels."""
        step = self.stride[axis]
        return np.arange(self.cost.shape[axis], dtype=np.float32) * step + np.float32((step - 1) / 2)

    def march(self, seeds: Seeds) -> March:
        """Carry known columns over the lattice."""
        depth = np.zeros(self.cost.shape, np.float32)
        distance = np.full(self.cost.shape, _FAR, np.float32)
        several = len(np.unique(seeds.source)) > 1
        source = np.zeros(self.cost.shape, np.int32) if several else None
        at = tuple(seeds.nodes.T)
        depth[at] = np.nan_to_num(seeds.depth)
        distance[at] = np.where(np.isnan(seeds.depth), _FAR, np.float32(0))
        if source is not None:
            source[at] = seeds.source[:, np.newaxis]
        state = March(depth, distance, source)
        for _ in range(_ROUNDS):
            changed = sum(self._sweep(state, axis, way) for axis in (0, 1) for way in (1, -1))
            if changed <= _SETTLED * distance.size:
                break
        return state

    def _sweep(self, state: March, axis: int, way: int) -> int:
        """Let each line take over what the line before it knows better; tells how many nodes have changed."""
        count, other = self.cost.shape[axis], self.cost.shape[1 - axis]
        lines = range(1, count) if way > 0 else range(count - 2, -1, -1)
        ahead = [np.moveaxis(values, axis, 0) for values in (*self.slopes, self.cost) if values is not None]
        depth, distance = (np.moveaxis(values, axis, 0) for values in state[:2])
        source = None if state.source is None else np.moveaxis(state.source, axis, 0)
        changed = 0
        for line in lines:
            for shift in (0, -1, 1):
                here = slice(max(0, -shift), other - max(0, shift))
                there = slice(here.start + shift, here.stop + shift)
                if here.start >= here.stop:
                    continue
                steps = (way, -shift) if axis == 0 else (-shift, way)
                # The mean of both ends, at the same sample: exact where the dip changes evenly.
                slopes, cost = [], None
                for values in ahead:
                    slopes.append(0.5 * (values[line, here] + values[line - way, there]))
                cost = slopes.pop()
                moves = [step * self.stride[k] for k, step in enumerate(steps)]
                rise = np.float32(moves[0]) * slopes[0] + np.float32(moves[1]) * slopes[1]
                length = cost * np.float32(np.hypot(*moves))
                changed += self._take(
                    rise,
                    length,
                    (depth[line - way, there], distance[line - way, there]),
                    (depth[line, here], distance[line, here]),
                    None if source is None else (source[line - way, there], source[line, here]),
                )
        return changed

    def _take(
        self,
        rise: NDArray[np.float32],
        length: NDArray[np.float32],
        before: tuple[NDArray[np.float32], NDArray[np.float32]],
        after: tuple[NDArray[np.float32], NDArray[np.float32]],
        sources: tuple[NDArray[np.int32], NDArray[np.int32]] | None,
    ) -> int:
        """Take over from one line of traces to the next, in place, where the way is shorter."""
        down = rise.shape[1]
        step = np.float32(self.stride[2])
        at = np.arange(down, dtype=np.float32) - rise / step
        nearest = np.rint(at)
        inside = (nearest >= 0) & (nearest < down)
        index = np.clip(nearest, 0, down - 1).astype(np.intp)
        index += (np.arange(len(rise)) * down)[:, np.newaxis]
        way = before[1].take(index) + length
        better = inside & (way < after[1] - np.float32(1e-3))
        count = int(np.count_nonzero(better))
        if count:
            # Beside the nearest sample a reflector's neighbours are as far apart there as here.
            depth = before[0].take(index) + (at - nearest) * step
            np.copyto(after[0], depth, where=better)
            np.copyto(after[1], way, where=better)
            if sources is not None:
                np.copyto(sources[1], sources[0].take(index), where=better)
        return count


def strides(shape: tuple[int, int, int], nodes: int = _NODES) -> tuple[int, int, int]:
    """Return the strides of a lattice of at most so many nodes over a survey.

    Examples
    --------
    >>> strides((64, 96, 128)), strides((200, 300, 400)), strides((1, 400, 800))
    ((1, 1, 2), (4, 4, 2), (1, 1, 2))
    """
    down, across = 2 if shape[2] >= _TALL else 1, 1

    def stride() -> tuple[int, int, int]:
        return (min(across, shape[0]), min(across, shape[1]), down)

    while np.prod([-(-n // s) for n, s in zip(shape, stride(), strict=True)]) > nodes and across < max(shape[:2]):
        across += 1
        down = max(down, min(4, across // 2))
    return stride()


def _means(values: NDArray[np.float32], stride: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return the means over the cells of one row: ``(cells across, cells down)``; a cut-off cell counts what it has."""
    row = values.mean(axis=0)
    for axis, step in ((0, stride[1]), (1, stride[2])):
        edges = np.arange(0, row.shape[axis], step)
        sums = np.add.reduceat(row, edges, axis=axis)
        counts = np.diff(np.append(edges, row.shape[axis])).astype(np.float32)
        row = sums / np.expand_dims(counts, 1 - axis)
    return row.astype(np.float32)
