"""A section as a picture: amounts in their colours, classes over them, a hatch where nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colors = NDArray[np.uint8]

PERIOD, LINE = 8, 2
"""Of a hatch, in pixels: how far its lines lie apart, and how wide they are."""
_HATCH = (150, 150, 150)
_STALE = 0.55
"""How much of its colour a stale class loses."""


@dataclass(frozen=True, eq=False)
class Amounts:
    """Numbers in the colours of a scale.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
        NaN where there are none, which stays as it is below.
    colors : ndarray of uint8, shape (n, 4)
        Red, green, blue, opacity; from the lowest value to the highest.
    limits : tuple of float
        Values of the first and the last colour.
    opacity : float
        0 to 1.
    """

    values: NDArray[Any]
    colors: Colors
    limits: tuple[float, float]
    opacity: float = 1.0

    def rgba(self, wide: int) -> NDArray[np.float32]:
        """Return red, green, blue (0 to 255) and opacity (0 to 1) of each pixel."""
        values = np.asarray(self.values, np.float32)
        low, high = self.limits
        share = (values - low) / ((high - low) or 1.0)
        last = len(self.colors) - 1
        there = np.isfinite(share)
        index = np.clip(np.where(there, share, 0.0) * last + 0.5, 0, last).astype(np.intp)
        out = self.colors.astype(np.float32)[index]
        out[..., 3] *= self.opacity / 255 * there
        return np.asarray(out, np.float32)


@dataclass(frozen=True, eq=False)
class Classes:
    """Label values, each with a colour.

    Parameters
    ----------
    values : ndarray of int, shape (rows, columns)
        Label values.
    colors : ndarray of uint8, shape (n, 4)
        By value.
    opacity : float
        0 to 1.
    outline : int
        Pixels of an outline, in place of the whole class; 0 for the whole.
    stale : ndarray of bool or None
        Where they are of an earlier network: greyed.
    missing : ndarray of bool or None
        Where nothing was predicted: hatched.
    """

    values: NDArray[Any]
    colors: Colors
    opacity: float = 1.0
    outline: int = 0
    stale: NDArray[np.bool_] | None = None
    missing: NDArray[np.bool_] | None = None

    def rgba(self, wide: int) -> NDArray[np.float32]:
        """Return red, green, blue (0 to 255) and opacity (0 to 1) of each pixel; outlines are `wide` times as wide."""
        values = np.asarray(self.values)
        out = self.colors.astype(np.float32)[np.minimum(values, len(self.colors) - 1)]
        out[..., 3] *= self.opacity / 255
        if self.outline:
            out[~borders(values, self.outline * wide)] = 0
        if self.stale is not None:
            grey = out[..., :3].mean(axis=-1, keepdims=True)
            out[..., :3] += self.stale[..., np.newaxis] * _STALE * (grey - out[..., :3])
        if self.missing is not None:
            out[hatched(values.shape) & self.missing] = (*_HATCH, 0.8)
        return np.asarray(out, np.float32)


@dataclass(frozen=True, eq=False)
class Colours:
    """Colours as they are.

    Parameters
    ----------
    values : ndarray, shape (rows, columns, 3 or 4)
        0 to 255, or 0 to 1 in floating-point numbers.
    opacity : float
        0 to 1.
    """

    values: NDArray[Any]
    opacity: float = 1.0

    def rgba(self, wide: int) -> NDArray[np.float32]:
        """Return red, green, blue (0 to 255) and opacity (0 to 1) of each pixel."""
        values = self.values.astype(np.float32) * (255 if self.values.dtype.kind == "f" else 1)
        out = np.concatenate([values[..., :3], np.full((*values.shape[:2], 1), self.opacity, np.float32)], axis=-1)
        return np.asarray(np.where(np.isfinite(out), out, 0), np.float32)


Part = Amounts | Classes | Colours


def composed(parts: Sequence[Part], wide: int = 1) -> NDArray[np.uint8]:
    """Lay parts of one size over each other.

    Parameters
    ----------
    parts : sequence of Amounts, Classes or Colours
        From the bottom to the top.
    wide : int, optional
        How many pixels of the picture are one on the screen, where it is drawn smaller: outlines are as much wider.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 4)
        Red, green, blue, opacity.

    Examples
    --------
    >>> grey = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 4, axis=1)
    >>> grey[:, 3] = 255
    >>> composed([Amounts(np.array([[0.0, 1.0, np.nan]]), grey, (0.0, 1.0))])[0].tolist()
    [[0, 0, 0, 255], [255, 255, 255, 255], [0, 0, 0, 0]]
    """
    out: NDArray[np.float32] | None = None
    for part in parts:
        above = part.rgba(wide)
        if out is None:
            out = np.zeros_like(above)
        share = above[..., 3:]
        under = out[..., 3:] * (1 - share)
        total = share + under
        out[..., :3] = np.divide(
            above[..., :3] * share + out[..., :3] * under, total, out=np.zeros_like(above[..., :3]), where=total > 0
        )
        out[..., 3:] = total
    if out is None:
        return np.zeros((1, 1, 4), np.uint8)
    out[..., 3] *= 255
    return np.asarray(np.rint(out), np.uint8)


def borders(values: NDArray[Any], width: int) -> NDArray[np.bool_]:
    """Return which pixels lie within so many pixels of another value, along rows and columns; 0 has no border.

    Parameters
    ----------
    values : ndarray of int, shape (rows, columns)
        Label values.
    width : int
        In pixels.

    Examples
    --------
    >>> borders(np.array([[0, 0, 1, 1, 1, 1, 2, 2]]), 1).astype(int).tolist()
    [[0, 0, 1, 0, 0, 1, 1, 0]]
    """
    near = np.zeros(values.shape, bool)
    for shift in range(1, width + 1):
        for axis in range(2):
            size = values.shape[axis]
            if size <= shift:
                continue
            before = (slice(None),) * axis + (slice(0, size - shift),)
            after = (slice(None),) * axis + (slice(shift, size),)
            differs = values[before] != values[after]
            near[before] |= differs
            near[after] |= differs
    return np.asarray(near & (values != 0))


def hatched(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where the lines of a hatch run: slanting, from the lower left to the upper right.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    """
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.asarray((rows + columns) % PERIOD < LINE)
