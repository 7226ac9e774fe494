"""Surveys as a person gives them in Python: files, samples, arrays of xarray or numpy, with names or without."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import leftovers
from napari_fhn.project.data import samples
from napari_fhn.project.data.together import Together, open_together
from napari_fhn.surveys.arrays import npy
from napari_fhn.surveys.axes import known_axes

Survey = str | Path | xr.DataArray | NDArray[Any]
Surveys = Survey | Sequence[Survey] | Mapping[str, Survey]


def named_surveys(surveys: Surveys) -> list[tuple[str, Survey]]:
    """Return surveys with the names that a person gave them, empty where none."""
    if isinstance(surveys, Mapping):
        return [(str(name), survey) for name, survey in surveys.items()]
    if isinstance(surveys, str | Path | xr.DataArray | np.ndarray):
        return [("", surveys)]
    return [("", survey) for survey in surveys]


def opened(
    named: Sequence[tuple[str, Survey]],
    categorical: Sequence[str | Path],
    map_field: str | None,
    reading: Mapping[str, Any],
) -> Together:
    """Open surveys that are worked on together."""
    items: list[str | Path | xr.DataArray] = []
    axes = _axes(reading)
    reading = reading if axes is None else {**reading, "axes": axes}
    for name, survey in named:
        if isinstance(survey, str | Path):
            items += samples.survey_files([survey])
        elif isinstance(survey, xr.DataArray):
            items.append(survey if not name else survey.rename(name))
        else:
            items.append(npy.of_array(survey, axes, name or "array"))
    heeded = ("axes",) if any(isinstance(survey, np.ndarray) for _, survey in named) else ()
    found = open_together(items, categorical=categorical, map_field=map_field, reading=reading, heeded=heeded)
    given = [name for name, _ in named]
    if all(given) and len(given) == len(found.surveys.names):
        found = replace(found, surveys=replace(found.surveys, names=tuple(given)))
    return found


def _axes(reading: Mapping[str, Any]) -> tuple[str, ...] | None:
    said = reading.get("axes")
    if said is None:
        return None
    return tuple(one.strip() for one in (said.split(",") if isinstance(said, str) else said))


def order_of(named: Sequence[tuple[str, Survey]], reading: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the axes of space of arrays of numpy in the order in which a person named them; empty for others."""
    axes = _axes(reading)
    if axes is None or not any(isinstance(survey, np.ndarray) for _, survey in named):
        return ()
    return tuple(name for name in known_axes(axes) if name not in ("band", "date"))


def in_order(values: Any, order: Sequence[str], dims: Sequence[str]) -> Any:
    """Return an array of numpy, whose axes lie as a person named them, with the axes of the survey."""
    if isinstance(values, xr.DataArray) or tuple(order) == tuple(dims) or set(order) != set(dims):
        return values
    found = np.asarray(values)
    return found.transpose([order.index(dim) for dim in dims]) if found.ndim == len(order) else found


def session_folder(
    session: str | Path | None, named: Sequence[tuple[str, Survey]]
) -> tuple[Path, tempfile.TemporaryDirectory[str] | None]:
    """Return the folder of a session, and the temporary one that it lies in."""
    if session is not None:
        return Path(session).absolute(), None
    first = named[0][1] if named else None
    if isinstance(first, str | Path):
        return Path(f"{samples.survey_files([first])[0].stem}.fhn").absolute(), None
    own = leftovers.temporary()
    return Path(own.name) / "work.fhn", own


def sample_name(named: Sequence[tuple[str, Survey]]) -> str:
    """Return the name of a bundled sample that was given alone, empty where another thing was."""
    alone = named[0][1] if len(named) == 1 else None
    return alone if isinstance(alone, str) and samples.is_sample(alone) else ""
