"""Surveys for everybody who works in xarray: ``xr.open_dataset("survey.sgy", engine="napari-fhn")``.

The dataset holds one lazy variable, ``survey``, with the coordinates and units that `napari_fhn.surveys.open` gives.
Its attributes are plain numbers and text, so that it can be written as NetCDF or Zarr; `survey_of` makes of it, or of
what was read back from such a file, what the rest of this project takes.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from xarray.backends import BackendEntrypoint

from napari_fhn.surveys import opening, segy
from napari_fhn.surveys.bricks import store
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.raster import envi_header

#: Name of the one variable.
VARIABLE = "survey"
#: The attribute that keeps what NetCDF has no type for, as JSON.
_KEPT = "napari_fhn"


class SurveyBackend(BackendEntrypoint):
    """Reads SEG-Y, ENVI and every other kind of file that `napari_fhn.surveys.open` reads, lazily.

    Without ``engine=`` it answers for SEG-Y files and for ENVI images that have their header; all other kinds it reads
    when it is named.

    Examples
    --------
    >>> import xarray as xr
    >>> from napari_fhn import sample_data
    >>> from napari_fhn.surveys.xarray_backend import SurveyBackend
    >>> dataset = xr.open_dataset(sample_data.SEISMIC.survey, engine=SurveyBackend)  # or engine="napari-fhn"
    >>> dict(dataset["survey"].sizes)
    {'inline': 128, 'crossline': 192, 'twt': 160}
    >>> dataset["survey"].sel(inline=1010, crossline=2101, method="nearest").twt.attrs["units"]
    'ms'
    """

    description = "Seismic surveys (SEG-Y), hyperspectral cubes (ENVI) and maps, lazily, with survey coordinates"
    url = "https://github.com/napari-fhn/napari-fhn#readme"
    # Named here since every kind of file has options of its own, which are handed on.
    open_dataset_parameters: ClassVar[tuple[str, ...]] = (
        "filename_or_obj", "drop_variables", "mask_and_scale", "axes", "variable", "wavelength_units", "page", "part",
        "inline_byte", "crossline_byte", "x_byte", "y_byte", "line", "sample_format", "incomplete",
        "sample_interval_ms", "delay_ms", "coordinate_scalar", "vertical", "rows", "pixels",
    )  # fmt: skip

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Say whether a path is a SEG-Y file or an ENVI image with its header; NetCDF, Zarr and TIFF are others'.

        Parameters
        ----------
        filename_or_obj : Any
            A path; everything else is nothing of ours.

        Returns
        -------
        bool
            By the first bytes of the file, not by its name alone.
        """
        path = _local(filename_or_obj)
        try:
            return path is not None and path.is_file() and (segy.can_open(path) or envi_header.pair(path) is not None)
        except OSError:
            return False

    def open_dataset(  # type: ignore[override, unused-ignore]
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        mask_and_scale: bool = True,
        **options: Any,
    ) -> xr.Dataset:
        """Open a survey as a dataset.

        Parameters
        ----------
        filename_or_obj : str or Path
            A file or folder on this machine.
        drop_variables : str or iterable of str, optional
            Coordinates that are not wanted.
        mask_and_scale : bool
            Whether the value that means "no data" reads as NaN, as it does with other engines.
        **options
            As in `napari_fhn.surveys.open`: ``inline_byte=9``, ``axes=("y", "x", "band")``, ...

        Returns
        -------
        xarray.Dataset
            One variable, ``survey``, and the coordinates of its axes. ``attrs`` name the source. Where the survey has a
            place on the map, ``geometry_origin``, ``geometry_inline_step`` and their like say which.

        Raises
        ------
        SurveyError
            With the file, the place in it and the way out.
        TypeError
            For an open file or an address on a server.
        """
        path = _local(filename_or_obj)
        if path is None:
            what = f"'{filename_or_obj}'" if isinstance(filename_or_obj, str) else type(filename_or_obj).__name__
            raise TypeError(
                f"napari-fhn reads surveys piece by piece from files on this machine, not from {what}. "
                "Copy it to a file and give its path."
            )
        array = opening.open(path, **{key: one for key, one in options.items() if one is not None})
        dataset = dataset_of(array, mask_and_scale=mask_and_scale)
        dropped = [drop_variables] if isinstance(drop_variables, str) else list(drop_variables or ())
        return dataset.drop_vars([name for name in dropped if name in dataset.variables])


