"""The structure tensor: a first answer to how reflectors lie, from the directions in which the data change."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import minimum_filter1d

from .windows import Field, gradients, parts, radius, smoothed

_TINY = np.float32(1e-30)
"""Energy that is none; amplitudes are of the order of 1."""


class Scale(NamedTuple):
    """At which scale the tensor is taken, in traces and samples.

    Parameters
    ----------
    derivative : tuple of float
        Standard deviation of the Gaussian derivatives, laterally and vertically. A wide vertical one sees the low
        frequencies alone, in which a steep reflector is not mistaken for its neighbour.
    window : tuple of float
        Standard deviation of the window over which their products are averaged, laterally and vertically.
    """

    derivative: tuple[float, float]
    window: tuple[float, float]

    @property
    def reach(self) -> tuple[int, int]:
        """Traces and samples to each side that a slope depends on (with the traces that a window may move by)."""
        lateral = radius(self.derivative[0], True) + radius(self.window[0]) + 1
        vertical = radius(self.derivative[1], True) + 2 * radius(self.window[1] / 2) + 2 * _MOVED + 2
        return lateral, vertical


_MOVED = 1
"""A window moves by one trace, or by one node of two samples, to where the data are of one dip."""


def first_slopes(amplitude: Field, weight: Field | None, scale: Scale, steepest: float) -> Field:
    """Estimate slopes by the structure tensor.

    The reflector is normal to the eigenvector of the largest eigenvalue. Noise adds alike to all eigenvalues and so
    leaves the direction as it is, where a fit by least squares would take every reflector for flatter than it is. Each
    place then takes the slope of whichever window about it is of one dip most clearly (Kuwahara's choice): at a fault
    that of one side, not the mean of both.

    Parameters
    ----------
    amplitude : ndarray of float32, shape (..., 2 n)
        Data of the order of 1, the vertical axis last.
    weight : ndarray of float32 or None
        1 where there are data and 0 where there are none; None where there are everywhere.
    scale : Scale
        Of the derivatives and windows.
    steepest : float
        Slopes are cut off here, in samples per trace.

    Returns
    -------
    ndarray of float32, shape (lateral axes, ..., n)
        Samples per trace along each lateral axis, at nodes between samples ``2 j`` and ``2 j + 1``.
    """
    lateral = amplitude.ndim - 1
    change = gradients(amplitude, (scale.derivative[0],) * lateral + (scale.derivative[1],))
    if weight is not None:
        for axis in range(lateral + 1):
            reach = radius(scale.derivative[axis == lateral], True)
            weight = minimum_filter1d(weight, 2 * reach + 1, axis=axis, mode="nearest")
        for one in change:
            one *= weight
    window = (scale.window[0],) * lateral + (scale.window[1] / 2,)
    tensor: dict[tuple[int, int], Field] = {}
    for a in range(lateral + 1):
        for b in range(a, lateral + 1):
            tensor[a, b] = smoothed(_paired(change[0], change[b - a]), window)
        del change[0]  # its memory is needed
    nodes = tensor[0, 0].shape
    slopes, planar = np.empty((lateral, *nodes), np.float32), np.empty(nodes, np.float32)
    for some in parts(nodes):
        found = (_of_section if lateral == 1 else _of_volume)({pair: values[some] for pair, values in tensor.items()})
        slopes[:, some], planar[some] = found
    np.clip(slopes, -steepest, steepest, out=slopes)
    return clearest(slopes, planar)[0]


def clearest(slopes: Field, clear: Field) -> tuple[Field, Field]:
    """Take each slope from whichever of the places beside it is clearest; return slopes and how clear they are."""
    found, best = np.empty_like(slopes), np.empty_like(clear)
    for some in parts(clear.shape):
        rim = slice(max(0, some.start - _MOVED), some.stop + _MOVED)
        within = slice(some.start - rim.start, some.stop - rim.start)
        taken, sure = _clearer(slopes[:, rim], clear[rim], 0)
        taken, sure = taken[:, within], sure[within]
        for axis in range(1, clear.ndim):
            taken, sure = _clearer(taken, sure, axis)
        found[:, some], best[some] = taken, sure
    return found, best


def _clearer(slopes: Field, clear: Field, axis: int) -> tuple[Field, Field]:
    """Take each slope from itself or from one of the places beside it along an axis."""
    taken, best = slopes.copy(), clear.copy()
    for own, other in _beside(clear.ndim, axis):
        better = clear[other] > best[own]
        np.copyto(best[own], clear[other], where=better)
        for mine, theirs in zip(taken, slopes, strict=True):
            np.copyto(mine[own], theirs[other], where=better)
    return taken, best


def _beside(axes: int, axis: int) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    low = tuple(slice(None, -_MOVED) if a == axis else slice(None) for a in range(axes))
    high = tuple(slice(_MOVED, None) if a == axis else slice(None) for a in range(axes))
    return [(low, high), (high, low)]


def _paired(one: Field, other: Field) -> Field:
    """Multiply, and sum samples in pairs: windows are wide, so half as many nodes say as much."""
    found = np.empty((*one.shape[:-1], one.shape[-1] // 2), np.float32)
    for some in parts(one.shape):
        product = one[some] * other[some]
        np.add(product[..., 0::2], product[..., 1::2], out=found[some])
    return found


def _of_section(tensor: dict[tuple[int, int], Field]) -> tuple[Field, Field]:
    xx, xt, tt = tensor[0, 0], tensor[0, 1], tensor[1, 1]
    root = np.sqrt((0.5 * (xx - tt)) ** 2 + xt * xt)
    largest = 0.5 * (xx + tt) + root
    return -(xt / np.maximum(largest - xx, _TINY))[None], 2 * root / np.maximum(xx + tt, _TINY)


def _of_volume(tensor: dict[tuple[int, int], Field]) -> tuple[Field, Field]:
    """Eigenvalues in closed form, and the eigenvector ``(x, y, 1)`` of the largest."""
    third = (tensor[0, 0] + tensor[1, 1] + tensor[2, 2]) / 3
    # As shares of the trace: cubes of small numbers would vanish.
    share = 1 / np.maximum(3 * third, _TINY)
    xx, yy, tt, xy, xt, yt = (tensor[at] * share for at in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)))
    mean = third * share
    x, y, t = xx - mean, yy - mean, tt - mean
    spread = np.sqrt((x * x + y * y + t * t + 2 * (xy * xy + xt * xt + yt * yt)) / 6) + np.float32(1e-12)
    det = x * (y * t - yt * yt) - xy * (xy * t - yt * xt) + xt * (xy * yt - y * xt)
    angle = np.arccos(np.clip(det / (2 * spread * spread * spread), -1, 1)) / 3
    largest = mean + 2 * spread * np.cos(angle)
    smallest = mean + 2 * spread * np.cos(angle + np.float32(2 * np.pi / 3))
    middle = 3 * mean - largest - smallest
    x, y = xx - largest, yy - largest
    det = x * y - xy * xy
    # Both factors are negative but for a reflector that stands upright, which has no slope.
    det = np.maximum(det, np.float32(1e-6) * largest * largest) + np.float32(1e-12)
    slopes = np.stack([-(xy * yt - xt * y) / det, -(xy * xt - yt * x) / det])
    return slopes, (largest - middle) / (largest + middle + np.float32(1e-12))
