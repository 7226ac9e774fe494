"""Maps of unlike resolution and CRS on one grid; categorical ones as one channel per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio.warp
import xarray as xr
from numpy.typing import NDArray
from rasterio.enums import Resampling

from napari_fhn.sentence import counted
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Box, Concatenated, LazyArray, one_line, physical
from napari_fhn.surveys.maps.grids import (
    COARSER,
    GDAL_ERRORS,
    Grid,
    cell_metres,
    difference,
    grid_of,
    onto,
    place,
    source_of,
)
from napari_fhn.surveys.maps.polygons import MAX_CLASSES, Polygons, burn

_MISSING = -1


@dataclass(frozen=True)
class Categories:
    """A raster whose numbers are names of classes, not amounts.

    Attributes
    ----------
    survey : xarray.DataArray
        ``(band, y, x)`` with one band, or ``(y, x)``; whole numbers.
    classes : mapping of int to str
        Names; the numbers themselves where it is empty. A value that is not in it, when it is not empty, is in
        no class: 0 in every band.
    """

    survey: xr.DataArray
    classes: Mapping[int, str] = field(default_factory=dict)


Map = xr.DataArray | Categories | Polygons


def stack(maps: Sequence[Map], *, like: xr.DataArray | None = None) -> xr.DataArray:
    """Bring maps onto one grid, as bands of one survey, still lazy.

    Parameters
    ----------
    maps : sequence of xarray.DataArray, Categories or Polygons
        Rasters of amounts (each of their bands becomes one), rasters of classes, and polygons with a class
        (both become one band per class, 1 inside and 0 elsewhere).
    like : xarray.DataArray, optional
        The raster whose grid is taken; that of the finest raster when absent.

    Returns
    -------
    xarray.DataArray
        ``(band, y, x)`` float32 with ``band_name`` ("magnetics", "geology: granite") and NaN where a map has no
        value; ``attrs["sources"]`` are the files. Amounts are interpolated bilinearly, or averaged where the
        grid is much coarser than the map; classes are those of the nearest cell, or the most frequent.
        ``attrs["notes"]`` says which grid was taken and what was done to each map.

    Raises
    ------
    SurveyError
        When there is nothing to stack, a map has no place on the grid, or too many classes.
    """
    rasters = [one.survey if isinstance(one, Categories) else one for one in maps if not isinstance(one, Polygons)]
    if like is None and not rasters:
        path = maps[0].path if maps and isinstance(maps[0], Polygons) else Path("maps")
        raise SurveyError(path, "polygons alone have no grid", "Choose a raster to go with them")
    reference = like if like is not None else min(rasters, key=lambda one: cell_metres(grid_of(one)))
    grid = grid_of(reference)
    how = "chosen" if like is not None else "the finest"
    notes = [f"All maps are on the grid of {reference.name}, {how}: {grid}."]
    parts: list[xr.Variable] = []
    bands: list[tuple[str, str]] = []
    for one in maps:
        if isinstance(one, Polygons):
            part, names, said = _of_classes(burn(one, grid), grid, {})
        elif isinstance(one, Categories):
            part, names, said = _of_classes(one.survey, grid, one.classes)
        else:
            part, names, said = _of_amounts(one, grid)
        parts.append(part)
        bands += names
        notes += said
    values = Concatenated(Path("maps"), parts)
    result = xr.DataArray(values.variable(("band", "y", "x")), name="maps")
    units = [unit for _, unit in bands]
    result = result.assign_coords(
        band=("band", np.arange(1, len(bands) + 1)), band_name=("band", [name for name, _ in bands])
    )
    if any(units):
        result = result.assign_coords(band_unit=("band", units))
    result.attrs.update(
        source="",
        sources=tuple(str(one.path if isinstance(one, Polygons) else source_of(_raster(one))) for one in maps),
        kind="maps",
        format=f"stack of {counted(len(maps), 'maps')}",
        nodata=None,
        notes=tuple(notes),
    )
    return place(result, grid)


def _raster(one: xr.DataArray | Categories) -> xr.DataArray:
    return one.survey if isinstance(one, Categories) else one


def _of_amounts(survey: xr.DataArray, grid: Grid) -> tuple[xr.Variable, list[tuple[str, str]], list[str]]:
    own = grid_of(survey)
    survey = _with_bands(survey)
    differs = difference(grid, own)
    notes = []
    if not differs:
        values = physical(survey)
    else:
        averaged = cell_metres(grid) > COARSER * cell_metres(own)
        values = onto(survey, grid, Resampling.average if averaged else Resampling.bilinear)
        word = "averaged" if averaged else "interpolated bilinearly"
        _check_overlap(survey, np.asarray(values[0]), grid)
        notes.append(f"{survey.name} ({own}) was {word}.")
    n = survey.sizes["band"]
    names = [str(v) for v in np.asarray(survey["band_name"])] if "band_name" in survey.coords else [""] * n
    units = [str(v) for v in np.asarray(survey["band_unit"])] if "band_unit" in survey.coords else [""] * n
    single = str(survey.name) if n == 1 else ""
    full = [name or single or f"{survey.name}: band {k + 1}" for k, name in enumerate(names)]
    good = np.asarray(survey["good"], bool) if "good" in survey.coords else np.ones(n, bool)
    if not good.all():
        values = values.isel(band=np.flatnonzero(good))
        of = f"of {survey.name}"
        notes.append(
            counted(
                int((~good).sum()),
                f"bands {of} are on its bad-band list and were",
                f"band {of} is on its bad-band list and was",
            )
            + " left out."
        )
    kept = [pair for pair, ok in zip(zip(full, units, strict=True), good, strict=True) if ok]
    return values.variable, kept, notes


def _of_classes(
    survey: xr.DataArray, grid: Grid, classes: Mapping[int, str]
) -> tuple[xr.Variable, list[tuple[str, str]], list[str]]:
    path = source_of(survey)
    if survey.sizes.get("band", 1) != 1:
        raise SurveyError(path, f"it has {survey.sizes['band']} bands, and classes need one", "Choose one band")
    own = grid_of(survey)
    flat = survey.isel(band=0, drop=True) if "band" in survey.dims else survey
    codes = _codes(flat, path)
    notes = list(survey.attrs.get("notes", ())) if survey.attrs.get("format", "").startswith("polygons") else []
    if difference(grid, own):
        most = cell_metres(grid) > COARSER * cell_metres(own)
        codes = _codes_onto(codes, own, grid, Resampling.mode if most else Resampling.nearest, path)
        word = "the most frequent class of each cell" if most else "the class of the nearest cell"
        notes.append(f"{survey.name} ({own}) has {word}.")
        _check_overlap(survey, np.where(codes == _MISSING, np.nan, 0), grid)
    names = dict(classes) or dict(survey.attrs.get("classes", {}))
    # A raster's own list may name classes that do not occur; a channel of zeros says nothing.
    present = [int(code) for code in np.unique(codes) if code != _MISSING]
    used = [code for code in names if code in present] if names else present
    if len(used) > MAX_CLASSES:
        raise SurveyError(
            path, f"it has {counted(len(used), 'values')}, too many for classes", "Use it as a map of amounts"
        )
    if not used:
        raise SurveyError(path, "it has none of the classes that were named", f"Its values are {present[:10]}")
    said = f"{survey.name}: {counted(len(used), 'classes')}, a band each"
    unnamed = sorted(set(present) - set(used))
    drawn = str(survey.attrs.get("format", "")).startswith("polygons")
    more = "" if drawn or not unnamed else f"; the values {', '.join(map(str, unnamed[:10]))} are no class"
    notes.append(f"{said}{more}.")
    bands = [(f"{survey.name}: {names.get(code, code)}", "") for code in used]
    values = _OneHot(path, codes, tuple(used))
    return values.variable(("band", "y", "x")), bands, notes


def _codes(survey: xr.DataArray, path: Path) -> NDArray[np.int32]:
    """Whole numbers of a raster of classes, -1 where it has none."""
    values = np.asarray(survey)
    nodata = survey.attrs.get("nodata")
    missing = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    if nodata is not None:
        missing |= values == nodata
    known = values[~missing]
    if known.size and ((known < 0).any() or (known >= 2**24).any() or (known != np.floor(known)).any()):
        raise SurveyError(path, "its values are not all whole numbers from 0 up", "Use it as a map of amounts")
    codes = np.where(missing, 0, values).astype(np.int32)
    codes[missing] = _MISSING
    return codes


def _codes_onto(codes: NDArray[np.int32], old: Grid, new: Grid, how: Resampling, path: Path) -> NDArray[np.int32]:
    if not old.placed or not new.placed or (old.crs is None) != (new.crs is None):
        what = f"it has {old}, and cannot be brought onto {new}"
        raise SurveyError(path, what, "Give both of them map coordinates and a CRS")
    out = np.full(new.shape, _MISSING, np.int32)
    plane = "EPSG:3857"
    try:
        rasterio.warp.reproject(
            codes, out, src_transform=old.transform, src_crs=old.crs or plane, src_nodata=_MISSING,
            dst_transform=new.transform, dst_crs=new.crs or plane, dst_nodata=_MISSING, resampling=how,
        )  # fmt: skip
    except GDAL_ERRORS as error:
        raise SurveyError(
            path, f"it cannot be brought onto the other grid ({one_line(error)})", "Check its CRS"
        ) from error
    return out


def _check_overlap(survey: xr.DataArray, values: NDArray[Any], grid: Grid) -> None:
    if not np.isfinite(values).any():
        raise SurveyError(source_of(survey), f"it has no value within {grid}", "Choose maps of the same place")


def _with_bands(survey: xr.DataArray) -> xr.DataArray:
    """A map of one band, where it is a plain grid."""
    if "band" in survey.dims:
        return survey if survey.dims == ("band", "y", "x") else survey.transpose("band", "y", "x")
    return survey.expand_dims(band=[1]).transpose("band", "y", "x")


class _OneHot(LazyArray):
    """A band per class: 1 inside, 0 elsewhere, NaN where there is no class at all."""

    def __init__(self, path: Path, codes: NDArray[np.int32], used: tuple[int, ...]) -> None:
        self.codes, self.used = codes, np.array(used)
        super().__init__(path, (len(used), *codes.shape), np.float32)

    def read(self, box: Box) -> NDArray[Any]:
        """Compare a part of the classes with some of them."""
        codes = self.codes[box[1:]]
        values = (codes == self.used[box[0]][:, None, None]).astype(np.float32)
        values[:, codes == _MISSING] = np.nan
        return np.asarray(values)
