"""The spectrum of one pixel, as a plot has it: wavelengths, values, gaps where there is nothing to show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.lazy import physical

_GAP = 4.0
"""A step this many times wider than is usual parts the curve: bands between were taken out."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """One curve.

    Attributes
    ----------
    wavelengths : ndarray of float64
        In nanometres, ascending.
    values : ndarray of float64
        As they are meant, scale and offset applied. NaN, where the curve is parted: bad bands and missing values.
    """

    wavelengths: NDArray[np.float64]
    values: NDArray[np.float64]


def has_spectra(survey: xr.DataArray) -> bool:
    """Whether the pixels of a survey have spectra: bands with wavelengths."""
    return {"band", "y", "x"} == set(survey.dims) and survey.sizes["band"] > 2 and "wavelength" in survey.coords


def spectrum(survey: xr.DataArray, row: int, column: int) -> Spectrum:
    """Read one pixel in all bands, and nothing else.

    Parameters
    ----------
    survey : xarray.DataArray
        One that `has_spectra`.
    row, column : int
        Of the pixel.

    Returns
    -------
    Spectrum
        Without the bands on the bad-band list.
    """
    waves = np.asarray(survey["wavelength"], np.float64)
    good = np.asarray(survey["good"], bool) if "good" in survey.coords else np.ones(waves.size, bool)
    pixel = physical(survey.transpose("band", "y", "x")).isel(y=slice(row, row + 1), x=slice(column, column + 1))
    values = np.asarray(pixel, np.float64).reshape(-1)
    values[~good] = np.nan
    order = np.argsort(waves, kind="stable")
    waves, values, good = waves[order], values[order], good[order]
    if waves.size < 2:
        return Spectrum(waves, values)
    # Bands that were taken out of the file leave a gap as those on the list do.
    steps = np.diff(waves)
    wide = np.flatnonzero(steps > _GAP * np.median(steps))
    middle = waves[wide] + steps[wide] / 2
    return Spectrum(np.insert(waves, wide + 1, middle), np.insert(values, wide + 1, np.nan))
