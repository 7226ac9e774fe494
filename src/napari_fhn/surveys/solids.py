"""Shapes for the view in 3D: bodies of a class as closed surfaces of bounded size, horizons, tubes along paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.surveys.blocks import Told

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_VOXELS = 4_000_000
"""Of a volume that is marched through at once; of a larger one every second, third ... voxel is looked at."""

MOST_TRIANGLES = 200_000
_SMOOTH = 0.7
"""Standard deviation, in voxels that are looked at, by which corners are rounded."""


class Solid(NamedTuple):
    """A surface of triangles.

    Parameters
    ----------
    vertices : ndarray of float64, shape (n, 3)
        In voxels.
    faces : ndarray of int64, shape (m, 3)
        Three vertices each.
    """

    vertices: Floats
    faces: Ints


def body(
    values: Any,
    value: int,
    *,
    most: int = MOST_TRIANGLES,
    progress: Told | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Solid | None:
    """Return the closed surface around the voxels of a class, as fine as a number of triangles allows.

    Parameters
    ----------
    values : array_like of int, shape (n, m, k)
        Label values; read a plane at a time.
    value : int
        The class.
    most : int
        Triangles, at most.
    progress : callable, optional
        Told the share that is done, 0 to 1.
    stop : callable, optional
        Asked between planes; what says yes ends it.

    Returns
    -------
    Solid or None
        None where the class does not occur, and where it was stopped.

    Examples
    --------
    >>> ball = (np.linalg.norm(np.mgrid[:20, :20, :20] - 9.5, axis=0) < 6).astype(np.uint8)
    >>> found = body(ball, 1)
    >>> np.round(found.vertices.mean(axis=0), 1).tolist()
    [9.5, 9.5, 9.5]
    >>> body(ball, 2) is None
    True
    """
    from scipy import ndimage
    from skimage import measure

    shape = tuple(int(n) for n in values.shape)
    step = max(1, int(np.ceil((np.prod(shape, dtype=np.float64) / MOST_VOXELS) ** (1 / 3))))
    while True:
        planes = range(0, shape[0], step)
        inside = np.zeros([len(range(0, n, step)) for n in shape], np.float32)
        for k, plane in enumerate(planes):
            if stop():
                return None
            inside[k] = np.asarray(values[plane, ::step, ::step]) == value
            if progress is not None:
                progress(0.7 * (k + 1) / len(planes))
        if not inside.any():
            return None
        smooth = ndimage.gaussian_filter(inside, _SMOOTH, mode="nearest")
        # What is thinner than the rounding keeps its corners. Outside of the survey there is nothing: it is closed.
        field = np.pad(inside if smooth.max() <= 0.5 else smooth, 1)
        vertices, faces, _, _ = measure.marching_cubes(field, 0.5)  # type: ignore[no-untyped-call]
        if len(faces) <= most or min(inside.shape) <= 4:
            break
        step = max(step + 1, int(np.ceil(step * np.sqrt(len(faces) / most))))
    if progress is not None:
        progress(1.0)
    return Solid((np.asarray(vertices, np.float64) - 1) * step, np.asarray(faces, np.int64))


def sheet(samples: NDArray[np.float32], most: int = 60_000) -> Solid:
    """Return a surface over the traces as triangles.

    Parameters
    ----------
    samples : ndarray of float, shape (inline, crossline)
        How deep it lies, in samples; NaN where there is none.
    most : int
        Traces, at most: of more, every second, third ... one is taken.

    Examples
    --------
    >>> found = sheet(np.array([[1.0, 2.0, 3.0], [1.0, np.nan, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]))
    >>> found.vertices[0].tolist(), len(found.faces)
    ([0.0, 0.0, 1.0], 6)
    """
    step = max(1, int(np.ceil(np.sqrt(samples.size / most))))
    # The last line and column belong to it also where they are between two steps.
    first, second = (np.unique([*range(0, size, step), size - 1]) for size in samples.shape)
    deep = np.asarray(samples[np.ix_(first, second)], np.float64)
    vertices = np.stack([*np.meshgrid(first, second, indexing="ij"), deep], axis=-1).reshape(-1, 3)
    number = np.arange(deep.size).reshape(deep.shape)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[:-1, 1:], number[1:, 1:]
    faces = np.concatenate([np.stack(corners, -1).reshape(-1, 3) for corners in ((a, b, c), (c, b, d))])
    faces = faces[np.isfinite(vertices[faces, 2]).all(axis=1)]
    used, faces = np.unique(faces, return_inverse=True)
    return Solid(vertices[used], faces.reshape(-1, 3).astype(np.int64))


def tube(path: Any, radius: float, sides: int = 8) -> Solid:
    """Return a tube around a path.

    Parameters
    ----------
    path : array_like of float, shape (n, 3)
        Places, two at least.
    radius : float
        In the unit of the path.
    sides : int
        Of the tube's section.

    Examples
    --------
    >>> found = tube([[0, 0, 0], [0, 0, 5]], 1.0)
    >>> len(found.vertices), len(found.faces)
    (16, 16)
    """
    at = np.asarray(path, np.float64)
    along = np.gradient(at, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
    # Some direction that the path does not run along.
    aside = np.eye(3)[int(np.argmin(np.abs(along).sum(axis=0)))]
    first = np.cross(along, aside)
    first /= np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-12)
    second = np.cross(along, first)
    turn = 2 * np.pi * np.arange(sides) / sides
    ring = np.cos(turn)[:, np.newaxis] * first[:, np.newaxis] + np.sin(turn)[:, np.newaxis] * second[:, np.newaxis]
    vertices = (at[:, np.newaxis] + radius * ring).reshape(-1, 3)
    k, s = np.meshgrid(np.arange(len(at) - 1), np.arange(sides), indexing="ij")
    a, b = k * sides + s, k * sides + (s + 1) % sides
    faces = np.stack([np.stack([a, b, a + sides], -1), np.stack([b, b + sides, a + sides], -1)], -2)
    return Solid(vertices, faces.reshape(-1, 3).astype(np.int64))


def together(solids: list[Solid]) -> Solid:
    """Return several surfaces as one."""
    starts = np.cumsum([0, *(len(one.vertices) for one in solids)])
    vertices = [one.vertices for one in solids] or [np.zeros((0, 3))]
    faces = [one.faces + start for one, start in zip(solids, starts, strict=False)] or [np.zeros((0, 3), np.int64)]
    return Solid(np.concatenate(vertices), np.concatenate(faces))
