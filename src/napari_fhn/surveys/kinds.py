"""What kind of data a survey is: said by its attributes, the names of its axes and their units, never by their number.

A seismic line and a map both have two axes, a cube and a volume both have three; what can be done with them differs.
"""

from __future__ import annotations

from typing import Literal

import xarray as xr

DataKind = Literal["seismic volume", "seismic line", "map", "cube", "volume", "array"]
"""Kinds of data.

* ``"seismic volume"``: inlines, crosslines, and two-way time, depth or samples;
* ``"seismic line"``: traces one after another (or one inline, or one crossline), and two-way time, depth or samples;
* ``"map"``: rows and columns, with or without bands, which may be maps of a stack or dates; or a time slice;
* ``"cube"``: rows and columns, with bands that have wavelengths;
* ``"volume"``: three named axes of space, none of them known to be vertical to a seismic survey;
* ``"array"``: axes whose meaning is not known, and has to be asked for.
"""

CHANNEL = "band"
"""Name of the axis that is no axis of space."""

VERTICAL = ("twt", "depth", "sample")
"""Names of vertical axes: two-way time, depth, and samples of which nobody said how far apart they are."""

_LATERAL = ("inline", "crossline", "trace")
"""Names of the lateral axes of seismic data."""


def kind_of(survey: xr.DataArray) -> DataKind:
    """Return what kind of data a survey is.

    Parameters
    ----------
    survey : xarray.DataArray
        As :func:`napari_fhn.surveys.open` gives it, or any other with named axes.

    Returns
    -------
    {"seismic volume", "seismic line", "map", "cube", "volume", "array"}
        A volume of one inline or crossline is still a volume: the lengths of axes tell nothing. A SEG-Y file with a
        single inline is opened as a line.
    """
    dims = spatial_dims(survey)
    vertical = [dim for dim in dims if dim in VERTICAL]
    lateral = [dim for dim in dims if dim in _LATERAL]
    others = [dim for dim in dims if dim not in VERTICAL and dim not in _LATERAL]
    if len(vertical) == 1 and not others and CHANNEL not in survey.dims:
        if set(lateral) == {"inline", "crossline"}:
            return "seismic volume"
        if len(lateral) == 1:
            return "seismic line"
    if not vertical and not others and set(lateral) == {"inline", "crossline"}:
        return "map"
    if {"y", "x"} <= set(dims):
        if len(dims) == 2:
            return "cube" if _is_spectral(survey) else "map"
        return "volume"
    # Axes of space and time that are none of a seismic survey's, such as (trace, y, twt), or one of them with bands.
    return "volume" if len(dims) == 3 and len(vertical) == 1 and (lateral or {"y", "x"} & set(dims)) else "array"


def is_seismic(survey: xr.DataArray) -> bool:
    """Whether a survey is seismic data: a volume, or a line.

    Parameters
    ----------
    survey : xarray.DataArray
        As in :func:`kind_of`.
    """
    return kind_of(survey) in ("seismic volume", "seismic line")


def is_line(survey: xr.DataArray) -> bool:
    """Whether a survey is a seismic line: an upright section, with traces from side to side and time downwards.

    Parameters
    ----------
    survey : xarray.DataArray
        As in :func:`kind_of`.
    """
    return kind_of(survey) == "seismic line"


def is_map(survey: xr.DataArray) -> bool:
    """Whether a survey is seen from above: a map with or without bands, or a cube of spectra.

    Parameters
    ----------
    survey : xarray.DataArray
        As in :func:`kind_of`.
    """
    return kind_of(survey) in ("map", "cube")


def spatial_dims(survey: xr.DataArray) -> tuple[str, ...]:
    """Return the names of the axes of what is labelled and predicted: every axis of a survey but its bands.

    Parameters
    ----------
    survey : xarray.DataArray
        As in :func:`kind_of`.
    """
    return tuple(str(dim) for dim in survey.dims if dim != CHANNEL)


def spatial_shape(survey: xr.DataArray) -> tuple[int, ...]:
    """Return the shape of what is labelled and predicted: every axis of a survey but its bands.

    Parameters
    ----------
    survey : xarray.DataArray
        As in :func:`kind_of`.
    """
    return tuple(int(survey.sizes[dim]) for dim in spatial_dims(survey))


def vertical_axis(survey: xr.DataArray) -> int | None:
    """Return which spatial axis of a survey is two-way time, depth, or samples.

    Parameters
    ----------
    survey : xarray.DataArray
        As in :func:`kind_of`.

    Returns
    -------
    int or None
        Counted without the band axis; None for maps, and for arrays whose axes have no names.
    """
    return next((axis for axis, dim in enumerate(spatial_dims(survey)) if dim in VERTICAL), None)


def trace_axis(survey: xr.DataArray) -> int | None:
    """Return the lateral axis of a seismic line; None for any other kind.

    Parameters
    ----------
    survey : xarray.DataArray
        As in :func:`kind_of`.
    """
    vertical = vertical_axis(survey)
    return 1 - vertical if is_line(survey) and vertical is not None else None


def _is_spectral(survey: xr.DataArray) -> bool:
    return CHANNEL in survey.dims and ("wavelength" in survey.coords or survey.attrs.get("kind") == "hyperspectral")
