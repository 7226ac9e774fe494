"""Hyperspectral cubes and maps, ENVI and GeoTIFF, through GDAL: (band, y, x)."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rioxarray
import xarray as xr
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from napari_fhn.surveys.errors import SurveyError

SUFFIXES = (".tif", ".tiff", ".hdr", ".bsq", ".bil", ".bip")
_DATA_SUFFIXES = ("", ".img", ".dat", ".bsq", ".bil", ".bip", ".raw", ".bin", ".envi", ".cub", ".cube")
_TIFF_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
#: One of each unit in nanometres; spellings are compared without case and plural.
_NANOMETRES = {
    "nanometer": 1.0, "nanometre": 1.0, "nm": 1.0,
    "micrometer": 1e3, "micrometre": 1e3, "micron": 1e3, "um": 1e3, "µm": 1e3, "μm": 1e3,
    "angstrom": 0.1, "millimeter": 1e6, "millimetre": 1e6, "mm": 1e6,
}  # fmt: skip


def can_open(path: Path) -> bool:
    """Say whether a path is a TIFF by its first bytes, or one of the two files of an ENVI image."""
    if path.suffix.lower() in (".tif", ".tiff"):
        with path.open("rb") as file:
            return file.read(4) in _TIFF_MAGIC
    return _envi_pair(path) is not None


def open(path: Path) -> xr.DataArray:
    """Open an ENVI image or a GeoTIFF lazily.

    Parameters
    ----------
    path : Path
        A TIFF, or either file of an ENVI image (data, with or without suffix, or ``.hdr``).

    Returns
    -------
    xarray.DataArray
        Dims ``(band, y, x)``, values as stored; bands counted from 1, y and x as pixel centres in map units,
        in the order of the file (y mostly falls). On ``band``, where the file tells: ``wavelength`` and
        ``fwhm`` in nanometres, ``good`` (False: on the bad-band list), ``band_name``. CRS and transform
        through ``.rio``. Attributes, besides those of `napari_fhn.surveys.open`: ``nodata`` (the value, or
        None).

    Raises
    ------
    SurveyError
        When GDAL cannot read it or the data file is shorter than its header promises.
    """
    path = Path(path)
    data = path
    if path.suffix.lower() not in (".tif", ".tiff"):
        pair = _envi_pair(path)
        if pair is None:
            raise SurveyError(path, *_why_no_envi(path))
        data = pair[0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            # No cache: an array that has been looked at section by section must not stay in memory as a
            # whole.
            array = rioxarray.open_rasterio(data, cache=False, masked=False)
            with rasterio.open(data) as dataset:
                _check_size(data, dataset)
                coords, notes = _band_coordinates(dataset)
                driver, nodata = dataset.driver, dataset.nodata
                units = _map_units(dataset)
                has_map = dataset.crs is not None or not dataset.transform.is_identity
    except (RasterioError, OSError, ValueError) as error:
        if isinstance(error, SurveyError):
            raise
        raise SurveyError(path, f"GDAL cannot read it ({error})", "Export it again as GeoTIFF or ENVI") from error
    if not isinstance(array, xr.DataArray):
        raise SurveyError(path, "it holds several images", "Export the one you want as a file of its own")
    if not has_map:
        notes.append("It has no map coordinates; x and y count pixels.")
    for dim in ("y", "x"):
        if dim not in array.coords:
            # A rotated grid has no coordinate per axis; the transform stays with .rio.
            array = array.assign_coords({dim: np.arange(array.sizes[dim], dtype=np.float64)})
            notes.append(f"The grid is rotated or sheared; {dim} counts pixels.")
        elif units:
            array[dim].attrs["units"] = units
    # What rioxarray puts on the bands itself comes without units; here it is said in full or not at all.
    array = array.drop_vars(set(array.coords) - {"band", "y", "x", "spatial_ref"}).assign_coords(coords)
    array.name = path.stem
    array.attrs.update(
        source=str(data.absolute()),
        kind="hyperspectral" if "wavelength" in coords else "maps",
        format=f"{'GeoTIFF' if driver == 'GTiff' else driver}, {array.dtype}",
        nodata=nodata,
        notes=tuple(notes),
    )
    return array


def _map_units(dataset: rasterio.DatasetReader) -> str:
    """Unit of the map coordinates where the CRS names a common one."""
    if dataset.crs is None:
        return ""
    if dataset.crs.is_geographic:
        return "deg"
    return {"metre": "m", "meter": "m", "foot": "ft"}.get(dataset.crs.linear_units.lower(), "")


def _band_coordinates(dataset: rasterio.DatasetReader) -> tuple[dict[str, Any], list[str]]:
    """Collect what is known of each band; what is not known for every band is left out with a note."""
    coords: dict[str, Any] = {}
    notes: list[str] = []
    tags = [dataset.tags(band) for band in dataset.indexes]
    header = dataset.tags(ns="ENVI") if dataset.driver == "ENVI" else {}
    for name, long_name in (("wavelength", "wavelength"), ("fwhm", "full width at half maximum")):
        values = _numbers([tag.get(name, "") for tag in tags]) or _numbers(_items(header.get(name, "")))
        if len(values) != dataset.count:
            continue
        units = tags[0].get("wavelength_units") or header.get("wavelength_units") or ""
        factor = _NANOMETRES.get(units.strip().lower().removesuffix("s"))
        if factor is None:
            said = f"in '{units}'" if units else "without units"
            notes.append(f"The {long_name}s ({values[0]:g} to {values[-1]:g}) are given {said} and were not used.")
            continue
        coords[name] = (
            "band",
            np.round(np.array(values) * factor, 6),
            {"units": "nm", "long_name": long_name},
        )
    good = _numbers([tag.get("bbl", "") for tag in tags]) or _numbers(_items(header.get("bbl", "")))
    if len(good) == dataset.count:
        coords["good"] = ("band", np.array(good) != 0, {"long_name": "not on the bad-band list"})
    if any(dataset.descriptions):
        coords["band_name"] = ("band", [name or "" for name in dataset.descriptions])
    return coords, notes


def _items(text: str) -> list[str]:
    """Split an ENVI list ``{a, b, c}``."""
    return [item.strip() for item in text.strip().strip("{}").split(",")]


def _numbers(items: list[str]) -> list[float]:
    """All items as numbers, or nothing."""
    try:
        return [float(item) for item in items]
    except ValueError:
        return []


def _check_size(data: Path, dataset: rasterio.DatasetReader) -> None:
    """Hold an uncompressed ENVI data file against its header: GDAL reads what is missing as zeros."""
    if dataset.driver != "ENVI":
        return
    header = dataset.tags(ns="ENVI")
    if header.get("file_compression", "0") != "0":
        return
    offset = int(header.get("header_offset", "0") or 0)
    item = np.dtype(dataset.dtypes[0]).itemsize
    promised = offset + dataset.count * dataset.height * dataset.width * item
    size = data.stat().st_size
    if size < promised:
        raise SurveyError(
            data,
            f"it ends at byte {size}, but its header promises {promised} ({dataset.count} bands x "
            f"{dataset.height} lines x {dataset.width} samples x {item} bytes, after {offset})",
            "Copy it again, or correct the header",
        )


def _envi_pair(path: Path) -> tuple[Path, Path] | None:
    """Data file and header of an ENVI image, given either; None where one of them is missing."""
    if path.suffix.lower() == ".hdr":
        if not _is_envi_header(path):
            return None
        for suffix in _DATA_SUFFIXES:
            for cased in dict.fromkeys((suffix, suffix.upper())):
                data = path.with_suffix(cased)
                if data.is_file() and data != path:
                    return data, path
        return None
    for ending in (".hdr", ".HDR"):
        for header in (path.with_suffix(ending), path.with_name(path.name + ending)):
            if header.is_file() and _is_envi_header(header):
                return path, header
    return None


def _is_envi_header(path: Path) -> bool:
    with path.open("rb") as file:
        return re.match(rb"\s*ENVI\b", file.read(32)) is not None


def _why_no_envi(path: Path) -> tuple[str, str]:
    if path.suffix.lower() == ".hdr":
        if not _is_envi_header(path):
            return "line 1 is not 'ENVI', so it is no ENVI header", "Open the ENVI header or a GeoTIFF"
        return (
            "the data file that belongs to this ENVI header is not beside it",
            "Put it into the same folder",
        )
    return "there is no ENVI header beside it", f"Put {path.stem}.hdr into the same folder"
