"""The place one is at, as a cross on the canvas."""

from __future__ import annotations

from napari.components import ViewerModel
from qtpy.QtCore import QPointF
from qtpy.QtGui import QColor, QPainter, QPen

from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.views.place import Place
from napari_fhn.widgets.views.sheet import CanvasView
from napari_fhn.widgets.views.state import ViewState

_LINE, _UNDER = QColor(255, 255, 255, 140), QColor(0, 0, 0, 90)


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
    """

    def __init__(self, viewer: ViewerModel, data: Data, place: Place, state: ViewState) -> None:
        self._viewer = viewer
        self._data = data
        self._place = place
        self._state = state

    def draw(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw it."""
        material, index, dims = self._data.material, self._place.index, self._viewer.dims
        if not self._state.linked or material is None or not index:
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
        for color, width in ((_UNDER, 3), (_LINE, 1)):
            painter.setPen(QPen(color, width))
            painter.drawLine(QPointF(right, 0), QPointF(right, canvas.height))
            painter.drawLine(QPointF(0, down), QPointF(canvas.width, down))
