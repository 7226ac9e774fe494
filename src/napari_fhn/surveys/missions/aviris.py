"""AVIRIS-NG and its kin (ENVI): an image in the geometry of its sensor, and the table that brings it onto the map."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import xarray as xr

from napari_fhn.digits import whole
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.maps.grids import Grid, grid_of, place
from napari_fhn.surveys.missions.lookup import NOTE, OnMap, table_of
from napari_fhn.surveys.missions.places import note, table_of_places
from napari_fhn.surveys.raster import envi_header

#: Files of a folder that are looked at.
_MOST = 10_000
Open = Callable[[Path, Path, envi_header.EnviHeader], xr.DataArray]


def table_beside(data: Path, header: envi_header.EnviHeader) -> tuple[Path, Path] | None:
    """Return the table of places that belongs to an image, with its header; None where it needs none, or has none.

    Parameters
    ----------
    data : Path
        The image: ``ang20180827t174211_rdn_v2r2_img``; its table is called after the same flight line, and ends in
        ``_glt``.
    header : EnviHeader
        Of the image.
    """
    if header.text("map info") or not _ends(data, "img"):
        return None
    found = [pair for pair in _beside(data, "glt") if _is_table(pair[1])]
    return found[0] if len(found) == 1 else None


def places_beside(data: Path, header: envi_header.EnviHeader) -> tuple[Path, Path] | None:
    """Return the file of longitudes and latitudes (``_loc``) of an image that has no table, with its header."""
    if header.text("map info") or not _ends(data, "img"):
        return None
    size = header.lines, header.samples
    found = [pair for pair in _beside(data, "loc") if _size(pair[1]) == size]
    return found[0] if len(found) == 1 else None


def by_places(path: Path, scene: xr.DataArray, places: xr.DataArray) -> xr.DataArray:
    """Bring an image onto the map by the longitude and latitude of its pixels.

    Parameters
    ----------
    path : Path
        The image.
    scene : xarray.DataArray
        ``(band, y, x)``, opened in the geometry of the sensor.
    places : xarray.DataArray
        Opened: longitude and latitude as the first two bands.

    Raises
    ------
    SurveyError
        When they are no places.
    """
    lines, pixels, grid = table_of_places(path, places.values[0], places.values[1])
    values = OnMap(path, scene.variable, lines, pixels, scene.attrs.get("nodata"))
    return _labelled(values, scene, note(grid), grid)


def on_map(path: Path, scene: xr.DataArray, table: xr.DataArray, header: envi_header.EnviHeader) -> xr.DataArray:
    """Bring an image onto the map of its table.

    Parameters
    ----------
    path : Path
        The image.
    scene : xarray.DataArray
        ``(band, y, x)``, opened in the geometry of the sensor.
    table : xarray.DataArray
        Opened: pixels and lines as two bands.
    header : EnviHeader
        Of the table; it may count from another line than the first.

    Raises
    ------
    SurveyError
        When they do not belong together.
    """
    first = {}
    for key in ("raw starting sample", "raw starting line"):
        first[key] = max(0, (whole(header.text(key)) or 0) - 1)
    pixels = table_of(path, table.values[0], scene.sizes["x"], first["raw starting sample"])
    lines = table_of(path, table.values[1], scene.sizes["y"], first["raw starting line"])
    values = OnMap(path, scene.variable, lines, pixels, scene.attrs.get("nodata"))
    said = NOTE.replace("map;", f"map by {Path(str(table.attrs['source'])).name};")
    return _labelled(values, scene, said, grid_of(table))


def _labelled(values: OnMap, scene: xr.DataArray, said: str, grid: Grid) -> xr.DataArray:
    kept = [note for note in scene.attrs["notes"] if "x and y count pixels" not in note]
    bands = {name: one for name, one in scene.coords.items() if one.dims == ("band",)}
    survey = xr.DataArray(values.variable(("band", "y", "x")), coords=bands, name=scene.name, attrs=dict(scene.attrs))
    survey.attrs["notes"] = (said, *kept)
    return place(survey, grid)


def _ends(path: Path, kind: str) -> bool:
    return path.name.partition(".")[0].lower().endswith(f"_{kind}")


def _beside(data: Path, kind: str) -> list[tuple[Path, Path]]:
    """Data files of the same flight line that end in a word, with their headers."""
    flight = data.name.partition("_")[0].lower()
    found = []
    try:
        with os.scandir(data.parent) as entries:
            for _, entry in zip(range(_MOST), entries, strict=False):
                one = Path(entry.path)
                named = one.suffix.lower() != ".hdr" and one.name.partition("_")[0].lower() == flight
                if named and _ends(one, kind) and entry.is_file():
                    found.append(one)
    except OSError:
        return []
    return [pair for one in sorted(found) if (pair := envi_header.pair(one)) is not None]


def _size(header: Path) -> tuple[int, int] | None:
    """Lines and samples of places; None for a file that holds none."""
    try:
        said = envi_header.read_header(header)
    except SurveyError:
        return None
    return (said.lines, said.samples) if said.bands in (2, 3) and said.dtype in ("float32", "float64") else None


def _is_table(header: Path) -> bool:
    try:
        said = envi_header.read_header(header)
    except SurveyError:
        return False
    return said.bands == 2 and said.dtype in ("int16", "int32") and bool(said.text("map info"))
