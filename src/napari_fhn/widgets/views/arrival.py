"""Where one has gone by a name or a number: a ring about the place, for a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QPointF, QTimer
from qtpy.QtGui import QColor, QPainter, QPen

from napari_fhn.widgets.data.camera import CanvasView
from napari_fhn.widgets.views.crosshair import HOVER
from napari_fhn.widgets.views.state import ViewState

_SHOWN_MS = 4000
_RADIUS = 14.0
_UNDER = QColor(0, 0, 0, 150)


class Arrival:
    """Points at a place that is gone to: where it was in view already, nothing else on the canvas says which it is.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas it is.
    state : ViewState
        Which says where one has gone.
    update : callable
        Has it drawn again.
    """

    def __init__(self, viewer: ViewerModel, state: ViewState, update: Callable[[], None]) -> None:
        self._viewer = viewer
        self._update = update
        self._at: Mapping[int, float] | None = None
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(self._over)
        self._state = state
        state.arrived.connect(self._arrived)

    def close(self) -> None:
        """Point at nothing any more."""
        self._timer.stop()
        self._state.arrived.disconnect(self._arrived)

    def ring(self, canvas: CanvasView) -> tuple[float, float] | None:
        """Return where the ring is drawn, to the right and down in pixels; None without one."""
        dims, at = self._viewer.dims, self._at
        if at is None or any(axis in at and dims.point[axis] != at[axis] for axis in dims.not_displayed):
            return None  # another section is looked at meanwhile
        world = np.array([at.get(axis, value) for axis, value in enumerate(dims.point)])
        right, down = canvas.pixels(world)[0]
        return (float(right), float(down)) if np.isfinite(right) else None

    def draw(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw it."""
        spot = self.ring(canvas)
        if spot is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for color, width in ((_UNDER, 5), (HOVER, 2.5)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(QPointF(*spot), _RADIUS, _RADIUS)

    def _arrived(self, at: Mapping[int, float]) -> None:
        point = self._viewer.dims.point
        self._at = {axis: float(point[axis]) for axis in at}  # sliders stand on voxels
        self._timer.start()
        self._update()

    def _over(self) -> None:
        self._at = None
        self._update()
