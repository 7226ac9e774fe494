"""Loss and intersection over union as they develop."""

from __future__ import annotations

import time
from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import QTimer
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_fhn.widgets.state import History

_LOSS, _ON_LABELS, _HELD_OUT = "#8d99a8", "#56b4e9", "#e69f00"
_REDRAW_SECONDS = 0.3
_MOST_POINTS = 600


class Curves(QWidget):
    """A plot with the loss on the left axis and mean IoU on the right one.

    Parameters
    ----------
    history : History
        What is drawn.
    """

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history
        self._next = 0.0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._draw)
        self.plot = pg.PlotWidget(background=None)
        self.plot.setMinimumHeight(100)
        # Whatever is left over: the dock should fit without scrolling.
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.setToolTip(
            "Loss on the left axis. On the right, mean intersection over union (1 is perfect): on the "
            "labels that are trained on, and on those held out."
        )
        self.plot.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        item = self.plot.getPlotItem()
        self._right = pg.ViewBox(enableMenu=False)
        self._right.setMouseEnabled(False, False)
        item.showAxis("right")
        item.scene().addItem(self._right)
        item.getAxis("right").linkToView(self._right)
        self._right.setXLink(item)
        self._right.setYRange(0, 1, padding=0.02)
        item.vb.sigResized.connect(self._resized)
        item.vb.setLimits(yMin=0)
        self._loss = item.plot(pen=pg.mkPen(_LOSS, width=1.5))
        self._scores = {}
        for held_out, color in ((False, _ON_LABELS), (True, _HELD_OUT)):
            curve = pg.PlotDataItem(
                pen=pg.mkPen(color, width=2), symbol="o", symbolSize=4, symbolBrush=color, symbolPen=None
            )
            self._right.addItem(curve)
            self._scores[held_out] = curve
        for side, color, width in (("left", _LOSS, 30), ("right", _ON_LABELS, 28), ("bottom", _LOSS, None)):
            axis = item.getAxis(side)
            axis.setPen(pg.mkPen(QColor(128, 128, 128, 110)))
            axis.setTextPen(color)
            axis.setStyle(tickLength=-3, tickTextOffset=3)
            font = self.font()
            font.setPointSizeF(max(font.pointSizeF() - 2, 7))
            axis.setTickFont(font)
            if width:
                axis.setWidth(width)
        item.getAxis("right").setTicks([[(0, "0"), (0.5, "0.5"), (1, "1")]])
        item.getAxis("bottom").setHeight(18)
        legend = QHBoxLayout()
        legend.setSpacing(10)
        for words, color in (("loss", _LOSS), ("IoU on labels", _ON_LABELS), ("IoU held out", _HELD_OUT)):
            label = QLabel(f"<span style='color:{color}'>━</span> {words}")
            legend.addWidget(label)
        legend.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(legend)
        layout.addWidget(self.plot, 1)
        history.changed.connect(self._changed)

    def _changed(self) -> None:
        wait = self._next - time.monotonic()
        if wait <= 0:
            self._draw()
        elif not self._later.isActive():
            self._later.start(int(1000 * wait) + 1)

    def _draw(self) -> None:
        self._next = time.monotonic() + _REDRAW_SECONDS
        history = self._history
        every = max(1, len(history.steps) // _MOST_POINTS)
        self._loss.setData(history.steps[::every], history.losses[::every])
        for held_out, curve in self._scores.items():
            curve.setData(*history.scored[held_out])

    def _resized(self, event: Any = None) -> None:
        self._right.setGeometry(self.plot.getPlotItem().vb.sceneBoundingRect())
