"""The random kernels that layers begin with."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from napari_fhn.network.architecture import Initial


def scale_of(initial: Initial, rows: int, columns: int, taps: int) -> float:
    """Return the standard deviation of the kernels of a layer.

    Parameters
    ----------
    initial : {"unit", "glorot"}
        ``"unit"`` makes ``|K|`` about 1: a random matrix of ``m`` rows, ``n`` columns and unit variance has a norm of
        about ``sqrt(m) + sqrt(n)``. ``"glorot"`` goes by what comes in and out, ``taps * (m + n)``: 1.4 times as much
        where ``m`` is far below ``n``, twice as much where they are equal.
    rows, columns : int
        ``m`` and ``n``.
    taps : int
        Numbers of one kernel, ``3**d``.

    Examples
    --------
    >>> round(scale_of("glorot", 8, 8, 27) / scale_of("unit", 8, 8, 27), 3)
    2.0
    """
    if initial == "glorot":
        return math.sqrt(2 / (taps * (rows + columns)))
    return 1 / (math.sqrt(taps) * (math.sqrt(rows) + math.sqrt(columns)))


def kernels_of(initial: Initial, shape: Sequence[int], scale: float, generator: torch.Generator | None) -> Tensor:
    """Draw kernels.

    Parameters
    ----------
    initial : {"unit", "glorot"}
        Normal, or uniform ones.
    shape : sequence of int
        ``(m, n, 3, 3[, 3])``.
    scale : float
        Standard deviation, from :func:`scale_of`.
    generator : torch.Generator, optional
        Source of what is random.
    """
    if initial == "glorot":
        return (2 * torch.rand(tuple(shape), generator=generator) - 1) * (math.sqrt(3) * scale)
    return torch.randn(tuple(shape), generator=generator) * scale
