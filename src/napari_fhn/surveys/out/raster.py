"""Maps out through GDAL: GeoTIFF and ENVI with the CRS and transform of their survey."""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
import xarray as xr
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.transform import Affine

from napari_fhn.surveys.blocks import BLOCK_BYTES, ArrayLike, Told, release
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.moving import check_room
from napari_fhn.surveys.out.classes import ClassLike, rgb
from napari_fhn.surveys.out.history import PROGRAM, plain
from napari_fhn.surveys.out.pam import write_categories
from napari_fhn.surveys.rio import rio, transform_of

#: Types that GDAL files do not hold, and what is written instead.
_STORED = {"bool": "uint8", "float16": "float32"}
_ENVI_TYPES = ("uint8", "int16", "int32", "float32", "float64", "uint16", "uint32", "int64", "uint64")


def write_geotiff(
    path: Path,
    values: ArrayLike,
    like: xr.DataArray,
    named: Path,
    nodata: float | None,
    names: Sequence[str],
    classes: Sequence[ClassLike],
    told: Told | None,
    history: Sequence[str] = (),
) -> None:
    """Write (y, x) or (layer, y, x) as a cloud-optimised GeoTIFF; parameters as in `napari_fhn.surveys.save`."""
    profile = {"driver": "GTiff", "compress": "deflate", "BIGTIFF": "IF_SAFER"}
    tags = {}
    if history:
        # ASCII where TIFF asks for it; what GDAL keeps beside it may be said in any letters.
        description = "\n".join(map(plain, history))
        tags = {"TIFFTAG_SOFTWARE": PROGRAM, "TIFFTAG_IMAGEDESCRIPTION": description, "history": "\n".join(history)}
    plain_tiff = path.with_name(f"plain-{path.name}")
    _write(plain_tiff, values, like, named, nodata, names, classes, told, profile, tags)
    _cloud_optimised(plain_tiff, path, named, averaged=not classes and np.dtype(values.dtype).kind == "f")
    plain_tiff.unlink()
    if classes and values.ndim == 2:
        write_categories(path, classes, None if nodata is None else int(nodata))


def write_envi(
    path: Path,
    values: ArrayLike,
    like: xr.DataArray,
    named: Path,
    nodata: float | None,
    names: Sequence[str],
    classes: Sequence[ClassLike],
    told: Told | None,
    history: Sequence[str] = (),
) -> None:
    """Write (y, x) or (layer, y, x) as an ENVI image, band sequential; parameters as in `napari_fhn.surveys.save`."""
    kind = np.dtype(values.dtype).name
    if _STORED.get(kind, kind) not in _ENVI_TYPES:
        raise SurveyError(named, f"an ENVI image holds no {kind} values", "Save them as int16, or as .tif")
    check_room(path, int(np.prod(values.shape)) * np.dtype(_STORED.get(kind, kind)).itemsize)
    _write(path, values, like, named, nodata, names, (), told, {"driver": "ENVI"})
    header = path.with_suffix(".hdr")
    if not header.is_file():
        return
    text = header.read_text(encoding="utf-8")
    # A classification has a name for each number from 0.
    if classes and values.ndim == 2 and kind == "uint8":
        text = _classified(text, classes, 0 if nodata is None else int(nodata))
    if history:
        text = _described(text, history)
    header.write_text(text, encoding="utf-8")


