"""The values of horizons: onto a survey's vertical axis, and at its traces."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.tables.units import METRES, MILLISECONDS
from napari_fhn.labels.wells.vertical import check_unit

#: Given units that make sense, and one with what speaks for it, says which it is.
Unit = Callable[[tuple[str, ...], tuple[str, str] | None], str]


def on_axis(
    z: NDArray[np.float64], unit: Unit, survey: xr.DataArray, down: str | None, path: Path
) -> NDArray[np.float64]:
    """Bring depths, elevations or times to a survey's vertical axis, growing downwards.

    Parameters
    ----------
    z : ndarray of float64
        As the file has them.
    unit : callable
        Given the units that make sense, and the one that evidence speaks for with the reason, says which it is.
    survey : xarray.DataArray
        Whose vertical axis it is.
    down : {"down", "up"} or None
        Which way they grow, where a person has said it.
    path : Path
        The file that sentences are about.

    Returns
    -------
    ndarray of float64
        Milliseconds or metres.

    Raises
    ------
    Undeclared
        With option ``"z"``, when it is not clear which way they grow.
    LabelError
        When the survey's vertical axis has no unit.
    """
    axis = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    check_unit(survey.dims, path)
    if survey.dims[-1] not in ("twt", "depth"):
        raise LabelError(
            f"the survey's vertical axis counts {survey.dims[-1]}s, so times have no place on it",
            "Open it with its sample interval",
            path=path,
        )
    if down is None:
        if (z < 0).any() and (z > 0).any() and not ((z >= axis[0]) & (z <= axis[-1])).mean() > 0.99:
            raise Undeclared(
                f"its values go from {np.nanmin(z):g} to {np.nanmax(z):g}, so that it is not clear which way they grow",
                "Say whether they grow down or up",
                option="z",
                choices=("down", "up"),
                path=path,
            )
        if np.nanmax(z, initial=-np.inf) <= 0 > np.nanmin(z, initial=np.inf):
            _warn(f"{path.name}: its values are negative, growing upwards, and were turned.")
            z = -z
    elif down == "up":
        z = -z
    in_time = survey.dims[-1] == "twt"
    factors = {u: f for u, f in (MILLISECONDS if in_time else METRES).items() if u in ("ms", "s", "m", "ft")}
    # In metres and feet much the same depths lie on the axis; times in ms and s never do.
    return z * factors[unit(tuple(factors), only_unit(z, factors, survey) if in_time else None)]


def only_unit(z: NDArray[np.float64], factors: Mapping[str, float], survey: xr.DataArray) -> tuple[str, str] | None:
    """Return the unit in which alone values lie on the vertical axis of a survey, and that this is so.

    Parameters
    ----------
    z : ndarray of float64
        As a file has them.
    factors : mapping of str to float
        Of each unit that makes sense, in the unit of the axis.
    survey : xarray.DataArray
        Whose vertical axis it is.

    Returns
    -------
    (str, str) or None
        None where several do, or none does.
    """
    axis = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    inside = {
        u: float(((z * f >= axis[0]) & (z * f <= axis[-1])).mean()) if z.size else 0.0 for u, f in factors.items()
    }
    able = [u for u, share in inside.items() if share >= 0.8]
    return (able[0], "only so they lie on the survey's vertical axis") if len(able) == 1 else None


def surface(grid: NDArray[np.float64], survey: xr.DataArray, name: str, path: Path, picks: int) -> xr.DataArray:
    """Return values at the traces of a survey as a horizon, with its unit, its file and the number of its picks."""
    lateral = survey.dims[:-1]
    in_time = survey.dims[-1] == "twt"
    return xr.DataArray(
        grid,
        dims=lateral,
        coords={dim: survey[dim] for dim in lateral},
        name=name,
        attrs={
            "units": "ms" if in_time else "m",
            "long_name": "two-way time" if in_time else "depth",
            "source": str(path.absolute()),
            "n_picks": picks,
        },
    )


def _warn(words: str) -> None:
    warnings.warn(words, LabelWarning, stacklevel=5)
