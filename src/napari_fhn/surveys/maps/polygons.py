"""Geological maps as polygons with a class, from a file of any GIS, burnt onto a grid."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio.warp
import xarray as xr
from numpy.typing import NDArray
from rasterio.crs import CRS

from napari_fhn import vector
from napari_fhn.sentence import counted
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import one_line
from napari_fhn.surveys.maps.grids import GDAL_ERRORS, Grid, place

#: A plain ``.json`` may be anything; as polygons it has to be called so.
SUFFIXES = tuple(suffix for suffix in vector.SUFFIXES if suffix != ".json")
#: A field with more values than this names things, not classes.
MAX_CLASSES = 255


@dataclass(frozen=True)
class Polygons:
    """Polygons with a class each.

    Attributes
    ----------
    path : Path
        The file.
    field : str
        Which of its fields is the class.
    shapes : ndarray of object, shape (n,)
        Polygons and multipolygons (shapely), in `crs`.
    codes : ndarray of uint8, shape (n,)
        Class of each: 1 to the number of classes.
    classes : tuple of str
        Their names; code ``k`` is ``classes[k - 1]``.
    crs : CRS or None
        Of the coordinates.
    notes : tuple of str
        What was left out.
    """

    path: Path
    field: str
    shapes: NDArray[np.object_] = dataclasses.field(repr=False)
    codes: NDArray[np.uint8] = dataclasses.field(repr=False)
    classes: tuple[str, ...]
    crs: CRS | None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What channels made of it are called after."""
        return self.path.stem


def can_read(path: str | Path) -> bool:
    """Say by its suffix whether a file may hold polygons."""
    return Path(path).suffix.lower() in SUFFIXES


def read_polygons(path: str | Path, field: str | None = None, *, layer: str | None = None) -> Polygons:
    """Read polygons and the class of each.

    Parameters
    ----------
    path : str or Path
        Of shapes, see `napari_fhn.vector.layer_of`.
    field : str, optional
        Which field is the class; needed where there is more than one.
    layer : str, optional
        Which layer; needed where there is more than one.

    Returns
    -------
    Polygons
        Features without a class or a polygon are left out with a note.

    Raises
    ------
    SurveyError
        When it cannot be read, holds no polygons, or the field is not said or not there.
    """
    import shapely  # here and not above: a session without such files should not wait for it

    path = Path(path)
    with _as_survey_errors():
        layer = vector.layer_of(path, layer)
        field = _field(path, vector.fields(path, layer)) if field is None else field
        found = vector.read(path, field, layer)
    areal = np.isin(shapely.get_type_id(found.shapes), (3, 6)) & found.placed
    named = np.array([word != "" for word in found.words], dtype=bool)
    if not areal.any():
        raise SurveyError(path, "it holds no polygons", "Choose a layer of areas")
    kept = areal & named
    notes = []
    for count, what in (((~areal).sum(), "are no polygons"), ((areal & ~named).sum(), f"have no '{field}'")):
        if count:
            notes.append(f"{count} of its {counted(len(kept), 'features')} {what} and were left out.")
    words = [word for word, k in zip(found.words, kept, strict=True) if k]
    classes = sorted(set(words), key=_in_order)
    if not 1 <= len(classes) <= MAX_CLASSES:
        raise SurveyError(
            path, f"its field '{field}' has {counted(len(classes), 'values')}", f"Choose a field of 1 to {MAX_CLASSES}"
        )
    code = {name: k + 1 for k, name in enumerate(classes)}
    codes = np.array([code[word] for word in words], dtype=np.uint8)
    return Polygons(path, field, found.shapes[kept], codes, tuple(classes), found.crs, tuple(notes))


def burn(polygons: Polygons, grid: Grid) -> xr.DataArray:
    """Draw polygons onto a grid: a cell belongs to the polygon that its centre lies in.

    Parameters
    ----------
    polygons : Polygons
        From `read_polygons`.
    grid : Grid
        Where to.

    Returns
    -------
    xarray.DataArray
        ``(y, x)`` uint8: 0 outside of all polygons, else the code. Where polygons overlap the later one of the
        file counts. ``attrs["classes"]`` maps codes to names.

    Raises
    ------
    SurveyError
        When none of them lies on the grid.
    """
    import shapely

    notes = list(polygons.notes)
    shapes = polygons.shapes
    if polygons.crs is None:
        notes.append("The file names no CRS; its coordinates are taken for those of the grid.")
    crs = grid.crs
    if polygons.crs is not None and crs is not None and polygons.crs != crs:
        shapes = shapely.transform(shapes, lambda xy: _moved(xy, polygons, crs))
    # Only coordinates that the other CRS has a place for.
    within = np.isfinite(shapely.area(shapes))
    codes: NDArray[np.uint8] = np.zeros(grid.shape, np.uint8)
    if within.any():
        with _as_survey_errors():
            vector.draw(polygons.path, shapes[within], polygons.codes[within].tolist(), codes, grid.transform)
    if not codes.any():
        low, high = np.round(shapely.total_bounds(shapes).reshape(2, 2), 6).tolist()
        what = f"none of its polygons covers the middle of a cell (they reach from {tuple(low)} to {tuple(high)})"
        raise SurveyError(polygons.path, what, f"Choose polygons within {grid}, or correct their CRS")
    if not within.all():
        out = int((~within).sum())
        words = "has no place on the map and was" if out == 1 else "have no place on the map and were"
        notes.append(f"{out} of its polygons {words} left out.")
    if (codes == 0).any():
        notes.append("Outside of all polygons every band is 0.")
    result = xr.DataArray(codes, dims=("y", "x"), name=polygons.name)
    result.attrs.update(
        source=str(polygons.path.absolute()),
        kind="maps",
        format=f"polygons by '{polygons.field}'",
        nodata=None,
        classes={k + 1: name for k, name in enumerate(polygons.classes)},
        notes=tuple(notes),
    )
    return place(result, grid)


@contextmanager
def _as_survey_errors() -> Iterator[None]:
    """Say in the words of surveys what is wrong with a file of shapes."""
    try:
        yield
    except vector.VectorError as error:
        if error.layers:
            what = f"it holds {counted(len(error.layers), 'layers')} of shapes ({', '.join(error.layers)})"
            raise SurveyError(error.path, what, "Name one") from error
        raise SurveyError(error.path, error.what, error.way_out) from error


def _field(path: Path, fields: dict[str, str]) -> str:
    """The only field, or the only one of text."""
    names = list(fields)
    chosen = names if len(names) == 1 else [name for name, kind in fields.items() if kind in ("object", "string")]
    if len(chosen) != 1:
        raise SurveyError(path, f"it has the fields {', '.join(names) or 'none'}", "Say which of them is the class")
    return chosen[0]


def _in_order(word: str) -> tuple[bool, float, str]:
    """Numbers by size, then words by letters."""
    try:
        return False, float(word), ""
    except ValueError:
        return True, 0.0, word


def _moved(xy: NDArray[np.float64], polygons: Polygons, crs: CRS) -> NDArray[np.float64]:
    try:
        x, y = rasterio.warp.transform(polygons.crs, crs, xy[:, 0], xy[:, 1])
    except GDAL_ERRORS as error:
        raise SurveyError(polygons.path, f"its coordinates have no place in {crs.to_string()} ({one_line(error)})",
                          "Export it in the CRS of the maps") from error  # fmt: skip
    return np.stack([x, y], axis=1)
