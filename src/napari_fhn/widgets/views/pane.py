"""A view beside the canvas: a picture, lines over it, numbers along its edges, a cross at the place one is at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, Qt
from qtpy.QtCore import Signal as QtSignal  # type: ignore[attr-defined]
from qtpy.QtGui import QColor, QFontMetricsF, QTransform
from qtpy.QtWidgets import QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_fhn.widgets.data.small_plot import clear_plot

_GRAY = "#8d99a8"
_CROSS = QColor(255, 255, 255, 150)
_UNDER = QColor(0, 0, 0, 110)
_FOLLOWS = QColor(255, 214, 102, 190)
"""Of the cross that follows the mouse on other views."""
_APART = 60
"""Pixels between two ticks, at least."""
_WIDTH, _BESIDE = 42, 10
"""Pixels of the left axis, and what of them its numbers leave free."""

Ticks = Callable[[float, float, int], list[tuple[float, str]]]
"""Given both ends of an axis and how many there may be: where ticks are, and what stands there."""


class Line(NamedTuple):
    """A line over the picture.

    Parameters
    ----------
    color : str
        Its colour.
    x, y : ndarray of float, shape (n,)
        In the coordinates of the pane; NaN where it is interrupted.
    """

    color: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]


class Pane(QWidget):
    """One view.

    Parameters
    ----------
    upright : bool
        Whether numbers grow downwards, as on sections; on a map they grow upwards.
    square : bool
        Whether lengths are alike in both directions.

    Attributes
    ----------
    clicked, hovered : Signal
        Emitted with x and y of the pane where one has clicked, or where the mouse is.
    left : Signal
        Emitted when the mouse has left.
    finished : Signal
        Emitted with a double click, or a right one, which ends a line that is drawn.
    resized : Signal
        Emitted when there is room for more or less.
    plot : pyqtgraph.PlotWidget
        What is drawn on.
    """

    clicked = QtSignal(float, float)
    hovered = QtSignal(float, float)
    left = QtSignal()
    finished = QtSignal()
    resized = QtSignal()

    def __init__(self, *, upright: bool = True, square: bool = False) -> None:
        super().__init__()
        self.ticks: tuple[Ticks | None, Ticks | None] = (None, None)
        self._title = ""
        self.title = QElidingLabel("")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.plot = clear_plot(self)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.plot.setMinimumSize(90, 70)
        item = self.plot.getPlotItem()
        self.box = item.getViewBox()
        self.box.invertY(upright)
        self.box.setAspectLocked(square)
        self.box.setDefaultPadding(0.0 if upright else 0.04)
        for side in ("left", "top"):
            item.showAxis(side)
            axis = item.getAxis(side)
            axis.setPen(pg.mkPen(QColor(128, 128, 128, 110)))
            axis.setTextPen(_GRAY)
            axis.setStyle(tickLength=-4, tickTextOffset=3)
            font = self.plot.font()
            font.setPointSizeF(max(font.pointSizeF() - 2, 7))
            axis.setTickFont(font)
        item.hideAxis("bottom")
        item.getAxis("left").setWidth(_WIDTH)
        item.getAxis("top").setHeight(18)
        self.image = pg.ImageItem(axisOrder="row-major")
        self.image.setZValue(-10)
        self.plot.addItem(self.image)
        # A dark line below a light one: it is seen on any picture.
        self._cross = [
            pg.InfiniteLine(angle=angle, pen=pg.mkPen(color, width=width))
            for color, width in ((_UNDER, 3), (_CROSS, 1))
            for angle in (90, 0)
        ]
        self._mouse = [pg.InfiniteLine(angle=angle, pen=pg.mkPen(_FOLLOWS, width=1)) for angle in (90, 0)]
        self._lines: list[Any] = []
        for line in (*self._cross, *self._mouse):
            line.setZValue(20)
            line.hide()
            self.plot.addItem(line, ignoreBounds=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(self.title)
        column.addWidget(self.plot, 1)
        scene = self.plot.scene()
        scene.sigMouseClicked.connect(self._on_click)
        scene.sigMouseMoved.connect(self._on_move)
        self.box.sigRangeChanged.connect(self._tick)
        self.box.sigResized.connect(lambda *_: self.resized.emit())

    @property
    def pixels(self) -> tuple[int, int]:
        """Height and width of the room for the picture, in pixels."""
        return max(1, int(self.box.height())), max(1, int(self.box.width()))

    def call(self, title: str, color: str = "") -> None:
        """Say what is shown.

        Parameters
        ----------
        title : str
            In a few words.
        color : str, optional
            Of the line that stands for it on other views.
        """
        self._title = title
        self.title.setText(title)
        self.title.setStyleSheet(f"border-left: 4px solid {color}; padding-left: 4px;" if color else "")

    def say(self, words: str) -> None:
        """Say where the mouse is; nothing brings the title back."""
        self.title.setText(words or self._title)

    def show_picture(self, rgba: NDArray[np.uint8], room: QRectF) -> None:
        """Show a picture in place of the one before.

        Parameters
        ----------
        rgba : ndarray of uint8, shape (rows, columns, 4)
            The first row is the one with the smallest y.
        room : QRectF
            What it covers.
        """
        self.image.setImage(rgba, autoLevels=False, levels=None)
        self.image.resetTransform()
        self.image.setRect(room)

    def place_picture(self, rgba: NDArray[np.uint8], placed: QTransform) -> None:
        """Show a picture that lies turned; the transform is from its pixels."""
        self.image.setImage(rgba, autoLevels=False, levels=None)
        self.image.setTransform(placed)

    def clear(self) -> None:
        """Show no picture."""
        self.image.clear()

    def look_at(self, room: QRectF) -> None:
        """Show all of it."""
        self.box.setRange(room, padding=None)

    def mark(self, x: float | None, y: float | None) -> None:
        """Draw the cross through a place; None for no line across that axis."""
        _set(self._cross, (x, y, x, y))

    def follow_mouse(self, x: float | None = None, y: float | None = None) -> None:
        """Draw a cross where the mouse is on another view; None for no line."""
        _set(self._mouse, (x, y))

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Draw lines over the picture, in place of those that are there."""
        while len(self._lines) < len(lines):
            curve = pg.PlotCurveItem(connect="finite")
            curve.setZValue(4)
            self.plot.addItem(curve, ignoreBounds=True)
            self._lines.append(curve)
        for curve, line in zip(self._lines, lines, strict=False):
            curve.setData(line.x, line.y, pen=pg.mkPen(line.color, width=2))
        for curve in self._lines[len(lines) :]:
            curve.clear()

    def number(self, across: Ticks | None, down: Ticks | None) -> None:
        """Say what stands along the upper and the left edge."""
        self.ticks = (across, down)
        self._tick()

    def leaveEvent(self, event: Any) -> None:
        """Say again what is shown, when the mouse has left."""
        self.say("")
        self.left.emit()
        super().leaveEvent(event)

    def _tick(self, *_: Any) -> None:
        item = self.plot.getPlotItem()
        height, width = self.pixels
        for side, ends, length, found in zip(
            ("top", "left"), self.box.viewRange(), (width, height), self.ticks, strict=True
        ):
            axis = item.getAxis(side)
            ticks = [] if found is None else found(ends[0], ends[1], max(2, length // _APART))
            axis.setTicks([ticks])
            if side == "left":  # what is wider than the axis would not be drawn at all
                metrics = QFontMetricsF(axis.style["tickFont"])
                needed = max((metrics.horizontalAdvance(words) for _, words in ticks), default=0.0) + _BESIDE
                if needed > axis.width():
                    axis.setWidth(round(needed))

    def _on_click(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.box.sceneBoundingRect().contains(event.scenePos()):
            at = self.box.mapSceneToView(event.scenePos())
            if event.double():
                self.finished.emit()
            else:
                self.clicked.emit(float(at.x()), float(at.y()))
        elif event.button() == Qt.MouseButton.RightButton:
            self.finished.emit()

    def _on_move(self, position: Any) -> None:
        if self.box.sceneBoundingRect().contains(position):
            at = self.box.mapSceneToView(position)
            self.hovered.emit(float(at.x()), float(at.y()))


def _set(lines: Sequence[Any], places: Sequence[float | None]) -> None:
    """Put lines across their axes, and away where they have no place."""
    for line, value in zip(lines, places, strict=True):
        line.setVisible(value is not None)
        if value is not None and line.value() != value:
            line.setValue(value)
