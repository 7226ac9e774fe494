"""Ticks of an axis: round numbers, not too many."""

from __future__ import annotations

import math

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
