"""Shapes drawn on sections, as areas of the label volume."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import skimage
from numpy.typing import NDArray

_FLAT = 1e-6


def areas(shapes: Iterable[tuple[Any, str]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which voxels lie inside shapes that somebody has drawn.

    Parameters
    ----------
    shapes : iterable of (array_like, str)
        Vertices in voxels, and ``"polygon"``, ``"rectangle"``, ``"ellipse"``, ``"line"`` or ``"path"``; each lies on
        one section of a volume.
    shape : tuple of int
        Of the labels.
    """
    inside = np.zeros(shape, bool)
    for vertices, kind in shapes:
        points = np.asarray(vertices, np.float64)
        spread = np.ptp(points, axis=0)
        flat = [axis for axis in range(len(shape)) if spread[axis] <= _FLAT]
        across = sorted(flat, key=lambda axis: spread[axis])[: len(shape) - 2]
        along = [axis for axis in range(len(shape)) if axis not in across]
        if len(along) != 2:
            continue
        place = [round(float(points[0, axis])) for axis in across]
        if any(not 0 <= k < shape[axis] for k, axis in zip(place, across, strict=True)):
            continue
        size = (shape[along[0]], shape[along[1]])
        where: list[Any] = [slice(None)] * len(shape)
        for axis, k in zip(across, place, strict=True):
            where[axis] = k
        inside[tuple(where)] |= _area(points[:, along], kind, size)
    return inside


def _area(points: NDArray[np.float64], kind: str, size: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(size, bool)
    if kind == "ellipse":
        centre, half = points.mean(axis=0), np.ptp(points, axis=0) / 2
        radii = np.maximum(half, 0.5)
        mask[skimage.draw.ellipse(centre[0], centre[1], radii[0], radii[1], shape=size)] = True  # type: ignore[no-untyped-call]
    elif kind in ("line", "path"):
        ends = np.rint(points).astype(int)
        for a, b in itertools.pairwise(ends):
            rows, columns = skimage.draw.line(*a, *b)  # type: ignore[no-untyped-call]
            kept = (rows >= 0) & (rows < size[0]) & (columns >= 0) & (columns < size[1])
            mask[rows[kept], columns[kept]] = True
    else:
        mask[skimage.draw.polygon(points[:, 0], points[:, 1], shape=size)] = True  # type: ignore[no-untyped-call]
    return mask
