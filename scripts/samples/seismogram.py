"""From rocks to a seismic section: wavelet, migration smear, and noise that is not the same everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, gaussian_filter

from .geology import FINE, SHAPE, Field, Rocks, smooth_noise

INTERVAL_MS = 4.0
"""Sample interval of the survey in milliseconds of two-way time."""


def ricker(frequency: float, interval_ms: float) -> Field:
    """Zero-phase Ricker wavelet of a peak `frequency` in Hz, sampled every `interval_ms` milliseconds."""
    half = int(np.ceil(1.6 / frequency / (interval_ms / 1000.0)))
    arg = (np.pi * frequency * np.arange(-half, half + 1) * interval_ms / 1000.0) ** 2
    return np.asarray((1.0 - 2.0 * arg) * np.exp(-arg), dtype=np.float32)


def record(rocks: Rocks, seed: int = 11) -> NDArray[np.int8]:
    """Seismic amplitudes of the rocks.

    Parameters
    ----------
    rocks : Rocks
        The model on its fine (2 ms) grid.
    seed : int
        Seed of the noise.

    Returns
    -------
    ndarray of int8, shape (128, 192, 160)
        Amplitude (inline, crossline, sample), scaled so that 127 stands for 3.5 standard deviations.
    """
    rng = np.random.default_rng(seed)
    reflectivity = np.diff(rocks.impedance, axis=2, prepend=rocks.impedance[:, :, :1]) * 0.5
    clean = _convolve(reflectivity)
    clean = _smear(clean)
    shadow = rocks.shadow[:, :, ::FINE]
    clean *= 1.0 - 0.35 * shadow
    clean /= clean.std()
    noisy = clean * _footprint(rng) + _noise(rng, shadow)
    noisy /= noisy.std()
    return np.asarray(np.clip(np.rint(noisy * (127.0 / 3.5)), -127, 127), dtype=np.int8)


def _convolve(reflectivity: Field) -> Field:
    """Convolve with a wavelet that loses its high frequencies on the way down, and decimate to 4 ms."""
    down = np.linspace(0.0, 1.0, reflectivity.shape[2] // FINE, dtype=np.float32)
    seen = np.zeros(SHAPE, dtype=np.float32)
    for frequency, share in ((36.0, 1.0 - down), (25.0, down)):
        wavelet = ricker(frequency, INTERVAL_MS / FINE)
        seen += convolve1d(reflectivity, wavelet, axis=2, mode="nearest")[:, :, ::FINE] * share
    return seen


def _smear(clean: Field) -> Field:
    """Lateral resolution of a migrated image: a Fresnel zone that widens with time."""
    down = np.linspace(0.0, 1.0, clean.shape[2], dtype=np.float32)
    sharp = gaussian_filter(clean, (0.35, 0.6, 0.0))
    wide = gaussian_filter(clean, (0.8, 1.6, 0.0))
    return np.asarray(sharp * (1.0 - down) + wide * down, dtype=np.float32)


def _footprint(rng: np.random.Generator) -> Field:
    """Gain per trace: acquisition stripes along every eighth inline, strongest at the top, and weak lines."""
    line = np.arange(SHAPE[0])
    stripe = (0.16 * np.cos(2 * np.pi * line / 8.0) + 0.05 * rng.standard_normal(SHAPE[0])).astype(np.float32)
    fade = np.exp(-np.arange(SHAPE[2]) / 55.0).astype(np.float32)
    gain = 1.0 + stripe[:, None, None] * (0.25 + 0.75 * fade)
    cover = 1.0 + 0.10 * smooth_noise(rng, SHAPE[:2], (8.0, 16.0))
    return np.asarray(gain * cover[:, :, None], dtype=np.float32)


def _noise(rng: np.random.Generator, shadow: Field) -> Field:
    """Band-limited noise: more of it with depth, beneath the salt, and where the ground was hard to reach."""
    white = rng.standard_normal(SHAPE, dtype=np.float32)
    noise = convolve1d(white, ricker(28.0, INTERVAL_MS), axis=2)
    # Migration sweeps random noise into short dipping streaks; smoothing along the lines does as much here.
    noise = gaussian_filter(noise, (0.4, 0.9, 0.0))
    noise /= noise.std()
    down = np.linspace(0.0, 1.0, SHAPE[2], dtype=np.float32)
    ground = np.clip(smooth_noise(rng, SHAPE[:2], (10.0, 20.0)), 0.0, 2.0)[:, :, None]
    # A village where no source could be placed: low fold, so the top is worst.
    line, trace = np.ogrid[: SHAPE[0], : SHAPE[1]]
    village = np.exp(-(((line - 30) / 11.0) ** 2) - ((trace - 150) / 22.0) ** 2)[:, :, None]
    level = 0.13 + 0.15 * down + 0.10 * ground + 0.25 * village * (1.0 - 0.7 * down) + 0.15 * shadow
    return np.asarray(noise * level, dtype=np.float32)
