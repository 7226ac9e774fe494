"""Horizons as labels: what lies between them, or a band around one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.classes.class_table import ClassTable
from napari_fhn.labels.errors import LabelError, LabelWarning
from napari_fhn.sentence import counted

#: As with wells: a sample this close above an edge, in samples, counts as on it.
_ON_THE_EDGE = 1e-6


def burn_zones(
    surfaces: Sequence[xr.DataArray],
    names: Sequence[str | None],
    survey: xr.DataArray,
    table: ClassTable,
    out: NDArray[Any],
    *,
    overwrite: bool = False,
) -> int:
    """Label what lies above, between and below horizons.

    A sample belongs below a horizon from the horizon's own time on. Zones next to a horizon stay unlabelled where it
    has no pick, and so do traces on which the horizons cross.

    Parameters
    ----------
    surfaces : sequence of xarray.DataArray
        From top to bottom, as `napari_fhn.labels.horizons.picks.read_horizon` gives them.
    names : sequence of str or None
        One class more than there are horizons: above the first, between each two, below the last; None or "" leaves
        a zone unlabelled.
    survey : xarray.DataArray
        Whose labels they become; dims of the surfaces and a vertical axis.
    table : ClassTable
        The classes.
    out : ndarray or memmap of uint8, shape of `survey`
        Written in place.
    overwrite : bool, optional
        Replace labels that are already there. By default only unlabelled voxels are filled.

    Returns
    -------
    int
        Number of voxels written.

    Raises
    ------
    LabelError
        Before anything is written: when the number of names is wrong, a class is unknown, or the grids differ.
    """
    if not surfaces or len(names) != len(surfaces) + 1:
        part = counted(len(surfaces), "horizons part", "horizon parts")
        raise LabelError(
            f"{part} {counted(len(surfaces) + 1, 'zones')}, and {counted(len(names), 'are named', 'is named')}",
            "Name one class for each, and leave empty what should stay unlabelled",
        )
    values = [0 if not name else table.value_of(name) for name in names]
    picks = _checked(surfaces, survey, out)
    n = survey.shape[-1]
    edges = np.stack([_first_sample(pick, survey) for pick in picks], axis=-1)
    with np.errstate(invalid="ignore"):
        crossing = (np.diff(edges, axis=-1) < 0).any(axis=-1)
    if crossing.any():
        words = f"The horizons cross at {counted(int(crossing.sum()), 'traces')}, which were left unlabelled."
        warnings.warn(words, LabelWarning, stacklevel=2)
        edges[crossing] = np.nan
    ends = np.concatenate([np.zeros((*edges.shape[:-1], 1)), edges, np.full((*edges.shape[:-1], 1), float(n))], axis=-1)
    written = 0
    for k, value in enumerate(values):
        if value:
            written += _fill(ends[..., k], ends[..., k + 1], value, out, overwrite)
    return written


def burn_band(
    surface: xr.DataArray,
    class_name: str,
    thickness: float,
    survey: xr.DataArray,
    table: ClassTable,
    out: NDArray[Any],
    *,
    overwrite: bool = False,
) -> int:
    """Label a band around a horizon.

    Parameters
    ----------
    surface : xarray.DataArray
        As `napari_fhn.labels.horizons.picks.read_horizon` gives it.
    class_name : str
        The class.
    thickness : float
        Of the band, in the unit of the survey's vertical axis (ms or m), half of it above and half below; the sample
        nearest to the horizon is always labelled.
    survey, table, out, overwrite
        As in `burn_zones`.

    Returns
    -------
    int
        Number of voxels written.

    Raises
    ------
    LabelError
        Before anything is written: when the thickness is negative, the class is unknown, or the grids differ.
    """
    if not 0 <= thickness < np.inf:
        raise LabelError(f"a band cannot be {thickness:g} thick", "Give a thickness from 0")
    value = table.value_of(class_name)
    (pick,) = _checked([surface], survey, out)
    axis = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    step = axis[1] - axis[0] if axis.size > 1 else 1.0
    nearest = np.floor((pick - axis[0]) / step + 0.5)
    half = thickness / 2
    start = np.fmin(_first_sample(pick - half, survey, clip=False), nearest)
    stop = np.fmax(np.floor((pick + half - axis[0]) / step + _ON_THE_EDGE) + 1, nearest + 1)
    return _fill(start, stop, value, out, overwrite)


def _checked(surfaces: Sequence[xr.DataArray], survey: xr.DataArray, out: NDArray[Any]) -> list[NDArray[np.float64]]:
    if out.shape != survey.shape:
        raise LabelError(
            f"horizons need labels of the survey's shape {survey.shape}, not {out.shape}",
            "Burn them into the label volume of the survey",
        )
    for surface in surfaces:
        if surface.dims != survey.dims[:-1] or surface.shape != survey.shape[:-1]:
            raise LabelError(
                f"horizon '{surface.name}' lies on a grid of {surface.shape} traces, and the survey has "
                f"{survey.shape[:-1]}",
                "Read it onto this survey",
            )
    return [np.asarray(surface, dtype=np.float64) for surface in surfaces]


def _first_sample(pick: NDArray[np.float64], survey: xr.DataArray, clip: bool = True) -> NDArray[np.float64]:
    """Index of the first sample at or below a time, NaN where there is none; from 0 to the number of samples."""
    axis = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    step = axis[1] - axis[0] if axis.size > 1 else 1.0
    first = np.ceil((pick - axis[0]) / step - _ON_THE_EDGE)
    return np.asarray(np.clip(first, 0, axis.size) if clip else first)


def _fill(
    start: NDArray[np.float64],
    stop: NDArray[np.float64],
    value: int,
    out: NDArray[Any],
    overwrite: bool,
) -> int:
    """Write a value from a first to a last sample (exclusive) on each trace; row by row, for volumes beyond memory."""
    sample = np.arange(out.shape[-1])
    written = 0
    rows = out if out.ndim == 3 else out[None]
    begin, end = (part if out.ndim == 3 else part[None] for part in (start, stop))
    for row, a, b in zip(rows, begin, end, strict=True):
        able = np.isfinite(a) & np.isfinite(b) & (b > a)
        if not able.any():
            continue
        part = row[able]
        write = (sample >= a[able, None]) & (sample < b[able, None])
        if not overwrite:
            write &= part == 0
        part[write] = value
        row[able] = part
        written += int(write.sum())
    return written
