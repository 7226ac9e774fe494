"""Fences: sections along a line that bends, through wells or wherever one draws it on the map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_fhn.surveys.map_frame import MapFrame

Floats = NDArray[np.float64]

_MOST_TRACES = 20_000


@dataclass(frozen=True, eq=False)
class Fence:
    """Evenly spaced places along a line, and the trace nearest to each.

    Parameters
    ----------
    traces : ndarray of int64, shape (n, 2)
        In voxels along the lateral axes.
    distances : ndarray of float64, shape (n,)
        From the beginning of the line: metres, or steps of traces where the survey has no lengths.
    corners : ndarray of float64, shape (k,)
        The distances at which the line bends, with its beginning and its end.
    unit : str
        "m", or "traces".
    line : ndarray of float64, shape (k, 2)
        The corners in these lengths, east and north of the first voxel of the survey.
    """

    traces: NDArray[np.int64]
    distances: Floats
    corners: Floats
    unit: str
    line: Floats


def fence(corners: ArrayLike, frame: MapFrame) -> Fence:
    """Lay a fence along a line.

    Parameters
    ----------
    corners : array_like of float, shape (k, 2)
        Of the line, in voxels along the lateral axes, k at least 2; what lies outside is brought to the edge.
    frame : MapFrame
        Where the survey lies.

    Returns
    -------
    Fence
        With a place for each of the shorter steps from trace to trace.

    Raises
    ------
    ValueError
        When the corners are one place.

    Examples
    --------
    >>> from napari_fhn.surveys.map_frame import MapFrame
    >>> frame = MapFrame((10, 20), (0.0, 0.0), (0.0, 25.0), (12.5, 0.0), "m")
    >>> found = fence([[0, 0], [0, 4], [2, 4]], frame)
    >>> found.corners.tolist()  # four steps of 12.5 m, and two of 25 m
    [0.0, 50.0, 100.0]
    >>> found.traces.tolist()
    [[0, 0], [0, 1], [0, 2], [0, 3], [0, 4], [0, 4], [1, 4], [1, 4], [2, 4]]
    """
    at = np.clip(np.asarray(corners, np.float64).reshape(-1, 2), 0, np.array(frame.shape) - 1)
    steps, unit = _lengths(frame)
    line = at @ steps
    apart = np.hypot(*np.diff(line, axis=0).T) if len(line) > 1 else np.zeros(0)
    kept = np.concatenate([[True], apart > 0]) if apart.size else np.zeros(0, bool)
    line = line[kept]
    if len(line) < 2:
        raise ValueError("a fence needs two places that lie apart")
    at_corner = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    total = float(at_corner[-1])
    step = max(float(min(np.hypot(*one) for one in steps)), total / _MOST_TRACES)
    n = max(2, int(np.floor(total / step + 0.5)) + 1)
    distances = np.linspace(0.0, total, n)
    places = np.stack([np.interp(distances, at_corner, line[:, k]) for k in range(2)], axis=-1)
    traces = np.floor(places @ np.linalg.inv(steps) + 0.5 - 1e-9)
    traces = np.clip(traces, 0, np.array(frame.shape) - 1).astype(np.int64)
    return Fence(traces, distances, at_corner, unit, line)


def beside(place: ArrayLike, found: Fence, frame: MapFrame) -> tuple[float, float]:
    """Return where along a fence a place lies, and how far from it, in the unit of the fence.

    Parameters
    ----------
    place : array_like of float, shape (2,)
        In voxels along the lateral axes.
    found : Fence
        The fence.
    frame : MapFrame
        Where the survey lies.
    """
    at = np.asarray(place, np.float64) @ _lengths(frame)[0]
    start, ways = found.line[:-1], np.diff(found.line, axis=0)
    lengths = np.hypot(*ways.T)
    share = np.clip(np.einsum("ij,ij->i", at - start, ways) / lengths**2, 0.0, 1.0)
    off = np.hypot(*(start + share[:, np.newaxis] * ways - at).T)
    k = int(np.argmin(off))
    return float(found.corners[k] + share[k] * lengths[k]), float(off[k])


def through(places: ArrayLike, frame: MapFrame) -> NDArray[np.int64]:
    """Return an order of places in which a fence runs through all of them without turning back much.

    Parameters
    ----------
    places : array_like of float, shape (n, 2)
        In voxels along the lateral axes.
    frame : MapFrame
        Where the survey lies.

    Returns
    -------
    ndarray of int64, shape (n,)
        A short way, untangled, which begins at its western end.

    Examples
    --------
    >>> from napari_fhn.surveys.map_frame import MapFrame
    >>> frame = MapFrame((10, 20), (0.0, 0.0), (0.0, 25.0), (25.0, 0.0), "m")
    >>> through([[0, 9], [0, 1], [0, 18], [1, 4]], frame).tolist()
    [1, 3, 0, 2]
    """
    at = np.asarray(places, np.float64).reshape(-1, 2) @ _lengths(frame)[0]
    n = len(at)
    if n < 3:
        return np.argsort(at[:, 0], kind="stable")
    main = np.linalg.svd(at - at.mean(axis=0), full_matrices=False)[2][0]
    order = np.argsort(at @ main, kind="stable")
    order = _untangled(order, at)
    return order if at[order[0], 0] <= at[order[-1], 0] else order[::-1]


def _untangled(order: NDArray[np.int64], at: Floats) -> NDArray[np.int64]:
    """Turn parts of the way round as long as that makes it shorter."""
    order = order.copy()
    n, shorter, rounds = len(order), True, 0
    while shorter and rounds < 50:
        shorter, rounds = False, rounds + 1
        for i in range(n - 1):
            for j in range(i + 1, n):
                turned = np.concatenate([order[:i], order[i : j + 1][::-1], order[j + 1 :]])
                if _length(turned, at) < _length(order, at) - 1e-9:
                    order, shorter = turned, True
    return order


def _length(order: NDArray[np.int64], at: Floats) -> float:
    return float(np.hypot(*np.diff(at[order], axis=0).T).sum())


def _lengths(frame: MapFrame) -> tuple[Floats, str]:
    """Vectors of a step along each lateral axis, and their unit."""
    steps = np.array([frame.first, frame.second], np.float64)
    metres = frame.metres
    return (steps * metres, "m") if metres is not None else (np.eye(2), "traces")
