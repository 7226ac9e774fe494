"""What has been carried along the dips of a survey, kept to be looked up. numpy alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import RLock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.marching import DipSource, Lattice
from napari_fhn.structure.sweeping import March, Seeds

_KEPT = 2**28
"""Bytes of marches that are kept; those used last."""

_LAST: dict[tuple[str, float], Marches] = {}
"""Those of the survey that this process looked at last: what was trained is predicted next."""


class Where(NamedTuple):
    """Voxels of a box as places on the lattice.

    Parameters
    ----------
    node : ndarray of intp, shape of the box
        Flat index of the node on the same reflector in the column of the voxel's cell.
    beyond : ndarray of float32, shape of the box
        How far below the node that reflector lies, in samples.
    """

    node: NDArray[np.intp]
    beyond: NDArray[np.float32]


class Marches:
    """The lattice of a survey, made when it is first needed, and what was carried over it.

    Parameters
    ----------
    dips : DipSource
        Of the survey.
    shyness : float
        See :meth:`napari_fhn.structure.marching.Lattice.of`.

    Attributes
    ----------
    made : int
        How many marches there were.
    """

    def __init__(self, dips: DipSource, shyness: float = 4.0) -> None:
        self._dips: DipSource | None = dips
        self._shyness = shyness
        self._lattice: Lattice | None = None
        self._kept: OrderedDict[str, March] = OrderedDict()
        self._lock = RLock()
        self.made = 0

    @classmethod
    def of(cls, dips: DipSource, shyness: float = 4.0) -> Marches:
        """Return what was carried along the same dips earlier in this process, if it was the last survey; or none yet.

        Parameters
        ----------
        dips : DipSource
            Known as the same by their ``key``; those without one begin anew.
        shyness : float
            See :class:`Marches`.
        """
        key = (getattr(dips, "key", ""), shyness)
        found = _LAST.get(key)
        if found is None:
            found = cls(dips, shyness)
            if key[0]:
                _LAST.clear()
                _LAST[key] = found
        elif found._lattice is None:
            found._dips = dips
        return found

    @property
    def lattice(self) -> Lattice:
        """Dips of the survey on every so many-th trace and sample."""
        with self._lock:
            if self._lattice is None:
                assert self._dips is not None
                self._lattice = Lattice.of(self._dips, shyness=self._shyness)
                self._dips = None  # the files that they lie in may go
            return self._lattice

    def prepare(self, wanted: Iterable[tuple[Seeds, str]]) -> None:
        """Carry what was not carried yet, all of it together: seeds, and the keys that they are asked for by."""
        with self._lock:
            missing = {key: seeds for seeds, key in wanted if key not in self._kept}
            if missing:
                self._keep(dict(zip(missing, self.lattice.march_all(list(missing.values())), strict=True)))

    def where(self, box: Box) -> Where:
        """Find the voxels of a box ``(inline, crossline, sample)`` on the lattice."""
        lattice = self.lattice
        cells, off = [], []
        for axis in (0, 1):
            at = np.arange(box.start[axis], box.stop[axis])
            cells.append((at // lattice.stride[axis]).clip(0, lattice.cost.shape[axis] - 1))
            off.append((at - lattice.middles(axis)[cells[-1]]).astype(np.float32))
        samples = np.arange(box.start[2], box.stop[2])
        step, down = lattice.stride[2], lattice.cost.shape[2]
        near = (samples // step).clip(0, down - 1)
        slopes = lattice.slopes[:, cells[0]][:, :, cells[1]][..., near]
        # Back along the dip to the middle of the cell, where the node stands.
        rise = off[0][:, np.newaxis, np.newaxis] * slopes[0] + off[1][:, np.newaxis] * slopes[1]
        depth = samples.astype(np.float32) - rise
        node = np.rint((depth - (step - 1) / 2) / step).clip(0, down - 1).astype(np.intp)
        beyond = depth - lattice.column()[node]
        column = cells[0][:, np.newaxis] * lattice.cost.shape[1] + cells[1]
        node += column[:, :, np.newaxis] * down
        return Where(node, beyond.astype(np.float32))

    def carried(
        self, seeds: Seeds, key: str, where: Where
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32] | None]:
        """Return for voxels: a sample of the known column, the length of the way (inf: none leads), and which column.

        The last is None where there is but one.
        """
        march = self._march(seeds, key)
        depth = march.depth.take(where.node) + where.beyond
        distance = march.distance.take(where.node)
        distance[distance >= 1e5] = np.inf
        return depth, distance, None if march.source is None else march.source.take(where.node)

    def _march(self, seeds: Seeds, key: str) -> March:
        with self._lock:
            self.prepare([(seeds, key)])
            march = self._kept[key]
            self._kept.move_to_end(key)
            return march

    def _keep(self, made: dict[str, March]) -> None:
        """Keep marches, in the place of those that were not asked for longest; never less than has just been made."""
        self.made += len(made)
        self._kept.update(made)
        while len(self._kept) > len(made) and sum(one.nbytes for one in self._kept.values()) > _KEPT:
            self._kept.popitem(last=False)
