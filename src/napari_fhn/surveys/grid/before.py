"""Classes as they lay before they were brought onto a grid, where some of them may be lost between its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import rasterio.warp
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.grid.grid import Grid
from napari_fhn.surveys.grid.steps import Step
from napari_fhn.surveys.maps.grids import Grid as Map


@dataclass(frozen=True)
class Before:
    """Values as they lay, of which a grid has only some.

    Attributes
    ----------
    values : xarray.DataArray
        Lazy where they were.
    maps : tuple of two maps, optional
        Theirs and that of the grid, where these differ; without them all values lie within the grid.
    """

    values: xr.DataArray
    maps: tuple[Map, Map] | None = None

    def within(self, *place: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell which voxels, by their indices along each axis, lie within the grid."""
        if self.maps is None:
            return np.ones(place[0].shape, bool)
        old, new = self.maps
        rows, columns = place
        x, y = old.transform * (columns + 0.5, rows + 0.5)
        if old.crs is not None and new.crs is not None and old.crs != new.crs:
            x, y = (np.asarray(one) for one in rasterio.warp.transform(old.crs, new.crs, x, y))
        across, down = ~new.transform * (x, y)
        inside: NDArray[np.bool_] = (
            (across >= 0) & (across < new.shape[1]) & (down >= 0) & (down < new.shape[0])
        )  # fmt: skip
        return inside


def before_steps(turned: xr.DataArray, steps: Sequence[Step], own: Grid, target: Grid) -> Before | None:
    """Return values that lie within a grid as they lay; None where the grid has each of them."""
    part, some = {}, False
    for step, mine, theirs in zip(steps, own.axes, target.axes, strict=True):
        taken = np.where(step.weight >= 0.5, step.high, step.low)
        taken = np.unique(taken[step.inside])
        first, last = int(taken[0]), int(taken[-1])
        if not (mine.counted or theirs.counted):
            # What lies beside the last place of the grid belongs to it as far as half a step.
            reach = 0.5 * abs(theirs.step if theirs.size > 1 else mine.step)
            numbers = mine.into(theirs.unit).numbers
            low, high = min(theirs.ends) - reach, max(theirs.ends) + reach
            near = np.flatnonzero((numbers >= low) & (numbers <= high))
            first, last = min(first, *near.tolist()), max(last, *near.tolist())
        part[theirs.name] = slice(first, last + 1)
        some |= taken.size < last + 1 - first
    return Before(turned.isel(part)) if some else None


def before_warping(turned: xr.DataArray, own: Grid, target: Grid) -> Before | None:
    """Return a map as it lay before it was brought onto another."""
    old, new = own.on_map(), target.on_map()
    if old is None or new is None or turned.dims != ("y", "x"):
        return None
    crs = old.crs or new.crs
    return Before(turned, (replace(old, crs=old.crs or crs), replace(new, crs=new.crs or crs)))
