"""Predictions back to files the team's other programs read, on the grid of their survey."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rioxarray  # noqa: F401  (gives arrays their .rio)
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy_save import write_segy

#: Values written at once, in bytes.
BLOCK_BYTES = 32 * 2**20


def save(path: str | Path, values: NDArray[Any], like: xr.DataArray, *, nodata: float | None = None) -> Path:
    """Write values on the grid of a survey, streamed, to a temporary name that is then moved into place.

    Parameters
    ----------
    path : str or Path
        Where to; the suffix decides the kind of file:

        * ``.sgy``, ``.segy``: SEG-Y. Text, binary and trace headers are the source's byte for byte, except
          the sample format (bytes 3225-3226): 1-byte integers (8, or 16 above 127) where the values are
          integers that fit, 2- or 4-byte integers (3, 2) where larger, else IEEE float (5).
        * ``.tif``, ``.tiff``: GeoTIFF with the survey's CRS and transform.
        * ``.npy``.

        An existing file is replaced, once the new one is complete.
    values : ndarray or memmap
        Shape of the spatial axes of `like`: (inline, crossline, sample), (trace, sample) or (y, x); GeoTIFF
        and npy also take one axis more in front (probabilities, bands).
    like : xarray.DataArray
        The survey as `napari_fhn.surveys.open` gave it.
    nodata : float, optional
        Value to declare as "no data" in a GeoTIFF.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    SurveyError
        When shapes do not match, the suffix cannot hold such a survey, or the path is the survey itself.
    """
    path = Path(path)
    source = Path(str(like.attrs.get("source", "")))
    if path.exists() and source.is_file() and os.path.samefile(path, source):
        raise SurveyError(path, "this is the survey itself, which is never written to", "Choose another name")
    spatial = {dim: n for dim, n in like.sizes.items() if dim != "band"}
    shape = tuple(spatial.values())
    extra = values.ndim - len(shape)
    if values.shape[-len(shape) :] != shape or extra not in (0, 1):
        grid = " x ".join(f"{n} {dim}" for dim, n in spatial.items())
        raise SurveyError(path, f"values of shape {values.shape} do not lie on the survey's grid ({grid})",
                          "Save what was predicted for this survey")  # fmt: skip
    suffix = path.suffix.lower()
    try:
        if suffix in (".sgy", ".segy"):
            if extra:
                raise SurveyError(path, "a SEG-Y file holds one value per sample", "Save one class or band at a time")
            with _partial(path) as partial:
                write_segy(partial, values, like, named=path)
        elif suffix in (".tif", ".tiff"):
            with _partial(path) as partial:
                _write_geotiff(partial, values, like, nodata, named=path)
        elif suffix == ".npy":
            with _partial(path) as partial:
                _write_npy(partial, values)
        else:
            raise SurveyError(path, f"the suffix '{path.suffix}' is not known", "Use .sgy, .segy, .tif or .npy")
    except OSError as error:
        raise SurveyError(path, f"it cannot be written: {error.strerror or error}", "Choose another place") from error
    return path


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """Yield a temporary name in the same folder; move it into place on success, remove it otherwise."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        with partial.open("rb+") as file:
            # On disk before it takes the name, or a power cut could leave an empty file in place of an old
            # good one.
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _write_npy(path: Path, values: NDArray[Any]) -> None:
    out = np.lib.format.open_memmap(path, mode="w+", dtype=values.dtype, shape=values.shape)
    rows = max(1, BLOCK_BYTES // max(1, values[:1].nbytes))
    for start in range(0, len(values), rows):
        out[start : start + rows] = values[start : start + rows]
    out.flush()


def _write_geotiff(path: Path, values: NDArray[Any], like: xr.DataArray, nodata: float | None, named: Path) -> None:
    if tuple(dim for dim in like.dims if dim != "band") != ("y", "x"):
        raise SurveyError(named, "a GeoTIFF holds maps (y, x), not sections or volumes", "Use .sgy or .npy")
    layers = values if values.ndim == 3 else values[np.newaxis]
    count, height, width = layers.shape
    kind = {"bool": "uint8", "float16": "float32"}.get(layers.dtype.name, layers.dtype.name)
    profile = {
        "driver": "GTiff", "count": count, "height": height, "width": width, "dtype": kind,
        "crs": like.rio.crs, "transform": like.rio.transform(recalc=True), "nodata": nodata,
        "compress": "deflate", "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    rows = max(1, BLOCK_BYTES // max(1, count * width * np.dtype(kind).itemsize))
    with rasterio.open(path, "w", **profile) as file:
        for start in range(0, height, rows):
            block = np.ascontiguousarray(layers[:, start : start + rows], dtype=kind)
            file.write(block, window=((start, start + block.shape[1]), (0, width)))
