"""EMIT (NetCDF): radiance, reflectance and masks of the Space Station's spectrometer, on the map by their own table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio.crs
import xarray as xr

from napari_fhn.surveys.assemble import assemble
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import guarded, one_line
from napari_fhn.surveys.missions.lookup import NOTE, OnMap, table_of
from napari_fhn.surveys.raster.wavelengths import band_coordinates

_TRACKS = ("downtrack", "crosstrack")


def scene(groups: Mapping[str, xr.Dataset]) -> str:
    """Return the name of the cube of a product that has a table of places; empty for other files.

    Parameters
    ----------
    groups : mapping
        Of a NetCDF file, by name; its root is "".
    """
    root, place = groups.get(""), groups.get("location")
    if root is None or place is None or not {"glt_x", "glt_y"} <= set(place.variables):
        return ""
    if len(np.ravel(root.attrs.get("geotransform", ()))) != 6 or "spatial_ref" not in root.attrs:
        return ""
    cubes = [str(name) for name, one in root.data_vars.items() if one.dims[:2] == _TRACKS and one.ndim == 3]
    numbers = [name for name in cubes if root[name].dtype.kind in "biuf"]
    return numbers[0] if len(numbers) == 1 else ""


def on_map(
    path: Path, groups: Mapping[str, xr.Dataset], name: str, wavelength_units: str | None = None
) -> xr.DataArray:
    """Open the cube of a product on the map, lazily.

    Parameters
    ----------
    path : Path
        The file.
    groups : mapping
        Its groups.
    name : str
        From `scene`.
    wavelength_units : str, optional
        What a person says that they are.

    Returns
    -------
    xarray.DataArray
        ``(band, y, x)`` in the CRS that the product names, with wavelengths and widths in nanometres, and ``good``.

    Raises
    ------
    SurveyError
        When table and cube do not belong together.
    """
    root, place = groups[""], groups["location"]
    cube = root[name].variable
    lines = table_of(path, place["glt_y"].values, cube.shape[0])
    pixels = table_of(path, place["glt_x"].values, cube.shape[1])
    if lines.shape != pixels.shape:
        raise SurveyError(path, "its tables of lines and pixels are of unlike size", "Copy it again")
    x, dx, row, y, column, dy = (float(value) for value in np.ravel(root.attrs["geotransform"]))
    if row or column or not dx or not dy:
        raise SurveyError(
            path, "its map runs neither north nor east", "Open its scene with variable= and the name of it"
        )
    try:
        crs = rasterio.crs.CRS.from_user_input(str(root.attrs["spatial_ref"]))
    except ValueError as error:
        raise SurveyError(path, f"its CRS is not understood ({one_line(error)})", "Copy it again") from error
    source = guarded(path, cube).transpose(cube.dims[2], *_TRACKS)
    values = OnMap(path, source, lines, pixels, None)
    bands, notes = _bands(groups.get("sensor_band_parameters"), cube.shape[2], wavelength_units)
    unit = {"units": "degrees" if crs.is_geographic else "m"}
    coords = {
        "y": (y + dy * (np.arange(lines.shape[0]) + 0.5), unit),
        "x": (x + dx * (np.arange(lines.shape[1]) + 0.5), unit),
    }
    dims = ("band", "y", "x")
    return assemble(
        path, values.variable(dims), dims, name=path.stem, format=f"EMIT {name}, {values.dtype}",
        notes=[NOTE, *notes], bands=bands, coords=coords, crs=crs, attrs={"variable": name},
    )  # fmt: skip


def _bands(said: xr.Dataset | None, n: int, told: str | None) -> tuple[dict[str, Any], list[str]]:
    """What the product says of its bands."""
    if said is None:
        return {}, []
    found = {key: np.ravel(said[name].values) for key, name in
             (("wavelength", "wavelengths"), ("fwhm", "fwhm"), ("good", "good_wavelengths"))
             if name in said and said[name].dtype.kind in "biuf"}  # fmt: skip
    lists = {key: values.astype(np.float64).tolist() for key, values in found.items()}
    coords, notes = band_coordinates(
        n,
        wavelength=lists.get("wavelength", ()),
        fwhm=lists.get("fwhm", ()),
        good=lists.get("good", ()),
        units="nm",
        told=told,
    )
    if "mask_bands" in said and said["mask_bands"].size == n:
        coords["band_name"] = ("band", [str(one) for one in np.ravel(said["mask_bands"].values)])
    return coords, notes
