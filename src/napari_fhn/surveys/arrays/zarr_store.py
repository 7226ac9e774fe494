"""Zarr and OME-Zarr folders, opened as they are: chunks are read when they are looked at."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.sentence import counted
from napari_fhn.surveys.arrays.datasets import from_datasets
from napari_fhn.surveys.arrays.members import Member, open_member
from napari_fhn.surveys.assemble import assemble, check_values
from napari_fhn.surveys.axes import check_axes, known_axes
from napari_fhn.surveys.engines import look_for_engines
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.idle import IdleOption
from napari_fhn.surveys.lazy import Box, LazyArray, one_line

SUFFIXES = (".zarr",)
_MARKS = ("zarr.json", ".zgroup", ".zarray")
_OWN = frozenset((*_MARKS, ".zattrs", ".zmetadata", "c"))
#: Arrays looked at in one store.
MAX_MEMBERS = 4096
_METRES = {"micrometer": 1e-6, "millimeter": 1e-3, "centimeter": 1e-2, "meter": 1.0, "kilometer": 1e3}


def can_open(path: Path) -> bool:
    """Say whether a folder is a Zarr store, by the file in it that says so."""
    return path.is_dir() and any((path / mark).is_file() for mark in _MARKS)


def strangers(path: Path) -> list[str]:
    """Return the names of what lies in a folder and belongs to no Zarr store: what is written over it would be lost."""
    inside = sorted(path.iterdir()) if path.is_dir() else []
    # The chunks of a store that is a single array have names of their own.
    single = (path / ".zarray").is_file()
    return [
        item.name
        for item in inside
        if not can_open(item) and item.name not in _OWN and not (single and item.name[:1].isdigit())
    ]


def open(
    path: Path,
    *,
    axes: Sequence[str] | None = None,
    variable: str | None = None,
    wavelength_units: str | None = None,
    level: int = 0,
) -> xr.DataArray:
    """Open an array of a Zarr store lazily.

    Parameters
    ----------
    path : Path
        The folder: an array, a group as xarray writes it, OME-Zarr, or a group of plain arrays.
    axes : sequence of str, optional
        What the axes of the survey are, where their names do not say it.
    variable : str, optional
        Path of the array in the store.
    wavelength_units : str, optional
        Of wavelengths that come without units.
    level : int
        Which resolution of an OME-Zarr, 0 for the finest.

    Returns
    -------
    xarray.DataArray
        Axes in the order of the project. Of an OME-Zarr ``attrs["levels"]`` has the shapes of all resolutions,
        channels are bands, and z, y, x have the scale and units of the file.

    Raises
    ------
    AmbiguousAxes
        When several arrays can be the survey, or nothing tells what its axes are.
    SurveyError
        When it is damaged or holds no array of real numbers.
    """
    path = Path(path)
    store, arrays = _walk(path)
    format = f"Zarr {store.metadata.zarr_format}"
    scales = _multiscales(store.attrs)
    if scales is not None and variable is None:
        return _open_ome(path, arrays, scales, format, level, axes)
    if level:
        raise IdleOption(path, "level", "here is a single one")
    if "" not in arrays and all(_dims(one) for one in arrays.values() if one.ndim and one.dtype.kind in "biuf"):
        return from_datasets(
            path, _datasets(path, arrays), format=format, variable=variable, axes=axes,
            wavelength_units=wavelength_units,
        )  # fmt: skip
    # A store that is one array has no name for it.
    members = {name or path.stem: _member(path, name, one) for name, one in arrays.items()}
    return open_member(
        path, members, format=format, variable=variable, axes=axes, wavelength_units=wavelength_units
    )  # fmt: skip


class ZarrValues(LazyArray):
    """One array of a Zarr store.

    Parameters
    ----------
    path : Path
        The store.
    array : zarr.Array
        The array.
    """

    def __init__(self, path: Path, array: Any) -> None:
        self.array = array
        super().__init__(path, array.shape, array.dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read a box."""
        return np.asarray(self.array[box])


def _walk(path: Path) -> tuple[Any, dict[str, Any]]:
    """Open a store and list the arrays in it, those of its groups as well."""
    # Here and not above: a session without such files should not wait for the library.
    import zarr

    from napari_fhn.surveys.remote.store import store_of

    found: dict[str, Any] = {}
    try:
        with warnings.catch_warnings():
            # About things in the folder that are not Zarr's.
            warnings.simplefilter("ignore")
            store = zarr.open(store_of(path), mode="r")
            if isinstance(store, zarr.Array):
                return store, {"": store}
            for name, one in store.members(max_depth=3):
                if isinstance(one, zarr.Array) and len(found) < MAX_MEMBERS:
                    found[name] = one
    except SurveyError:
        raise
    except Exception as error:
        # zarr raises what json, numpy and its codecs raise.
        raise SurveyError(path, f"zarr cannot read it ({one_line(error)})", "Copy the whole folder again") from error
    return store, found


def _dims(array: Any) -> tuple[str, ...]:
    """Names of an array's axes: Zarr 3's own, or xarray's for Zarr 2."""
    names = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS") or ()
    return tuple(str(name) for name in names) if len(names) == array.ndim and all(names) else ()


