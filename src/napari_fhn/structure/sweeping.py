"""The shortest ways over a lattice, for each sample on its own: those of Dijkstra, found by sweeps over whole lines of
traces (fast sweeping, as for the eikonal equation), several marches at a time. numpy alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 4
"""Most times that all directions are swept; a way round a fault needs two."""

_SETTLED = 1e-4
"""Share of the nodes that may still change when sweeping ends."""

_FAR = np.float32(1e6)
"""Nothing was carried here."""


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

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return self.depth.nbytes + self.distance.nbytes + (0 if self.source is None else self.source.nbytes)


class Step(NamedTuple):
    """From the nodes of one line to those of the next.

    Parameters
    ----------
    here : tuple
        Index of the columns that are reached.
    after : ndarray of intp, shape (columns,)
        Flat index of the first node of each.
    before : ndarray of intp, shape (columns, nodes along a column)
        Flat index of the node of the line before that lies on the same reflector, or nearest to it.
    beyond : ndarray of float32, shape (columns, nodes along a column)
        How far below that node the reflector lies, in samples.
    length : ndarray of float32, shape (columns, nodes along a column)
        In traces; infinite where the reflector leaves the survey.
    """

    here: tuple[int | slice, ...]
    after: NDArray[np.intp]
    before: NDArray[np.intp]
    beyond: NDArray[np.float32]
    length: NDArray[np.float32]


class Marching:
    """Marches under way, all of one column or all of several.

    Parameters
    ----------
    seeds : sequence of Seeds
        Where each begins.
    shape : tuple of int
        Of the lattice.
    step : int
        Samples between two nodes of a column.
    """

    def __init__(self, seeds: Sequence[Seeds], shape: tuple[int, ...], step: int) -> None:
        self._nodes = math.prod(shape)
        self._seeds = list(seeds)
        self.depth = np.zeros((len(seeds), *shape), np.float32)
        self.distance = np.full((len(seeds), *shape), _FAR, np.float32)
        self.source = None if seeds[0].known is None else np.zeros((len(seeds), *shape), np.int32)
        for number, own in enumerate(seeds):
            across, along = own.nodes.T
            self.depth[number, across, along] = own.depth
            self.distance[number, across, along] = 0
            if self.source is not None and own.known is not None:
                columns = np.arange(len(own.nodes), dtype=np.int32)[:, np.newaxis]
                self.source[number, across, along] = columns
                known = _is_known(own.known, columns, own.depth)
                self.distance[number, across, along] = np.where(known, np.float32(0), _FAR)

    def swept(self, steps: Sequence[Sequence[Step]]) -> list[March]:
        """Let each line take over what the line before it knows better, in all directions, until little changes."""
        found: list[March | None] = [None] * len(self._seeds)
        left = np.arange(len(self._seeds))
        for number in range(_ROUNDS):
            changed = np.zeros(len(left), np.int64)
            for way in steps:
                for step in way:
                    changed += self._take(step)
            settled = (changed <= _SETTLED * self._nodes) | (number == _ROUNDS - 1)
            for k in np.flatnonzero(settled).tolist():
                source = None if self.source is None else self.source[k].copy()
                found[left[k]] = March(self.depth[k].copy(), self.distance[k].copy(), source)
            left = left[~settled]
            if not len(left):
                break
            self._keep(~settled)
        return [march for march in found if march is not None]

    def _keep(self, which: NDArray[np.bool_]) -> None:
        if which.all():
            return
        self._seeds = [own for own, stays in zip(self._seeds, which, strict=True) if stays]
        self.depth, self.distance = self.depth[which], self.distance[which]
        self.source = None if self.source is None else self.source[which]

    def _take(self, step: Step) -> NDArray[np.int64]:
        """Take over from one line of columns to the next where the way is shorter; tells at how many nodes of each."""
        count, nodes = self.distance.shape[0], self._nodes
        distance = self.distance.reshape(count, -1).take(step.before, axis=1)
        distance += step.length
        there = self.distance[(slice(None), *step.here)]
        better = np.flatnonzero(distance < there - np.float32(1e-3))
        if not len(better):
            return np.zeros(count, np.int64)
        march, local = np.divmod(better, step.before.size)
        before = step.before.take(local) + march * nodes
        depth = self.depth.take(before) + step.beyond.take(local)
        if self.source is not None:
            source = self.source.take(before)
            knows = self._know(march, source, depth)
            better, march, local, depth, source = (part[knows] for part in (better, march, local, depth, source))
        column, node = np.divmod(local, step.before.shape[1])
        after = march * nodes + step.after.take(column) + node
        self.depth.ravel()[after] = depth
        self.distance.ravel()[after] = distance.take(better)
        if self.source is not None:
            self.source.ravel()[after] = source
        return np.bincount(march, minlength=count)

    def _know(
        self, march: NDArray[np.int64], source: NDArray[np.int32], depth: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Tell whether the columns of marches know something at depths."""
        knows = np.zeros(len(march), bool)
        edges = np.searchsorted(march, np.arange(len(self._seeds) + 1))
        for own, first, stop in zip(self._seeds, edges[:-1], edges[1:], strict=True):
            if own.known is not None:
                knows[first:stop] = _is_known(own.known, source[first:stop], depth[first:stop])
        return knows


def _is_known(known: NDArray[np.bool_], source: NDArray[np.int32], depth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell whether columns know something at depths, in samples."""
    last = known.shape[1] - 1
    inside = (depth > -0.5) & (depth < last + 0.5)
    return np.asarray(inside & known[source, np.rint(depth).clip(0, last).astype(np.intp)])
