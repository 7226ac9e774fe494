"""Dragging the ring of a well on the canvas, whichever layer is chosen: nobody has to look for its layer first."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points
from numpy.typing import NDArray

from napari_fhn.widgets.data.camera import camera_of

_NEAR = 9.0
"""Pixels from the middle of a ring at which it is taken hold of."""


class WellDragging:
    """Listens to the mouse, and moves a point as it goes; where it is let go of, somebody else is told.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas.
    points : callable
        Returns the layer of the rings, None where there is none.
    dropped : callable
        Called with the number of a point that has another place now.

    Attributes
    ----------
    holds : bool
        Whether a ring is under way.
    """

    def __init__(
        self, viewer: ViewerModel, points: Callable[[], Points | None], dropped: Callable[[int], None]
    ) -> None:
        self._viewer = viewer
        self._points = points
        self._dropped = dropped
        self.holds = False
        viewer.mouse_drag_callbacks.append(self.drag)

    def close(self) -> None:
        """Let go of the viewer."""
        with contextlib.suppress(ValueError):
            self._viewer.mouse_drag_callbacks.remove(self.drag)

    def drag(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        """Follow the mouse from a ring to where its button is released."""
        points, active = self._points(), self._viewer.layers.selection.active
        number = None if points is None else self.under(points, event.position)
        # Who paints on a ring paints; who has chosen the layer of the rings has napari's own ways of moving them.
        busy = active is not None and (active is points or getattr(active, "mode", "pan_zoom") != "pan_zoom")
        if points is None or number is None or busy or event.modifiers or event.button not in (1, None):
            return
        panned = None if active is None else active.mouse_pan
        if active is not None:
            active.mouse_pan = False
        camera = camera_of(self._viewer)
        before, camera.mouse_pan = camera.mouse_pan, False
        moved, self.holds = False, True
        try:
            yield
            while event.type == "mouse_move":
                moved = True
                self._put(points, number, event.position)
                yield
        finally:
            self.holds = False
            camera.mouse_pan = before
            if active is not None and panned is not None:
                active.mouse_pan = panned
        if moved:
            self._dropped(number)

    def under(self, points: Points, position: Any) -> int | None:
        """Return the number of the ring under a place of the canvas, None where there is none."""
        if not points.visible or not len(points.data) or self._viewer.dims.ndisplay != 2:
            return None
        offset = self._viewer.dims.ndim - points.ndim
        shown = [axis - offset for axis in self._viewer.dims.displayed]
        if any(axis < 0 for axis in shown):
            return None
        here = np.asarray(position, np.float64)[-points.ndim :]
        scale = np.asarray(points.scale, np.float64)
        places = np.asarray(points.data, np.float64) * scale + np.asarray(points.translate, np.float64)
        apart = np.abs(places - here)
        zoom = float(camera_of(self._viewer).zoom)
        across = [axis for axis in range(points.ndim) if axis not in shown]
        seen = (apart[:, across] <= np.asarray(points.size).max() / 2 * scale[across]).all(axis=1)
        far = np.where(seen, np.linalg.norm(apart[:, shown], axis=1) * zoom, np.inf)
        nearest = int(far.argmin())
        return nearest if far[nearest] <= _NEAR else None

    def _put(self, points: Points, number: int, position: Any) -> None:
        """Draw a ring where the mouse is, as far as a well can go there: sideways, and never up or down."""
        here: NDArray[np.float64] = np.asarray(points.world_to_data(np.asarray(position)[-points.ndim :]), np.float64)
        data = np.array(points.data, np.float64)
        data[number, :-1] = here[:-1]
        points.data = data
