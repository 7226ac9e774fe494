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


@dataclass(frozen=True, eq=False)
class ClassSpectrum:
    """What the labelled pixels of a class have in common.

    Attributes
    ----------
    mean, low, high : Spectrum
        Mean, 10th and 90th percentile at each wavelength, over the same bands.
    pixels : int
        How many were read.
    """

    mean: Spectrum
    low: Spectrum
    high: Spectrum
    pixels: int

    @property
    def pieces(self) -> list[slice]:
        """Where the curve is whole, from gap to gap, and longer than one band."""
        known = np.concatenate(([False], np.isfinite(self.mean.values), [False]))
        edges = np.flatnonzero(np.diff(known.astype(int)))
        return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]


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


def class_spectra(survey: xr.DataArray, labels: NDArray[np.uint8], most: int = 64) -> dict[int, ClassSpectrum]:
    """Read the labelled pixels of each class, or as many of them, evenly spread.

    Parameters
    ----------
    survey : xarray.DataArray
        One that `has_spectra`.
    labels : ndarray of uint8
        ``(y, x)``; 0 is unlabelled.
    most : int
        Pixels of a class to read at most.

    Returns
    -------
    dict
        By class; pixels without any value do not count, and classes without pixels are left out.
    """
    found: dict[int, ClassSpectrum] = {}
    flat = np.asarray(labels).reshape(-1)
    for value in np.unique(flat[flat > 0]).tolist():
        places = np.flatnonzero(flat == value)
        places = places[np.linspace(0, places.size - 1, min(places.size, most)).round().astype(int)]
        curves = [spectrum(survey, *divmod(int(place), labels.shape[1])) for place in places]
        values = np.stack([curve.values for curve in curves])
        values = values[np.isfinite(values).any(axis=1)]
        if not len(values):
            continue
        known = np.isfinite(values).any(axis=0)
        mean, low, high = (np.full(values.shape[1], np.nan) for _ in range(3))
        mean[known] = np.nanmean(values[:, known], axis=0)
        low[known], high[known] = np.nanpercentile(values[:, known], (10, 90), axis=0)
        waves = curves[0].wavelengths
        found[value] = ClassSpectrum(Spectrum(waves, mean), Spectrum(waves, low), Spectrum(waves, high), len(values))
    return found
