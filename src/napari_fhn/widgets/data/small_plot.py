"""The look of the small plots in the data part of the dock."""

from __future__ import annotations

import pyqtgraph as pg
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QWidget

_GRAY = "#8d99a8"


def small_plot(parent: QWidget, height: int) -> pg.PlotWidget:
    """Return a plot that cannot be moved, with small numbers that are read in both themes.

    Parameters
    ----------
    parent : QWidget
        What it is part of.
    height : int
        In pixels.
    """
    plot = pg.PlotWidget(parent, background=None)
    plot.setFixedHeight(height)
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(False, False)
    plot.hideButtons()
    plot.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
    item = plot.getPlotItem()
    for side in ("left", "bottom"):
        axis = item.getAxis(side)
        axis.setPen(pg.mkPen(QColor(128, 128, 128, 110)))
        axis.setTextPen(_GRAY)
        axis.setStyle(tickLength=-3, tickTextOffset=3)
        axis.enableAutoSIPrefix(False)
        font = plot.font()
        font.setPointSizeF(max(font.pointSizeF() - 2, 7))
        axis.setTickFont(font)
    item.getAxis("left").setWidth(36)
    item.getAxis("bottom").setHeight(18)
    return plot
