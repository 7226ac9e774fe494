"""Ticks along the edges of the canvas, in the survey's own numbers; on maps with a grid across it."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen

from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.surveys.map_frame import MapFrame
from napari_fhn.surveys.ticks import numbered, ticks
from napari_fhn.widgets.data.camera import CanvasView
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.readout import numbers_of
from napari_fhn.widgets.views.state import ViewState

_APART = 70
"""Pixels between two ticks, at least; between two coordinates of a map, which are longer, twice as many."""
_TICK, _GAP = 5, 3
INK, PAPER = QColor(235, 235, 235), QColor(0, 0, 0, 150)
_GRID = QColor(255, 255, 255, 70)

Mark = tuple[float, str]


class Rulers:
    """Draws ticks at the upper and the left edge.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas it is.
    data : Data
        Which survey is looked at.
    state : ViewState
        Whether they are shown.
    """

    def __init__(self, viewer: ViewerModel, data: Data, state: ViewState) -> None:
        self._viewer = viewer
        self._data = data
        self._state = state

    def marks(self, displayed: int, canvas: CanvasView) -> list[Mark]:
        """Return ticks along an edge of the canvas: where they are, in pixels, and their numbers.

        Parameters
        ----------
        displayed : int
            1 for the upper edge, 0 for the left one.
        canvas : CanvasView
            The canvas.
        """
        material, viewer = self._data.material, self._viewer
        if material is None or material.layer not in viewer.layers or viewer.dims.ndisplay != 2:
            return []
        layer, numbers = material.layer, numbers_of(material.layer)
        axis = viewer.dims.order[-2:][displayed] - (viewer.dims.ndim - layer.ndim)
        if numbers is None or axis < 0:
            return []
        length = canvas.length(displayed)
        scale, first = float(layer.scale[axis]), float(layer.translate[axis])
        low, high = ((canvas.world(displayed, pixel) - first) / scale for pixel in (0.0, float(length)))
        if is_seismic(material.first):
            found = numbered(numbers.axes[axis].values, low, high, max(2, length // _APART))
            return [(canvas.pixel(displayed, first + scale * at), f"{number:g}") for at, number in found]
        n = len(material.shape)
        lateral = axis - (layer.ndim - n)
        return [
            (canvas.pixel(displayed, first + scale * at), words)
            for at, words in _coordinates(MapFrame.of(material.first), lateral, low, high, length)
        ]

    def draw(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw the ticks."""
        if not self._state.ticks:
            return
        material = self._data.material
        gridded = material is not None and not is_seismic(material.first)
        metrics = painter.fontMetrics()
        high = metrics.height()
        across, down = self.marks(1, canvas), self.marks(0, canvas)
        if gridded:
            painter.setPen(QPen(_GRID, 1))
            for at, _ in across:
                painter.drawLine(QPointF(at, 0), QPointF(at, canvas.height))
            for at, _ in down:
                painter.drawLine(QPointF(0, at), QPointF(canvas.width, at))
        painter.setPen(QPen(INK, 1))
        for at, words in across:
            wide = metrics.horizontalAdvance(words)
            # At a corner it stands beside its tick: half a number is another one.
            left = min(max(at - wide / 2 - _GAP, 0.0), canvas.width - wide - 2 * _GAP)
            write(painter, QRectF(left, _TICK, wide + 2 * _GAP, high), words)
            painter.drawLine(QPointF(at, 0), QPointF(at, _TICK))
        for at, words in down:
            wide = metrics.horizontalAdvance(words)
            if not 2 * high <= at <= canvas.height - 3 * high:  # corners are the upper edge's, and the scale bar's
                continue
            write(painter, QRectF(_TICK, at - high / 2, wide + 2 * _GAP, high), words)
            painter.drawLine(QPointF(0, at), QPointF(_TICK, at))


def write(painter: QPainter, room: QRectF, words: str) -> None:
    """Write on dark paper, so that it is read on any picture."""
    painter.fillRect(room, PAPER)
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)


def _coordinates(frame: MapFrame | None, axis: int, low: float, high: float, length: int) -> list[Mark]:
    """Ticks of a map along its rows (axis 0) or columns, as fractional index and words; none where it lies turned."""
    if frame is None or frame.track is not None:
        return []
    steps = np.array([frame.first, frame.second], np.float64)
    # Which coordinate changes along this axis, and it alone.
    changing = int(np.argmax(np.abs(steps[axis])))
    if abs(steps[axis][1 - changing]) > 1e-6 * abs(steps[axis][changing]):
        return []
    step, start = float(steps[axis][changing]), float(frame.origin[changing])
    sign: Any = 1.0 if frame.placed or changing == 0 else -1.0  # rows count downwards
    ends = [sign * (start + step * at) for at in (low, high)]
    unit = "°" if frame.unit == "deg" else ""
    found = ticks(ends[0], ends[1], max(2, length // (2 * _APART)), least_step=0.0 if frame.placed else 1.0)
    return [((sign * value - start) / step, f"{value:.10g}{unit}") for value in found]
