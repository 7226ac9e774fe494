"""Ticks of an axis: round numbers, not too many."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_STEPS = (1.0, 2.0, 5.0, 10.0)


def ticks(low: float, high: float, most: int, *, least_step: float = 0.0) -> list[float]:
    """Return round numbers between two ends.

    Parameters
    ----------
    low, high : float
        The ends, in either order.
    most : int
        How many there may be at most.
    least_step : float, optional
        How far they lie from each other at least: that of whole numbers is 1.

    Examples
    --------
    >>> ticks(1001, 1128, 6)
    [1020.0, 1040.0, 1060.0, 1080.0, 1100.0, 1120.0]
    >>> ticks(3, 1, 10, least_step=1)
    [1.0, 2.0, 3.0]
    """
    low, high = min(low, high), max(low, high)
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return []
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(
        (s * power for s in _STEPS if math.floor(high / (s * power)) - math.ceil(low / (s * power)) < most), 0.0
    )
    step = max(step or 20.0 * power, least_step)
    first = math.ceil(low / step - 1e-9)
    return [float(k * step) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def round_length(longest: float) -> float:
    """Return the longest length with one round digit (1, 2 or 5) that is not longer than this.

    Parameters
    ----------
    longest : float
        Above 0.

    Examples
    --------
    >>> [round_length(n) for n in (7.3, 499, 0.0215)]
    [5.0, 200.0, 0.02]
    """
    power = 10.0 ** math.floor(math.log10(longest))
    # As written, so that no 0.020000000000000004 comes of it.
    return float(f"{max(s for s in _STEPS[:3] if s * power <= longest * (1 + 1e-9)) * power:.6g}")


def numbered(values: NDArray[np.float64], low: float, high: float, most: int) -> list[tuple[float, float]]:
    """Return ticks of an axis whose numbers stand in a list: at which fractional index, and which number.

    Parameters
    ----------
    values : ndarray of float64
        The numbers, rising or falling; they need not lie evenly.
    low, high : float
        The indices in view.
    most : int
        How many ticks there may be at most.

    Examples
    --------
    >>> numbered(np.arange(1000.0, 900.0, -2), 0, 49, 4)
    [(25.0, 950.0), (0.0, 1000.0)]
    """
    places = np.arange(values.size)
    ends = np.interp(np.clip([low, high], 0, values.size - 1), places, values)
    whole = 1.0 if bool((values == np.round(values)).all()) else 0.0
    falling = values.size > 1 and values[-1] < values[0]
    rising, along = (values[::-1], places[::-1]) if falling else (values, places)
    found = ticks(float(ends[0]), float(ends[1]), most, least_step=whole)
    return [(float(np.interp(number, rising, along)), number) for number in found]
