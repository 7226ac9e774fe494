"""A predicted map as polygons with the class of each: GeoPackage and GeoJSON."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio.features
import xarray as xr

from napari_fhn.sentence import counted
from napari_fhn.surveys.blocks import ArrayLike, Told
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import one_line
from napari_fhn.surveys.maps.grids import Grid, grid_of, map_units
from napari_fhn.surveys.moving import replacing
from napari_fhn.surveys.out import fitting
from napari_fhn.surveys.out.classes import ClassLike
from napari_fhn.surveys.out.history import lines_of

_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON"}
SUFFIXES = tuple(_DRIVERS)
LAYER = "classes"


def save_polygons(
    path: str | Path,
    values: ArrayLike,
    like: xr.DataArray,
    classes: Iterable[ClassLike] = (),
    *,
    nodata: int = 0,
    at_least: int = 1,
    history: Sequence[str] = (),
    progress: Told | None = None,
) -> int:
    """Write the areas of the classes of a map as polygons, along the edges of its cells.

    Parameters
    ----------
    path : str or Path
        ``.gpkg`` or ``.geojson``, in the CRS of `like`. Fields of each polygon: ``code``, ``class``, ``color``
        (``#rrggbb``), ``cells``, and its area in the square of the unit of the CRS: ``area_m2``, ``area_ft2``,
        ``area_deg2``, or ``area`` where that has no name.
    values : ArrayLike of int, shape (y, x)
        Codes of classes on the grid of `like`.
    like : xarray.DataArray
        A map as `napari_fhn.surveys.open` gave it.
    classes : iterable of ClassLike, optional
        Value (as in `values`), name and colour of each class.
    nodata : int
        The value of cells that belong to no class and to no polygon.
    at_least : int
        Cells of the smallest polygon that is kept.
    history : sequence of str, optional
        What made the values: the description of the layer.
    progress : callable, optional
        Told the share that is done, 0 to 1.

    Returns
    -------
    int
        Number of polygons written.

    Raises
    ------
    SurveyError
        For another suffix or shape, a map without map coordinates, or when nothing is left to write.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_fhn import sample_data, surveys
    >>> from napari_fhn.labels import ClassTable
    >>> from napari_fhn.surveys.out import save_polygons
    >>> like = surveys.open(sample_data.HYPERSPECTRAL.dates[0])
    >>> crops = np.ones((112, 128), np.uint8)
    >>> crops[:, 64:] = 2
    >>> save_polygons("crops.gpkg", crops, like, ClassTable.default(2))
    2
    """
    path = Path(path)
    driver = _DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise SurveyError(path, f"the suffix '{path.suffix}' is not known for polygons", f"Use {' or '.join(SUFFIXES)}")
    fitting.check(path, "polygons", values.shape, like)
    grid = grid_of(like)
    if not grid.placed:
        raise SurveyError(path, "the map has no map coordinates, which polygons need", "Save its classes as .tif")
    if driver == "GeoJSON" and (grid.crs is None or grid.crs.to_epsg() is None):
        # Without, every reader takes the numbers for longitude and latitude.
        raise SurveyError(path, "a GeoJSON can name only a CRS that has an EPSG number, and the map's has none",
                          "Use .gpkg")  # fmt: skip
    codes = _storable(np.asarray(values[:, :]))
    areas = list(rasterio.features.shapes(codes, codes != nodata, 4, grid.transform))
    if progress is not None:
        progress(0.5)
    fields, shapes = _features(areas, grid, list(classes), at_least)
    if not len(shapes):
        raise SurveyError(
            path, f"no polygon has {counted(at_least, 'cells')} or more", "Ask for smaller ones, or predict first"
        )
    with replacing(path) as new:
        _write(path, new, driver, shapes, fields, grid, lines_of(history))
    if progress is not None:
        progress(1.0)
    return len(shapes)


def _storable(codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Classes as a kind of number that is taken apart into areas."""
    return codes if codes.dtype in (np.uint8, np.uint16, np.int16) else codes.astype(np.int32)


def _features(
    areas: Sequence[tuple[Any, float]], grid: Grid, classes: Sequence[ClassLike], at_least: int
) -> tuple[dict[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
    """Fields by name, and shapes, without those that are too small."""
    import shapely  # here and not above: a session without such files should not wait for it

    shapes = np.array([shapely.geometry.shape(one) for one, _ in areas], dtype=object)
    code = np.array([value for _, value in areas], dtype=np.int32)
    area = shapely.area(shapes) if len(shapes) else np.empty(0)
    cells = (area / abs(grid.transform.determinant)).round().astype(np.int64)
    kept = cells >= at_least
    name_of = {entry.value: entry.name for entry in classes}
    color_of = {entry.value: entry.color for entry in classes}
    unit = map_units(grid.crs)
    fields = {
        "code": code,
        "class": np.array([name_of.get(value, str(value)) for value in code.tolist()], dtype=object),
        "color": np.array([color_of.get(value) for value in code.tolist()], dtype=object),
        "cells": cells,
        f"area_{unit}2" if unit else "area": area,
    }
    return {name: column[kept] for name, column in fields.items()}, shapes[kept]


def _write(
    path: Path,
    new: Path,
    driver: str,
    shapes: np.ndarray[Any, Any],
    fields: dict[str, np.ndarray[Any, Any]],
    grid: Grid,
    history: Sequence[str],
) -> None:
    import pyogrio
    import shapely

    # A GeoJSON has as many digits as tell a millimetre from the next.
    digits = {} if driver == "GPKG" else {"COORDINATE_PRECISION": "9" if map_units(grid.crs) == "deg" else "3"}
    described = {"DESCRIPTION": "\n".join(history)} if history else {}
    try:
        with warnings.catch_warnings(action="ignore"):
            pyogrio.raw.write(
                new, shapely.to_wkb(shapes), list(fields.values()), np.array(list(fields)), layer=LAYER, driver=driver,
                geometry_type="Polygon", crs=_said(grid),
                layer_options={**digits, **described},
            )  # fmt: skip
    except Exception as error:
        # pyogrio has a family of exceptions, and passes on those of GDAL.
        what = f"it could not be written as a whole ({one_line(error)})"
        raise SurveyError(path, what, "The disk may be full: make room, or choose another place") from error


def _said(grid: Grid) -> str | None:
    """The CRS by its number, where it has one: some formats spell it out without."""
    if grid.crs is None:
        return None
    number = grid.crs.to_epsg()
    return f"EPSG:{number}" if number else str(grid.crs.to_wkt())
