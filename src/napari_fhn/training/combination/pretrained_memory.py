"""What features that were learnt beforehand take of the memory: what is kept of them, and what it takes to look.

Plain Python, so that a forecast can say it where torch is not loaded; the factor keeps to these bounds.
"""

from __future__ import annotations

import math
import os

FEATURES = 32
"""Bytes of the features of a voxel of a section: as many numbers as a state has there."""

CHANNELS = 8
"""Of a state of the network, for each voxel."""

WINDOWS = 96
"""Sections that are looked at to find what features mean; of more, some from everywhere."""

AT_ONCE = 2**20
"""Numbers in the states of the sections that a thread looks at at once: as many as the cache holds."""

TOGETHER = 2**21
"""Voxels of the sections that all threads look at at once, unless one section alone has more."""

_KEPT = 2**27
"""Bytes of features that are kept, at most."""

_VOXEL = 130
"""Bytes for each voxel that is looked at: its data, two states and what lies between them, its features."""

_CLASS = 12
"""Bytes for each class of such a voxel: its scores, what they are multiplied to, and probabilities."""

_LEARNT = 340
"""Bytes for each voxel of a section that is wholly known, while it is found what features mean."""

ROOM = 2**26
"""Bytes of what was said of sections at the ends of tiles, which those beside them begin with."""

_ENDS = 4
"""As many of them at least go on: either end of a tile on either side of the view."""

_SAID = 8
"""Bytes for each class of a voxel of a tile: what is said of it, with what a gate sees around it."""

_TILE = 2**22
"""Voxels of a tile of several sections, at most."""

_ABREAST = 4
"""Sections of such a tile."""

_ALWAYS = 48 << 20
"""Bytes of the network and its prepared kernels, of the products of places, and of what torch keeps for its threads."""

_CELL = 16
"""Sections are as long as a multiple of these."""


def kept_bytes(shape: tuple[int, ...]) -> int:
    """Return how many bytes of features are kept: those of as many of the largest sections as are looked at.

    Parameters
    ----------
    shape : tuple of int
        Of the survey, with the vertical axis last.
    """
    return max(FEATURES * _section(shape), min(_KEPT, FEATURES * _section(shape) * WINDOWS))


def look_bytes(shape: tuple[int, ...], classes: int, threads: int | None = None) -> int:
    """Return how many bytes it takes to look at sections of a survey.

    Parameters
    ----------
    shape : tuple of int
        Of the survey, with the vertical axis last.
    classes : int
        That are told apart.
    threads : int, optional
        Of the processor that look at sections at the same time; all by default. One on other devices.
    """
    section = _section(shape)
    each = max(section, AT_ONCE // CHANNELS)
    # Both directions of a small survey have no more than it.
    survey = section * (min(shape[:-1]) if len(shape) > 2 else 1)
    seen = min(survey, (threads or _processors()) * each, max(section, TOGETHER))
    said = min(survey, max(each, min(_ABREAST * section, _TILE)))
    told = seen * (_VOXEL + _CLASS * classes) + said * _SAID * classes
    return max(told, section * _LEARNT) + min(ROOM, section * 4 * classes * _ENDS) + _ALWAYS


def most_side_by_side(section: int) -> int:
    """Return how many threads may look at sections of so many voxels at the same time.

    Examples
    --------
    >>> most_side_by_side(1000), most_side_by_side(1000 * 1000), most_side_by_side(3000 * 3000)
    (16, 2, 1)
    """
    return max(1, TOGETHER // max(section, AT_ONCE // CHANNELS))


def _section(shape: tuple[int, ...]) -> int:
    """Return the voxels of the largest section of a survey."""
    return math.prod(-(-size // _CELL) * _CELL for size in (max(shape[:-1]), shape[-1]))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
