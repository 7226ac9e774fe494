"""The look of the small plots in the data part of the dock."""

from __future__ import annotations

import pyqtgraph as pg
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QWidget

_GRAY = "#8d99a8"


def clear_plot(parent: QWidget | None = None) -> pg.PlotWidget:
    """Return a plot through which its parent is seen, in any theme.

    Parameters
    ----------
    parent : QWidget, optional
        What it is part of.
    """
    plot = pg.PlotWidget(parent, background=None)
    # What is behind it would be kept as a picture, and stay as it is when the theme becomes another.
    plot.setCacheMode(pg.QtWidgets.QGraphicsView.CacheModeFlag.CacheNone)
    return plot


def small_plot(parent: QWidget, height: int) -> pg.PlotWidget:
    """Return a plot that cannot be moved, with small numbers that are read in both themes.

    Parameters
    ----------
    parent : QWidget
        What it is part of.
    height : int
        In pixels.
    """
    plot = clear_plot(parent)
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
