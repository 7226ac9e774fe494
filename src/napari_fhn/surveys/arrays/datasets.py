"""Files whose arrays have named axes and coordinates (NetCDF, Zarr as xarray writes it): the survey in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn.surveys import flags
from napari_fhn.surveys.arrays.members import Member, axes_of, bands_of, survey_of
from napari_fhn.surveys.assemble import assemble, check_values
from napari_fhn.surveys.axes import known_axis
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Concatenated, Reordered, guarded, one_line
from napari_fhn.surveys.rio import rio

#: CF's words for axes.
_STANDARD = {
    "projection_x_coordinate": "x", "projection_y_coordinate": "y", "longitude": "x", "latitude": "y",
    "grid_longitude": "x", "grid_latitude": "y", "time": "date", "radiation_wavelength": "band", "depth": "depth",
}  # fmt: skip
_AXIS = {"X": "x", "Y": "y", "T": "date"}
_MILLISECONDS = {"ms": 1.0, "millisecond": 1.0, "milliseconds": 1.0, "s": 1e3, "second": 1e3, "seconds": 1e3}
_SEISMIC = {"inline", "crossline", "trace"}
_LENGTHS = {"metre": "m", "meter": "m", "metres": "m", "meters": "m", "kilometre": "km", "kilometers": "km"}
#: A step may differ from the others by this part of itself before an axis counts as uneven.
_UNEVEN = 1e-2


def from_datasets(
    path: Path,
    groups: Mapping[str, xr.Dataset],
    *,
    format: str,
    variable: str | None = None,
    axes: Sequence[str] | None = None,
    wavelength_units: str | None = None,
) -> xr.DataArray:
    """Find the survey in a file of named arrays.

    The survey is the array with the most axes; several maps on one grid become its bands.

    Parameters
    ----------
    path : Path
        The file.
    groups : mapping
        Its groups by path ("" is the root), with values not read yet.
    format : str
        What kind of file it is.
    variable, axes, wavelength_units
        As in `napari_fhn.surveys.arrays.members.open_member`.

    Raises
    ------
    AmbiguousAxes
        When several arrays can be the survey, or its axes have no names that say something.
    SurveyError
        When there is none, or what is named does not fit.
    """
    found = {
        f"{group}/{name}".lstrip("/"): (dataset, dataset[name])
        for group, dataset in groups.items()
        for name in map(str, dataset.variables)
    }
    members = {name: _member(path, one) for name, (_, one) in found.items()}
    able = {name: one for name, one in members.items() if variable == name or not _describes(found[name][1])}
    notes: list[str] = []
    if variable is None and axes is None:
        maps = _maps({name: (one, found[name][1]) for name, one in able.items()})
        if len(maps) > 1:
            return _stacked(path, {name: found[name] for name in maps}, members, format)
    chosen = survey_of(path, able, variable)
    dataset, array = found[chosen]
    check_values(path, array.dtype, array.shape)
    beside = {name: one for name, one in members.items() if name != chosen}
    dims, why = axes_of(path, chosen, {**beside, chosen: members[chosen]}, axes)
    notes += [why] if why else []
    others = sorted(name for name, one in able.items() if name != chosen and len(one.lengths) > 1)
    if others and variable is None:
        notes.append(f"The survey is '{chosen}'; the file also holds {', '.join(others[:8])}.")
    bands: dict[str, Any] = {}
    if "band" in dims:
        own = str(array.dims[dims.index("band")])
        along = {name: members[name] for name, (_, one) in found.items() if one.dims == (own,)}
        bands, more = bands_of(along, array.sizes[own], wavelength_units)
        bands |= _names(path, found, own)
        notes += more
    coords, more = _coordinates(path, array, dims)
    crs, said = _crs(dataset, array, coords)
    notes += more + said
    units = str(array.attrs.get("units", ""))
    classes = flags.named(array.attrs, array.dtype)
    more_attrs: dict[str, Any] = {"variable": chosen} | ({"units": units} if units else {})
    return assemble(
        path, array.variable, dims, name=path.stem, format=f"{format}, {array.dtype}", notes=notes, bands=bands,
        coords=coords, crs=crs, attrs=more_attrs | ({"classes": classes} if classes else {}),
    )  # fmt: skip


def _member(path: Path, array: xr.DataArray) -> Member:
    units = str(array.attrs.get("units", ""))
    dims = tuple(_axis(array, str(dim)) for dim in array.dims)
    return Member(array.shape, array.dtype, lambda: guarded(path, array.variable), units, dims)


def _axis(array: xr.DataArray, dim: str) -> str:
    """Name in this project of an axis, by what its coordinate says or else by its own name; maybe empty."""
    coordinate = array.coords.get(dim)
    attrs = coordinate.attrs if coordinate is not None else {}
    units = str(attrs.get("units", "")).strip().lower()
    name = _STANDARD.get(str(attrs.get("standard_name", "")), "") or known_axis(dim)
    lateral = {known_axis(str(one)) for one in array.dims} & _SEISMIC
    if lateral and known_axis(dim) == "date" and "since" not in units:
        # Beside inlines and traces, time is that of the wave.
        return "twt"
    return name or _AXIS.get(str(attrs.get("axis", "")), "")


_MAP = 2
"""Axes of an array of longitudes; one of more axes that is called so is none."""


def _describes(array: xr.DataArray) -> bool:
    """Say whether an array is there to describe others: a coordinate, bounds, positions of pixels, a mask."""
    name = str(array.name)
    return (
        name in array.dims
        or name.endswith(("_bnds", "_bounds"))
        or array.attrs.get("standard_name") in _STANDARD
        or (known_axis(name) in ("x", "y") and array.ndim < _MAP + 1)
        or (array.dtype.kind == "b" and name.endswith("mask"))
    )


def _maps(arrays: Mapping[str, tuple[Member, xr.DataArray]]) -> list[str]:
    """Names of the maps, where the file holds nothing but maps on one grid."""
    able = {k: v for k, v in arrays.items() if v[0].dtype.kind in "iuf" and len(v[0].lengths) >= 2}
    grids = set()
    for member, array in able.values():
        long = [k for k, n in enumerate(member.shape) if n != 1]
        if sorted(member.dims[k] for k in long) != ["x", "y"]:
            return []
        grids.add(frozenset(array.dims[k] for k in long))
    return list(able) if len(grids) == 1 else []


def _stacked(
    path: Path, maps: Mapping[str, tuple[xr.Dataset, xr.DataArray]], members: Mapping[str, Member], format: str
) -> xr.DataArray:
    parts = []
    for name, (_, array) in maps.items():
        check_values(path, array.dtype, array.shape)
        dims = members[name].dims
        parts.append(
            Reordered(path, array.variable, (None, dims.index("y"), dims.index("x"))).variable(("band", "y", "x"))
        )
    dataset, first = next(iter(maps.values()))
    if any(part.shape != parts[0].shape for part in parts):
        raise SurveyError(path, "its maps have unlike shapes", "Name one of them with the option variable")
    coords, notes = _coordinates(path, first, members[next(iter(maps))].dims)
    crs, said = _crs(dataset, first, coords)
    values = Concatenated(path, parts)
    units = [members[name].units for name in maps]
    bands = {"band_name": ("band", list(maps))} | ({"band_unit": ("band", units)} if any(units) else {})
    return assemble(
        path, values.variable(("band", "y", "x")), ("band", "y", "x"), name=path.stem,
        format=f"{format}, {values.dtype}", notes=[*notes, *said], bands=bands, coords=coords, crs=crs,
    )  # fmt: skip


def _names(path: Path, found: Mapping[str, tuple[xr.Dataset, xr.DataArray]], dim: str) -> dict[str, Any]:
    """Names of bands, where a list of words lies along their axis."""
    for name, (_, array) in found.items():
        if array.dims == (dim,) and array.dtype.kind in "UOT" and "name" in name.lower():
            return {"band_name": ("band", [str(one) for one in np.asarray(guarded(path, array.variable))])}
    return {}


def _coordinates(path: Path, array: xr.DataArray, dims: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Coordinates of the axes but band: values and attributes; uneven ones are left out with a note."""
    coords: dict[str, Any] = {}
    notes: list[str] = []
    for dim, axis in zip(map(str, array.dims), dims, strict=True):
        if dim not in array.coords or axis == "band":
            continue
        given = array.coords[dim]
        units = str(given.attrs.get("units", "")).strip()
        if axis == "date":
            coords[axis] = ([_date(one) for one in np.asarray(guarded(path, given.variable))], {})
            continue
        if given.dtype.kind not in "iuf":
            continue
        values = np.asarray(guarded(path, given.variable), dtype=np.float64)
        steps = np.diff(values)
        uneven = steps.size and not np.abs(steps - steps.mean()).max() <= _UNEVEN * abs(steps.mean())
        if uneven or not np.isfinite(values).all():
            notes.append(f"{axis} is not evenly spaced in the file; it counts pixels here.")
            continue
        if axis == "twt" and units.lower() in _MILLISECONDS:
            values, units = values * _MILLISECONDS[units.lower()], "ms"
        if units.lower().startswith("degree"):
            units = "deg"
        coords[axis] = (values, {"units": _LENGTHS.get(units.lower(), units)} if units else {})
    if not ({"y", "x"} <= set(coords)) and {"y", "x"} <= set(dims):
        # One map axis alone places nothing.
        coords = {axis: one for axis, one in coords.items() if axis not in ("y", "x")}
        notes.append("It has no map coordinates; x and y count pixels.")
    return coords, notes


