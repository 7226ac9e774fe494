"""Small rasters of every kind, written by other libraries than those that read them, with the values they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

from survey_files.rasters.writers import (
    BANDS,
    COLUMNS,
    ENVI_TYPES,
    INTERLEAVES,
    ROWS,
    UTM,
    WAVES,
    cube,
    envi,
    hdf5,
    jp2,
    matlab5,
    matlab73,
    netcdf,
    npy,
    numpy,
    ome_zarr,
    on_a_map,
    pages,
    tiff,
    vrt,
    zarr_array,
    zarr_xarray,
)  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """A raster to write, and what must be read from it: values (band, y, x), coordinates along band, CRS."""

    name: str
    write: Callable[[Path], Path]
    values: NDArray[Any]
    options: dict[str, Any] = field(default_factory=dict)
    bands: dict[str, list[Any]] = field(default_factory=dict)
    crs: str | None = None
    x: tuple[float, float] | None = None


def variants() -> Iterator[Variant]:
    """All of them."""
    yield from _envi_variants()
    yield from _tiff_variants()
    yield from _other_grids()
    yield from _array_variants()
    yield from _cf_variants()
    yield from _zarr_variants()


def _envi_variants() -> Iterator[Variant]:
    for code, dtype in ENVI_TYPES.items():
        for interleave in INTERLEAVES:
            for order in (0, 1):
                values = cube(dtype)
                name = f"ENVI {interleave}, {dtype}, {('little', 'big')[order]}-endian"
                write = partial(envi, values=values, code=code, interleave=interleave, order=order)
                if values.dtype.kind == "c":
                    yield Variant(name, write, np.abs(values), {"part": "magnitude"})
                else:
                    yield Variant(name, write, values)
    values = cube("float32")
    make = partial(envi, values=values, code=4)
    listed = "{" + ", ".join(f"{w / 1000:g}" for w in WAVES) + "}"
    micro = f"wavelength units = Micrometers\nwavelength = {listed}\nfwhm = {{0.01, 0.01, 0.01, 0.02, 0.02}}\n"
    waves = {"wavelength": WAVES, "fwhm": [10.0, 10.0, 10.0, 20.0, 20.0]}
    yield Variant("ENVI, header offset 37", partial(make, offset=37), values)
    yield Variant("ENVI, gzipped", partial(make, zipped=True), values)
    yield Variant("ENVI, bytes behind the values", partial(make, after=b"12345"), values)
    yield Variant("ENVI, micrometres", partial(make, extra=micro), values, bands=waves)
    yield Variant("ENVI, bad bands", partial(make, extra=micro + "bbl = {1, 1, 0, 1, 1}\n"), values,
                  bands={**waves, "good": [True, True, False, True, True]})  # fmt: skip
    numbers = "{" + ", ".join(f"{1e7 / w:.9g}" for w in WAVES) + "}"
    yield Variant("ENVI, wavenumbers", partial(make, extra=f"wavelength units = Wavenumber\nwavelength = {numbers}\n"),
                  values, bands={"wavelength": WAVES})  # fmt: skip
    yield Variant("ENVI, micrometres without saying so", partial(make, extra=f"wavelength = {listed}\n"), values,
                  bands={"wavelength": WAVES})  # fmt: skip
    yield Variant("ENVI, units given by the person", partial(make, extra=f"wavelength = {listed}\n"), values,
                  {"wavelength_units": "um"}, {"wavelength": WAVES})  # fmt: skip
    yield Variant("ENVI, band names over lines", partial(make, extra="band names = {\n a,\n b, c,\n d, e}\n"), values,
                  bands={"band_name": list("abcde")})  # fmt: skip
    yield Variant("ENVI, data ignore value", partial(make, extra="data ignore value = -99.75\n"), values)
    yield Variant("ENVI, reflectance scale factor", partial(make, extra="reflectance scale factor = 10000\n"), values,
                  bands={"scale": [1e-4] * 5})  # fmt: skip
    utm = "map info = {UTM, 1.0, 1.0, 366000.0, 5810000.0, 30.0, 30.0, 33, North, WGS-84, units=Meters}\n"
    yield Variant("ENVI, map info", partial(make, extra=utm), values, crs=UTM, x=(366015.0, 366195.0))
    for data, header in (
        ("s.img", "s.hdr"),
        ("s.img", "s.img.hdr"),
        ("s.dat", "s.HDR"),
        ("s.bip", "s.hdr"),
        ("a.b.raw", "a.b.hdr"),
    ):
        yield Variant(f"ENVI, {data} with {header}", partial(make, data=data, header=header), values)


def _tiff_variants() -> Iterator[Variant]:
    place = {"crs": UTM, "x": (366015.0, 366195.0)}
    for dtype in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"):
        yield Variant(f"GeoTIFF, {dtype}", partial(tiff, values=cube(dtype)), cube(dtype), **place)
    values = cube("float32")
    make = partial(tiff, values=values)
    for words, options in (
        ("big-endian", {"ENDIANNESS": "BIG"}),
        ("BigTIFF", {"BIGTIFF": "YES"}),
        ("deflate with predictor", {"compress": "deflate", "predictor": 3}),
        ("lzw in tiles", {"compress": "lzw", "tiled": True, "blockxsize": 16, "blockysize": 16}),
        ("zstd", {"compress": "zstd"}),
        ("interleaved by band", {"interleave": "band"}),
        ("interleaved by pixel", {"interleave": "pixel"}),
        ("cloud-optimised", {"driver": "COG"}),
        ("nodata", {"nodata": -99.75}),
        ("degrees", {"crs": "EPSG:4326", "transform": from_origin(13.0, 52.5, 0.001, 0.001)}),
    ):
        where = {"crs": "EPSG:4326", "x": (13.0005, 13.0065)} if words == "degrees" else place
        yield Variant(f"GeoTIFF, {words}", partial(make, **options), values, **where)
    yield Variant("GeoTIFF, no map", partial(make, crs=None, transform=None), values, x=(0.5, 6.5))

    def tags(file: Any) -> None:
        for k, wave in enumerate(WAVES):
            file.update_tags(k + 1, wavelength=wave, wavelength_units="Nanometers", fwhm=10, bbl=int(k != 3))

    def imagery(file: Any) -> None:
        for k, wave in enumerate(WAVES):
            file.update_tags(k + 1, ns="IMAGERY", CENTRAL_WAVELENGTH_UM=wave / 1000, FWHM_UM=0.01)

    def described(file: Any) -> None:
        file.descriptions = [f"band {k + 1} ({wave:g} Nanometers)" for k, wave in enumerate(WAVES)]

    def scaled(file: Any) -> None:
        file.scales, file.offsets = [0.5] * BANDS, [1.0, 2.0, 3.0, 4.0, 5.0]

    def hidden(file: Any) -> None:
        mask = np.full((ROWS, COLUMNS), 255, np.uint8)
        mask[2, 3] = 0
        file.write_mask(mask)

    def alpha(file: Any) -> None:
        file.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]

    tens = [10.0] * BANDS
    yield Variant("GeoTIFF, wavelength tags", partial(make, after=tags), values, **place,
                  bands={"wavelength": WAVES, "fwhm": tens, "good": [True, True, True, False, True]})  # fmt: skip
    yield Variant("GeoTIFF, GDAL's imagery tags", partial(make, after=imagery), values, **place,
                  bands={"wavelength": WAVES, "fwhm": tens})  # fmt: skip
    yield Variant("GeoTIFF, wavelengths in names", partial(make, after=described), values, **place,
                  bands={"wavelength": WAVES})  # fmt: skip
    yield Variant("GeoTIFF, scale and offset", partial(make, after=scaled), values, **place,
                  bands={"scale": [0.5] * BANDS, "offset": [1.0, 2.0, 3.0, 4.0, 5.0]})  # fmt: skip
    holed = values.copy()
    holed[:, 2, 3] = np.nan
    yield Variant("GeoTIFF, mask", partial(make, after=hidden), holed, **place)
    four = cube("uint8", (4, ROWS, COLUMNS))
    yield Variant("GeoTIFF, alpha", partial(tiff, values=four, after=alpha), four, **place,
                  bands={"good": [True, True, True, False]})  # fmt: skip
    yield Variant("TIFF, a page per band", partial(pages, values=values), values, {"axes": ("band", "y", "x")})
    yield Variant("TIFF, one page of several", partial(pages, values=values), values[2:3], {"page": 3})


def _other_grids() -> Iterator[Variant]:
    one = cube("float32", (1, ROWS, COLUMNS))
    square = {"crs": None, "x": (366015.0, 366195.0)}
    yield Variant("ESRI ASCII grid", partial(tiff, values=one, name="g.asc", driver="AAIGrid", crs=None), one, **square)
    yield Variant("Surfer 6 binary", partial(tiff, values=one, name="g.grd", driver="GSBG", crs=None), one, **square)
    yield Variant("Surfer 7", partial(tiff, values=one, name="g.grd", driver="GS7BG", crs=None), one, **square)
    yield Variant("Surfer ASCII", partial(tiff, values=one, name="g.grd", driver="GSAG", crs=None), one, **square)
    values = cube("float32")
    place = {"crs": UTM, "x": (366015.0, 366195.0)}
    yield Variant("ER Mapper", partial(tiff, values=values, name="g.ers", driver="ERS", crs=None), values, x=place["x"])
    yield Variant("ERDAS Imagine", partial(tiff, values=values, name="g.img", driver="HFA"), values, **place)
    yield Variant("JPEG 2000, lossless", partial(jp2, values=cube("uint16")), cube("uint16"), **place)
    yield Variant("GDAL virtual raster", partial(vrt, values=values), values, **place)


def _array_variants() -> Iterator[Variant]:
    last = cube("float32").transpose(1, 2, 0)
    named = {"cube": last, "wavelength": np.array(WAVES)}
    known = {"wavelength": WAVES}
    values = cube("float32")
    for compressed in (False, True):
        word = "compressed" if compressed else "stored"
        yield Variant(f"MATLAB 5, {word}", partial(matlab5, arrays=named, compressed=compressed), values, bands=known)
        yield Variant(f"npz, {word}", partial(numpy, arrays=named, compressed=compressed), values, bands=known)
    yield Variant("MATLAB 5, axes named", partial(matlab5, arrays={"a": last}, compressed=True), values,
                  {"axes": ("y", "x", "band")})  # fmt: skip
    truth = {"cube": last, "gt": np.ones((ROWS, COLUMNS), "u1")}
    yield Variant("MATLAB 5, a map beside it", partial(matlab5, arrays=truth, compressed=True), values)
    yield Variant("MATLAB 5, one map", partial(matlab5, arrays={"a": values[0]}, compressed=True), values[:1])
    yield Variant("MATLAB 5, one of two", partial(matlab5, arrays={"T1": last, "T2": -last}, compressed=True), -values,
                  {"variable": "T2", "axes": ("y", "x", "band")})  # fmt: skip
    yield Variant("MATLAB 7.3", partial(matlab73, arrays=named), values, bands=known)
    yield Variant("MATLAB 7.3, in a struct", partial(matlab73, arrays=named, group="scene/"), values, bands=known)
    yield Variant("MATLAB 7.3, logical", partial(matlab73, arrays={"a": values[0] > 0}), values[:1] > 0)
    micro = {"c": last, "wavelengths_um": np.array(WAVES) / 1000}
    yield Variant("npz, units in the name", partial(numpy, arrays=micro), values, bands=known)
    yield Variant("npz, Fortran order", partial(numpy, arrays={**named, "cube": np.asfortranarray(last)}), values,
                  bands=known)  # fmt: skip
    yield Variant("npy, axes named", partial(npy, values=last), values, {"axes": ("y", "x", "band")})
    yield Variant("npy, bands between", partial(npy, values=cube("int16").transpose(1, 0, 2)), cube("int16"),
                  {"axes": ("y", "band", "x")})  # fmt: skip
    yield Variant("HDF5, labels", partial(hdf5, values=last, dims=("row", "column", "wavelength")), values)
    yield Variant("HDF5, axes named", partial(hdf5, values=last), values, {"axes": ("y", "x", "band")})


def _cf_variants() -> Iterator[Variant]:
    values = cube("float32")
    full = on_a_map(values)
    expected = {"bands": {"wavelength": WAVES}, "crs": UTM, "x": (366015.0, 366195.0)}
    for words, engine, options in (
        ("NetCDF 3, classic", "scipy", {"format": "NETCDF3_CLASSIC"}),
        ("NetCDF 3, 64-bit", "scipy", {"format": "NETCDF3_64BIT"}),
        ("NetCDF 4", "h5netcdf", {}),
    ):
        yield Variant(words, partial(netcdf, dataset=full, engine=engine, **options), values, **expected)
    turned = on_a_map(values.transpose(1, 2, 0), ("y", "x", "band"))
    yield Variant("NetCDF 4, bands last", partial(netcdf, dataset=turned, engine="h5netcdf"), values, **expected)
    packed = {"reflectance": {"dtype": "int16", "scale_factor": 0.25, "add_offset": 3.0, "_FillValue": -32768}}
    holed = values.copy()
    holed[1, 2, 3] = np.nan
    stored = partial(netcdf, dataset=on_a_map(holed), engine="h5netcdf", encoding=packed)
    yield Variant("NetCDF 4, scale and fill", stored, holed, **expected)
    upward = full.isel(y=slice(None, None, -1))
    yield Variant(
        "NetCDF 3, northing upwards", partial(netcdf, dataset=upward, engine="scipy"), values[:, ::-1], **expected
    )
    maps = xr.merge(
        [on_a_map(values[k], ("y", "x"), name) for k, name in enumerate(("mag", "k", "th"))], compat="override"
    )
    yield Variant("NetCDF 4, three maps", partial(netcdf, dataset=maps, engine="h5netcdf"), values[:3], crs=UTM,
                  bands={"band_name": ["mag", "k", "th"]}, x=expected["x"])  # fmt: skip
    swath = xr.Dataset({"reflectance": (("downtrack", "crosstrack", "bands"), values.transpose(1, 2, 0))})
    groups = {
        "sensor_band_parameters": xr.Dataset(
            {"wavelengths": ("bands", WAVES, {"units": "nm"}), "good_wavelengths": ("bands", [1.0, 1, 0, 1, 1])}
        ),
        "location": xr.Dataset({"lat": (("downtrack", "crosstrack"), np.ones((ROWS, COLUMNS)))}),
    }
    parted = partial(netcdf, dataset=swath, engine="h5netcdf", groups=groups)
    yield Variant("NetCDF 4, a swath in groups", parted, values,
                  bands={"wavelength": WAVES, "good": [True, True, False, True, True]})  # fmt: skip
    dates = xr.Dataset(
        {"ndvi": (("time", "lat", "lon"), values[:2])},
        coords={
            "time": np.array(["2000-05-01", "2003-06-01"], "datetime64[ns]"),
            "lat": ("lat", 50.0 - np.arange(ROWS), {"units": "degrees_north"}),
            "lon": ("lon", 10.0 + np.arange(COLUMNS), {"units": "degrees_east"}),
        },
    )
    yield Variant("NetCDF 4, two dates", partial(netcdf, dataset=dates, engine="h5netcdf"), values[:2], crs="EPSG:4326",
                  bands={"date": ["2000-05-01", "2003-06-01"]}, x=(10.0, 16.0))  # fmt: skip


def _zarr_variants() -> Iterator[Variant]:
    values = cube("float32")
    for version in (2, 3):
        plain, dims = partial(zarr_array, values=values, version=version), ("band", "y", "x")
        yield Variant(f"Zarr {version}, axes named by the person", plain, values, {"axes": dims})
        yield Variant(f"Zarr {version}, axes named in it", partial(plain, dims=dims), values)
        of_xarray = partial(zarr_xarray, dataset=on_a_map(values), version=version)
        yield Variant(f"Zarr {version}, of xarray", of_xarray, values,
                      bands={"wavelength": WAVES}, crs=UTM, x=(366015.0, 366195.0))  # fmt: skip
    axes = [{"name": "c", "type": "channel"}] + [{"name": name, "type": "space", "unit": "meter"} for name in "yx"]
    for version in ("0.4", "0.5"):
        ome = partial(ome_zarr, values=values, axes=axes, version=version)
        yield Variant(f"OME-Zarr {version}", ome, values, x=(0.0, 60.0))
    yield Variant("OME-Zarr 0.5, coarser", ome, values[:, ::2, ::2], {"level": 1}, x=(0.0, 60.0))
