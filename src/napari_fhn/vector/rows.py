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


def is_places(path: Path) -> bool:
    """Whether a file has one layer, of points or of lines in space.

    Parameters
    ----------
    path : Path
        Of shapes; what cannot be read is none.
    """
    import pyogrio

    try:
        with places.of(path) as found, quiet():
            if len(found) != 1:
                return False
            place = next(iter(found.values()))
            kind = str(pyogrio.read_info(place.file, layer=place.layer, **place.how)["geometry_type"])
    except Exception:  # of pyogrio and GDAL; whoever reads it says what is wrong
        return False
    return "Point" in kind or ("LineString" in kind and kind.endswith((" Z", " ZM")))


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
                deep = bool(shapely.has_z(shapes).any())
                # Of a shape without a place all else is kept: whoever needs the place finds it missing.
                shapes[shapely.is_missing(shapes) | shapely.is_empty(shapes)] = shapely.Point(*[np.nan] * (2 + deep))
                xyz, of = shapely.get_coordinates(shapes, include_z=deep, return_index=True)
        except Exception as error:
            # pyogrio and shapely have a family of exceptions each, and pass on those of GDAL and GEOS.
            raise VectorError(path, f"its shapes cannot be read ({short(error)})", "Export it again") from error
    try:
        crs = CRS.from_user_input(meta["crs"]) if meta["crs"] else None
    except (RasterioError, ValueError) as error:
        raise VectorError(path, f"its CRS is not understood ({short(error)})", "Export it with another") from error
    said: list[tuple[Any, ...]] = list(zip(*columns, strict=True)) if len(columns) else [()] * len(shapes)
    values = tuple(tuple(word(one) for one in row) for row in said)
    lines = "LineString" in str(meta["geometry_type"])
    return Rows(tuple(map(str, meta["fields"])), values, of.astype(np.int64), xyz, lines, crs)
