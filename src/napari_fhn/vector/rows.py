"""A layer of places as rows of a table: each place with its coordinates and all that is said of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError

from napari_fhn.vector import places
from napari_fhn.vector.errors import VectorError, short
from napari_fhn.vector.features import chosen, word
from napari_fhn.vector.places import quiet


@dataclass(frozen=True, eq=False)
class Rows:
    """The places of a layer, one after the other.

    Attributes
    ----------
    names : tuple of str
        Of its fields.
    values : tuple of tuple of str
        What is said of each shape, in words, in the order of the fields.
    shape : ndarray of int64, shape (n,)
        To which shape each place belongs: several to a line, or to a shape of several points.
    xyz : ndarray of float64, shape (n, 2) or (n, 3)
        Coordinates in `crs`, with elevations where the layer has some; NaN for a shape without a place.
    lines : bool
        Whether they are corners of lines.
    crs : CRS or None
        Of the coordinates.
    """

    names: tuple[str, ...]
    values: tuple[tuple[str, ...], ...] = dataclasses.field(repr=False)
    shape: NDArray[np.int64] = dataclasses.field(repr=False)
    xyz: NDArray[np.float64] = dataclasses.field(repr=False)
    lines: bool
    crs: CRS | None

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], NDArray[np.float64]]]:
        return ((self.values[of], at) for of, at in zip(self.shape, self.xyz, strict=True))


#: What the shapes of a layer are.
POINTS, PATHS, LINES, AREAS, MIXED, NOTHING = "points", "lines in space", "lines", "areas", "shapes", "nothing"
_SORTS = {0: POINTS, 1: LINES, 2: LINES, 3: AREAS, 4: POINTS, 5: LINES, 6: AREAS}


def sorts(path: Path) -> dict[str, str]:
    """Return what the shapes of each layer are: points, lines in space, lines, areas, shapes of several sorts, nothing.

    Parameters
    ----------
    path : Path
        Of shapes, see `napari_fhn.vector.layer_of`.

    Raises
    ------
    VectorError
        When it cannot be read.
    """
    import pyogrio
    import shapely

    found: dict[str, str] = {}
    with places.of(path) as layers:
        for name, place in layers.items():
            try:
                with quiet():
                    said = str(pyogrio.read_info(place.file, layer=place.layer, **place.how)["geometry_type"])
                    if "Point" in said:
                        found[name] = POINTS
                    elif "Polygon" in said or "Surface" in said:
                        found[name] = AREAS
                    elif "LineString" in said and not said.endswith((" Z", " ZM")):
                        found[name] = LINES
                    else:
                        # One that may hold anything, and lines that may all lie flat.
                        wkb = pyogrio.raw.read(place.file, layer=place.layer, columns=[], **place.how)[2]
                        found[name] = sort_of(np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object))
            except Exception as error:  # of pyogrio, shapely and GDAL
                raise VectorError(path, f"its shapes cannot be read ({short(error)})", "Export it again") from error
    return found


def sort_of(shapes: NDArray[np.object_]) -> str:
    """Return what shapes are; lines lie in space where one of them goes up or down.

    Parameters
    ----------
    shapes : ndarray of object
        Shapely geometries; those that are missing or empty do not count.
    """
    import shapely

    there = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    found = {_SORTS.get(int(one), MIXED) for one in np.unique(shapely.get_type_id(there))}
    if len(found) != 1:
        return MIXED if found else NOTHING
    if found == {LINES} and shapely.has_z(there).any():
        xyz, of = shapely.get_coordinates(there, include_z=True, return_index=True)
        within = np.diff(of) == 0
        if np.any(np.nan_to_num(np.diff(xyz[:, 2]))[within] != 0):
            return PATHS
    return found.pop()


def rows(path: Path, layer: str | None = None) -> Rows:
    """Read the places of a layer.

    Parameters
    ----------
    path : Path
        Of shapes, see `napari_fhn.vector.layer_of`.
    layer : str, optional
        Which layer; needed where there are several.

    Raises
    ------
    VectorError
        As `napari_fhn.vector.read`.
    """
    import pyogrio
    import shapely

    with places.of(path) as found:
        place = found[chosen(path, found, layer)]
        try:
            with quiet():
                meta, _, wkb, columns = pyogrio.raw.read(place.file, layer=place.layer, **place.how)
                shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
        except Exception as error:
            # pyogrio and shapely have a family of exceptions each, and pass on those of GDAL and GEOS.
            raise VectorError(path, f"its shapes cannot be read ({short(error)})", "Export it again") from error
    try:
        crs = CRS.from_user_input(meta["crs"]) if meta["crs"] else None
    except (RasterioError, ValueError) as error:
        raise VectorError(path, f"its CRS is not understood ({short(error)})", "Export it with another") from error
    said: list[tuple[Any, ...]] = list(zip(*columns, strict=True)) if len(columns) else [()] * len(shapes)
    values = tuple(tuple(word(one) for one in row) for row in said)
    return of_shapes(tuple(map(str, meta["fields"])), values, shapes, crs)


def of_shapes(
    names: tuple[str, ...], values: tuple[tuple[str, ...], ...], shapes: NDArray[np.object_], crs: CRS | None
) -> Rows:
    """Return the places of shapes with what is said of each.

    Parameters
    ----------
    names, values, crs
        As in `Rows`.
    shapes : ndarray of object
        Shapely geometries.
    """
    import shapely

    deep = bool(shapely.has_z(shapes).any())
    lines = sort_of(shapes) in (LINES, PATHS)
    # Of a shape without a place all else is kept: whoever needs the place finds it missing.
    nowhere = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    shapes = np.where(nowhere, shapely.Point(*[np.nan] * (2 + deep)), shapes)
    xyz, of = shapely.get_coordinates(shapes, include_z=deep, return_index=True)
    return Rows(names, values, of.astype(np.int64), xyz, lines, crs)
