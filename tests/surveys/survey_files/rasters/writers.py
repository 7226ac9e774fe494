"""Writers of small rasters of every kind, with other libraries than those that read them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import rasterio
import rasterio.shutil
import rioxarray  # noqa: F401  (gives arrays their .rio)
import scipy.io
import xarray as xr
import zarr
from numpy.typing import NDArray
from rasterio.transform import from_origin

BANDS, ROWS, COLUMNS = 5, 6, 7
WAVES = [460.0, 550.0, 640.0, 860.0, 1650.0]
UTM = "EPSG:32633"
TRANSFORM = from_origin(366000.0, 5810000.0, 30.0, 30.0)
ENVI_TYPES = {
    1: "uint8", 2: "int16", 3: "int32", 4: "float32", 5: "float64", 6: "complex64", 9: "complex128", 12: "uint16",
    13: "uint32", 14: "int64", 15: "uint64",
}  # fmt: skip
INTERLEAVES = {"bsq": (0, 1, 2), "bil": (1, 0, 2), "bip": (1, 2, 0)}


def cube(dtype: str = "int16", shape: tuple[int, ...] = (BANDS, ROWS, COLUMNS)) -> NDArray[Any]:
    """Values that are all different, of both signs where the type has them."""
    kind = np.dtype(dtype)
    n = int(np.prod(shape))
    if kind.kind == "c":
        return (np.arange(n) - 100 + 1j * np.arange(n)[::-1]).astype(kind).reshape(shape)
    if kind.kind in "ub":
        return (np.arange(n) % 251).astype(kind).reshape(shape)
    values = (np.arange(n) - n // 3) % 251 - 100
    return (values + (0.25 if kind.kind == "f" else 0)).astype(kind).reshape(shape)


def envi(
    folder: Path,
    *,
    values: NDArray[Any],
    code: int,
    interleave: str = "bsq",
    order: int = 0,
    offset: int = 0,
    data: str = "scene",
    header: str = "scene.hdr",
    extra: str = "",
    after: bytes = b"",
    zipped: bool = False,
) -> Path:
    """Write an ENVI image byte by byte; returns the data file."""
    stored = values.transpose(INTERLEAVES[interleave]).astype(np.dtype(ENVI_TYPES[code]).newbyteorder("<>"[order]))
    raw = b"\xab" * offset + stored.tobytes() + after
    (folder / data).write_bytes(gzip.compress(raw) if zipped else raw)
    bands, rows, columns = values.shape
    (folder / header).write_text(
        f"ENVI\ndescription = {{\n  made by a test}}\nsamples = {columns}\nlines   = {rows}\nbands   = {bands}\n"
        f"header offset = {offset}\nfile type = ENVI Standard\ndata type = {code}\ninterleave = {interleave}\n"
        f"byte order = {order}\n" + ("file compression = 1\n" if zipped else "") + extra
    )
    return folder / data


def tiff(
    folder: Path,
    *,
    values: NDArray[Any],
    name: str = "scene.tif",
    driver: str = "GTiff",
    crs: str | None = UTM,
    transform: Any = TRANSFORM,
    after: Callable[[Any], None] | None = None,
    **options: Any,
) -> Path:
    """Write a raster with rasterio."""
    path = folder / name
    bands, rows, columns = values.shape
    profile = {"driver": driver, "count": bands, "height": rows, "width": columns, "dtype": values.dtype.name}
    with rasterio.open(path, "w", **profile, crs=crs, transform=transform, **options) as file:
        file.write(values)
        if after is not None:
            after(file)
    return path


def pages(folder: Path, *, values: NDArray[Any]) -> Path:
    """Write a TIFF with one image per band."""
    path = folder / "pages.tif"
    for k, page in enumerate(values):
        with rasterio.open(
            path, "w", driver="GTiff", count=1, height=page.shape[0], width=page.shape[1], dtype=page.dtype.name,
            APPEND_SUBDATASET="YES" if k else "NO",
        ) as file:  # fmt: skip
            file.write(page, 1)
    return path


def jp2(folder: Path, *, values: NDArray[Any]) -> Path:
    """Copy a TIFF to lossless JPEG 2000."""
    source = tiff(folder, values=values, name="from.tif")
    path = folder / "scene.jp2"
    rasterio.shutil.copy(source, path, driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES")
    return path


def vrt(folder: Path, *, values: NDArray[Any]) -> Path:
    """Write a virtual raster over a TIFF."""
    source = tiff(folder, values=values, name="from.tif")
    path = folder / "scene.vrt"
    rasterio.shutil.copy(source, path, driver="VRT")
    return path


def matlab5(folder: Path, *, arrays: dict[str, Any], compressed: bool) -> Path:
    """Write a MATLAB file of version 5 with scipy."""
    path = folder / "scene.mat"
    scipy.io.savemat(path, arrays, do_compression=compressed)
    return path


def matlab73(folder: Path, *, arrays: dict[str, NDArray[Any]], group: str = "") -> Path:
    """Write HDF5 as MATLAB 7.3 does: a block of text in front, axes the other way round."""
    path = folder / "scene.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, one in arrays.items():
            two = np.atleast_2d(one)
            stored = file.create_dataset(f"{group}{name}", data=two.T.astype("u1" if two.dtype == bool else two.dtype))
            kind = {"f8": "double", "f4": "single", "b1": "logical"}.get(two.dtype.str[1:], two.dtype.name)
            stored.attrs["MATLAB_class"] = np.bytes_(kind)
            if two.dtype == bool:
                stored.attrs["MATLAB_int_decode"] = 1
        words = file.create_dataset("comment", data=np.frombuffer("made by a test".encode("utf-16-le"), "u2")[:, None])
        words.attrs["MATLAB_class"] = np.bytes_("char")
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Sat Nov 21 12:00:00 2026 HDF5 schema 1.00 ."
    with path.open("r+b") as out:
        out.write(head.ljust(124) + b"\x00\x02IM")
    return path


def hdf5(folder: Path, *, values: NDArray[Any], dims: tuple[str, ...] = (), name: str = "scene/reflectance") -> Path:
    """Write plain HDF5, in chunks, with labels on its axes where they are given."""
    path = folder / "scene.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset(name, data=values, chunks=tuple(min(3, n) for n in values.shape), compression="gzip")
        for k, dim in enumerate(dims):
            data.dims[k].label = dim
    return path


def netcdf(
    folder: Path, *, dataset: xr.Dataset, engine: str, groups: dict[str, xr.Dataset] | None = None, **options: Any
) -> Path:
    """Write NetCDF with xarray."""
    path = folder / "scene.nc"
    dataset.to_netcdf(path, engine=engine, **options)
    for name, one in (groups or {}).items():
        one.to_netcdf(path, engine=engine, mode="a", group=name)
    return path


def numpy(folder: Path, *, arrays: dict[str, NDArray[Any]], compressed: bool = False) -> Path:
    """Write an npz."""
    path = folder / "scene.npz"
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return path


def npy(folder: Path, *, values: NDArray[Any]) -> Path:
    """Write an npy."""
    np.save(folder / "scene.npy", values)
    return folder / "scene.npy"


def zarr_array(folder: Path, *, values: NDArray[Any], version: int, dims: tuple[str, ...] | None = None) -> Path:
    """Write a store that is one array."""
    path = folder / "scene.zarr"
    names = {"dimension_names": dims} if version == 3 else {"attributes": {"_ARRAY_DIMENSIONS": dims} if dims else {}}
    array = zarr.create_array(
        str(path), shape=values.shape, chunks=tuple(min(3, n) for n in values.shape), dtype=values.dtype,
        zarr_format=version, **names,
    )  # fmt: skip
    array[...] = values
    return path


def zarr_xarray(folder: Path, *, dataset: xr.Dataset, version: int) -> Path:
    """Write a store with xarray."""
    path = folder / "scene.zarr"
    dataset.to_zarr(path, zarr_format=version, consolidated=False)
    return path


def ome_zarr(folder: Path, *, values: NDArray[Any], axes: list[dict[str, str]], version: str) -> Path:
    """Write an OME-Zarr of two resolutions."""
    path = folder / "scene.ome.zarr"
    group = zarr.open_group(str(path), mode="w", zarr_format=3 if version == "0.5" else 2)
    datasets = []
    for level in range(2):
        array = values[..., :: 2**level, :: 2**level]
        group.create_array(str(level), data=array, chunks=tuple(min(4, n) for n in array.shape))
        scale = [1.0] * (values.ndim - 2) + [10.0 * 2**level] * 2
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]})
    multiscales = [{"axes": axes, "datasets": datasets, "name": "scene"}]
    group.attrs.update({"ome": {"version": "0.5", "multiscales": multiscales}} if version == "0.5" else
                       {"multiscales": [{**multiscales[0], "version": version}]})  # fmt: skip
    return path


def on_a_map(values: NDArray[Any], dims: tuple[str, ...] = ("band", "y", "x"), name: str = "reflectance") -> xr.Dataset:
    """Values as CF has them: coordinates with standard names, a CRS, wavelengths along the bands."""
    at = {
        "y": (
            "y",
            5810000.0 - 30 * (np.arange(ROWS) + 0.5),
            {"standard_name": "projection_y_coordinate", "units": "m"},
        ),
        "x": (
            "x",
            366000.0 + 30 * (np.arange(COLUMNS) + 0.5),
            {"standard_name": "projection_x_coordinate", "units": "m"},
        ),
    }
    array = xr.DataArray(values, dims=dims, coords=at, name=name)
    if "band" in dims:
        array = array.assign_coords(
            wavelength=("band", WAVES, {"units": "nm", "standard_name": "radiation_wavelength"})
        )
    return array.rio.write_crs(UTM).to_dataset()
