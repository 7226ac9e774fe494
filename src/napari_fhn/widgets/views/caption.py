"""Which section is in view, in the lower right corner of the canvas.

Drawn on the sheet and not as napari's text overlay, whose box is a mesh: its shader would be built again with each
section that one pages to.
"""

from __future__ import annotations

from qtpy.QtCore import QRectF
from qtpy.QtGui import QPainter

from napari_fhn.widgets.data.camera import CanvasView
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.rulers import INK, write

_LARGER = 1.35
_EDGE, _ROOM = 6, 6


class Caption:
    """Writes it.

    Parameters
    ----------
    data : Data
        Which says what is in view.
    """

    def __init__(self, data: Data) -> None:
        self._data = data

    def draw(self, painter: QPainter, canvas: CanvasView) -> None:
        """Write it, where there is something to say."""
        words = self._data.caption
        if not words:
            return
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * _LARGER)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        wide, high = metrics.horizontalAdvance(words) + 2 * _ROOM, metrics.height() + _ROOM
        painter.setPen(INK)
        write(painter, QRectF(canvas.width - wide - _EDGE, canvas.height - high - _EDGE, wide, high), words)
