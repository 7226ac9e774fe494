"""A surface on a regular grid of its own, perhaps turned, and its values at the traces of a survey."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_fhn.labels.errors import LabelError

#: A place this near to a node, in steps of the grid, lies on it: what the numbers of a header leave out.
_ON_A_NODE = 0.01
#: Values that no surface has: what programs write where there is none, whatever the header says.
_NOTHING = 1e15
_IRAP = 9999900.0


@dataclass(frozen=True, eq=False)
class SurfaceGrid:
    """Depths, elevations or times at the nodes of a grid.

    Attributes
    ----------
    path : Path
        The file.
    format : str
        What kind of file it is, in words: "a ZMap grid".
    values : ndarray of float64, shape (column, row)
        NaN where the surface is not defined.
    origin : (float, float)
        Map coordinates of the node of the first column and row.
    column_step, row_step : (float, float)
        Vector x, y from a column, or row, to the next.
    crs : str
        Of the coordinates, where the file says it.
    """

    path: Path
    format: str
    values: NDArray[np.float64] = field(repr=False)
    origin: tuple[float, float]
    column_step: tuple[float, float]
    row_step: tuple[float, float]
    crs: str = ""

    def __post_init__(self) -> None:
        numbers = np.array([self.origin, self.column_step, self.row_step], dtype=np.float64)
        if not np.isfinite(numbers).all() or abs(np.linalg.det(numbers[1:])) == 0:
            raise LabelError(f"it is {self.format} whose nodes lie nowhere", "Export it again", path=self.path)
        values = np.asarray(self.values, dtype=np.float64)
        nothing = ~np.isfinite(values) | (np.abs(values) >= _NOTHING) | np.isclose(values, _IRAP, rtol=1e-7)
        object.__setattr__(self, "values", np.where(nothing, np.nan, values))

    def nodes(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Return fractional column and row, shape (n, 2), of map coordinates; whole ones on nodes."""
        steps = np.array([self.column_step, self.row_step], dtype=np.float64).T
        at = np.stack([np.ravel(x) - self.origin[0], np.ravel(y) - self.origin[1]])
        index = np.linalg.solve(steps, at).T
        nearest = np.rint(index)
        return np.asarray(np.where(np.abs(index - nearest) <= _ON_A_NODE, nearest, index))

    def at(self, nodes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values at fractional columns and rows: those of nodes on them, linear between the nearest four.

        Parameters
        ----------
        nodes : ndarray of float64, shape (n, 2)
            From `nodes`.

        Returns
        -------
        ndarray of float64, shape (n,)
            NaN beyond the grid, and where a node that counts has no value.

        Examples
        --------
        >>> grid = SurfaceGrid(Path("a"), "a grid", np.array([[10.0, 20.0], [30.0, np.nan]]), (0, 0), (50, 0), (0, 25))
        >>> grid.at(grid.nodes([0, 25, 25, 50, 99], [0, 0, 5, 25, 0])).tolist()
        [10.0, 20.0, nan, nan, nan]
        """
        last = np.array(self.values.shape) - 1
        with np.errstate(invalid="ignore"):
            inside = np.all((nodes >= 0) & (nodes <= last), axis=1)
        index = np.where(inside[:, np.newaxis], nodes, 0.0)
        low = np.minimum(np.floor(index).astype(np.intp), np.maximum(last - 1, 0))
        share = index - low
        found = np.zeros(len(index))
        for i in (0, 1):
            for j in (0, 1):
                weight = np.abs(1 - i - share[:, 0]) * np.abs(1 - j - share[:, 1])
                corner = np.minimum(low + np.array([i, j]), last)
                # A node that does not count may be undefined.
                found += np.where(weight > 0, weight * self.values[corner[:, 0], corner[:, 1]], 0.0)
        return np.where(inside, found, np.nan)

    def words(self) -> str:
        """Say what it is, and where it lies on the map."""
        n, m = self.values.shape
        corners = np.array([[i * (n - 1), j * (m - 1)] for i in (0, 1) for j in (0, 1)], dtype=np.float64)
        steps = np.array([self.column_step, self.row_step])
        places = np.array(self.origin) + corners @ steps
        (left, bottom), (right, top) = places.min(axis=0), places.max(axis=0)
        a, b = (float(np.hypot(*step)) for step in (self.column_step, self.row_step))
        return (
            f"{self.format} of {n} x {m} nodes, {a:g} x {b:g} apart, x {left:.10g} to {right:.10g} and "
            f"y {bottom:.10g} to {top:.10g}"
        )
