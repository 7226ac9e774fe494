"""NetCDF: classic files through scipy, version 4 through h5netcdf, both by xarray."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from napari_fhn.surveys.arrays import hdf5
from napari_fhn.surveys.arrays.datasets import from_datasets
from napari_fhn.surveys.assemble import check_lengths
from napari_fhn.surveys.engines import look_for_engines
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import one_line
from napari_fhn.surveys.missions import emit

SUFFIXES = (".nc", ".nc4", ".cdf", ".grd")
_CLASSIC = (b"CDF\x01", b"CDF\x02")
_CDF5 = b"CDF\x05"


def can_open(path: Path) -> bool:
    """Say whether a path is NetCDF by its first bytes."""
    return path.suffix.lower() in SUFFIXES and _engine(path) is not None


def open(
    path: Path,
    *,
    axes: Sequence[str] | None = None,
    variable: str | None = None,
    wavelength_units: str | None = None,
    follow: bool = False,
) -> xr.DataArray:
    """Open a NetCDF file lazily.

    Parameters
    ----------
    path : Path
        The file.
    axes : sequence of str, optional
        What the axes of the survey are, where their names do not say it: ``("y", "x", "band")``.
    variable : str, optional
        Which array is the survey, with its group: ``"science/reflectance"``.
    wavelength_units : str, optional
        Of wavelengths that come without units.
    follow : bool
        Whether values may come from files outside its folder, where it names such.

    Returns
    -------
    xarray.DataArray
        ``(band, y, x)`` for cubes and maps; several maps on one grid are bands. Scale factors are applied and
        fill values are NaN, as the CF conventions have it.

    Raises
    ------
    AmbiguousAxes
        When several arrays can be the survey, or its axes have no telling names.
    SurveyError
        When it is damaged, or holds nothing of two axes.
    """
    path = Path(path)
    engine = _engine(path)
    if engine is None:
        with path.open("rb") as file:
            if file.read(4) == _CDF5:
                raise SurveyError(path, "it is NetCDF of kind CDF-5", "Convert it with: nccopy -k nc4 IN OUT")
        raise SurveyError(path, "it does not begin as a NetCDF file does", "Export it again")
    if engine == "h5netcdf":
        check_lengths(path, {name: one.shape for name, one in hdf5.members(path, follow=follow).items()})
    groups = read_groups(path, engine)
    if axes is None and variable is None and (name := emit.scene(groups)):
        return emit.on_map(path, groups, name, wavelength_units)
    return from_datasets(
        path,
        groups,
        format="NetCDF 3" if engine == "scipy" else "NetCDF 4",
        variable=variable,
        axes=axes,
        wavelength_units=wavelength_units,
    )


def read_groups(path: Path, engine: str) -> dict[str, xr.Dataset]:
    """Open the groups of a file, values left on disk.

    Parameters
    ----------
    path : Path
        The file.
    engine : str
        One of xarray's.

    Raises
    ------
    SurveyError
        When the engine cannot read it.
    """
    options: dict[str, Any] = {"engine": engine, "cache": False, "decode_coords": "all", "decode_timedelta": False}
    if engine == "h5netcdf":
        # xarray names the engine by a word; said here, a missing package is one sentence at the start.
        import h5netcdf  # noqa: F401

        options["phony_dims"] = "access"
    try:
        with warnings.catch_warnings():
            # About names and encodings of attributes.
            warnings.simplefilter("ignore")
            try:
                return _open(path, options)
            except (ValueError, OverflowError):
                # Times in a calendar of their own count as numbers.
                return _open(path, options | {"decode_times": False})
    except Exception as error:
        # scipy, h5py and xarray each raise exceptions of their own for damaged files.
        raise SurveyError(
            path, f"it cannot be read as NetCDF ({one_line(error)})", "Copy it again, or export it anew"
        ) from error


def _open(path: Path, options: dict[str, Any]) -> dict[str, xr.Dataset]:
    look_for_engines()
    if options["engine"] == "scipy":
        return {"": _legible(xr.open_dataset(path, **options))}
    return {name.strip("/"): _legible(dataset) for name, dataset in xr.open_groups(path, **options).items()}


def _legible(dataset: xr.Dataset) -> xr.Dataset:
    """Read attributes that are not in UTF-8, as the formats have it, as Latin-1."""
    for attrs in (dataset.attrs, *(one.attrs for one in dataset.variables.values())):
        attrs |= {name: _latin(value) for name, value in attrs.items() if isinstance(value, str)}
    return dataset


def _latin(text: str) -> str:
    """Put the characters to bytes that were left over; the one that was lost before a metre was a micro sign."""
    if text == "\ufffdm":
        return "µm"
    if not any("\udc80" <= c <= "\udcff" for c in text):
        return text
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _engine(path: Path) -> str | None:
    with path.open("rb") as file:
        begin = file.read(8)
    if begin[:4] in _CLASSIC:
        return "scipy"
    return "h5netcdf" if begin == hdf5.SIGNATURE else None
