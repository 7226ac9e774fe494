"""Bounds of the numbers that describe a network or a training: far beyond sense, and before anything overflows."""

from __future__ import annotations

from typing import Any, get_args

MOST_CHANNELS = 1 << 16
"""Of a state at the resolution of the data, and rows of its kernels."""

MOST_COARSE = 1 << 20
"""Channels of a state at any resolution."""

MOST_LAYERS = 10_000

MOST_LEVELS = 12
"""Halvings of the resolution in force at once: cells of 4096 voxels."""

MOST_H = 1000.0
"""Time step of a layer."""


def at_most(what: str, value: float, most: float) -> None:
    """Refuse a number that is too large, or none.

    Parameters
    ----------
    what : str
        What the number says, for the message.
    value : int or float
        The number.
    most : int or float
        The largest that can be.

    Raises
    ------
    ValueError
        When it is larger or no number.

    Examples
    --------
    >>> at_most("the batch", 5000, 4096)
    Traceback (most recent call last):
    ...
    ValueError: the batch is 5000: it can be at most 4,096
    """
    if not value <= most:
        said = f"{value:g}" if isinstance(value, float) else str(value) if value < 10**18 else "a huge number"
        raise ValueError(f"{what} is {said}: it can be at most {int(most):,}")


def one_of(what: str, value: str, known: Any) -> None:
    """Refuse a word that is none of a ``Literal``.

    Raises
    ------
    ValueError
        With those that are known.
    """
    if value not in get_args(known):
        raise ValueError(f"{what} can be {', '.join(get_args(known))}, not {value!r}")
