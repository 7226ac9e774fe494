"""The shapes of one layer of a file, with one of its fields."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio.features
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError

from napari_fhn.sentence import counted
from napari_fhn.vector import places
from napari_fhn.vector.errors import VectorError, short
from napari_fhn.vector.places import Place, quiet

#: Formats that have every field there could be, whether anybody has filled it or not.
_EVERY_FIELD = (".gpx",)
#: What GML says of each shape beside its fields.
_NO_FIELDS = {".gml": {"gml_id", "fid", "lowerCorner", "upperCorner"}}


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
        A GeoPackage, shapefile, GeoJSON, FlatGeobuf, MapInfo (``.mif``, ``.tab``), GMT, GML or GPX file, a database of
        SpatiaLite, or a zip that holds such files.
    layer : str, optional
        The layer; needed where there are several.

    Raises
    ------
    VectorError
        When the file is none of these, cannot be read, or has not the layer; with `VectorError.layers` where one of
        several must be said.
    """
    with places.of(path) as found:
        return chosen(path, found, layer)


def fields(path: Path, layer: str | None = None) -> dict[str, str]:
    """Return the kind of each field by its name, such as ``"object"`` for text or ``"int32"``.

    Raises
    ------
    VectorError
        As `layer_of`.
    """
    with places.of(path) as found:
        return _fields(path, found[chosen(path, found, layer)])


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
    with places.of(path) as found:
        place = found[chosen(path, found, layer)]
        known = _fields(path, place)
        if field not in known:
            raise VectorError(path, f"it has no field '{field}'", f"Its fields are {', '.join(known) or 'none'}")
        try:
            with quiet():
                meta, _, wkb, (values,) = pyogrio.raw.read(
                    place.file, layer=place.layer, columns=[field], force_2d=True, **place.how
                )
                shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
                shapely.bounds(shapes)
        except Exception as error:
            # pyogrio and shapely have a family of exceptions each, and pass on those of GDAL and GEOS.
            raise VectorError(path, f"its shapes cannot be read ({short(error)})", "Export it again") from error
    try:
        crs = CRS.from_user_input(meta["crs"]) if meta["crs"] else None
    except (RasterioError, ValueError) as error:
        raise VectorError(path, f"its CRS is not understood ({short(error)})", "Export it with another") from error
    return Features(path, field, shapes, tuple(word(value) for value in values), crs)


def chosen(path: Path, found: Mapping[str, Place], layer: str | None) -> str:
    """Return the layer that is meant, of those that a file has; as `layer_of`."""
    layers = tuple(found)
    if layer is None and len(layers) > 1:
        raise VectorError(
            path, f"it holds {counted(len(layers), 'layers')}: {', '.join(layers)}", "Say which", layers=layers
        )
    if layer is not None and layer not in found:
        raise VectorError(path, f"it has no layer '{layer}'", f"Its layers are {', '.join(layers)}")
    return layer or layers[0]


def _fields(path: Path, place: Place) -> dict[str, str]:
    import pyogrio

    try:
        with quiet():
            info = pyogrio.read_info(place.file, layer=place.layer, **place.how)
            known = {str(name): str(kind) for name, kind in zip(info["fields"], info["dtypes"], strict=True)}
            suffix = place.file.suffix.lower()
            known = {name: kind for name, kind in known.items() if name not in _NO_FIELDS.get(suffix, ())}
            if suffix not in _EVERY_FIELD:
                return known
            columns = pyogrio.raw.read(place.file, layer=place.layer, read_geometry=False, **place.how)[3]
    except Exception as error:  # as in read
        raise VectorError(path, f"it cannot be read ({short(error)})", "Export it again") from error
    filled = zip(known.items(), columns, strict=True)
    return {name: kind for (name, kind), values in filled if any(map(word, values))} or known


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
        raise VectorError(path, f"its shapes cannot be drawn ({short(error)})", "Repair them") from error


def word(value: object) -> str:
    """Return the value of a field in words: whole numbers without a point, empty where there is none."""
    if value is None or (isinstance(value, float | np.floating) and not math.isfinite(value)):
        return ""
    if isinstance(value, np.datetime64) and np.isnat(value):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()
