"""Areas, lines and places with a class, from GIS files, as labels on a map or on time slices of a volume."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.transform import Affine

from napari_fhn import vector
from napari_fhn.box import Box
from napari_fhn.labels.classes.class_table import ClassTable
from napari_fhn.labels.classes.codes import means_nothing
from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.map_coordinates import (
    ask_for_degrees,
    crs_of,
    map_crs,
    map_transform,
    own_crs,
    to_cells,
    transformed,
)
from napari_fhn.labels.shapes import shape_files
from napari_fhn.labels.tables.guesses import SURE
from napari_fhn.labels.tables.vocabulary import meaning
from napari_fhn.sentence import counted, counted_of
from napari_fhn.surveys.kinds import is_line, is_seismic

SUFFIXES = shape_files.SUFFIXES


@dataclass(frozen=True, eq=False)
class Polygons:
    """Shapes with a class each.

    Attributes
    ----------
    path : Path
        The file.
    field : str
        Which of its fields is the class.
    shapes : ndarray of object, shape (n,)
        Polygons, lines and points (shapely), in `crs`.
    classes : tuple of str
        Class of each: a name, or a value in digits.
    crs : CRS or None
        Of the coordinates.
    """

    path: Path
    field: str
    shapes: NDArray[np.object_] = dataclasses.field(repr=False)
    classes: tuple[str, ...] = dataclasses.field(repr=False)
    crs: CRS | None = None


def class_fields(path: str | Path, layer: str | None = None, sheet: str | None = None) -> tuple[str, ...]:
    """Return the fields that may hold classes: those that are called so, else those of text or whole numbers.

    Raises
    ------
    LabelError
        When the file cannot be read.
    """
    with _as_label_errors():
        fields = shape_files.fields(Path(path), layer, sheet)
    said = {name: meaning(name) for name in fields}
    called = tuple(
        name for name, is_ in said.items() if is_ and is_.role in ("class", "marker") and is_.confidence >= SURE
    )
    return called or tuple(
        name for name, kind in fields.items() if kind == "object" or kind.startswith(("int", "uint"))
    )


def read_polygons(
    path: str | Path,
    field: str | None = None,
    *,
    layer: str | None = None,
    crs: str | None = None,
    sheet: str | None = None,
) -> Polygons:
    """Read shapes and the class of each.

    Parameters
    ----------
    path : str or Path
        Of shapes, see `napari_fhn.vector.layer_of`; KML, KMZ, or a table with a column of shapes as text (WKT).
    field : str, optional
        Which field is the class; needed where not exactly one may be it.
    layer : str, optional
        Which layer; needed where there is more than one.
    crs : str, optional
        Of the coordinates, over what the file says, such as ``"EPSG:32633"``; KML knows no other than WGS 84.
    sheet : str, optional
        Of a workbook.

    Returns
    -------
    Polygons
        Shapes without a class or without coordinates are left out with a `LabelWarning`.

    Raises
    ------
    Undeclared
        With option ``"field"`` or ``"layer"``, when it must be said.
    LabelError
        When the file cannot be read or holds no shapes.
    """
    path = Path(path)
    with _as_label_errors():
        layer = shape_files.layer_of(path, layer)
        if field is None:
            may = class_fields(path, layer, sheet)
            if len(may) != 1:
                fields = tuple(shape_files.fields(path, layer, sheet))
                if not fields:
                    what = "nothing is said of its shapes, and so not which class they are"
                    raise LabelError(what, "Give them a field with the class, as text or whole numbers", path=path)
                raise Undeclared(
                    f"which field is the class is not told; its fields are {', '.join(fields)}",
                    "Name one",
                    option="field",
                    choices=may or fields,
                    path=path,
                )
            field = may[0]
        found = shape_files.read(path, field, layer, sheet, crs)
    kept = found.placed & np.array([not means_nothing(word) for word in found.words], dtype=bool)
    if not kept.any():
        raise LabelError(f"it holds no shape with a value in '{field}'", "Check the file", path=path)
    if not kept.all():
        without = int((~kept).sum())
        of, what = f"of {len(kept):,} shapes", f"no '{field}' or no place and"
        _warn(f"{path.name}: {counted(without, f'{of} have {what} were', f'{of} has {what} was')} left out.")
    classes = tuple(word for word, k in zip(found.words, kept, strict=True) if k)
    return Polygons(path, field, found.shapes[kept], classes, found.crs)


def burn_polygons(
    polygons: Polygons,
    survey: xr.DataArray,
    table: ClassTable,
    out: NDArray[Any],
    *,
    window: tuple[float, float] | None = None,
    overwrite: bool = False,
    survey_crs: str | None = None,
) -> Box:
    """Write shapes into a label map, or into the time slices of a label volume.

    A cell belongs to the area that its centre lies in; lines take the cells they cross, points the cell they lie in.
    Where shapes overlap the first of the file counts.

    Parameters
    ----------
    polygons : Polygons
        From `read_polygons`. They are brought into the CRS of the survey, where both are known.
    survey : xarray.DataArray
        A map, dims ``(y, x)`` or ``(band, y, x)``, or a volume ``(inline, crossline, vertical)`` or line
        ``(trace, vertical)`` that has a place on the map. A line takes the areas that its traces lie in, and lines and
        points within one trace spacing.
    table : ClassTable
        The classes.
    out : ndarray or memmap of uint8, shape of the survey without its bands
        Written in place.
    window : (float, float), optional
        For a volume or a line: first and last time or depth, in the unit of its vertical axis, the last one excluded
        but at the end of the survey; the nearest slice where there is none within.
    overwrite : bool, optional
        Replace labels that are already there. By default only unlabelled cells are filled.
    survey_crs : str, optional
        Of the survey's own coordinates, where it does not say it.

    Returns
    -------
    Box
        Of what the shapes cover.

    Raises
    ------
    Undeclared
        With option ``"window"``, for a volume or a line without one, or ``"survey_crs"``, for shapes in degrees on a
        survey that does not say its CRS.
    LabelError
        Before anything is written: when a class is unknown, or no shape lies on the survey.
    """
    import shapely

    values = {name: table.value_of(name) for name in dict.fromkeys(polygons.classes)}
    is_map = {"y", "x"} <= set(survey.dims)
    shape = tuple(survey.sizes[d] for d in ("y", "x")) if is_map else survey.shape
    if out.shape != shape:
        raise LabelError(f"the labels have the shape {out.shape}, and the survey {shape}", "Use labels of the survey")
    slices = None if is_map else _slices(survey, window)
    if line := is_line(survey):
        out = out[:, np.newaxis]  # a volume of one crossline
    polygons = on_survey(polygons, survey, survey_crs)
    shapes = polygons.shapes if line else _in_cells(polygons, survey, is_map)
    numbers = np.flatnonzero(np.isfinite(shapely.bounds(shapes)).all(axis=1)) + 1
    first: NDArray[Any] = np.zeros(out.shape[:2], np.min_scalar_type(len(shapes)))
    last = first.copy()
    with _as_label_errors():
        for into, order in ((first, numbers[::-1].tolist()), (last, numbers.tolist())):
            if line:
                _cut(polygons, order, survey, into)
            else:  # cells have their middles at whole indices
                vector.draw(polygons.path, [shapes[k - 1] for k in order], order, into, Affine.translation(-0.5, -0.5))
    value_of = np.array([0, *(values[name] for name in polygons.classes)], np.uint8)
    cells = value_of[first]
    if not cells.any():
        raise LabelError(
            "none of its shapes covers the middle of a cell of the survey",
            "Check that both have the same coordinates, and their CRS",
            path=polygons.path,
        )
    seen = np.zeros(len(shapes) + 1, bool)
    seen[first] = seen[last] = True
    name = polygons.path.name
    if beside := int((~seen[1:]).sum()):
        said = counted_of(beside, len(shapes), "shapes", "label", "labels")
        _warn(f"{name}: {said} no cell: outside the survey, between the middles of cells, or under other shapes.")
    if contested := int(np.count_nonzero(cells != value_of[last])):
        lie = counted(contested, "cells lie", "cell lies")
        _warn(f"{name}: {lie} in shapes of several classes; the first shape counted.")
    rows, cols = np.nonzero(cells)
    low, high = [int(rows.min()), int(cols.min())], [int(rows.max()) + 1, int(cols.max()) + 1]
    for i in range(low[0], high[0]):
        here = cells[i] != 0
        target = out[i] if slices is None else out[i, :, slices]
        wanted = cells[i][here] if slices is None else np.repeat(cells[i][here][:, None], target.shape[1], axis=1)
        part = target[here]
        write = np.ones_like(part, dtype=bool) if overwrite else part == 0
        part[write] = wanted[write]
        target[here] = part
    if slices is None:
        return Box((low[0], low[1]), (high[0], high[1]))
    if line:
        return Box((low[0], slices.start), (high[0], slices.stop))
    return Box((*low, slices.start), (*high, slices.stop))


def _slices(survey: xr.DataArray, window: tuple[float, float] | None) -> slice:
    if not is_seismic(survey):
        raise LabelError(
            f"shapes lie on a map (y, x), on slices of a volume or along a line, not on {survey.dims}",
            "Open a map, a volume or a line",
        )
    axis = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    if window is None:
        raise Undeclared(
            f"on which slices of the survey the shapes lie is not told; they go from {axis[0]:g} to {axis[-1]:g}",
            "Give the first and the last",
            option="window",
        )
    top, base = window
    if not (math.isfinite(top) and math.isfinite(base) and top <= base):
        raise LabelError(f"a window from {top:g} to {base:g} is none", "Give the first and the last time")
    if base < axis[0] or top > axis[-1]:
        raise LabelError(
            f"the window from {top:g} to {base:g} lies outside the survey ({axis[0]:g} to {axis[-1]:g})",
            "Choose times within",
        )
    # Up to the base, as intervals of wells are; what reaches the end of the survey has its last sample too.
    inside = np.flatnonzero((axis >= top) & ((axis < base) | (base >= axis[-1])))
    if inside.size == 0:
        nearest = int(np.argmin(np.abs(axis - (top + base) / 2)))
        return slice(nearest, nearest + 1)
    return slice(int(inside[0]), int(inside[-1]) + 1)


def _cut(polygons: Polygons, order: list[int], survey: xr.DataArray, into: NDArray[Any]) -> None:
    """Write the numbers of shapes where the traces of a line lie in them, later ones over earlier ones."""
    import shapely

    traces = Traces.of(survey)
    if not traces.has_xy:
        raise LabelError(
            f"the line '{survey.name}' has no place on the map, so shapes cannot be cut along it",
            "Give horizons, points or wells by trace numbers",
            path=polygons.path,
        )
    x, y = (np.asarray(traces.survey[c], np.float64) for c in "xy")
    for number in order:
        shape = polygons.shapes[number - 1]
        # What has no area has to come near.
        near = shape if shapely.get_dimensions(shape) == 2 else shapely.buffer(shape, traces.spacing)
        into[shapely.intersects_xy(near, x, y), 0] = number


def on_survey(polygons: Polygons, survey: xr.DataArray, said: str | None = None) -> Polygons:
    """Bring shapes to the coordinates of a survey, where both CRS are known.

    Parameters
    ----------
    polygons : Polygons
        From `read_polygons`.
    survey : xarray.DataArray
        A map, volume or line.
    said : str, optional
        CRS of the survey's own coordinates, where it does not say it.

    Returns
    -------
    Polygons

    Raises
    ------
    Undeclared
        With option ``"survey_crs"``, for shapes in degrees on a survey that does not say its CRS, or ``"crs"``, for
        shapes without a CRS that may be in degrees.
    LabelError
        When they cannot be brought there.
    """
    import shapely

    if polygons.crs is None:
        corners = shapely.bounds(polygons.shapes).reshape(-1, 2)
        ask_for_degrees(corners, survey, polygons.path)
    own = said or map_crs(survey)
    named = crs_of(own, polygons.path) if said else _crs(own)
    if polygons.crs is not None and polygons.crs.is_geographic and named is None:
        if not {"y", "x"} <= set(survey.dims):
            own_crs(survey, polygons.path, polygons.crs.to_string(), said)  # asks
    elif polygons.crs is not None and named is not None:
        if polygons.crs == named:
            return polygons
        source, target, path = polygons.crs, named, polygons.path
        moved = _moved(polygons, lambda xy: transformed(xy, source, target, path))
        what = "map" if {"y", "x"} <= set(survey.dims) else "survey"
        _warn(f"{path.name}: its shapes were brought into the CRS of the {what}.")
        return dataclasses.replace(polygons, shapes=moved, crs=named)
    which = "it" if polygons.crs is None else "the map"
    if {"y", "x"} <= set(survey.dims):
        _warn(f"{polygons.path.name}: {which} names no CRS, so its coordinates were taken for those of the map.")
    return polygons


def _in_cells(polygons: Polygons, survey: xr.DataArray, is_map: bool) -> NDArray[np.object_]:
    """Shapes in fractional indices (column, row), whole at the middles of cells."""
    if not is_map:
        traces = Traces.of(survey)
        return _moved(polygons, lambda xy: traces.by_xy(xy[:, 0], xy[:, 1])[:, ::-1])
    transform = map_transform(survey)
    return _moved(polygons, lambda xy: to_cells(transform, xy))


def _moved(polygons: Polygons, move: Any) -> NDArray[np.object_]:
    import shapely

    try:
        moved: NDArray[np.object_] = shapely.transform(polygons.shapes, move)
    except LabelError:
        raise
    except Exception as error:  # of shapely, and of GDAL's coordinate systems
        what = f"its shapes cannot be brought onto the survey ({_short(error)})"
        raise LabelError(what, "Export it in the coordinates of the survey", path=polygons.path) from error
    return moved


def _crs(text: str) -> CRS | None:
    try:
        return CRS.from_user_input(text) if text else None
    except (RasterioError, ValueError):
        return None


@contextmanager
def _as_label_errors() -> Iterator[None]:
    """Say in the words of labels what is wrong with a file of shapes."""
    try:
        yield
    except vector.VectorError as error:
        if error.layers:
            raise Undeclared(
                error.what, error.way_out, option="layer", choices=error.layers, path=error.path
            ) from error
        raise LabelError(error.what, error.way_out, path=error.path) from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _warn(words: str) -> None:
    warnings.warn(words, LabelWarning, stacklevel=4)
