"""Numbers that programs write where nothing is known, found by how they lie among the others."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Largest and smallest of types of integers, with which gaps are filled.
_LIMITS = (32767, 32768, 65535, 2147483647, 2147483648, 4294967295)
#: A filler lies this much farther from all others than these from each other.
_APART = 2.0
#: A number that looks like no filler is one where so large a share of a horizon is of it, and all of it lies apart.
_SHARE = 0.02
_FEWEST = 3


def fill_values(values: ArrayLike, *, of_a_surface: bool = False) -> tuple[float, ...]:
    """Return the numbers that stand for "no value" among depths, times or velocities.

    Such a number lies far from all others (twice as far as these are spread, and as far as they are large), and looks
    like a filler: nothing but nines (-999, 999.25, 9999), the end of a type of integers (-32768, 32767), or beyond
    anything that is measured (1e20). Of a surface any number that is repeated at many traces and lies so far from the
    rest is one too, 0 among them.

    Parameters
    ----------
    values : array_like of float
        In any unit; NaN does not count.
    of_a_surface : bool
        Whether they are the picks of one horizon.

    Returns
    -------
    tuple of float
        Ascending.

    Examples
    --------
    >>> fill_values([812.0, 820.5, 9999.0, 815.0])
    (9999.0,)
    >>> fill_values([0.0, 300.0, 500.0]), fill_values([0.0] * 9 + [800.0, 805.0, 812.0], of_a_surface=True)
    ((), (0.0,))
    """
    read = np.asarray(values, dtype=np.float64).ravel()
    found, counts = np.unique(read[np.isfinite(read)], return_counts=True)
    often = (counts >= _FEWEST) & (counts >= _SHARE * counts.sum()) if of_a_surface else np.zeros(found.size, bool)
    fillers = np.array([_looks_like_one(value) for value in found], dtype=bool)
    # From both ends inwards: what is a filler must not hide another that lies nearer.
    low, high = 0, found.size
    while high - low > 1:
        rest_low, rest_high = found[low + 1 : high], found[low : high - 1]
        if (fillers[high - 1] or often[high - 1]) and _apart(found[high - 1] - rest_high[-1], rest_high):
            high -= 1
        elif (fillers[low] or often[low]) and _apart(rest_low[0] - found[low], rest_low):
            low += 1
        else:
            break
    return tuple(float(value) for value in (*found[:low], *found[high:]))


def without(values: NDArray[np.float64], fillers: Iterable[float]) -> NDArray[np.float64]:
    """Return values with NaN in place of numbers that stand for "no value"."""
    return np.where(np.isin(values, list(fillers)), np.nan, values)


def in_words(fillers: Iterable[float]) -> str:
    """Return them as a sentence lists them."""
    return ", ".join(f"{value:g}" for value in fillers)


def _apart(gap: float, rest: NDArray[np.float64]) -> bool:
    spread, size = float(rest[-1] - rest[0]), float(np.median(np.abs(rest)))
    return gap > _APART * spread and gap >= 0.5 * size


def _looks_like_one(value: float) -> bool:
    size = abs(value)
    if size >= 1e15 or size in _LIMITS:
        return True
    whole, _, rest = f"{size:.2f}".partition(".")
    return len(whole) >= 3 and set(whole) == {"9"} and rest in ("00", "25", "90", "99")
