"""Depths carried along the dips: from some columns to every other, on the way that costs least. numpy alone.

A column that is known says at each of its samples what lies there. Along a reflector it says the same elsewhere. Which
sample of which column lies on the reflector through a voxel is found trace by trace, outwards: the neighbour's answer,
shifted by the dip between the two. Every way is as long as its steps, and a step through chaos or a fault is longer
than one along a clear reflector, so that of all ways the shortest counts, which goes round a fault. Ways are those of
Dijkstra, for each sample on its own, found by sweeps over whole lines of traces (fast sweeping, as for the eikonal
equation).
"""

from __future__ import annotations

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
        Sample of the known column, not a whole number where the node lies beside it.
    known : ndarray of bool, shape (n, samples), or None
        Where each column knows something: beyond, others are asked. None for one column that speaks alone.
    """

    nodes: NDArray[np.int64]
    depth: NDArray[np.float32]
    known: NDArray[np.bool_] | None = None


class March(NamedTuple):
    """What was carried to every node of a lattice.

    Parameters
    ----------
    depth : ndarray of float32, shape of the lattice
        Sample of the known column that lies on the same reflector.
    distance : ndarray of float32
        Length of the way, in traces, longer where reflectors are not clear; 1e6 where nothing was carried.
    source : ndarray of int32 or None
        Which column; None where one speaks alone.
    """

    depth: NDArray[np.float32]
    distance: NDArray[np.float32]
    source: NDArray[np.int32] | None

    def turned(self, axis: int) -> March:
        """Return the same with this axis first, without a copy."""
        source = None if self.source is None else np.moveaxis(self.source, axis, 0)
        return March(np.moveaxis(self.depth, axis, 0), np.moveaxis(self.distance, axis, 0), source)

    def part(self, line: int, columns: slice) -> March:
        """Return some columns of a line, without a copy."""
        source = None if self.source is None else self.source[line, columns]
        return March(self.depth[line, columns], self.distance[line, columns], source)

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
    >>> march = lattice.march(Seeds(np.array([[0, 0]]), lattice.column()[None]))

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
        source = None if seeds.known is None else np.zeros(self.cost.shape, np.int32)
        across, along = seeds.nodes.T
        depth[across, along] = seeds.depth
        distance[across, along] = 0
        if source is not None and seeds.known is not None:
            numbers = np.arange(len(seeds.nodes), dtype=np.int32)[:, np.newaxis]
            source[across, along] = numbers
            distance[across, along] = np.where(_is_known(seeds.known, numbers, seeds.depth), np.float32(0), _FAR)
        state = March(depth, distance, source)
        for _ in range(_ROUNDS):
            changed = sum(self._sweep(state, seeds.known, axis, way) for axis in (0, 1) for way in (1, -1))
            if changed <= _SETTLED * distance.size:
                break
        return state

    def _sweep(self, state: March, known: NDArray[np.bool_] | None, axis: int, way: int) -> int:
        """Let each line take over what the line before it knows better; tells how many nodes have changed."""
        count, other = self.cost.shape[axis], self.cost.shape[1 - axis]
        dips = [np.moveaxis(values, axis, 0) for values in (*self.slopes, self.cost)]
        turned = state.turned(axis)
        changed = 0
        for line in range(1, count) if way > 0 else range(count - 2, -1, -1):
            for shift in (0, -1, 1):
                here = slice(max(0, -shift), other - max(0, shift))
                there = slice(here.start + shift, here.stop + shift)
                if here.start >= here.stop:
                    continue
                # The mean of both ends, at the same sample: exact where the dip changes evenly.
                first, second, cost = (0.5 * (values[line, here] + values[line - way, there]) for values in dips)
                steps = (way, -shift) if axis == 0 else (-shift, way)
                moves = [step * self.stride[k] for k, step in enumerate(steps)]
                rise = np.float32(moves[0]) * first + np.float32(moves[1]) * second
                length = cost * np.float32(np.hypot(moves[0], moves[1]))
                changed += self._take(
                    turned.part(line - way, there), turned.part(line, here), rise / self.stride[2], length, known
                )
        return changed

    def _take(
        self,
        before: March,
        after: March,
        rise: NDArray[np.float32],
        length: NDArray[np.float32],
        known: NDArray[np.bool_] | None,
    ) -> int:
        """Take over from one line of columns to the next, in place, where the way is shorter; tells at how many nodes.

        Between two nodes the nearer one speaks, for a reflector as far beside its own there as here. Where only parts
        of columns are known both are asked: the edge of what is known moves with the reflectors, not from node to node.
        """
        down = rise.shape[1]
        at = np.arange(down, dtype=np.float32) - rise
        lines = (np.arange(len(rise)) * down)[:, np.newaxis]
        count = 0
        for node in (np.rint(at),) if known is None else (np.floor(at), np.ceil(at)):
            index = node.clip(0, down - 1).astype(np.intp) + lines
            distance = before.distance.take(index) + length
            better = (node >= 0) & (node < down) & (distance < after.distance - np.float32(1e-3))
            if not better.any():
                continue
            depth = before.depth.take(index) + (at - node) * np.float32(self.stride[2])
            if known is not None and before.source is not None and after.source is not None:
                source = before.source.take(index)
                better &= _is_known(known, source, depth)
                np.copyto(after.source, source, where=better)
            np.copyto(after.depth, depth, where=better)
            np.copyto(after.distance, distance, where=better)
            count += int(np.count_nonzero(better))
        return count


def _is_known(known: NDArray[np.bool_], source: NDArray[np.int32], depth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell whether columns know something at depths, in samples."""
    last = known.shape[1] - 1
    inside = (depth > -0.5) & (depth < last + 0.5)
    return np.asarray(inside & known[source, np.rint(depth).clip(0, last).astype(np.intp)])


def strides(shape: tuple[int, int, int], nodes: int = _NODES) -> tuple[int, int, int]:
    """Return the strides of a lattice of at most so many nodes over a survey.

    Examples
    --------
    >>> strides((64, 96, 128)), strides((200, 300, 400)), strides((1, 400, 800))
    ((1, 1, 2), (5, 5, 2), (1, 1, 2))
    """
    down, across = 2 if shape[2] >= _TALL else 1, 1

    def stride() -> tuple[int, int, int]:
        return (min(across, shape[0]), min(across, shape[1]), down)

    while np.prod([-(-n // s) for n, s in zip(shape, stride(), strict=True)]) > nodes and across < max(shape[:2]):
        across += 1
        down = max(down, min(4, across // 2, shape[2]))
    return stride()


def _means(values: NDArray[np.float32], stride: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return the means over the cells of one row: ``(cells across, cells down)``; a cut-off cell counts what it has."""
    row: NDArray[np.float32] = values.mean(axis=0, dtype=np.float32)
    for axis, step in ((0, stride[1]), (1, stride[2])):
        edges = np.arange(0, row.shape[axis], step)
        sums = np.add.reduceat(row, edges, axis=axis)
        counts = np.diff(np.append(edges, row.shape[axis])).astype(np.float32)
        row = np.asarray(sums / np.expand_dims(counts, 1 - axis), np.float32)
    return row
