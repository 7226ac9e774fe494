"""The camera of a viewer, and where it draws places on the canvas: on sections, maps, and in 3D."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from napari.components import ViewerModel
from numpy.typing import ArrayLike, NDArray

_IN_VIEW = 0.96
"""Share of the canvas, about its middle, in which a place is seen: at the very edge half of what is there is not."""


def camera_of(viewer: ViewerModel) -> Any:
    """Return the camera, wherever this napari keeps it."""
    scene = getattr(viewer, "scene", None)
    return viewer.camera if scene is None else scene.camera


class CanvasView:
    """Where places are drawn on a canvas.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas.
    width, height : int
        Of the canvas, in pixels.
    """

    def __init__(self, viewer: ViewerModel, width: int, height: int) -> None:
        self._camera = camera = camera_of(viewer)
        self.width, self.height = width, height
        self.zoom = float(camera.zoom)
        self._center = tuple(float(c) for c in camera.center[-2:])
        self._displayed = tuple(viewer.dims.displayed)

    @classmethod
    def of(cls, viewer: ViewerModel) -> CanvasView:
        """Return the canvas as large as the viewer says it is."""
        canvas = getattr(viewer, "canvas", None)  # from napari 0.9 on
        height, width = viewer._canvas_size if canvas is None else canvas.size
        return cls(viewer, int(width), int(height))

    def length(self, displayed: int) -> int:
        """Pixels of an edge: 0 the one that runs down, 1 the one that runs to the right."""
        return self.width if displayed else self.height

    def pixel(self, displayed: int, world: float) -> float:
        """Where a place in world coordinates is drawn, on a canvas of two axes."""
        return self.length(displayed) / 2 + (world - self._center[displayed]) * self.zoom

    def world(self, displayed: int, pixel: float) -> float:
        """Which place is drawn there, on a canvas of two axes."""
        return self._center[displayed] + (pixel - self.length(displayed) / 2) / self.zoom

    def pixels(self, world: ArrayLike) -> NDArray[np.float64]:
        """Return where places are drawn, to the right and down in pixels, also in 3D; nan for what is behind the eye.

        Parameters
        ----------
        world : array_like, shape (n, axes)
            Along all axes of the viewer.
        """
        away = np.atleast_2d(np.asarray(world, np.float64))[:, self._displayed]
        if len(self._displayed) == 2:
            return np.column_stack(
                [self.pixel(1, 0.0) + away[:, 1] * self.zoom, self.pixel(0, 0.0) + away[:, 0] * self.zoom]
            )
        away = away - np.asarray(self._camera.center, np.float64)
        ahead, up = (np.asarray(way, np.float64) for way in (self._camera.view_direction, self._camera.up_direction))
        right = np.cross(ahead, up) * (-1.0 if str(getattr(self._camera, "handedness", "")) == "left" else 1.0)
        nearer = np.ones(len(away))
        if self._camera.perspective:
            eye = min(self.width, self.height) / self.zoom / (2 * np.tan(np.radians(self._camera.perspective) / 2))
            depth = eye + away @ ahead
            nearer = np.where(depth > 0, eye / np.where(depth > 0, depth, 1.0), np.nan)
        scale = self.zoom * nearer
        return np.column_stack([self.width / 2 + away @ right * scale, self.height / 2 - away @ up * scale])

    def depth(self, world: ArrayLike) -> NDArray[np.float64]:
        """Return how far beyond the middle of the view places are, away from the eye; 0 on a canvas of two axes.

        Parameters
        ----------
        world : array_like, shape (n, axes)
            Along all axes of the viewer.
        """
        places = np.atleast_2d(np.asarray(world, np.float64))
        if len(self._displayed) == 2:
            return np.zeros(len(places))
        away = places[:, self._displayed] - np.asarray(self._camera.center, np.float64)
        return np.asarray(away @ np.asarray(self._camera.view_direction, np.float64))

    def sees(self, world: Mapping[int, float]) -> bool:
        """Whether a place is drawn on the canvas, and not only at its edge.

        Parameters
        ----------
        world : mapping of int to float
            Where it is along axes of the viewer; along the others it is in the middle.
        """
        center = dict(zip(self._displayed, self._camera.center[-len(self._displayed) :], strict=True))
        full = np.zeros(max((*self._displayed, *world)) + 1)
        for axis, at in {**center, **world}.items():
            full[axis] = at
        apart = np.abs(self.pixels(full)[0] - (self.width / 2, self.height / 2))
        return bool((apart <= _IN_VIEW * np.array([self.width, self.height]) / 2).all())


def bring_into_view(viewer: ViewerModel, world: Mapping[int, float]) -> bool:
    """Put a place into the middle of the canvas where it is not seen; where it is the view stays as it is.

    Parameters
    ----------
    viewer : ViewerModel
        Whose camera moves.
    world : mapping of int to float
        Where the place is along axes of the viewer; along the others the camera stays.

    Returns
    -------
    bool
        Whether the camera has moved.
    """
    shown = viewer.dims.displayed
    wanted = {axis: at for axis, at in world.items() if axis in shown}
    if not wanted or CanvasView.of(viewer).sees(wanted):
        return False
    camera = camera_of(viewer)
    middle = zip(shown, camera.center[-len(shown) :], strict=True)
    camera.center = (0.0,) * (3 - len(shown)) + tuple(float(wanted.get(axis, at)) for axis, at in middle)
    return True
