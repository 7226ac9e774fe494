"""Depths carried along the dips: from some columns to every other, on the way that costs least. numpy alone.

A column that is known says at each of its samples what lies there. Along a reflector it says the same elsewhere. Which
sample of which column lies on the reflector through a voxel is found trace by trace, outwards: the neighbour's answer,
shifted by the dip between the two. Every way is as long as its steps, and a step through chaos or a fault is longer
than one along a clear reflector, so that of all ways the shortest counts, which goes round a fault. Ways are those of
Dijkstra, for each sample on its own, found by sweeps over whole lines of traces (fast sweeping, as for the eikonal
equation).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.sweeping import March, Marching, Seeds, Step

_NODES = 600_000
"""Most nodes of a lattice: a march takes about a third of a second on so many."""

_TALL = 64
"""Samples from which on every second one is enough: what is carried varies slowly along a column."""

_TOGETHER = 8
"""Marches at a time: with what is known of the steps they take some 200 MB on the largest lattice."""


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
        return self.march_all([seeds])[0]

    def march_all(self, seeds: Sequence[Seeds]) -> list[March]:
        """Carry several sets of known columns over the lattice, each for itself.

        Where a step leads, and how long it is, is the same for all of them: together they take a fraction of the time.

        Parameters
        ----------
        seeds : sequence of Seeds
            Where each begins.

        Returns
        -------
        list of March
            In their order; the same as if each had been asked for alone.
        """
        done: dict[int, March] = {}
        for wide in (False, True):  # a column alone, and columns of which each knows a part
            numbers = [k for k, own in enumerate(seeds) if (own.known is not None) == wide]
            if numbers:
                steps = self._steps(between=wide)
                for some in (numbers[first : first + _TOGETHER] for first in range(0, len(numbers), _TOGETHER)):
                    found = Marching([seeds[k] for k in some], self.cost.shape, self.stride[2]).swept(steps)
                    done.update(zip(some, found, strict=True))
        return [done[k] for k in range(len(seeds))]

    def _steps(self, between: bool) -> list[list[Step]]:
        """Return the steps of a sweep in each direction, line by line.

        Between two nodes the nearer one speaks, for a reflector as far beside its own there as here. Where only parts
        of columns are known both are asked (`between`): the edge of what is known moves with the reflectors, not from
        node to node.
        """
        return [list(self._ways(axis, way, between)) for axis in (0, 1) for way in (1, -1)]

    def _ways(self, axis: int, way: int, between: bool) -> Iterator[Step]:
        count, other, down = self.cost.shape[axis], self.cost.shape[1 - axis], self.cost.shape[2]
        apart = (self.cost.shape[1] * down, down)
        dips = [np.moveaxis(values, axis, 0) for values in (*self.slopes, self.cost)]
        nodes = np.arange(down, dtype=np.float32)
        for line in range(1, count) if way > 0 else range(count - 2, -1, -1):
            for shift in (0, -1, 1):
                here = slice(max(0, -shift), other - max(0, shift))
                there = slice(here.start + shift, here.stop + shift)
                if here.start >= here.stop:
                    continue
                # The mean of both ends, at the same sample: exact where the dip changes evenly.
                first, second, cost = (0.5 * (values[line, here] + values[line - way, there]) for values in dips)
                moved = (way, -shift) if axis == 0 else (-shift, way)
                moves = [step * self.stride[k] for k, step in enumerate(moved)]
                rise = np.float32(moves[0]) * first + np.float32(moves[1]) * second
                length = cost * np.float32(np.hypot(moves[0], moves[1]))
                at = nodes - rise / self.stride[2]
                after = np.arange(here.start, here.stop) * apart[1 - axis] + line * apart[axis]
                before = after + shift * apart[1 - axis] - way * apart[axis]
                for node in (np.floor(at), np.ceil(at)) if between else (np.rint(at),):
                    inside = (node >= 0) & (node < down)
                    yield Step(
                        (line, here) if axis == 0 else (here, line),
                        after,
                        node.clip(0, down - 1).astype(np.intp) + before[:, np.newaxis],
                        (at - node) * np.float32(self.stride[2]),
                        np.where(inside, length, np.float32(np.inf)),
                    )


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
