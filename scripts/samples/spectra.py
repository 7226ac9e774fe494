"""The spectra of the hyperspectral sample: the sensor's bands, and what each material looks like in them.

Every endmember is a smooth curve with the absorptions that matter to a remote-sensing eye: chlorophyll and
the red edge, leaf water at 970 and 1200 nm, cellulose at 2100 nm, clay at 2200 nm. Wavelengths are
nanometres, reflectances are fractions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Spectrum = NDArray[np.float64]

VAPOUR_GAPS = ((1350.0, 1450.0), (1800.0, 1950.0))
"""Wavelengths (nm) the atmosphere swallows; the sensor's bands there are not delivered."""

GREEN, YOUNG, DRY, LOAM, DARK_SOIL, WATER, TREES, ASPHALT = range(8)
"""Rows of :func:`endmembers`."""


Sensor = tuple[Spectrum, Spectrum, NDArray[np.bool_]]
"""Centres and widths of bands, and which of them are good; see :func:`bands`."""


def bands(detectors: tuple[int, int] = (28, 43)) -> Sensor:
    """The sensor's bands.

    Parameters
    ----------
    detectors : (int, int)
        Of visible and near infrared, and of short-wave infrared, those in the vapour gaps among them.

    Returns
    -------
    wavelength, fwhm : ndarray, shape (band,)
        Band centres and widths in nanometres, ascending.
    good : ndarray of bool, shape (band,)
        False for the bands at the edges of the vapour gaps, which are delivered but too noisy to use.
    """
    centre = np.concatenate([np.linspace(420.0, 985.0, detectors[0]), np.linspace(1010.0, 2450.0, detectors[1])])
    width = np.where(centre < 1000.0, 21.0, 35.0)
    seen = np.ones(centre.size, dtype=np.bool_)
    bad = np.zeros(centre.size, dtype=np.bool_)
    for low, high in VAPOUR_GAPS:
        seen &= (centre < low) | (centre > high)
        bad |= (centre > low - 20.0) & (centre < high + 20.0)
    return np.round(centre[seen], 2), width[seen], ~bad[seen]


def _bump(wavelength: Spectrum, centre: float, width: float) -> Spectrum:
    """Gaussian of height one."""
    return np.asarray(np.exp(-0.5 * ((wavelength - centre) / width) ** 2))


def _step(wavelength: Spectrum, centre: float, width: float) -> Spectrum:
    """Smooth step from zero to one."""
    return np.asarray(1.0 / (1.0 + np.exp(-(wavelength - centre) / width)))


def _leaf_water(wavelength: Spectrum, amount: float) -> Spectrum:
    """Transmission through the water of a leaf."""
    depth = (
        0.10 * _bump(wavelength, 970, 28)
        + 0.22 * _bump(wavelength, 1195, 45)
        + 1.15 * _bump(wavelength, 1450, 75)
        + 1.55 * _bump(wavelength, 1940, 90)
        + 0.55 * _step(wavelength, 1500, 90)
        + 0.75 * _step(wavelength, 2330, 110)
    )
    return np.asarray(np.exp(-amount * depth))


def _canopy(wavelength: Spectrum, chlorophyll: float, plateau: float, water: float) -> Spectrum:
    """A green canopy; the red edge moves to longer wavelengths as chlorophyll grows."""
    edge = _step(wavelength, 695.0 + 24.0 * chlorophyll, 13.0)
    visible = 0.03 + (0.12 - 0.07 * chlorophyll) * _bump(wavelength, 553, 33)
    visible = visible + 0.035 * (1.0 - chlorophyll) * _step(wavelength, 590, 25)
    rise = plateau * (0.97 + 0.03 * _step(wavelength, 900, 60))
    return np.asarray((visible * (1.0 - edge) + rise * edge) * _leaf_water(wavelength, water))


def _soil(wavelength: Spectrum, bright: float, moisture: float) -> Spectrum:
    """A soil line that levels off, iron in the visible, clay at 2200 nm; moisture darkens and dents it."""
    shape = 0.28 + 0.72 * (1.0 - np.exp(-(wavelength - 380.0) / 620.0))
    shape = shape * (1.0 - 0.10 * _bump(wavelength, 500, 50) - 0.05 * _bump(wavelength, 880, 70))
    shape = shape * (1.0 - 0.13 * _bump(wavelength, 2205, 24) - 0.08 * _step(wavelength, 2330, 40))
    return np.asarray(bright * shape * _leaf_water(wavelength, 0.45 * moisture) * (1.0 - 0.35 * moisture))


def endmembers(wavelength: Spectrum) -> Spectrum:
    """Reflectance of every material.

    Parameters
    ----------
    wavelength : ndarray, shape (band,)
        Nanometres.

    Returns
    -------
    ndarray, shape (8, band)
        Rows in the order of ``GREEN, YOUNG, DRY, LOAM, DARK_SOIL, WATER, TREES, ASPHALT``.
    """
    straw = 0.09 + 0.36 * (1.0 - np.exp(-(wavelength - 400.0) / 420.0))
    straw = straw * (1.0 - 0.17 * _bump(wavelength, 2105, 48) - 0.10 * _bump(wavelength, 2310, 40))
    straw = straw * (1.0 - 0.08 * _bump(wavelength, 1730, 30)) * _leaf_water(wavelength, 0.12)
    water = 0.012 + 0.055 * _bump(wavelength, 560, 65) + 0.02 * _bump(wavelength, 700, 30)
    asphalt = 0.10 + 0.06 * (1.0 - np.exp(-(wavelength - 400.0) / 700.0))
    return np.stack(
        [
            _canopy(wavelength, 0.95, 0.50, 1.00),
            _canopy(wavelength, 0.45, 0.40, 0.70),
            straw,
            _soil(wavelength, 0.38, 0.15),
            _soil(wavelength, 0.25, 0.75),
            water,
            _canopy(wavelength, 1.00, 0.36, 1.25),
            asphalt,
        ]
    )
