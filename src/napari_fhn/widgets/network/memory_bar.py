"""A bar of memory: what training needs, what it would need without the paper's two savings, and what is free."""

from __future__ import annotations

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_fhn.project.runs.outlook import Outlook

_NEEDS, _WITHOUT, _TOO_MUCH = QColor("#56b4e9"), QColor("#e69f00"), QColor("#d55e00")
_HEIGHT = 14


class MemoryBar(QWidget):
    """The whole width is the free memory of the device; blue is needed, the hatched part is what is saved.

    What would not fit runs out of the bar: it ends in an arrow, and is red.
    """

    def __init__(self) -> None:
        super().__init__()
        self._outlook: Outlook | None = None
        self._free: int | None = None
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Ask for the height of a line of text."""
        return QSize(200, _HEIGHT)

    def show_outlook(self, outlook: Outlook | None, free: int | None) -> None:
        """Draw this forecast.

        Parameters
        ----------
        outlook : Outlook or None
            None where there is nothing to forecast.
        free : int or None
            Bytes that the device has free; where that is unknown, the larger forecast fills the bar.
        """
        self._outlook, self._free = outlook, free
        self.update()

    def shares(self) -> tuple[float, float] | None:
        """Return what is needed, and what would be without the savings, as parts of the bar (above 1: too much)."""
        seen = self._outlook
        if seen is None or seen.needs is None or seen.without is None:
            return None
        whole = self._free or seen.without
        return (seen.needs + seen.beside) / whole, (seen.without + seen.beside) / whole

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(0.5, 1.5, self.width() - 1.0, self.height() - 3.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(128, 128, 128, 60))
        painter.drawRoundedRect(bar, 3, 3)
        shares = self.shares()
        if shares is None:
            return
        for share, color, style in (
            (shares[1], _WITHOUT, Qt.BrushStyle.BDiagPattern),
            (shares[0], _NEEDS, Qt.BrushStyle.SolidPattern),
        ):
            width = max(3.0, min(share, 1.0) * bar.width())
            part = QRectF(bar.left(), bar.top(), width, bar.height())
            painter.setPen(QPen(color if share <= 1 else _TOO_MUCH, 1))
            brush = painter.brush()
            brush.setColor(color if share <= 1 else _TOO_MUCH)
            brush.setStyle(style)
            painter.setBrush(brush)
            painter.drawRoundedRect(part, 3, 3)
            if share > 1:
                painter.setPen(QPen(self.palette().windowText().color(), 1))
                painter.drawText(bar.adjusted(0, 0, -3, 0), Qt.AlignmentFlag.AlignRight, "»")