def _member(path: Path, name: str, array: Any) -> Member:
    dims = _dims(array)
    values = ZarrValues(path, array)
    units = array.attrs.get("units", "")
    return Member(
        array.shape, values.dtype, lambda: values.variable([f"d{k}" for k in range(array.ndim)]),
        units if isinstance(units, str) else "", dims,
    )  # fmt: skip


def _datasets(path: Path, arrays: Mapping[str, Any]) -> dict[str, xr.Dataset]:
    """Arrays with named axes as xarray has them: coordinates found, scale factors and fill values applied."""
    options: dict[str, Any] = {"engine": "zarr", "chunks": None, "cache": False, "decode_coords": "all"}
    from napari_fhn.surveys.remote.store import store_of

    look_for_engines()
    with warnings.catch_warnings():
        # About metadata that is not consolidated, and times.
        warnings.simplefilter("ignore")
        try:
            return {
                name.strip("/"): dataset
                for name, dataset in xr.open_groups(
                    cast(Any, store_of(path)), **options, decode_timedelta=False
                ).items()
            }
        except Exception:
            # One array that xarray cannot take (trace headers as records, an axis without a name) must not hide
            # the others; what is wrong with those comes out below.
            return _plain_datasets(path, arrays)


def _plain_datasets(path: Path, arrays: Mapping[str, Any]) -> dict[str, xr.Dataset]:
    groups: dict[str, dict[str, xr.Variable]] = {}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            continue
        group, _, short = name.rpartition("/")
        attrs = {key: value for key, value in array.attrs.items() if key not in ("_ARRAY_DIMENSIONS", "_FillValue")}
        groups.setdefault(group, {})[short] = ZarrValues(path, array).variable(_dims(array), attrs)
    try:
        return {group: _decoded(xr.Dataset(found)) for group, found in groups.items()}
    except SurveyError:
        raise
    except Exception as error:
        # Names and lengths of axes that contradict each other, and attributes that say nonsense.
        raise SurveyError(
            path, f"its arrays do not fit together ({one_line(error)})", "Copy the whole folder again"
        ) from error


def _decoded(dataset: xr.Dataset) -> xr.Dataset:
    try:
        return xr.decode_cf(dataset, decode_coords="all", decode_timedelta=False)
    except (ValueError, OverflowError):
        # Times in a calendar of their own count as numbers.
        return xr.decode_cf(dataset, decode_coords="all", decode_timedelta=False, decode_times=False)


def _multiscales(attrs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first multiscale image of an OME-Zarr, of its versions 0.4 (and older) or 0.5."""
    ome = attrs.get("ome")
    listed = (ome if isinstance(ome, dict) else attrs).get("multiscales")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict) and listed[0].get("datasets"):
        return dict(listed[0])
    return None


def _open_ome(
    path: Path,
    arrays: Mapping[str, Any],
    scales: Mapping[str, Any],
    format: str,
    level: int,
    axes: Sequence[str] | None,
) -> xr.DataArray:
    listed = scales["datasets"]
    try:
        names = [str(one["path"]) for one in listed]
        # Before version 0.4 an axis was a word.
        given = [one if isinstance(one, dict) else {"name": one} for one in scales.get("axes", [])]
        if not given and arrays[names[0]].ndim == 5:
            given = [{"name": name} for name in "tczyx"]
        words = [str(one["name"]) for one in given]
        sizes = [tuple(arrays[name].shape) for name in names]
    except (KeyError, TypeError, IndexError) as error:
        raise SurveyError(
            path, f"its 'multiscales' are not whole (at {error})", "Copy the whole folder again"
        ) from error
    if not 0 <= level < len(names):
        raise SurveyError(
            path, f"it has {counted(len(names), 'resolutions')} and none numbered {level}", "Count them from 0"
        )
    array = arrays[names[level]]
    check_values(path, array.dtype, array.shape)
    if len(words) != array.ndim:
        raise SurveyError(
            path, f"it names {counted(len(words), 'axes')} for {array.ndim}", "Name them with the option axes"
        )
    if axes is not None:
        dims = check_axes(path, axes, array.shape)
    else:
        dims = tuple(known or word for known, word in zip(known_axes(words), words, strict=True))
    coords = {}
    step, start = _placed(listed[level], array.ndim)
    for k, dim in enumerate(dims):
        if dim in ("band", "date"):
            continue
        unit = str(given[k].get("unit", ""))
        factor = _METRES.get(unit, 1.0)
        values = (start[k] + step[k] * np.arange(array.shape[k])) * factor
        coords[dim] = (values, {"units": "m" if unit in _METRES else unit} if unit else {})
    return assemble(
        path, ZarrValues(path, array).variable([f"d{k}" for k in range(array.ndim)]), dims, name=path.stem,
        format=f"OME-Zarr ({format}), {array.dtype}", coords=coords,
        attrs={"variable": names[level], "levels": tuple(sizes)},
    )  # fmt: skip


def _placed(dataset: Mapping[str, Any], ndim: int) -> tuple[list[float], list[float]]:
    """Scale and translation of a resolution; 1 and 0 where they are not given in full."""
    step, start = [1.0] * ndim, [0.0] * ndim
    for one in dataset.get("coordinateTransformations", []):
        values = one.get(one.get("type"), []) if isinstance(one, dict) else []
        if len(values) == ndim and all(isinstance(v, (int, float)) for v in values):
            if one["type"] == "scale":
                step = [float(v) for v in values]
            elif one["type"] == "translation":
                start = [float(v) for v in values]
    return step, start
