"""Ticks along the edges of the canvas, in the survey's own numbers: crosslines or inlines, and time or depth."""

from __future__ import annotations

import contextlib
from typing import Any

from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.surveys.ticks import numbered
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.go_to import camera_of
from napari_fhn.widgets.data.readout import numbers_of
from napari_fhn.widgets.events import disconnect

_APART = 70
"""Pixels between two ticks, at least."""
_TICK, _GAP = 5, 3
_INK, _PAPER = QColor(235, 235, 235), QColor(0, 0, 0, 150)


class Rulers(QWidget):
    """A transparent sheet over the canvas, with ticks at its upper and left edge.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas it is.
    data : Data
        Which survey is looked at.
    canvas : QWidget
        The canvas.
    """

    def __init__(self, viewer: ViewerModel, data: Data, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._viewer = viewer
        self._data = data
        self.wanted = True
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setGeometry(canvas.rect())
        canvas.installEventFilter(self)
        data.state.events.material.connect(self.look)
        for emitter in self._emitters():
            emitter.connect(self.look)
        self.look()

    def close_rulers(self) -> None:
        """Let go of the viewer and the canvas."""
        for emitter in self._emitters():
            disconnect(emitter, self.look)
        with contextlib.suppress(RuntimeError):  # the canvas is gone, and this with it
            canvas = self.parent()
            if canvas is not None:
                canvas.removeEventFilter(self)
            self.setParent(None)

    def show_ticks(self, wanted: bool) -> None:
        """Show them, or not."""
        self.wanted = wanted
        self.look()

    def look(self, event: Any = None) -> None:
        """Draw again where one looks now."""
        material = self._data.material
        fits = material is not None and is_seismic(material.first) and self._viewer.dims.ndisplay == 2
        self.setVisible(self.wanted and fits)
        self.update()

    def marks(self, displayed: int) -> list[tuple[float, str]]:
        """Return ticks along an edge of the canvas: where they are, in pixels, and their numbers.

        Parameters
        ----------
        displayed : int
            1 for the upper edge, 0 for the left one.
        """
        material, viewer = self._data.material, self._viewer
        if material is None or material.layer not in viewer.layers:
            return []
        layer, numbers = material.layer, numbers_of(material.layer)
        axis = viewer.dims.order[-2:][displayed] - (viewer.dims.ndim - layer.ndim)
        if numbers is None or axis < 0:
            return []
        camera = camera_of(viewer)
        length = self.width() if displayed else self.height()
        center, zoom = float(camera.center[-2:][displayed]), float(camera.zoom)
        scale, first = float(layer.scale[axis]), float(layer.translate[axis])
        low, high = ((center + (pixel - length / 2) / zoom - first) / scale for pixel in (0.0, float(length)))
        found = numbered(numbers.axes[axis].values, low, high, max(2, length // _APART))
        return [(length / 2 + (first + scale * at - center) * zoom, f"{number:g}") for at, number in found]

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the ticks."""
        painter = QPainter(self)
        painter.setPen(QPen(_INK, 1))
        metrics = painter.fontMetrics()
        high = metrics.height()
        for at, words in self.marks(1):
            wide = metrics.horizontalAdvance(words)
            self._write(painter, QRectF(at - wide / 2 - _GAP, _TICK, wide + 2 * _GAP, high), words)
            painter.drawLine(QPointF(at, 0), QPointF(at, _TICK))
        for at, words in self.marks(0):
            wide = metrics.horizontalAdvance(words)
            if at < 2 * high:  # the corner is the upper edge's
                continue
            self._write(painter, QRectF(_TICK, at - high / 2, wide + 2 * _GAP, high), words)
            painter.drawLine(QPointF(0, at), QPointF(_TICK, at))
        painter.end()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay as large as the canvas."""
        if event is not None and event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    @staticmethod
    def _write(painter: QPainter, room: QRectF, words: str) -> None:
        painter.fillRect(room, _PAPER)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)

    def _emitters(self) -> list[Any]:
        camera, dims = camera_of(self._viewer).events, self._viewer.dims.events
        return [camera.center, camera.zoom, dims.order, dims.ndisplay]