def _write(
    path: Path,
    values: ArrayLike,
    like: xr.DataArray,
    named: Path,
    nodata: float | None,
    names: Sequence[str],
    classes: Sequence[ClassLike],
    told: Told | None,
    profile: dict[str, Any],
    tags: Mapping[str, str] | None = None,
) -> None:
    count = values.shape[0] if values.ndim == 3 else 1
    height, width = values.shape[-2:]
    kind = np.dtype(values.dtype).name
    kind = _STORED.get(kind, kind)
    rows = max(1, BLOCK_BYTES // max(1, count * width * np.dtype(kind).itemsize))
    written = checked = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            grid = {"crs": rio(like).crs, "transform": _transform(like), "nodata": nodata}
            shape = {"count": count, "height": height, "width": width, "dtype": kind}
            with rasterio.open(path, "w", **profile, **shape, **grid) as file:
                for start in range(0, height, rows):
                    stop = min(start + rows, height)
                    block = _block(values, start, stop, kind)
                    written = zlib.crc32(block.data, written)
                    file.write(block, window=((start, stop), (0, width)))
                    release(values)
                    if told is not None:
                        told(stop / height)
                for k, name in enumerate(names[:count]):
                    file.set_band_description(k + 1, name)
                if tags:
                    file.update_tags(**tags)
                if classes and kind in ("uint8", "uint16") and count == 1:
                    table = {entry.value: (*rgb(entry.color), 255) for entry in classes}
                    file.write_colormap(1, {0 if nodata is None else int(nodata): (0, 0, 0, 0), **table})
            # Closing a file GDAL only logs that the disk is full: what is on it is looked at once more.
            with rasterio.open(path) as file:
                for start in range(0, height, rows):
                    window = ((start, min(start + rows, height)), (0, width))
                    checked = zlib.crc32(file.read(window=window).data, checked)
    except RasterioError as error:
        raise SurveyError(named, *_failed(error)) from error
    if checked != written:
        raise SurveyError(named, *_failed(None))


def _cloud_optimised(plain_tiff: Path, path: Path, named: Path, *, averaged: bool) -> None:
    """Arrange a GeoTIFF so that a part or an overview of it can be read over a network; any reader of TIFF reads it."""
    how = {"compress": "deflate", "bigtiff": "IF_SAFER", "overview_resampling": "average" if averaged else "mode"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            rasterio.shutil.copy(plain_tiff, path, driver="COG", **how)
            with rasterio.open(plain_tiff) as before, rasterio.open(path) as after:
                for _, window in before.block_windows(1):
                    if not np.array_equal(before.read(window=window), after.read(window=window), equal_nan=True):
                        raise SurveyError(named, *_failed(None))
    except RasterioError as error:
        raise SurveyError(named, *_failed(error)) from error


def _failed(error: Exception | None) -> tuple[str, str]:
    why = f" ({error})" if error else ""
    return f"it could not be written as a whole{why}", "The disk may be full: make room, or choose another place"


def _block(values: ArrayLike, start: int, stop: int, kind: str) -> NDArray[Any]:
    """Some rows of all layers, shape (layer, row, x)."""
    key: tuple[slice, ...] = (slice(start, stop),)
    block = np.asarray(values[(slice(None), *key) if values.ndim == 3 else key])
    return np.ascontiguousarray(block if block.ndim == 3 else block[np.newaxis], dtype=kind)


def _transform(like: xr.DataArray) -> Affine:
    """Map coordinates of pixel corners, also of a part of a rotated grid."""
    kept = transform_of(like)
    if kept.b or kept.d:
        # There x and y count pixels of the whole image.
        x, y = float(like["x"][0]), float(like["y"][0])
        a, b, c, d, e, f = kept[:6]
        return Affine(a, b, c + a * x + b * y, d, e, f + d * x + e * y)
    return rio(like).transform(recalc=True)


def _classified(header: str, classes: Sequence[ClassLike], nothing: int) -> str:
    """Make an ENVI header one of a classification: its names and colours, by value from 0."""
    table = {entry.value: entry for entry in classes}
    n = max(*table, nothing) + 1
    names = [table[k].name.replace(",", " ").replace("{", "(").replace("}", ")") if k in table else
             ("Unclassified" if k == nothing else f"class {k}") for k in range(n)]  # fmt: skip
    colors = [str(c) for k in range(n) for c in (rgb(table[k].color) if k in table else (0, 0, 0))]
    header = re.sub(r"(?m)^file type *=.*$", "file type = ENVI Classification", header)
    lines = [f"classes = {n}", f"class names = {{{', '.join(names)}}}", f"class lookup = {{{', '.join(colors)}}}"]
    return header.rstrip("\n") + "\n" + "\n".join(lines) + "\n"


def _described(header: str, history: Sequence[str]) -> str:
    """Put a history into the description of an ENVI header."""
    lines = [line.replace("{", "(").replace("}", ")") for line in history]
    rest = re.sub(r"(?ms)^description *= *\{.*?\}\n", "", header)
    first, _, others = rest.partition("\n")
    return "\n".join([first, "description = {", *lines[:-1], f"{lines[-1]}}}", others])