def dataset_of(survey: xr.DataArray, *, mask_and_scale: bool = True) -> xr.Dataset:
    """Describe a survey as a dataset that xarray can write to NetCDF or Zarr.

    Parameters
    ----------
    survey : xarray.DataArray
        As `napari_fhn.surveys.open` gives it; its values stay unread.
    mask_and_scale : bool
        Whether the value that means "no data" reads as NaN.

    Returns
    -------
    xarray.Dataset
        With the variable ``survey``.
    """
    attrs = _plain({key: one for key, one in survey.attrs.items() if key != "geometry"})
    geometry = survey.attrs.get("geometry")
    if isinstance(geometry, SurveyGeometry):
        attrs |= _plain({f"geometry_{key}": one for key, one in dataclasses.asdict(geometry).items()})
    kept = {str(key): coded for key, one in survey.attrs.items() if (coded := store.encode(one)) is not None}
    attrs[_KEPT] = json.dumps({"name": survey.name, "attrs": kept})
    attrs["long_name"] = str(survey.name or VARIABLE)
    variable = survey.variable.copy(deep=False)
    variable.attrs = attrs
    nodata = _fill(survey)
    if nodata is not None and mask_and_scale:
        variable.attrs["_FillValue"] = nodata
        # Only "no data": a scale or an epoch has been applied by the opener, or there is none.
        variable = xr.conventions.decode_cf_variable(
            VARIABLE, variable, concat_characters=False, decode_times=False, decode_timedelta=False
        )
    coords = {}
    for name, coordinate in survey.coords.items():
        coords[name] = coordinate.variable.copy(deep=False)
        coords[name].attrs = _plain(coordinate.attrs)
    said = {key: attrs[key] for key in ("source", "format", "history") if key in attrs}
    return xr.Dataset({VARIABLE: variable}, coords=coords, attrs=said)


def survey_of(dataset: xr.Dataset) -> xr.DataArray:
    """Return the survey of a dataset as `napari_fhn.surveys.open` gives it.

    Parameters
    ----------
    dataset : xarray.Dataset
        As the engine opened it, or as it was read back from NetCDF or Zarr.

    Returns
    -------
    xarray.DataArray
        With its name and attributes, the geometry of a seismic survey among them.

    Raises
    ------
    ValueError
        When the dataset came from elsewhere.

    Examples
    --------
    >>> import xarray as xr
    >>> from napari_fhn import sample_data
    >>> from napari_fhn.surveys.xarray_backend import SurveyBackend, survey_of
    >>> survey = survey_of(xr.open_dataset(sample_data.SEISMIC.survey, engine=SurveyBackend))
    >>> [round(metres, 3) for metres in survey.attrs["geometry"].bin_size]
    [25.0, 12.5]
    """
    if VARIABLE not in dataset or _KEPT not in dataset[VARIABLE].attrs:
        raise ValueError(f"The dataset holds no variable '{VARIABLE}' that the engine napari-fhn has opened.")
    array = dataset[VARIABLE].copy(deep=False)
    said = json.loads(array.attrs[_KEPT])
    array.attrs = {key: store.decode(one) for key, one in said["attrs"].items()}
    array.name = said["name"]
    return array


def _local(given: Any) -> Path | None:
    """The path on this machine, None for anything else."""
    if not isinstance(given, str | os.PathLike):
        return None
    text = os.fspath(given)
    # "C:\..." has no "//".
    return None if not isinstance(text, str) or "://" in text else Path(text).expanduser()


def _fill(survey: xr.DataArray) -> Any:
    """The "no data" value in the type of the survey, None where there is none or it cannot occur."""
    nodata = survey.attrs.get("nodata")
    if nodata is None or survey.dtype.kind not in "iuf" or np.isnan(nodata):
        return None
    limits = np.iinfo(survey.dtype) if survey.dtype.kind in "iu" else None
    if limits is not None and not (limits.min <= nodata <= limits.max and float(nodata).is_integer()):
        return None
    return survey.dtype.type(nodata)


def _plain(attrs: Any) -> dict[str, Any]:
    """Attributes in types that NetCDF has: numbers, lists of them, text; sentences one below the other."""
    found: dict[str, Any] = {}
    for key, one in attrs.items():
        value = one.item() if isinstance(one, np.generic) else one
        if isinstance(value, bool):
            value = int(value)
        if isinstance(value, str | int | float):
            found[str(key)] = value
        elif isinstance(value, os.PathLike):
            found[str(key)] = os.fspath(value)
        elif isinstance(value, tuple | list | np.ndarray) and len(value):
            array = np.asarray(value) if not isinstance(value, np.ndarray) else value
            if array.dtype.kind in "iuf" and array.ndim == 1:
                found[str(key)] = array.tolist()
            elif array.dtype.kind == "U" and array.ndim == 1:
                found[str(key)] = "\n".join(map(str, array.tolist()))
    # What decoding would take for an order of its own.
    return {key: one for key, one in found.items() if key not in ("_FillValue", "missing_value", "scale_factor")}
