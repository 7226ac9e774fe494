"""What is known of surveys that attributes go by: axes in their units, bands by name, wavelength and date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.structure.attributes import Band, Facts, Step
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.plain import good_bands


def bands_of(name: str, survey: xr.DataArray) -> tuple[Band, ...]:
    """Return what is known of the good bands of a survey; of itself, where it has none.

    Parameters
    ----------
    name : str
        As the person calls the survey.
    survey : xarray.DataArray
        As `napari_fhn.surveys.open` gives it.

    Examples
    --------
    >>> scene = xr.DataArray(np.zeros((2, 3, 3)), dims=("band", "y", "x"))
    >>> scene = scene.assign_coords(wavelength=("band", [660.0, 830.0]))
    >>> [band.wavelength for band in bands_of("scene", scene)]
    [660.0, 830.0]
    """
    if "band" not in survey.dims:
        return (Band(name),)
    names = _along(survey, "band_name")
    waves = _along(survey, "wavelength")
    dates = _along(survey, "date")
    scales, offsets = _along(survey, "scale"), _along(survey, "offset")
    alone = survey.sizes["band"] == 1
    found = []
    for k in good_bands(survey):
        wave = None if waves is None else float(waves[k])
        found.append(
            Band(
                name if alone or names is None or not str(names[k]).strip() else str(names[k]).strip(),
                wave if wave is not None and np.isfinite(wave) and wave > 0 else None,
                "" if dates is None else str(dates[k]),
                1.0 if scales is None else float(scales[k]),
                0.0 if offsets is None else float(offsets[k]),
            )
        )
    # A band that is called as its survey says nothing of itself.
    return tuple(found) if alone or names is not None else tuple(replace(band, name="") for band in found)


def facts_of(surveys: SurveySet, vertical_axis: int | None = None) -> Facts:
    """Return what is known of surveys.

    Parameters
    ----------
    surveys : SurveySet
        Opened.
    vertical_axis : int, optional
        The one that a person chose, where they name none.
    """
    each = [(name, bands_of(name, survey)) for name, survey in zip(surveys.names, surveys.surveys, strict=True)]
    return facts_on(surveys.grid, each, surveys.vertical(vertical_axis))


def facts_on(grid: Grid, surveys: Sequence[tuple[str, Sequence[Band]]], vertical_axis: int | None) -> Facts:
    """Return what is known of surveys on a grid.

    Parameters
    ----------
    grid : Grid
        Of all of them.
    surveys : sequence of (str, sequence of Band)
        What each is called, and its bands.
    vertical_axis : int or None
        Axis of time or depth.
    """
    steps = tuple(Step() if axis.counted else Step(axis.step, axis.unit) for axis in grid.axes)
    several = len(surveys) > 1 and all(len(bands) > 1 for _, bands in surveys)
    bands: list[Band] = []
    for name, own in surveys:
        # Surveys of the same bands on one grid are its dates.
        bands += [replace(band, date=name) if several and not band.date else band for band in own]
    return Facts(grid.shape, steps, tuple(bands), vertical_axis)


def _along(survey: xr.DataArray, name: str) -> Any:
    if name not in survey.coords or survey[name].dims not in (("band",), ()):
        return None
    values = np.asarray(survey[name])
    return np.broadcast_to(values, survey.sizes["band"])
