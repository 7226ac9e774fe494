"""Two or more dates of one place as one survey: the same grid, or brought onto it with a note that says how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from rasterio.enums import Resampling

from napari_fhn.sentence import counted
from napari_fhn.surveys.assemble import dated
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Concatenated, physical
from napari_fhn.surveys.maps.grids import COARSER, Grid, cell_metres, difference, grid_of, onto, source_of

#: Bands of two dates count as the same up to this difference in wavelength, in nanometres.
SAME_BAND = 2.0


def timelapse(
    surveys: Sequence[xr.DataArray], dates: Sequence[str] | None = None, *, reference: int = 0
) -> xr.DataArray:
    """Put the bands of several dates one after the other on the grid of one of them, still lazy.

    Parameters
    ----------
    surveys : sequence of xarray.DataArray
        Two or more rasters ``(band, y, x)``, as `napari_fhn.surveys.open` gives them, in the order of time.
    dates : sequence of str, optional
        What each is called; their names when absent.
    reference : int
        Which of them gives the grid.

    Returns
    -------
    xarray.DataArray
        ``(band, y, x)`` float32, NaN where a date has no value. Along ``band``: ``date``, ``band_name``
        ("2003: 660 nm"), and what all dates have of ``wavelength``, ``fwhm`` and ``good``. A band that is bad
        on one date is bad on all, where the dates have the same bands. ``attrs["sources"]`` are the files;
        ``attrs["notes"]`` says for each date whether it was resampled, from what and how.

    Raises
    ------
    SurveyError
        When there are fewer than two, one is no map, or their places on the map cannot be compared.
    """
    if len(surveys) < 2:
        raise SurveyError(
            source_of(surveys[0]) if surveys else "", "a time-lapse needs two dates", "Choose two or more"
        )
    labels = list(dates) if dates is not None else [str(one.name) for one in surveys]
    if len(labels) != len(surveys) or len(set(labels)) != len(labels):
        what = f"{len(surveys)} dates are called {', '.join(labels)}"
        raise SurveyError(source_of(surveys[0]), what, "Give each of them its own name")
    grid = grid_of(surveys[reference])
    notes: list[str] = []
    parts = []
    for k, (label, one) in enumerate(zip(labels, surveys, strict=True)):
        if one.dims != ("band", "y", "x"):
            raise SurveyError(
                source_of(one), f"its axes are {', '.join(map(str, one.dims))}", "Open it as (band, y, x)"
            )
        part, note = (physical(one), "") if k == reference else _aligned(one, label, grid, labels[reference])
        notes += [f"{label}: {said}" for said in one.attrs.get("notes", ()) if "map coordinates" not in said]
        notes += [note] if note else []
        parts.append(part)
    if not grid.placed:
        notes.append("The dates have no map coordinates; their grids are compared by rows and columns only.")
    bands = [_bands(one) for one in parts]
    notes += _reconciled(bands, labels)
    values = Concatenated(source_of(surveys[reference]), [part.variable for part in parts])
    first = parts[reference]
    coords = {name: first.coords[name] for name in ("y", "x", "spatial_ref") if name in first.coords}
    counts = [part.sizes["band"] for part in parts]
    result = xr.DataArray(values.variable(("band", "y", "x")), coords=coords, name=" and ".join(labels))
    result = result.assign_coords({"band": ("band", np.arange(1, sum(counts) + 1)), **dated(bands, labels, counts)})
    result.attrs.update(
        source="",
        sources=tuple(str(one.attrs.get("source", "")) for one in surveys),
        kind="hyperspectral" if "wavelength" in result.coords else "maps",
        format=f"time-lapse of {counted(len(surveys), 'dates')}",
        nodata=None,
        notes=tuple(notes),
    )
    return result


def _aligned(survey: xr.DataArray, label: str, grid: Grid, reference: str) -> tuple[xr.DataArray, str]:
    """Return a date on the grid of the reference, and a note where it had to be resampled."""
    own = grid_of(survey)
    differs = difference(grid, own)
    if not differs:
        return physical(survey), ""
    if not (own.placed and grid.placed):
        raise SurveyError(
            source_of(survey),
            f"it has {own}, while {reference} has {grid}: nothing says how they lie on each other",
            "Save both with map coordinates, or cut them to the same rows and columns",
        )
    # Where many cells fall into one, their mean is what a coarser sensor would have seen.
    coarser = cell_metres(grid) > COARSER * cell_metres(own)
    how, word = (Resampling.average, "by averaging") if coarser else (Resampling.bilinear, "bilinearly")
    moved = onto(survey, grid, how)
    covered = float(np.isfinite(np.asarray(moved[0])).mean())
    if not covered:
        raise SurveyError(source_of(survey), f"it does not overlap {reference}", "Choose scenes of the same place")
    gaps = "" if covered > 0.9995 else f"; {100 * (1 - covered):.1f} % of the cells have no value there"
    return moved, f"{label} lies on another grid ({differs}) and was resampled {word} onto {grid}{gaps}."


def _bands(survey: xr.DataArray) -> dict[str, Any]:
    return {
        str(name): ("band", np.asarray(one), dict(one.attrs))
        for name, one in survey.coords.items()
        if one.dims == ("band",) and name != "band"
    }


def _reconciled(bands: list[dict[str, Any]], labels: Sequence[str]) -> list[str]:
    """Make a band that is bad on one date bad on all; say so, or that the dates have unlike bands."""
    counts = {len(next(iter(one.values()))[1]) if one else 0 for one in bands}
    waves = [one["wavelength"][1] for one in bands if "wavelength" in one]
    if len(counts) > 1 or (waves and len({len(one) for one in waves}) > 1):
        return ["The dates have unlike numbers of bands."]
    if waves and max(np.abs(one - waves[0]).max() for one in waves) > SAME_BAND:
        apart = max(np.abs(one - waves[0]).max() for one in waves)
        return [f"The bands of the dates differ by up to {apart:.0f} nm in wavelength."]
    flags = [one["good"][1] for one in bands if "good" in one]
    if not flags:
        return []
    good = np.logical_and.reduce(flags)
    changed = [
        label for label, one in zip(labels, bands, strict=True) if (one.get("good", (0, ~good))[1] != good).any()
    ]
    for one in bands:
        one["good"] = ("band", good, {"long_name": "not on the bad-band list of any date"})
    if not changed:
        return []
    left = counted(int((~good).sum()), "bands that are bad on one date are", "band that is bad on one date is")
    return [f"{left} left out on all."]
