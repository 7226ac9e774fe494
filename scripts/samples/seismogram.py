"""From rocks to a seismic section: wavelet, migration smear, and noise that is not the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, gaussian_filter

from .processes import FINE, Field, Rocks, smooth_noise

INTERVAL_MS = 4.0
"""Sample interval of the survey in milliseconds of two-way time."""


@dataclass(frozen=True)
class Acquisition:
    """How a survey was shot, and how well.

    Parameters
    ----------
    frequency : tuple of float
        Peak of the wavelet at the top and at the bottom, in Hz.
    noise : float
        Of the noise as many times as the bundled survey has.
    village : tuple of float or None
        Where no source could be placed, as (line, trace, half width in lines, half width in traces).
    """

    frequency: tuple[float, float] = (36.0, 25.0)
    noise: float = 1.0
    village: tuple[float, float, float, float] | None = (30.0, 150.0, 11.0, 22.0)


def ricker(frequency: float, interval_ms: float) -> Field:
    """Zero-phase Ricker wavelet of a peak `frequency` in Hz, sampled every `interval_ms` milliseconds."""
    half = int(np.ceil(1.6 / frequency / (interval_ms / 1000.0)))
    arg = (np.pi * frequency * np.arange(-half, half + 1) * interval_ms / 1000.0) ** 2
    return np.asarray((1.0 - 2.0 * arg) * np.exp(-arg), dtype=np.float32)


def record(rocks: Rocks, seed: int = 11, acquisition: Acquisition = Acquisition()) -> NDArray[np.int8]:
    """Seismic amplitudes of the rocks.

    Parameters
    ----------
    rocks : Rocks
        The model on its fine (2 ms) grid.
    seed : int
        Seed of the noise.
    acquisition : Acquisition
        By default that of the bundled survey.

    Returns
    -------
    ndarray of int8, shape (inline, crossline, sample)
        Amplitude (inline, crossline, sample), scaled so that 127 stands for 3.5 standard deviations.
    """
    rng = np.random.default_rng(seed)
    reflectivity = np.diff(rocks.impedance, axis=2, prepend=rocks.impedance[:, :, :1]) * 0.5
    clean = _convolve(reflectivity, acquisition.frequency)
    clean = _smear(clean)
    shadow = rocks.shadow[:, :, ::FINE]
    clean *= 1.0 - 0.35 * shadow
    clean /= clean.std()
    noisy = clean * _footprint(rng, clean.shape) + _noise(rng, shadow, acquisition)
    noisy /= noisy.std()
    return np.asarray(np.clip(np.rint(noisy * (127.0 / 3.5)), -127, 127), dtype=np.int8)


def _convolve(reflectivity: Field, frequency: tuple[float, float]) -> Field:
    """Convolve with a wavelet that loses its high frequencies on the way down, and decimate to 4 ms."""
    down = np.linspace(0.0, 1.0, reflectivity.shape[2] // FINE, dtype=np.float32)
    seen = np.zeros((*reflectivity.shape[:2], down.size), dtype=np.float32)
    for peak, share in zip(frequency, (1.0 - down, down), strict=True):
        wavelet = ricker(peak, INTERVAL_MS / FINE)
        seen += convolve1d(reflectivity, wavelet, axis=2, mode="nearest")[:, :, ::FINE] * share
    return seen


def _smear(clean: Field) -> Field:
    """Lateral resolution of a migrated image: a Fresnel zone that widens with time."""
    down = np.linspace(0.0, 1.0, clean.shape[2], dtype=np.float32)
    sharp = gaussian_filter(clean, (0.35, 0.6, 0.0))
    wide = gaussian_filter(clean, (0.8, 1.6, 0.0))
    return np.asarray(sharp * (1.0 - down) + wide * down, dtype=np.float32)


def _footprint(rng: np.random.Generator, shape: tuple[int, ...]) -> Field:
    """Gain per trace: acquisition stripes along every eighth inline, strongest at the top, and weak lines."""
    line = np.arange(shape[0])
    stripe = (0.16 * np.cos(2 * np.pi * line / 8.0) + 0.05 * rng.standard_normal(shape[0])).astype(np.float32)
    fade = np.exp(-np.arange(shape[2]) / 55.0).astype(np.float32)
    gain = 1.0 + stripe[:, None, None] * (0.25 + 0.75 * fade)
    cover = 1.0 + 0.10 * smooth_noise(rng, shape[:2], (8.0, 16.0))
    return np.asarray(gain * cover[:, :, None], dtype=np.float32)


def _noise(rng: np.random.Generator, shadow: Field, acquisition: Acquisition) -> Field:
    """Band-limited noise: more of it with depth, beneath the salt, and where the ground was hard to reach."""
    white = rng.standard_normal(shadow.shape, dtype=np.float32)
    noise = convolve1d(white, ricker(28.0, INTERVAL_MS), axis=2)
    # Migration sweeps random noise into short dipping streaks; smoothing along the lines does as much here.
    noise = gaussian_filter(noise, (0.4, 0.9, 0.0))
    noise /= noise.std()
    down = np.linspace(0.0, 1.0, shadow.shape[2], dtype=np.float32)
    ground = np.clip(smooth_noise(rng, shadow.shape[:2], (10.0, 20.0)), 0.0, 2.0)[:, :, None]
    level = 0.13 + 0.15 * down + 0.10 * ground
    if acquisition.village is not None:
        # A village where no source could be placed: low fold, so the top is worst.
        at_line, at_trace, half_line, half_trace = acquisition.village
        line, trace = np.ogrid[: shadow.shape[0], : shadow.shape[1]]
        village = np.exp(-(((line - at_line) / half_line) ** 2) - ((trace - at_trace) / half_trace) ** 2)[:, :, None]
        level = level + 0.25 * village * (1.0 - 0.7 * down)
    level = level + 0.15 * shadow
    return np.asarray(noise * level * acquisition.noise, dtype=np.float32)
