"""Horizons of a source: what its file leaves open is a question about the source."""

from __future__ import annotations

from typing import Any

import xarray as xr

from napari_fhn.labels.horizons.picks import read_horizon, read_horizons
from napari_fhn.labels.sources import Source, asking, places_of


def read_surfaces(source: Source, survey: xr.DataArray) -> list[xr.DataArray]:
    """Read the horizons of a source, from top to bottom.

    Raises
    ------
    Question
        When a person must say something about the file.
    LabelError
        With what is wrong and the way out.
    """
    found = asking(source, lambda: read_horizons(source.table(), survey, only=_name(source), **_of_horizons(source)))
    return sorted(found.values(), key=lambda surface: float(surface.mean()))


def read_picked(source: Source, survey: xr.DataArray) -> xr.DataArray:
    """Read the one horizon of a source; which, where it holds several, is a question too.

    Raises
    ------
    Question
        When a person must say something about the file.
    LabelError
        With what is wrong and the way out.
    """
    return asking(source, lambda: read_horizon(source.table(), survey, _name(source), **_of_horizons(source)))


def _name(source: Source) -> str | None:
    name: str | None = source.options.get("name")
    return name


def _of_horizons(source: Source) -> dict[str, Any]:
    return {
        "columns": source.columns,
        "units": source.units,
        "z": source.options.get("z"),
        "gap_traces": source.options.get("gap_traces", 0.0),
        **places_of(source),
    }
