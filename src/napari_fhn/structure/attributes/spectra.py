"""What is made of spectra: their continuum removed, indices by wavelength, and the directions in which they vary.

Pure functions of arrays ``(bands, *shape)``; a pixel in which one band is missing (NaN) has none of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]

_SMALL = 1e-6


@dataclass(frozen=True)
class Index:
    """An index of two bands, ``(a - b) / (a + b)`` or ``a / b``.

    Parameters
    ----------
    title : str
        What it shows.
    first, second : tuple of float
        Shortest and longest wavelength of the two bands, in nanometres, and the best one in the middle.
    ratio : bool
        Whether it is a plain ratio.
    """

    title: str
    first: tuple[float, float, float]
    second: tuple[float, float, float]
    ratio: bool = False


_BLUE, _GREEN, _RED = (430.0, 480.0, 520.0), (525.0, 560.0, 600.0), (620.0, 660.0, 690.0)
_EDGE, _NIR = (695.0, 705.0, 730.0), (760.0, 850.0, 900.0)
_SWIR1, _SWIR2, _CLAY = (1550.0, 1620.0, 1750.0), (2080.0, 2200.0, 2350.0), (2180.0, 2200.0, 2225.0)

INDICES: Mapping[str, Index] = {
    "ndvi": Index("green vegetation", _NIR, _RED),
    "ndre": Index("chlorophyll, by the red edge", _NIR, _EDGE),
    "ndwi": Index("open water", _GREEN, _NIR),
    "ndmi": Index("water in plants", _NIR, _SWIR1),
    "mndwi": Index("open water among buildings", _GREEN, _SWIR1),
    "nbr": Index("burnt ground", _NIR, _SWIR2),
    "ndbi": Index("buildings and bare ground", _SWIR1, _NIR),
    "ndsi": Index("snow", _GREEN, _SWIR1),
    "iron": Index("ferric iron", _RED, _BLUE, ratio=True),
    "ferrous": Index("ferrous iron", _SWIR1, _NIR, ratio=True),
    "clay": Index("clays and carbonates", _SWIR1, _SWIR2, ratio=True),
}
"""By name. Wavelengths are those of the usual sensors' bands."""


def index_bands(name: str, wavelengths: Sequence[float]) -> tuple[int, int] | None:
    """Return the two bands that an index is made of; None where the spectra do not reach there.

    Parameters
    ----------
    name : str
        A key of `INDICES`.
    wavelengths : sequence of float
        Of the bands, in nanometres.

    Examples
    --------
    >>> index_bands("ndvi", [485, 560, 660, 830])
    (3, 2)
    """
    found = []
    waves = np.asarray(wavelengths, float)
    for shortest, best, longest in (INDICES[name].first, INDICES[name].second):
        inside = np.flatnonzero((waves >= shortest) & (waves <= longest))
        if not inside.size:
            return None
        found.append(int(inside[np.abs(waves[inside] - best).argmin()]))
    return found[0], found[1]


def index(name: str, first: NDArray[np.floating], second: NDArray[np.floating]) -> Values:
    """Return an index of two bands, without a unit.

    Parameters
    ----------
    name : str
        A key of `INDICES`.
    first, second : ndarray of float
        Of one shape, in one unit (reflectance, radiance, or numbers that are proportional to these).

    Returns
    -------
    ndarray of float32
        From -1 to 1, or of ratios from 0 to 10; 0 where both bands are.
    """
    a, b = (np.maximum(np.asarray(one, np.float32), 0) for one in (first, second))
    if INDICES[name].ratio:
        found = np.divide(a, b, out=np.where(a > 0, 10, 0).astype(np.float32), where=b > _SMALL)
        return np.where(np.isnan(first + second), np.nan, np.minimum(found, 10)).astype(np.float32)
    found = np.divide(a - b, a + b, out=np.zeros_like(a), where=a + b > _SMALL)
    return np.where(np.isnan(first + second), np.nan, found).astype(np.float32)


def normalised(first: NDArray[np.floating], second: NDArray[np.floating]) -> Values:
    """Return ``(a - b) / (|a| + |b|)``, from -1 to 1: where illumination scales both bands it stays the same."""
    a, b = np.asarray(first, np.float32), np.asarray(second, np.float32)
    size = np.abs(a) + np.abs(b)
    found = np.divide(a - b, size, out=np.zeros_like(a), where=size > _SMALL)
    return np.where(np.isnan(size), np.nan, found).astype(np.float32)