def _date(value: Any) -> str:
    if isinstance(value, np.datetime64):
        text = str(value.astype("datetime64[s]"))
        return text.removesuffix("T00:00:00")
    return f"{value:g}" if isinstance(value, (int, float, np.number)) else str(value)


def _crs(dataset: xr.Dataset, array: xr.DataArray, coords: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """CRS that the file names, or the one that degrees imply."""
    if "y" not in coords:
        return None, []
    named = array.encoding.get("grid_mapping", array.attrs.get("grid_mapping", ""))
    said = {"crs_wkt", "spatial_ref", "grid_mapping_name"}
    described = [str(name) for name, one in dataset.variables.items() if said & set(one.attrs)]
    # Some writers leave the pointer out; a single definition needs none.
    mapping = named if named in dataset.variables else described[0] if len(described) == 1 else ""
    crs = None
    if mapping:
        definition = xr.DataArray(0, coords={"spatial_ref": ((), 0, dict(dataset.variables[mapping].attrs))})
        try:
            crs = rio(definition).crs
        except Exception as error:
            # A damaged definition ends in exceptions of pyproj, rasterio or rioxarray.
            return None, [f"The CRS that '{mapping}' describes is not understood ({one_line(error)})."]
    if crs is not None:
        return crs, []
    if coords["y"][1].get("units") == coords["x"][1].get("units") == "deg":
        return "EPSG:4326", ["The file names no CRS; its degrees are taken as WGS 84."]
    return None, ["The file names no CRS."]
