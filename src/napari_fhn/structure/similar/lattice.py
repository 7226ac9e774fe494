"""A lattice over a survey: the cells that are described, coarse enough that all of a large survey are few."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box


@dataclass(frozen=True)
class Lattice:
    """Cells of equal size, the last ones cut off by the end of the survey.

    Parameters
    ----------
    survey : tuple of int
        Shape of the survey, in voxels.
    cell : tuple of int
        Voxels of a cell along each axis.

    Examples
    --------
    >>> lattice = Lattice((10, 8), (4, 4))
    >>> lattice.shape
    (3, 2)
    >>> lattice.box((2, 1))
    Box(start=(8, 4), stop=(10, 8))
    """

    survey: tuple[int, ...]
    cell: tuple[int, ...]

    @classmethod
    def covering(
        cls, survey: tuple[int, ...], finest: tuple[int, ...], most: int, grows: tuple[int, ...] = ()
    ) -> Lattice:
        """Return the finest lattice of at most so many cells.

        Parameters
        ----------
        survey : tuple of int
            Shape of the survey.
        finest : tuple of int
            The cell to begin with.
        most : int
            Cells.
        grows : tuple of int
            Axes along which cells may be doubled; all when absent.
        """
        cell = list(finest)
        axes = list(grows or range(len(survey)))
        while math.prod(cls(survey, tuple(cell)).shape) > most:
            # The axis with most cells first, so that cells stay alike along those that may grow.
            axis = max(axes, key=lambda a: (-(-survey[a] // cell[a]) > 1, -cell[a], survey[a]))
            if cell[axis] >= survey[axis]:
                break
            cell[axis] *= 2
        return cls(survey, tuple(cell))

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells along each axis."""
        return tuple(-(-size // step) for size, step in zip(self.survey, self.cell, strict=True))

    @property
    def centres(self) -> tuple[NDArray[np.int64], ...]:
        """The middle voxel of the cells along each axis."""
        return tuple(
            np.minimum(np.arange(count) * step + step // 2, size - 1)
            for count, step, size in zip(self.shape, self.cell, self.survey, strict=True)
        )

    def cells_of(self, voxels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the cells ``(n, axes)`` that hold voxels ``(n, axes)``."""
        found: NDArray[np.int64] = np.asarray(voxels) // np.array(self.cell)
        return found

    def middle(self, cell: tuple[int, ...]) -> tuple[int, ...]:
        """Return the middle voxel of a cell."""
        return tuple(int(centres[at]) for centres, at in zip(self.centres, cell, strict=True))

    def box(self, first: tuple[int, ...], last: tuple[int, ...] | None = None) -> Box:
        """Return the voxels from one cell to another, both included; those of one cell when there is no other."""
        last = first if last is None else last
        start = tuple(at * step for at, step in zip(first, self.cell, strict=True))
        stop = tuple(min((at + 1) * n, size) for at, n, size in zip(last, self.cell, self.survey, strict=True))
        return Box(start, stop)
