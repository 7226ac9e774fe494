"""PRISMA as it is delivered (HDF-EOS 5): the cubes of both spectrometers as one, in the order of their wavelengths."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.sentence import counted
from napari_fhn.surveys.arrays.members import Member
from napari_fhn.surveys.assemble import assemble, check_values
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Box, LazyArray, one_line
from napari_fhn.surveys.maps.grids import place
from napari_fhn.surveys.missions.lookup import OnMap
from napari_fhn.surveys.missions.places import note, table_of_places
from napari_fhn.surveys.raster.wavelengths import band_coordinates

_CUBE = re.compile(r"HDFEOS/SWATHS/PRS_(L\w+)_HCO/Data Fields/(VNIR|SWIR)_Cube")
#: Stored values of level 2 go from 0 for its least value to this for its largest.
_FULL = 65535.0


def cubes(members: Mapping[str, Member]) -> dict[str, str]:
    """Return where the cubes of a PRISMA product stand, by spectrometer; empty for other files."""
    return {match[2]: name for name in members if (match := _CUBE.fullmatch(name))}


def open_cubes(path: Path, members: Mapping[str, Member], wavelength_units: str | None = None) -> xr.DataArray:
    """Open the cubes of a PRISMA product as one, lazily.

    Parameters
    ----------
    path : Path
        The file, which holds some by `cubes`.
    members : mapping
        Its arrays by name.
    wavelength_units : str, optional
        What a person says that they are.

    Returns
    -------
    xarray.DataArray
        Dims ``(band, y, x)``, values as stored, with ``wavelength``, ``fwhm``, ``good``, ``scale`` and ``offset`` on
        ``band``; products on the map (L2D) with CRS and coordinates of their pixels' centres, others brought there by
        the longitude and latitude of their pixels, where these are in the file.

    Raises
    ------
    SurveyError
        When both cubes do not fit, or no list of wavelengths belongs to them.
    """
    names = cubes(members)
    level = next(match[1] for match in map(_CUBE.fullmatch, names.values()) if match)
    attrs = _attributes(path)
    order = [which for which in ("VNIR", "SWIR") if which in names]
    shapes = [members[names[which]].shape for which in order]
    for which in order:
        check_values(path, members[names[which]].dtype, members[names[which]].shape)
    if any(len(shape) != 3 for shape in shapes) or len({(shape[0], shape[2]) for shape in shapes}) != 1:
        sizes = ", ".join(" x ".join(map(str, shape)) for shape in shapes)
        raise SurveyError(path, f"the cubes of its spectrometers do not fit ({sizes})", "Name one with variable=")
    columns = [_bands(path, attrs, level, which, shape[1]) for which, shape in zip(order, shapes, strict=True)]
    table = {key: np.concatenate([one[key] for one in columns]) for key in columns[0]}
    where = [(part, k) for part, shape in enumerate(shapes) for k in range(shape[1])]
    # Where the instrument has no band its list says 0.
    kept = np.flatnonzero(table["wavelength"] > 0)
    chosen = kept[np.argsort(table["wavelength"][kept], kind="stable")]
    if not chosen.size:
        raise SurveyError(path, "its lists of wavelengths hold no band", "Copy it again")
    values = Spectrometers(path, [members[names[which]].load() for which in order], [where[k] for k in chosen])
    bands, notes = band_coordinates(
        chosen.size,
        wavelength=table["wavelength"][chosen].tolist(),
        fwhm=table["fwhm"][chosen].tolist() if np.isfinite(table["fwhm"][chosen]).all() else (),
        good=table["good"][chosen].tolist(),
        units="nm",
        told=wavelength_units,
    )
    if len(where) > chosen.size:
        of, what = f"of {len(where)} bands", "no wavelength and"
        notes.append(f"{counted(len(where) - chosen.size, f'{of} have {what} were', f'{of} has {what} was')} left out.")
    scale, offset = table["scale"][chosen], table["offset"][chosen]
    if not ((scale == 1).all() and (offset == 0).all()):
        bands |= {"scale": ("band", scale), "offset": ("band", offset)}
        what = "radiance" if level.startswith("L1") else "reflectance"
        notes.append(f"The values are as stored; scale x value + offset of their band is {what}.")
    coords, crs = _on_map(attrs, values.shape[1:])
    dims = ("band", "y", "x")
    if not coords and (places := _places(members, level)):
        lines, pixels, grid = table_of_places(path, *places)
        if tuple(np.shape(places[0])) != values.shape[1:]:
            raise SurveyError(path, "its longitudes and latitudes are not those of its cubes", "Copy it again")
        on_map = OnMap(path, values.variable(dims), lines, pixels, None)
        survey = assemble(
            path, on_map.variable(dims), dims, name=path.stem, format=f"PRISMA {level}, {values.dtype}",
            notes=[*notes, note(grid)], bands=bands,
        )  # fmt: skip
        return place(survey, grid)
    if not coords:
        notes.append("It is in the geometry of the sensor and has no map coordinates; x and y count pixels.")
    return assemble(
        path, values.variable(dims), dims, name=path.stem, format=f"PRISMA {level}, {values.dtype}", notes=notes,
        bands=bands, coords=coords, crs=crs, attrs={"nodata": 0 if coords and values.dtype.kind == "u" else None},
    )  # fmt: skip


def _places(members: Mapping[str, Member], level: str) -> tuple[Any, Any] | None:
    """Longitude and latitude of the pixels, where the product has them."""
    folder = f"HDFEOS/SWATHS/PRS_{level}_HCO/Geolocation Fields"
    for ending in ("", "_VNIR"):
        names = [f"{folder}/{axis}{ending}" for axis in ("Longitude", "Latitude")]
        if all(name in members for name in names):
            longitude, latitude = (np.asarray(members[name].load().values) for name in names)
            return longitude, latitude
    return None


class Spectrometers(LazyArray):
    """Bands out of several cubes ``(row, band, column)``, as ``(band, y, x)``.

    Parameters
    ----------
    path : Path
        The file that errors are about.
    parts : sequence of array_like
        The cubes.
    where : sequence of (int, int)
        For each band which cube, and which band of it.
    """

    def __init__(self, path: Path, parts: Sequence[Any], where: Sequence[tuple[int, int]]) -> None:
        self.parts, self.where = tuple(parts), tuple(where)
        dtype = np.result_type(*[part.dtype for part in parts])
        super().__init__(path, (len(where), parts[0].shape[0], parts[0].shape[2]), dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read a box, each cube once."""
        wanted = [self.where[k] for k in range(*box[0].indices(self.shape[0]))]
        pieces = []
        for part, cube in enumerate(self.parts):
            rows = [k for k, (of, _) in enumerate(wanted) if of == part]
            if rows:
                own = np.array([wanted[k][1] for k in rows])
                low = int(own.min())
                block = np.asarray(cube[box[1], low : int(own.max()) + 1, box[2]])
                pieces.append((rows, block[:, own - low].transpose(1, 0, 2)))
        out = np.empty((len(wanted), *pieces[0][1].shape[1:]), dtype=self.dtype)
        for rows, block in pieces:
            out[rows] = block
        return out


