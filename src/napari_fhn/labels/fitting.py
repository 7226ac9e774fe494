"""What a survey takes of what is known: which kinds of files, and of these which options and columns."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import xarray as xr

from napari_fhn.labels import plugins
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.options import Option, options_of
from napari_fhn.surveys.kinds import is_line, is_map, is_seismic
from napari_fhn.surveys.numbers import VERTICAL

#: What goes down from the surface, and what it is called in a sentence.
_OF_DEPTH = {**dict.fromkeys(("wells", "tops", "deviation", "checkshots", "las"), "wells"), "horizon": "horizons"}
#: Options and columns of what is upright, which a map has not.
_UPRIGHT = ("z", "window", "twt", "owt", "time", "depth", "tvd", "tvdss")
#: Columns that tell where a trace is, and where a pixel is.
_OF_TRACES, _OF_PIXELS = ("inline", "crossline", "trace", "cdp"), ("row", "col")
_NAME_AXES = "Open it with the names of its axes, such as inline, crossline and twt, or trace and depth"


def fits(kind: str, survey: xr.DataArray | None) -> bool:
    """Whether a survey takes a kind of what is known: wells and horizons need time or depth.

    Parameters
    ----------
    kind : str
        One of `napari_fhn.labels.KINDS`.
    survey : xarray.DataArray or None
        None where there is none yet: then every kind may fit.
    """
    return survey is None or is_seismic(survey) or kind not in _OF_DEPTH or plugins.reader(kind) is not None


def check_fits(kind: str, survey: xr.DataArray | None, path: Path) -> None:
    """Refuse a kind of what is known that a survey does not take, before anybody is asked anything about it.

    Parameters
    ----------
    kind, survey
        As in :func:`fits`.
    path : Path
        The file, which leads the sentence.

    Raises
    ------
    LabelError
        With what it may be given as instead.
    """
    if survey is not None and not fits(kind, survey):
        raise LabelError(
            f"{_OF_DEPTH[kind]} label volumes and lines, and '{survey.name}' has no time or depth",
            "Give their places as points, with a class" if is_map(survey) else _NAME_AXES,
            path=path,
        )


def options_for(kind: str, survey: xr.DataArray | None) -> dict[str, Option]:
    """Return the options of a kind of file that mean something for a survey, by name.

    Parameters
    ----------
    kind : str
        One of `napari_fhn.labels.KINDS`.
    survey : xarray.DataArray or None
        As in :func:`fits`.
    """
    return {name: option for name, option in options_of(kind).items() if means_something(name, survey)}


def means_something(option: str, survey: xr.DataArray | None) -> bool:
    """Whether an option of files means something for a survey.

    Parameters
    ----------
    option : str
        One of `napari_fhn.labels.OPTIONS`.
    survey : xarray.DataArray or None
        As in :func:`fits`.
    """
    if survey is None:
        return True
    if option == "off_line_m":
        return is_line(survey)
    if option == "datum_m":
        return "depth" in survey.dims
    return option not in _UPRIGHT or is_seismic(survey)


def seen_as(survey: xr.DataArray) -> str:
    """Return what a survey is, for a sentence that says what means nothing to it."""
    if is_line(survey):
        what = "a line" if "depth" in survey.dims else "a line in time"
    elif is_seismic(survey):
        what = "a volume" if "depth" in survey.dims else "a volume in time"
    else:
        what = "a map" if is_map(survey) else "no volume or line with time or depth"
    return f"'{survey.name}', which is {what}"


def unit_of(option: Option, survey: xr.DataArray | None) -> str:
    """Return the unit of an option, for people: that of the survey's own axis, and pixels of a map, not traces."""
    if option.unit == "vertical":
        return "" if survey is None else VERTICAL.get(str(survey.dims[-1]), "")
    on_map = survey is not None and not is_seismic(survey)
    return "pixels" if option.unit == "traces" and on_map else option.unit


def roles_for(roles: Iterable[str], survey: xr.DataArray | None) -> tuple[str, ...]:
    """Return those of the roles of columns that tell something in a survey.

    Parameters
    ----------
    roles : iterable of str
        Out of `napari_fhn.labels.tables.vocabulary.ROLES`.
    survey : xarray.DataArray or None
        As in :func:`fits`.
    """
    if survey is None:
        return tuple(roles)
    if not is_seismic(survey):
        return tuple(role for role in roles if role not in (*_OF_TRACES, *_UPRIGHT))
    places = {role for group in Traces.of(survey).places() for role in group}
    others = (*_OF_PIXELS, *(role for role in _OF_TRACES if role not in places))
    return tuple(role for role in roles if role not in others)
