"""The place one is at, as a cross on the canvas, and that under the mouse while it is on another view."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from napari.components import ViewerModel
from qtpy.QtCore import QPointF
from qtpy.QtGui import QColor, QPainter, QPen

from napari_fhn.widgets.data.camera import CanvasView
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.views.place import CANVAS, Place
from napari_fhn.widgets.views.state import ViewState

_LINE, _UNDER = QColor(255, 255, 255, 140), QColor(0, 0, 0, 90)
HOVER = QColor(255, 214, 102, 190)
"""Of the cross that follows the mouse."""


class Crosshair:
    """Draws a cross while views are linked.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas it is.
    data : Data
        Which survey is looked at.
    place : Place
        Where one is.
    state : ViewState
        Whether views are linked.
    update : callable
        Has it drawn again.
    """

    def __init__(
        self, viewer: ViewerModel, data: Data, place: Place, state: ViewState, update: Callable[[], None]
    ) -> None:
        self._viewer = viewer
        self._data = data
        self._place = place
        self._state = state
        self._update = update
        self._shown: tuple[float, ...] | None = None
        place.hovering.connect(self._hovering)

    def draw(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw it."""
        if not self._state.linked:
            return
        self._cross(painter, canvas, self._place.index, ((_UNDER, 3), (_LINE, 1)))
        if self._shown is not None:
            self._cross(painter, canvas, self._shown, ((_UNDER, 3), (HOVER, 1)))

    def _hovering(self) -> None:
        # Where the mouse is on the canvas nothing is drawn, and nothing is drawn again as it moves there.
        hover = None if self._place.hovered == CANVAS else self._place.hover
        if hover != self._shown:
            self._shown = hover
            self._update()

    def _cross(
        self, painter: QPainter, canvas: CanvasView, index: Sequence[float], pens: Sequence[tuple[QColor, int]]
    ) -> None:
        material, dims = self._data.material, self._viewer.dims
        if material is None or len(index) != len(material.shape):
            return
        n, layer = len(index), material.layer
        ends = []
        for displayed, axis in enumerate(dims.order[-2:]):
            own = axis - (dims.ndim - n)
            if own < 0:
                return
            k = layer.ndim - n + own
            ends.append(canvas.pixel(displayed, float(layer.translate[k]) + float(layer.scale[k]) * index[own]))
        down, right = ends
        for color, width in pens:
            painter.setPen(QPen(color, width))
            painter.drawLine(QPointF(right, 0), QPointF(right, canvas.height))
            painter.drawLine(QPointF(0, down), QPointF(canvas.width, down))
