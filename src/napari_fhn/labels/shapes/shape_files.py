"""Files of shapes of every kind: what GIS write, places of Google Earth, and tables with shapes written as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS

from napari_fhn import vector
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.map_coordinates import WGS84, crs_of
from napari_fhn.labels.shapes import kml, wkt
from napari_fhn.vector import Features

#: Of files that hold shapes and nothing else.
SUFFIXES = (*vector.SUFFIXES, *kml.SUFFIXES)


def is_shapes(path: Path, sheet: str | None = None) -> bool:
    """Whether a file holds shapes: by its suffix, or as a table with shapes written as text.

    Raises
    ------
    LabelError
        When it cannot be read.
    """
    return path.suffix.lower() in SUFFIXES or wkt.written(path, sheet) is not None


def layer_of(path: Path, layer: str | None) -> str | None:
    """Return the layer that is meant; None for a file that has no layers.

    Raises
    ------
    LabelError, vector.VectorError
        As `napari_fhn.vector.layer_of`.
    """
    suffix = path.suffix.lower()
    if suffix in kml.SUFFIXES and layer is not None:
        folders = kml.read(path).folders
        if layer not in folders:
            raise LabelError(f"it has no folder '{layer}'", f"Its folders are {', '.join(folders)}", path=path)
        return layer
    return vector.layer_of(path, layer) if suffix in vector.SUFFIXES else None


def fields(path: Path, layer: str | None = None, sheet: str | None = None) -> dict[str, str]:
    """Return the kind of each field by its name, such as ``"object"`` for text.

    Raises
    ------
    LabelError, vector.VectorError
        When the file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in kml.SUFFIXES:
        return dict.fromkeys(kml.read(path).fields, "object")
    if suffix in vector.SUFFIXES:
        return vector.fields(path, layer)
    return dict.fromkeys(_table(path, sheet).fields, "object")


def read(
    path: Path, field: str, layer: str | None = None, sheet: str | None = None, crs: str | None = None
) -> Features:
    """Read shapes with one of their fields.

    Parameters
    ----------
    path : Path
        The file.
    field : str
        Which field.
    layer, sheet : str, optional
        Where there are several.
    crs : str, optional
        Of the coordinates, over what the file says; a KML file knows no other than WGS 84.

    Returns
    -------
    napari_fhn.vector.Features

    Raises
    ------
    LabelError, vector.VectorError
        When the file cannot be read, or has no such field.
    """
    suffix = path.suffix.lower()
    if suffix in vector.SUFFIXES:
        found = vector.read(path, field, layer)
        return found if crs is None else replace(found, crs=crs_of(crs, path))
    if suffix in kml.SUFFIXES:
        places = kml.read(path)
        if field not in places.fields:
            raise LabelError(f"it has no field '{field}'", f"Its fields are {', '.join(places.fields)}", path=path)
        inside = [layer in (None, folder) for folder in places.inside]
        words = [one.get(field, "") for one, there in zip(places.said, inside, strict=True) if there]
        shapes = [one for one, there in zip(places.shapes, inside, strict=True) if there]
        return _features(path, field, shapes, words, crs_of(WGS84))
    shapes, words, own = wkt.read(_table(path, sheet), field)
    named = crs or own
    return _features(path, field, shapes, words, crs_of(named, path) if named else None)


def _features(path: Path, field: str, shapes: Sequence[Any], words: Sequence[str], crs: CRS | None) -> Features:
    import shapely

    made: NDArray[np.object_] = np.empty(len(shapes), dtype=np.object_)
    made[:] = shapes
    made[:] = shapely.force_2d(made)
    return Features(path, field, made, tuple(words), crs)


def _table(path: Path, sheet: str | None) -> wkt.Written:
    found = wkt.written(path, sheet)
    if found is None:
        what = f"the suffix '{path.suffix}' is not known, and no column of it holds shapes"
        raise LabelError(what, f"Use {', '.join(SUFFIXES)}, or a table with a column WKT", path=path)
    return found
