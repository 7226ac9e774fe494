"""Wells beside a section, brought onto it square to the section: how far away each is, and where it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.wells import tracks
from napari_fhn.labels.wells.well import DeviatedWell, Well
from napari_fhn.surveys.geometry import SurveyGeometry

_ON_IT = 0.5
"""Bins from the section within which a well runs through it."""


@dataclass(frozen=True, eq=False)
class Projected:
    """The part of a well that is near a section.

    Attributes
    ----------
    name : str
        Of the well.
    metres : float
        From the section to the nearest place of it.
    path : ndarray of float64, shape (n, 3)
        Inline, crossline and sample as indices, on the section.
    """

    name: str
    metres: float
    path: NDArray[np.float64]


def projected(
    wells: Iterable[Well | DeviatedWell], survey: xr.DataArray, axis: int, index: int, within: float
) -> list[Projected]:
    """Return the wells that run near an inline or a crossline, but not through it.

    Parameters
    ----------
    wells : iterable of Well or DeviatedWell
        All of them; those without a place are left out.
    survey : xarray.DataArray
        A volume with a place on the map, without which nobody knows how far bins are apart.
    axis, index : int
        0 for an inline, 1 for a crossline, and which.
    within : float
        How far away they may be, in metres.

    Returns
    -------
    list of Projected
        The nearest first.
    """
    geometry = survey.attrs.get("geometry")
    if survey.ndim != 3 or axis not in (0, 1) or within <= 0 or not isinstance(geometry, SurveyGeometry):
        return []
    # Square to inlines and crosslines: bins may lie askew.
    steps = np.array([geometry.inline_step, geometry.crossline_step])
    area = abs(float(np.linalg.det(steps)))
    width = area / float(np.hypot(*steps[1 - axis])) * (geometry.bin_size[axis] / float(np.hypot(*steps[axis])))
    found = []
    for well in wells:
        path = tracks.track(well, survey)
        if path is None:
            continue
        bins = np.abs(path[:, axis] - index)
        near = bins * width <= within
        if not near.any() or bins.min() < _ON_IT:
            continue
        first, last = np.flatnonzero(near)[[0, -1]]
        part = path[first : last + 1].copy()
        part[:, axis] = index
        found.append(Projected(well.name, float(bins.min() * width), part))
    return sorted(found, key=lambda one: one.metres)
