"""Layers in noise with a reflector of its own at each boundary, and what a network that is a bit off says of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Made = tuple[Floats, NDArray[np.uint8], NDArray[np.int64]]

WAVELETS = {0: (3, 6, -6, -3), 1: (-5, 2, 7, -4)}
"""What lies around the upper end of class 1 and of class 2."""


def layered(shape: tuple[int, ...] = (12, 16, 64), noise: float = 0.7, seed: int = 0) -> Made:
    """Three layers in noise, with a reflector of its own at each of two boundaries; classes, and the boundaries."""
    rng = np.random.default_rng(seed)
    amplitudes = rng.normal(0, noise, shape).astype(np.float32)
    lateral = np.indices(shape[:-1])
    relief = np.round(3 * np.sin(lateral.sum(axis=0) / 5)).astype(int)
    boundaries = np.stack([20 + relief, 42 - relief])
    for number, wavelet in WAVELETS.items():
        for at, value in enumerate(wavelet, -2):
            np.put_along_axis(amplitudes, (boundaries[number] + at)[..., np.newaxis], value, axis=-1)
    samples = np.arange(shape[-1])
    truth = 1 + (samples >= boundaries[..., np.newaxis]).sum(axis=0)
    return amplitudes, truth.astype(np.uint8), boundaries


def known(truth: NDArray[np.uint8], *places: tuple[int, ...]) -> NDArray[np.uint8]:
    """Labels in some columns."""
    labels = np.zeros_like(truth)
    for place in places:
        labels[place] = truth[place]
    return labels


def blurred(truth: NDArray[np.uint8], shift: int) -> Floats:
    """Probabilities of three classes whose boundaries lie so many samples too deep, and are not sure of it."""
    wrong = np.roll(truth, shift, axis=-1)
    wrong[..., :shift] = 1
    sure = np.stack([(wrong == k).astype(np.float32) for k in (1, 2, 3)])
    wide = sum(np.roll(sure, k, axis=-1) for k in range(-4, 5)) / 9
    said = 0.9 * wide + 0.1 / 3
    said[:, ..., :8], said[:, ..., -8:] = said[:, ..., 8:9], said[:, ..., -9:-8]
    return said.astype(np.float32)
