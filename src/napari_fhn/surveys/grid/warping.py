"""Maps brought into another CRS, or out of a rotated grid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import DTypeLike, NDArray
from rasterio.enums import Resampling

from napari_fhn.surveys.grid.errors import PlaceError, elsewhere
from napari_fhn.surveys.grid.grid import Grid
from napari_fhn.surveys.lazy import Box, LazyArray, physical
from napari_fhn.surveys.maps.grids import COARSER, Resampled, cell_metres


def warped(turned: xr.DataArray, own: Grid, target: Grid, path: Path, classes: bool) -> tuple[xr.DataArray, str, float]:
    """Return a map on a grid with another CRS or direction, what was done in words, and the share that it covers."""
    old, new = own.on_map(), target.on_map()
    assert old is not None
    assert new is not None
    if set(target.dims) != {"y", "x"}:
        raise PlaceError(
            path, f"it lies on another map ({old}) than the survey ({new})", "Bring it onto that map first"
        )
    banded = turned if "band" in turned.dims else turned.expand_dims("band")
    if old.crs is None or new.crs is None:
        crs = old.crs or new.crs
        old, new = replace(old, crs=crs), replace(new, crs=crs)
    coarser = cell_metres(new) > COARSER * cell_metres(old)
    if classes:
        how, word = (
            (Resampling.mode, "the most frequent class of each cell") if coarser
            else (Resampling.nearest, "the class of the nearest cell")
        )  # fmt: skip
    else:
        how, word = (Resampling.average, "averages") if coarser else (Resampling.bilinear, "linear interpolation")
    # Classes are whole numbers that a float holds exactly; a raster of them has no scale or offset to apply.
    stored = physical(banded)
    values = Resampled(path, stored.variable, old, new, how).variable(("band", "y", "x"))
    known = np.isfinite(values[0].values)
    if not known.any():
        raise elsewhere(path, own, target)
    covered = float(known.mean())
    if classes:
        values = _Whole(path, values, turned.dtype if turned.dtype.kind in "iu" else np.float32).variable(
            ("band", "y", "x")
        )
    result = xr.DataArray(values, coords={k: c for k, c in stored.coords.items() if set(c.dims) == {"band"}},
                          name=turned.name, attrs={**turned.attrs, "nodata": None})  # fmt: skip
    if "band" not in turned.dims:
        result = result.isel(band=0, drop=True)
    return target.put(result), f"it lies on {old} and was brought onto {new} by {word}", covered


class _Whole(LazyArray):
    """Classes out of a resampled map: whole numbers, 0 where there is none."""

    def __init__(self, path: Path, source: xr.Variable, dtype: DTypeLike) -> None:
        self.source = source
        super().__init__(path, source.shape, dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read a box."""
        classes: NDArray[Any] = np.nan_to_num(self.source[box].values).astype(self.dtype)
        return classes
