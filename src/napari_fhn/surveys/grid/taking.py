"""Values taken from where they lie as they are asked for, and interpolated where they must be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import DTypeLike, NDArray

from napari_fhn.surveys.grid.grid import Grid
from napari_fhn.surveys.grid.steps import Step
from napari_fhn.surveys.lazy import Box, LazyArray, holds


class _Taken(LazyArray):
    """Values taken from where they lie, and interpolated where they must be."""

    def __init__(
        self,
        path: Path,
        source: xr.Variable,
        steps: list[Step | None],
        shape: tuple[int, ...],
        dtype: DTypeLike,
        fill: float,
        nodata: float | None,
        nearest: bool,
    ) -> None:
        self.source, self.steps, self.fill, self.nodata, self.nearest = source, steps, fill, nodata, nearest
        super().__init__(path, shape, dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read the part of the values that a box needs, and take from it."""
        key: list[slice] = []
        lows, highs, weights, outside = [], [], [], []
        for part, step in zip(box, self.steps, strict=True):
            if step is None:
                key.append(part)
                n = len(range(part.start, part.stop, part.step or 1))
                low = high = np.arange(n)
                weight = np.zeros(n)
                out = np.zeros(n, bool)
            else:
                low, high, weight = step.low[part], step.high[part], step.weight[part]
                out = low < 0
                known = ~out
                if not known.any():
                    shape = tuple(len(range(p.start, p.stop, p.step or 1)) for p in box)
                    return np.full(shape, self.fill, self.dtype)
                first = int(min(low[known].min(), high[known].min()))
                last = int(max(low[known].max(), high[known].max()))
                key.append(slice(first, last + 1))
                low, high = (np.where(known, index - first, 0) for index in (low, high))
            lows.append(low)
            highs.append(high)
            weights.append(weight)
            outside.append(out)
        values = np.asarray(self.source[tuple(key)].values)
        if not self.nearest:
            values = self._amounts(values)
        for axis, (low, high, weight) in enumerate(zip(lows, highs, weights, strict=True)):
            if self.nearest:
                values = values.take(np.where(weight >= 0.5, high, low), axis=axis)
                continue
            column = (slice(None),) + (None,) * (values.ndim - axis - 1)
            some = weight > 0
            upper = values.take(high, axis=axis) if some.any() else None
            values = values.take(low, axis=axis)
            if upper is not None:
                share = weight[column].astype(values.dtype)
                mixed = values * (1 - share) + upper * share
                values = np.where(some[column], mixed, values)
        values = np.asarray(values, dtype=self.dtype)
        for axis, out in enumerate(outside):
            if out.any():
                values[(slice(None),) * axis + (out,)] = self.fill
        return values

    def _amounts(self, values: NDArray[Any]) -> NDArray[Any]:
        """Stored values as floats, NaN where they say that there is none."""
        if self.dtype.kind != "f" or (values.dtype == self.dtype and self.nodata is None):
            return values
        made = values.astype(self.dtype)
        if self.nodata is not None and np.isfinite(self.nodata) and holds(values.dtype, self.nodata):
            made[values == values.dtype.type(self.nodata)] = np.nan
        return np.asarray(made)


def brought(turned: xr.DataArray, steps: list[Step], target: Grid, path: Path, classes: bool) -> xr.DataArray:
    """Return values on a grid, taken by the steps along its axes when they are read."""
    of = dict(zip(target.dims, steps, strict=True))
    along = [of.get(str(dim)) for dim in turned.dims]
    along = [None if step is not None and step.identity else step for step in along]
    sizes = dict(zip(target.dims, target.shape, strict=True))
    shape = tuple(sizes.get(str(dim), turned.sizes[dim]) for dim in turned.dims)
    whole = all(step.inside.all() for step in steps)
    exact = all(step.exact for step in steps)
    nodata = turned.attrs.get("nodata")
    # Numbers that are only moved stay what they are; what is missing or between them needs floats.
    keep = classes or (whole and exact)
    dtype = turned.dtype if keep else np.result_type(turned.dtype, np.float32)
    values = _Taken(path, turned.variable, along, shape, dtype, 0 if classes else np.nan, None if keep else nodata,
                      nearest=keep)  # fmt: skip
    dims = [str(dim) for dim in turned.dims]
    kept = {key: one for key, one in turned.coords.items() if set(one.dims) == {"band"}}
    result = xr.DataArray(values.variable(dims), coords=kept, name=turned.name, attrs=dict(turned.attrs))
    if not keep:
        result.attrs["nodata"] = None
    return target.put(result)