def _attributes(path: Path) -> dict[str, NDArray[Any]]:
    """Attributes of the file itself, where the product says what it is; numbers only."""
    import h5py

    found = {}
    try:
        with h5py.File(path, "r") as file:
            for name in file.attrs:
                value = np.asarray(file.attrs[name])
                if value.dtype.kind in "iuf":
                    found[str(name)] = value.astype(np.float64)
    except Exception as error:
        # h5py raises what the C library's error fits best.
        raise SurveyError(path, f"HDF5 cannot read it ({one_line(error)})", "Copy it again") from error
    return found


def _bands(path: Path, attrs: Mapping[str, NDArray[Any]], level: str, which: str, n: int) -> dict[str, NDArray[Any]]:
    """Wavelength, width, flag, scale and offset of the bands of a spectrometer."""
    word = which.capitalize()
    waves = attrs.get(f"List_Cw_{word}")
    if waves is None or waves.shape != (n,):
        held = "no list" if waves is None else f"a list of {waves.size}"
        raise SurveyError(
            path,
            f"it has {held} of wavelengths (List_Cw_{word}) for the {counted(n, 'bands')} of {which}",
            "Copy it again",
        )
    widths, flags = attrs.get(f"List_Fwhm_{word}"), attrs.get(f"List_Cw_{word}_Flags")
    one = np.ones(n)
    if level.startswith("L1"):
        factor, offset = (_number(attrs, f"{name}_{word}") for name in ("ScaleFactor", "Offset"))
        scale, added = (1 / factor if factor else 1.0), -(offset or 0.0)
    else:
        low, high = (_number(attrs, f"L2Scale{word}{end}") for end in ("Min", "Max"))
        scale, added = (1.0, 0.0) if low is None or high is None else ((high - low) / _FULL, low)
    return {
        "wavelength": np.where(np.isfinite(waves), waves, 0.0),
        "fwhm": widths if widths is not None and widths.shape == (n,) else np.nan * one,
        "good": flags if flags is not None and flags.shape == (n,) else one,
        "scale": scale * one,
        "offset": added * one,
    }


def _number(attrs: Mapping[str, NDArray[Any]], name: str) -> float | None:
    value = attrs.get(name)
    return float(value.ravel()[0]) if value is not None and value.size == 1 and np.isfinite(value).all() else None


def _on_map(attrs: Mapping[str, NDArray[Any]], shape: Sequence[int]) -> tuple[dict[str, Any], str | None]:
    """Coordinates of pixels' centres, and the CRS; nothing where the product is not on the map."""
    ends = [_number(attrs, f"Product_{corner}corner_{axis}") for axis in ("northing", "easting")
            for corner in ("UL", "LR")]  # fmt: skip
    code = _number(attrs, "Epsg_Code")
    if code is None or code <= 0 or None in ends or min(shape) < 2:
        return {}, None
    coords = {}
    for axis, n, first, last in zip(("y", "x"), shape, ends[::2], ends[1::2], strict=True):
        assert first is not None
        assert last is not None
        # Corners are those of the outer pixels' centres.
        values = np.linspace(first, last, n)
        if first == last:
            return {}, None
        coords[axis] = (values, {"units": "m"})
    return coords, f"EPSG:{code:.0f}"
