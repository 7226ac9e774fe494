"""Second reads of rasters and arrays for `raster_table.py`: each by other means than the package's."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import rasterio
import scipy.io
import tifffile
import xarray as xr
import zarr
from numpy.typing import NDArray

Array = NDArray[Any]
_ENVI_TYPES = {"1": "u1", "2": "i2", "3": "i4", "4": "f4", "5": "f8", "6": "c8", "9": "c16", "12": "u2", "13": "u4",
               "14": "i8", "15": "u8"}  # fmt: skip
_NAMES = re.compile(r"amplitude|reflectance|ndvi|cube|scene|^[ac]$|^labels$|^T2$")


def independent(path: Path, like: xr.DataArray, options: dict[str, Any]) -> tuple[Array, str]:
    """Read a file a second time.

    Parameters
    ----------
    path : Path
        The file.
    like : xarray.DataArray
        What the package made of it: its shape tells which axis is which, as all three differ in the made files.
    options : dict
        What it was opened with.

    Returns
    -------
    values : ndarray
        In the shape of `like`.
    reader : str
        What read them.
    """
    readers: list[tuple[str, Callable[[Path, xr.DataArray, dict[str, Any]], Array | None]]] = [
        ("bytes", _envi), ("bytes", _grid), ("tifffile", _tiff), ("scipy", _matlab), ("numpy", _numpy),
        ("scipy", _classic), ("h5py", _hdf5), ("zarr", _zarr), ("rasterio", _gdal),
    ]  # fmt: skip
    for name, read in readers:
        found = read(path, like, options)
        if found is not None:
            return _turned(np.asarray(found), like.shape), name
    raise ValueError(f"nothing reads {path.name}")


def _turned(values: Array, shape: tuple[int, ...]) -> Array:
    """Axes put into the order of a shape; of two ways that fit, the one that moves nothing comes first."""
    values = values.reshape([n for n in values.shape if n != 1])
    wanted = [n for n in shape if n != 1]
    for order in permutations(range(values.ndim)):
        if [values.shape[k] for k in order] == wanted:
            return values.transpose(order).reshape(shape)
    raise ValueError(f"{values.shape} is not {shape}")


def _envi(path: Path, like: xr.DataArray, options: dict[str, Any]) -> Array | None:
    for header in (path.with_suffix(".hdr"), path.with_suffix(".HDR"), path.with_name(path.name + ".hdr")):
        if header.is_file() and header.read_bytes().startswith(b"ENVI"):
            break
    else:
        return None
    said = dict(re.findall(r"^ *([a-z ]+?) *= *([^{\n]+?) *$", header.read_text(), re.MULTILINE))
    n, rows, columns = (int(said[key]) for key in ("bands", "lines", "samples"))
    raw = path.read_bytes()
    raw = gzip.decompress(raw) if said.get("file compression") == "1" else raw
    kind = np.dtype("<>"[int(said["byte order"])] + _ENVI_TYPES[said["data type"]])
    values = np.frombuffer(raw, kind, n * rows * columns, int(said.get("header offset", 0)))
    shape, order = {
        "bsq": ((n, rows, columns), (0, 1, 2)),
        "bil": ((rows, n, columns), (1, 0, 2)),
        "bip": ((rows, columns, n), (2, 0, 1)),
    }[said["interleave"]]
    values = values.reshape(shape).transpose(order)
    return np.abs(values) if options.get("part") == "magnitude" else values


def _grid(path: Path, like: xr.DataArray, options: dict[str, Any]) -> Array | None:
    """Grids of text or plain numbers."""
    begin = path.open("rb").read(16) if path.is_file() else b""
    rows, columns = like.shape[-2:]
    if path.suffix == ".asc":
        lines = path.read_text().splitlines()
        return np.array([line.split() for line in lines if re.match(r"[\s\d-]", line)], dtype="f4")
    if begin.startswith(b"DSAA"):
        numbers = np.array(path.read_text().split()[1:], dtype=np.float64)[8:]
        return numbers.reshape(rows, columns)[::-1]
    if begin.startswith(b"DSBB"):
        return np.frombuffer(path.read_bytes(), "<f4", offset=56).reshape(rows, columns)[::-1]
    if path.suffix == ".ers":
        return np.fromfile(path.with_suffix(""), "<f4").reshape(rows, -1, columns).transpose(1, 0, 2)
    return None


def _tiff(path: Path, like: xr.DataArray, options: dict[str, Any]) -> Array | None:
    if path.suffix != ".tif":
        return None
    with tifffile.TiffFile(path) as file:
        pages = file.pages
        first = pages[0]
        # tifffile takes these apart with a library of its own that is not there, or leaves masks to others.
        if first.compression.name not in ("NONE", "ADOBE_DEFLATE") or int(first.predictor) == 3:
            return None
        if any(page.subfiletype & 4 for page in pages):
            return None
        if "page" in options:
            return pages[options["page"] - 1].asarray()
        if len(pages) == like.shape[0] and first.samplesperpixel == 1:
            return np.stack([page.asarray() for page in pages])
        values = first.asarray()
        by_pixel = first.planarconfig.name == "CONTIG" and first.samplesperpixel > 1
        return values.transpose(2, 0, 1) if by_pixel else values


def _matlab(path: Path, like: xr.DataArray, options: dict[str, Any]) -> Array | None:
    if path.suffix != ".mat" or path.read_bytes()[512:516] == b"\x89HDF":
        return None
    return _largest(scipy.io.loadmat(path), options)


def _numpy(path: Path, like: xr.DataArray, options: dict[str, Any]) -> Array | None:
    if path.suffix == ".npy":
        values = np.load(path)
        return values.transpose([options["axes"].index(dim) for dim in like.dims])
    return _largest(dict(np.load(path)), options) if path.suffix == ".npz" else None


def _largest(arrays: dict[str, Any], options: dict[str, Any]) -> Array:
    if "variable" in options:
        return np.asarray(arrays[options["variable"]])
    able = [one for one in arrays.values() if isinstance(one, np.ndarray) and one.dtype.kind in "iuf"]
    return max(able, key=lambda one: one.size)


def _classic(path: Path, like: xr.DataArray, options: dict[str, Any]) -> Array | None:
    if path.suffix != ".nc" or path.read_bytes()[:3] != b"CDF":
        return None
    with scipy.io.netcdf_file(path, mmap=False) as file:
        return next(one[:].copy() for name, one in file.variables.items() if _NAMES.search(name))


def _hdf5(path: Path, like: xr.DataArray, options: dict[str, Any]) -> Array | None:
    if path.suffix not in (".nc", ".h5", ".mat"):
        return None
    found: dict[str, h5py.Dataset] = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, one: found.update({name: one}) if isinstance(one, h5py.Dataset) else None)
        if "band_name" in like.coords and set(np.asarray(like["band_name"]).tolist()) <= set(found):
            return np.stack([found[name][:] for name in np.asarray(like["band_name"]).tolist()])
        data = next(one for name, one in found.items() if _NAMES.search(name.rpartition("/")[2]) and one.ndim > 1)
        values = data[:]
        attrs = dict(data.attrs)
    if "scale_factor" in attrs:
        real = values * attrs["scale_factor"] + attrs["add_offset"]
        return np.where(values == attrs["_FillValue"], np.nan, real)
    return values > 0 if like.dtype == bool else values


def _zarr(path: Path, like: xr.DataArray, options: dict[str, Any]) -> Array | None:
    if not path.is_dir():
        return None
    store = zarr.open(str(path), mode="r")
    if isinstance(store, zarr.Array):
        return np.asarray(store[...])
    name = next((name for name, _ in store.arrays() if _NAMES.search(name)), str(options.get("level", 0)))
    return np.asarray(store[name][...])


def _gdal(path: Path, like: xr.DataArray, options: dict[str, Any]) -> Array | None:
    """What only GDAL reads, all of it at once."""
    with rasterio.open(path) as file:
        values = file.read(masked=True)
        masked = any(flag.name == "per_dataset" for flags in file.mask_flag_enums for flag in flags)
    return values.filled(np.nan) if masked else np.asarray(values.data)
