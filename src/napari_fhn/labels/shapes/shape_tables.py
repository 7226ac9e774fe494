"""Places in files of a GIS, as tables: wells, tops and checkshots as points with fields, paths of wells as lines.

A table is made of them, with the fields as its columns and the coordinates behind them, so that all that is known of
tables holds: what columns mean, which units they have, what is asked. A file may have several layers, or folders of
Google Earth; each is a table of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.warp import transform

from napari_fhn import vector
from napari_fhn.labels.errors import LabelError, Undeclared
from napari_fhn.labels.map_coordinates import WGS84, crs_of
from napari_fhn.labels.shapes import kml
from napari_fhn.labels.tables.sheet_lines import quoted
from napari_fhn.labels.tables.vocabulary import meaning
from napari_fhn.sentence import counted
from napari_fhn.vector import rows
from napari_fhn.vector.rows import Rows

#: Files whose places may be a table.
SUFFIXES = tuple(suffix for suffix in (*vector.SUFFIXES, *kml.SUFFIXES) if suffix != ".gpx")
#: Shapes whose places are rows.
_ROWS = (rows.POINTS, rows.PATHS)
#: Of coordinates; a field that says them again is left out.
_OF_PLACES = ("x", "y", "lon", "lat")
_DIGITS = 15
#: Files whose elevations are metres, as their standards say (RFC 7946, OGC 12-007), though nothing in them says it.
_IN_METRES = (*kml.SUFFIXES, ".geojson", ".json", ".geojsonl")


def layers(path: Path) -> dict[str, str]:
    """Return what the shapes of each layer are, see `napari_fhn.vector.rows.sorts`; of KML each folder is a layer.

    Raises
    ------
    LabelError
        When it cannot be read.
    """
    return dict(_layers(*_stamped(path)))


def is_shapes(path: Path) -> bool:
    """Whether a file holds shapes that may be a table, of whatever sort."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        return bool(layers(path))
    except LabelError:
        return False  # whoever reads it says what is wrong


def holds(path: Path, layer: str | None = None) -> bool:
    """Whether a file, or a layer of it, holds places that can be read as a table.

    Parameters
    ----------
    path : Path
        Any file that is there.
    layer : str, optional
        The layer; any of them by default.
    """
    found = layers(path) if is_shapes(path) else {}
    return found.get(layer) in _ROWS if layer is not None else any(one in _ROWS for one in found.values())


def layer_of(path: Path, layer: str | None = None) -> str:
    """Return the layer that is meant, of those whose places can be rows.

    Raises
    ------
    Undeclared
        With option ``"layer"``, where one of several must be said.
    LabelError
        When there is no such layer, or its shapes are no places.
    """
    found = layers(path)
    able = tuple(name for name, sort in found.items() if sort in _ROWS)
    if layer is None and len(able) == 1:
        return able[0]
    if layer is None and able:
        what = f"it holds {counted(len(able), 'layers')}: {', '.join(able)}"
        raise Undeclared(what, "Say which", option="layer", choices=able, path=path)
    if layer is not None and layer not in found:
        raise LabelError(f"it has no layer '{layer}'", f"Its layers are {', '.join(found)}", path=path)
    if layer is not None and layer in able:
        return layer
    raise no_rows(path, layer)


def no_rows(path: Path, layer: str | None = None) -> LabelError:
    """Return the error for shapes that are no wells, tops, checkshots or paths, with what they are.

    Parameters
    ----------
    path : Path
        Of shapes that can be read.
    layer : str, optional
        Which layer.
    """
    found = layers(path)
    sorts = tuple(dict.fromkeys(found.values())) if layer is None else (found[layer],)
    if sorts == (rows.NOTHING,):
        return LabelError("it holds no shape", "Export it again", path=path)
    what = f"its layer '{layer}' holds {sorts[0]}" if layer else f"it holds {' and '.join(sorts)}"
    what += " on the map, and no wells, tops or picks"
    if rows.LINES in sorts:
        above = path.suffix.lower() in kml.SUFFIXES and kml.read(path).above_ground
        what += "; a path of a well has elevations along it, and these " + (
            "count from the ground, not from sea level" if above else "have none"
        )
    way_out = "Export wells as points and paths as lines with elevations (Z)"
    return LabelError(what, f"{way_out}; shapes with a class are given as --polygons", path=path)


