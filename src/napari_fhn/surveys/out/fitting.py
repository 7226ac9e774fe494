"""What an interpreter takes from a prediction, and of which kinds of survey: the one rule of all ways out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from napari_fhn.surveys import kinds
from napari_fhn.surveys.errors import SurveyError

_VOLUME = 3
_DOWNWARDS = ("horizon", "thickness")


def is_raster(survey: xr.DataArray) -> bool:
    """Whether a survey has rows and columns on a map."""
    return kinds.spatial_dims(survey) == ("y", "x")


def without_bands(survey: xr.DataArray) -> xr.DataArray:
    """Return the grid that classes of a survey lie on: the survey itself, or one of its bands."""
    return survey.isel({kinds.CHANNEL: 0}, drop=True) if kinds.CHANNEL in survey.dims else survey


def unfit(what: str, survey: xr.DataArray) -> tuple[str, str] | None:
    """Say why something is not written of a survey, and what is; None where it can be.

    Parameters
    ----------
    what : str
        ``"horizon"``, ``"thickness"``, ``"mesh"`` or ``"polygons"``; anything else is written of every survey.
    survey : xarray.DataArray
        On whose grid it would be written.

    Examples
    --------
    >>> from napari_fhn import sample_data, surveys
    >>> unfit("polygons", surveys.open(sample_data.SEISMIC.survey))[0]
    'polygons are the areas of the classes of a map, and the survey is a volume'
    """
    size, vertical = len(kinds.spatial_shape(survey)), kinds.vertical_axis(survey)
    downwards = vertical == size - 1
    fits = {
        "polygons": (is_raster(survey), "polygons are the areas of the classes of a map"),
        # Of a volume without time or depth too: what its axes are is said in the file.
        "mesh": (size == _VOLUME, "a mesh is the surface of a class in a volume"),
        **{one: (downwards, f"a {one} is found on the way down") for one in _DOWNWARDS},
    }
    if what not in fits or fits[what][0]:
        return None
    if is_raster(survey):
        seen, instead = "a map", "Write the areas of its classes as polygons"
    elif vertical is not None and not downwards and what in _DOWNWARDS:
        seen, instead = "one whose last axis is neither time nor depth", "Turn its axes"
    elif vertical is not None and size == _VOLUME:
        seen, instead = "a volume", f"Write the surface of a class as a mesh{', or a horizon' if downwards else ''}"
    elif vertical is not None:
        seen, instead = "a line", f"Write {'a horizon, or ' if downwards else ''}its classes"
    else:
        seen = "a slice of a volume" if kinds.is_map(survey) else "neither a line nor a volume with time or depth"
        instead = "Write its classes, or the bodies of one"
    return f"{fits[what][1]}, and the survey is {seen}", instead


def check(path: Path, what: str, shape: Sequence[int], survey: xr.DataArray) -> xr.DataArray:
    """Refuse what is not written of a survey, and classes that do not lie on its grid.

    Parameters
    ----------
    path : Path
        The file that would be written.
    what, survey
        As in `unfit`.
    shape : sequence of int
        Of the classes.

    Returns
    -------
    xarray.DataArray
        The grid that they lie on: the survey without its bands.

    Raises
    ------
    SurveyError
        With what is written of such a survey.
    """
    wrong = unfit(what, survey)
    if wrong is not None:
        raise SurveyError(path, *wrong)
    own = kinds.spatial_shape(survey)
    if tuple(shape) != own:
        given, wanted = (" x ".join(map(str, one)) for one in (shape, own))
        raise SurveyError(path, f"there are classes for {given}, and the survey has {wanted}", "Give its own")
    return without_bands(survey)
