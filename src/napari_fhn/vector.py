"""Shapes from GIS files: the one reader of labels and maps, which opens nothing but what a file says it is.

GDAL goes by content and would follow a file that points elsewhere (a "virtual" source under another suffix), so the
first bytes have to be those of the suffix before it is let near.
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio.features
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError

from napari_fhn.regular import odd_beside, why_not
from napari_fhn.sentence import in_one_line

#: First bytes of a file, by suffix.
_MAGIC = {
    ".shp": b"\x00\x00\x27\x0a",
    ".gpkg": b"SQLite format 3\x00",
    ".geojson": b"{",
    ".json": b"{",
    ".fgb": b"fgb",
    ".geojsonl": b"{",
    ".gmt": b"# @VGMT",
    ".mif": b"version",
    ".tab": b"!table",
}
#: What a table of MapInfo says that has its shapes beside it, and is no view of others elsewhere.
_NATIVE = (b"type native", b"open table")
SUFFIXES = tuple(_MAGIC)


class VectorError(ValueError):
    """A file of shapes that cannot be read or drawn.

    Parameters
    ----------
    path : Path
        The file.
    what, way_out : str
        What is wrong, and what can be done about it.
    layers : tuple of str
        Where one of several layers must be said: their names.
    """

    def __init__(self, path: Path, what: str, way_out: str, *, layers: tuple[str, ...] = ()) -> None:
        what = in_one_line(what)
        super().__init__(f"{in_one_line(path.name)}: {what}. {way_out}.")
        self.path, self.what, self.way_out, self.layers = path, what, way_out, layers


@dataclass(frozen=True, eq=False)
class Features:
    """The shapes of one layer, with one field.

    Attributes
    ----------
    path : Path
        The file.
    field : str
        Which of its fields was read.
    shapes : ndarray of object, shape (n,)
        Shapely geometries in `crs`; None where one is missing or broken.
    words : tuple of str
        The field's value at each, in words: whole numbers without a point, empty where there is none.
    crs : CRS or None
        Of the coordinates.
    """

    path: Path
    field: str
    shapes: NDArray[np.object_] = dataclasses.field(repr=False)
    words: tuple[str, ...] = dataclasses.field(repr=False)
    crs: CRS | None

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Whether each has coordinates, all of them numbers."""
        import shapely

        return np.asarray(np.isfinite(shapely.bounds(self.shapes)).all(axis=1))


def layer_of(path: Path, layer: str | None = None) -> str:
    """Return the layer that is meant, after a look at what the file is.

    Parameters
    ----------
    path : Path
        A GeoPackage, shapefile, GeoJSON, FlatGeobuf, MapInfo (``.mif``, ``.tab``) or GMT file.
    layer : str, optional
        The layer; needed where there are several.

    Raises
    ------
    VectorError
        When the file is none of these, cannot be read, or has not the layer; with `VectorError.layers` where one of
        several must be said.
    """
    # Here and not above: those who have no such files should not wait for the library.
    import pyogrio

    magic = _MAGIC.get(path.suffix.lower())
    if magic is None:
        raise VectorError(path, f"the suffix '{path.suffix}' is not known", f"Use {', '.join(SUFFIXES)}")
    wrong = why_not(path) or odd_beside(path)
    if wrong is not None:
        raise VectorError(path, *wrong)
    try:
        with path.open("rb") as file:
            head = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n" if magic[0] > 32 else b"")
    except OSError as error:
        raise VectorError(path, f"it cannot be read: {error.strerror or error}", "Check the path") from error
    if not head.lower().startswith(magic.lower()):
        raise VectorError(path, f"it is no {path.suffix[1:]} file by its first bytes", "Export it again")
    if path.suffix.lower() == ".tab":
        said = path.read_bytes()[: 2**16].lower()
        if _NATIVE[0] not in said or _NATIVE[1] in said:
            raise VectorError(path, "it is a table of MapInfo without shapes of its own", "Export it as a native table")
    try:
        with _quiet():
            layers = tuple(str(name) for name, kind in pyogrio.list_layers(path) if kind is not None)
    except Exception as error:  # as in read
        raise VectorError(path, f"it cannot be read ({_short(error)})", "Export it again") from error
    if not layers:
        raise VectorError(path, "it holds no layer of shapes", "Export it again")
    if layer is None and len(layers) > 1:
        raise VectorError(path, f"it holds {len(layers)} layers: {', '.join(layers)}", "Say which", layers=layers)
    if layer is not None and layer not in layers:
        raise VectorError(path, f"it has no layer '{layer}'", f"Its layers are {', '.join(layers)}")
    return layer or layers[0]


def fields(path: Path, layer: str | None = None) -> dict[str, str]:
    """Return the kind of each field by its name, such as ``"object"`` for text or ``"int32"``.

    Raises
    ------
    VectorError
        As `layer_of`.
    """
    return _fields(path, layer_of(path, layer))


def _fields(path: Path, layer: str) -> dict[str, str]:
    import pyogrio

    try:
        with _quiet():
            info = pyogrio.read_info(path, layer=layer)
    except Exception as error:  # as in read
        raise VectorError(path, f"it cannot be read ({_short(error)})", "Export it again") from error
    return {str(name): str(kind) for name, kind in zip(info["fields"], info["dtypes"], strict=True)}


def read(path: Path, field: str, layer: str | None = None) -> Features:
    """Read the shapes of a layer with one of its fields.

    Raises
    ------
    VectorError
        As `layer_of`, and when there is no such field, or the shapes or their CRS are not understood.
    """
    import pyogrio
    import shapely

    # Each opening may take a second: where a file names a CRS that nobody knows, a database is searched for it.
    layer = layer_of(path, layer)
    known = _fields(path, layer)
    if field not in known:
        raise VectorError(path, f"it has no field '{field}'", f"Its fields are {', '.join(known) or 'none'}")
    try:
        with _quiet():
            meta, _, wkb, (values,) = pyogrio.raw.read(path, layer=layer, columns=[field], force_2d=True)
            shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
            shapely.bounds(shapes)
    except Exception as error:
        # pyogrio and shapely have a family of exceptions each, and pass on those of GDAL and GEOS.
        raise VectorError(path, f"its shapes cannot be read ({_short(error)})", "Export it again") from error
    try:
        crs = CRS.from_user_input(meta["crs"]) if meta["crs"] else None
    except (RasterioError, ValueError) as error:
        raise VectorError(path, f"its CRS is not understood ({_short(error)})", "Export it with another") from error
    return Features(path, field, shapes, tuple(_word(value) for value in values), crs)


def draw(path: Path, shapes: Sequence[Any], values: Sequence[int], out: NDArray[Any], transform: Any) -> None:
    """Draw shapes into an array, the later over the earlier; a cell belongs to the area that its centre lies in.

    Parameters
    ----------
    path : Path
        Where they come from.
    shapes : sequence of shapely geometry
        In the coordinates of `transform`.
    values : sequence of int
        What is written for each.
    out : ndarray of uint8
        Written in place.
    transform : affine.Affine
        From columns and rows of `out` to coordinates.

    Raises
    ------
    VectorError
        When they cannot be drawn.
    """
    if not len(shapes):
        return
    try:
        rasterio.features.rasterize(list(zip(shapes, values, strict=True)), out=out, transform=transform)
    except (RasterioError, ValueError, TypeError) as error:
        raise VectorError(path, f"its shapes cannot be drawn ({_short(error)})", "Repair them") from error


def _word(value: object) -> str:
    if value is None or (isinstance(value, float | np.floating) and not math.isfinite(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _quiet() -> Any:
    return warnings.catch_warnings(action="ignore")


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
