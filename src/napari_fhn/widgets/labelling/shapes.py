"""Shapes that people draw, as areas of the label volume."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from napari.layers import Shapes
from numpy.typing import NDArray
from skimage.draw import ellipse, line, polygon

_FLAT = 1e-6


def shapes_layer(ndim: int, placement: dict[str, Any]) -> Shapes:
    """Make an empty layer on the grid of the labels."""
    return Shapes(
        ndim=ndim,
        name="Shapes",
        edge_color="#ffffff",
        face_color=[1.0, 1.0, 1.0, 0.15],
        edge_width=1,
        **{key: value for key, value in placement.items() if key != "metadata"},
    )


def areas(layer: Shapes, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which voxels lie inside the shapes of a layer.

    Parameters
    ----------
    layer : napari.layers.Shapes
        On the grid of the labels; each shape lies on one section of a volume.
    shape : tuple of int
        Of the labels.
    """
    inside = np.zeros(shape, bool)
    for vertices, kind in zip(layer.data, layer.shape_type, strict=True):
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
        mask[ellipse(centre[0], centre[1], radii[0], radii[1], shape=size)] = True  # type: ignore[no-untyped-call]
    elif kind in ("line", "path"):
        ends = np.rint(points).astype(int)
        for a, b in itertools.pairwise(ends):
            rows, columns = line(*a, *b)  # type: ignore[no-untyped-call]
            kept = (rows >= 0) & (rows < size[0]) & (columns >= 0) & (columns < size[1])
            mask[rows[kept], columns[kept]] = True
    else:
        mask[polygon(points[:, 0], points[:, 1], shape=size)] = True  # type: ignore[no-untyped-call]
    return mask