def lines(path: Path, layer: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield the places of a layer as lines of a table, divided by tabs: the names of the columns first.

    Lines in space have a column of the depth along them, from where they begin.

    Raises
    ------
    LabelError
        When it cannot be read, and as `layer_of`.
    """
    return iter(_lines(*_stamped(path), layer_of(path, layer))[0])


def crs_of_places(path: Path, layer: str | None = None) -> str:
    """Return the CRS that a layer says, as WKT, empty where it says none.

    Raises
    ------
    LabelError
        As `lines`.
    """
    return _lines(*_stamped(path), layer_of(path, layer))[1]


def _stamped(path: Path) -> tuple[Path, tuple[tuple[int, int], ...]]:
    """The file, and how it and what belongs to it are now: a CRS may come to lie beside it later."""
    try:
        states = [path.stat()]
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the path", path=path) from error
    for suffix in vector.BESIDE.get(path.suffix.lower(), ()):
        for beside in {path.with_suffix(suffix), path.with_suffix(suffix.upper())}:
            with contextlib.suppress(OSError):
                states.append(beside.stat())
    if path.is_dir():
        with contextlib.suppress(OSError):
            states += [one.stat() for one in sorted(path.iterdir())]
    return path.absolute(), tuple((state.st_mtime_ns, state.st_size) for state in states)


@lru_cache(maxsize=16)
def _layers(path: Path, states: tuple[tuple[int, int], ...]) -> tuple[tuple[str, str], ...]:
    if path.suffix.lower() in kml.SUFFIXES:
        found = kml.read(path)
        shapes = _array(found)
        inside = np.array(found.inside, dtype=object)
        return tuple((name, rows.sort_of(shapes[inside == name])) for name in found.folders)
    try:
        return tuple(rows.sorts(path).items())
    except vector.VectorError as error:
        raise LabelError(error.what, error.way_out, path=error.path) from error


def _array(found: kml.Places) -> NDArray[np.object_]:
    shapes: NDArray[np.object_] = np.empty(len(found.shapes), dtype=object)
    shapes[:] = found.shapes
    return shapes


def _read(path: Path, layer: str) -> Rows:
    if path.suffix.lower() not in kml.SUFFIXES:
        try:
            return rows.rows(path, layer)
        except vector.VectorError as error:
            raise LabelError(error.what, error.way_out, path=error.path) from error
    found = kml.read(path)
    here = [k for k, folder in enumerate(found.inside) if folder == layer]
    # All lie in the folder that is the layer.
    names = tuple(name for name in found.fields if name != kml.FOLDER)
    values = tuple(tuple(found.said[k].get(name, "") for name in names) for k in here)
    return rows.of_shapes(names, values, _array(found)[here], crs_of(WGS84))


@lru_cache(maxsize=8)
def _lines(path: Path, states: tuple[tuple[int, int], ...], layer: str) -> tuple[tuple[tuple[int, str], ...], str]:
    found = _read(path, layer)
    kept = [k for k, name in enumerate(found.names) if (is_ := meaning(name)) is None or is_.role not in _OF_PLACES]
    names = [found.names[k] for k in kept]
    in_degrees = found.crs is not None and found.crs.is_geographic
    unit = _unit(found.crs)
    upwards = " (m)" if in_degrees and path.suffix.lower() in _IN_METRES else unit
    along = None
    if found.lines and not any((is_ := meaning(name)) and is_.role == "md" for name in names):
        if in_degrees and not upwards:
            what = "its lines are in degrees, and nothing says in which unit they go down"
            raise LabelError(what, "Export it with map coordinates in metres, or as GeoJSON or KML", path=path)
        along = _along(found)
    heads = [
        *names,
        *(["MD" + upwards] if along is not None else []),
        "X",
        "Y",
        *(["Z" + upwards] * (found.xyz.shape[1] - 2)),
    ]
    made = [(1, "\t".join(map(_cell, heads)))]
    for number, (values, at) in enumerate(found):
        cells = [values[k] for k in kept]
        numbers = [*([along[number]] if along is not None else []), *at]
        cells += ["" if np.isnan(one) else f"{one:.{_DIGITS}g}" for one in numbers]
        made.append((number + 2, "\t".join(map(_cell, cells))))
    return tuple(made), "" if found.crs is None else str(found.crs.to_wkt())


def _cell(text: str) -> str:
    """A cell on one line; no row begins as a comment does."""
    plain = " ".join(text.split())
    return quoted(plain, always=plain[:1] in "#!/-" and plain[:1] != "" and not plain[1:2].isdigit())


def _along(found: Rows) -> NDArray[np.float64]:
    """How far each corner is along its line."""
    xyz = _in_metres(found) if found.crs is not None and found.crs.is_geographic else found.xyz
    steps = np.linalg.norm(np.diff(xyz, axis=0, prepend=xyz[:1]), axis=1)
    begins = np.diff(found.shape, prepend=-1) != 0
    steps[begins] = 0.0
    total = np.cumsum(steps)
    # Each line begins at zero.
    return np.asarray(total - np.repeat(total[begins], np.diff(np.append(np.flatnonzero(begins), len(total)))))


def _in_metres(found: Rows) -> NDArray[np.float64]:
    """Corners in degrees as distances from where their line begins, east and north."""
    xyz = found.xyz.copy()
    for one in np.unique(found.shape):
        here = found.shape == one
        lon, lat = found.xyz[here, 0], found.xyz[here, 1]
        try:
            around = CRS.from_proj4(f"+proj=aeqd +lat_0={lat[0]:.9f} +lon_0={lon[0]:.9f} +units=m")
            xyz[here, 0], xyz[here, 1] = transform(found.crs, around, lon, lat)[:2]
        except (RasterioError, ValueError):
            xyz[here, :2] = np.nan
    return xyz


def _unit(crs: CRS | None) -> str:
    """The unit of lengths, as a heading says it; empty where nothing tells it."""
    if crs is None or not crs.is_projected:
        return ""
    _, factor = crs.linear_units_factor
    return " (m)" if abs(factor - 1) < 1e-9 else " (ft)" if abs(factor - 0.3048) < 1e-5 else ""
