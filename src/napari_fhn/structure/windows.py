"""Gaussian windows of finite support, so that a brick with its halo knows exactly what the whole volume does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

Field = NDArray[np.float32]

_SMOOTHING = 2.0
"""Standard deviations after which a window ends."""
_DERIVATIVE = 3.0
"""The same of a derivative, whose flanks weigh more."""


def radius(sigma: float, derivative: bool = False) -> int:
    """Return how many elements a window of this standard deviation reaches to each side."""
    return int(np.ceil((_DERIVATIVE if derivative else _SMOOTHING) * sigma)) if sigma else 0


def smoothed(values: Field, sigma: tuple[float, ...]) -> Field:
    """Average with a Gaussian window, axis by axis; 0 leaves an axis as it is."""
    for axis, one in enumerate(sigma):
        if one:
            values = correlate1d(values, _weights(one, _SMOOTHING), axis=axis, mode="nearest")
    return values


def gradients(values: Field, sigma: tuple[float, ...]) -> list[Field]:
    """Return the derivative along each axis, per element, of values smoothed over `sigma` elements."""
    smooth = {axis: _weights(one, _DERIVATIVE) for axis, one in enumerate(sigma)}
    found = []
    for along in range(values.ndim):
        one = values
        for axis, weights in smooth.items():
            if axis == along:
                reach = np.arange(len(weights)) - len(weights) // 2
                weights = weights * reach
                weights /= float((weights * reach).sum())
            one = correlate1d(one, weights, axis=axis, mode="nearest")
        found.append(one)
    return found


def _weights(sigma: float, end: float) -> NDArray[np.float64]:
    reach = int(np.ceil(end * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.asarray(weights / weights.sum(), np.float64)