def continuum(spectra: NDArray[np.floating], wavelengths: Sequence[float]) -> Values:
    """Return the continuum of spectra: the tightest line from above that bends outwards only (the upper convex hull).

    Parameters
    ----------
    spectra : ndarray of float, shape (bands, n)
        Any unit.
    wavelengths : sequence of float
        Rising, in nanometres.

    Returns
    -------
    ndarray of float32, shape (bands, n)

    Examples
    --------
    >>> continuum(np.array([[1.0], [0.2], [2.0], [1.0]]), [1, 2, 3, 4]).T.tolist()
    [[1.0, 1.5, 2.0, 1.0]]
    """
    values = np.asarray(spectra, np.float64)
    waves = np.asarray(wavelengths, np.float64)
    bands, count = values.shape
    corners = np.zeros((bands, count), np.int64)  # of the hull so far, of each pixel
    size = np.ones(count, np.int64)
    every = np.arange(count)
    for band in range(1, bands):
        bent = every[size >= 2]
        while bent.size:  # the last corner goes where it lies under the line to this band
            last, before = corners[size[bent] - 1, bent], corners[size[bent] - 2, bent]
            rise = (values[last, bent] - values[before, bent]) * (waves[band] - waves[before])
            whole = (values[band, bent] - values[before, bent]) * (waves[last] - waves[before])
            bent = bent[rise <= whole]
            size[bent] -= 1
            bent = bent[size[bent] >= 2]
        corners[size, every] = band
        size += 1
    out = np.empty((bands, count), np.float32)
    at = np.zeros(count, np.int64)
    for band in range(bands):
        at += (at + 2 < size) & (corners[np.minimum(at + 1, size - 1), every] < band)
        left, right = corners[at, every], corners[np.minimum(at + 1, size - 1), every]
        width = waves[right] - waves[left]
        share = np.divide(waves[band] - waves[left], width, out=np.zeros(count), where=width > 0)
        out[band] = values[left, every] * (1 - share) + values[right, every] * share
    return out


def continuum_removed(spectra: NDArray[np.floating], wavelengths: Sequence[float]) -> Values:
    """Return spectra over their continuum: 1 outside of absorptions, and less in them, whatever the illumination.

    Parameters
    ----------
    spectra : ndarray of float, shape (bands, *shape)
        Any unit; negative values count as 0.
    wavelengths : sequence of float
        In nanometres, in any order.

    Returns
    -------
    ndarray of float32, shape (bands, *shape)
        0 to 1.
    """
    order = np.argsort(wavelengths, kind="stable")
    flat = np.maximum(np.asarray(spectra, np.float32).reshape(len(spectra), -1), 0)[order]
    whole = np.isfinite(flat).all(axis=0)
    out = np.full(flat.shape, np.nan, np.float32)
    part = flat[:, whole]
    hull = continuum(part, [wavelengths[k] for k in order])
    removed = np.divide(part, hull, out=np.ones_like(part), where=hull > _SMALL)
    out[:, whole] = np.minimum(removed, 1)
    back = np.empty_like(out)
    back[order] = out
    return back.reshape(np.shape(spectra))


def principal(pixels: NDArray[np.floating], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of spectra, and the directions in which bands that are scaled alike vary most.

    Parameters
    ----------
    pixels : ndarray of float, shape (bands, n)
        Finite.
    count : int
        How many directions.

    Returns
    -------
    mean : ndarray, shape (bands,)
    directions : ndarray, shape (count, bands)
        What ``pixels - mean`` is multiplied by; the first varies most. They have length 1 in bands over their spread.
    """
    return _directions(pixels, np.diag(np.maximum(np.var(pixels, axis=1), _SMALL**2)), count)


def minimum_noise(
    pixels: NDArray[np.floating], noise: NDArray[np.floating], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of spectra, and the directions in which there is most signal for its noise (MNF).

    Parameters
    ----------
    pixels : ndarray of float, shape (bands, n)
        Finite.
    noise : ndarray of float, shape (bands, m)
        Differences of neighbouring pixels, which are noise and edges.
    count : int
        How many directions.

    Returns
    -------
    tuple of ndarray
        As `principal`; a component has noise of variance 1.
    """
    of_noise = noise @ noise.T / max(1, noise.shape[1]) / 2
    floor = _SMALL * max(float(np.trace(of_noise)), _SMALL) / len(of_noise)
    return _directions(pixels, of_noise + floor * np.eye(len(of_noise)), count)


def _directions(
    pixels: NDArray[np.floating], measure: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and directions of the largest variance over that of a measure, of which each has 1."""
    from scipy import linalg

    values = np.asarray(pixels, np.float64)
    mean = values.mean(axis=1)
    centred = values - mean[:, np.newaxis]
    covariance = centred @ centred.T / max(1, centred.shape[1] - 1)
    _, found = linalg.eigh(covariance, measure)
    directions = found.T[::-1][:count]
    # A direction and its opposite are the same: the largest part of each points up.
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, np.newaxis], 1)
    return mean, directions * np.where(largest < 0, -1, 1)
