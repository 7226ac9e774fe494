"""Loss and intersection over union as they develop, with the checkpoints to which one can go back."""

from __future__ import annotations

import math
import time
from typing import Any

import pyqtgraph as pg
from psygnal import Signal
from qtpy.QtCore import QTimer
from qtpy.QtGui import QAction, QColor  # type: ignore[attr-defined]
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from napari_fhn.labels import ClassTable
from napari_fhn.training.updates import ON_HELD_OUT, ON_TRAINED
from napari_fhn.widgets.data.small_plot import clear_plot
from napari_fhn.widgets.running.training_history import TrainingHistory

_LOSS, _ON_LABELS, _HELD_OUT, _CHECKPOINT = "#8d99a8", "#56b4e9", "#e69f00", "#cc79a7"
_REDRAW_SECONDS = 0.3
_MOST_POINTS = 600


class Curves(QWidget):
    """A plot with the loss on the left axis and IoU, in the mean or by class, on the right one.

    Parameters
    ----------
    history : TrainingHistory
        What is drawn.

    Attributes
    ----------
    reverted : Signal
        Emitted with the step of a checkpoint that was clicked.
    by_class : QCheckBox
        Checked while each class has a curve.
    """

    reverted = Signal(int)

    def __init__(self, history: TrainingHistory) -> None:
        super().__init__()
        self._history = history
        self._classes = ClassTable.default(2)
        self._next = 0.0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._draw)
        self.plot = clear_plot()
        self.plot.setMinimumHeight(100)
        # Whatever is left over: the dock should fit without scrolling.
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.setToolTip(
            f"Loss on the left axis. On the right, intersection over union (1 is perfect), blue on {ON_TRAINED}, and "
            f"orange on the {ON_HELD_OUT}. Click a triangle to go back to the network of that step."
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
        # Ranges are set with the values: found out while painting, they would have everything painted once more.
        item.vb.disableAutoRange()
        self._right.disableAutoRange()
        self._loss = item.plot(pen=pg.mkPen(_LOSS, width=1.5))
        self._means = {held_out: self._score(color) for held_out, color in ((False, _ON_LABELS), (True, _HELD_OUT))}
        self._of_class: list[pg.PlotDataItem] = []
        self.checkpoints = pg.ScatterPlotItem(symbol="t1", size=11, brush=_CHECKPOINT, pen=None, hoverable=True)
        self.checkpoints.sigClicked.connect(self._clicked)
        self._right.addItem(self.checkpoints)
        self._style_axes(item)
        self.by_class = QCheckBox("by class")
        self.by_class.setToolTip("Show the IoU of each class instead of the mean, held out where labels are.")
        self.by_class.toggled.connect(lambda _: self._draw())
        legend = QHBoxLayout()
        legend.setSpacing(3)
        for words, color, meaning in (
            ("loss", _LOSS, "What training makes small."),
            ("seen", _ON_LABELS, f"Mean IoU on {ON_TRAINED}."),
            ("held out", _HELD_OUT, f"Mean IoU on the {ON_HELD_OUT}."),
        ):
            entry = QLabel(f"<span style='color:{color}'>━</span> {words}")
            entry.setToolTip(meaning)
            legend.addWidget(entry)
        self.back = QToolButton()
        self.back.setText("▲")
        self.back.setStyleSheet(
            f"QToolButton {{ color: {_CHECKPOINT}; }} QToolButton::menu-indicator {{ image: none; }}"
        )
        self.back.setAccessibleName("go back to a checkpoint")
        self.back.setToolTip("Checkpoints: click one in the plot, or choose it here, to go back to its network.")
        self.back.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.back)
        menu.aboutToShow.connect(self._list_checkpoints)
        self.back.setMenu(menu)
        legend.addWidget(self.back)
        legend.addStretch(1)
        legend.addWidget(self.by_class)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(legend)
        layout.addWidget(self.plot, 1)
        history.changed.connect(self._changed)

    def colour(self, classes: ClassTable) -> None:
        """Draw the curves of classes in their colours."""
        self._classes = classes
        self._draw()

    def _style_axes(self, item: Any) -> None:
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

    def _score(self, color: str) -> pg.PlotDataItem:
        curve = pg.PlotDataItem(
            pen=pg.mkPen(color, width=2), symbol="o", symbolSize=4, symbolBrush=color, symbolPen=None
        )
        self._right.addItem(curve)
        return curve

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
        steps, losses = history.steps[::every], history.losses[::every]
        if steps:
            finite = [loss for loss in losses if math.isfinite(loss)]
            self.plot.setRange(
                xRange=(0, max(history.steps[-1], 1)), yRange=(0, max(finite, default=0.0) or 1.0), padding=0.02
            )
        self._loss.setData(steps, losses)
        for held_out, curve in self._means.items():
            curve.setData(*(([], []) if self.by_class.isChecked() else history.curve(held_out)))
        for curve in self._of_class:
            self._right.removeItem(curve)
        self._of_class = []
        if self.by_class.isChecked():
            for entry in self._classes:
                curve = self._score(entry.color)
                curve.setData(*history.curve(bool(history.scores[True]), entry.value - 1))
                self._of_class.append(curve)
        self.checkpoints.setData([point.step for point in history.checkpoints], [0.04] * len(history.checkpoints))

    def _list_checkpoints(self) -> None:
        menu = self.back.menu()
        assert menu is not None
        menu.clear()
        for point in self._history.checkpoints:
            loss = "" if point.loss is None else f", loss {point.loss:.2f}"
            held_out = "" if point.held_out is None else f", held out {point.held_out:.2f}"
            entry = QAction(f"Step {point.step}{loss}{held_out}", menu)
            entry.triggered.connect(lambda _=False, step=point.step: self.reverted.emit(step))
            menu.addAction(entry)
        if not self._history.checkpoints:
            none = QAction("None yet", menu)
            none.setEnabled(False)
            menu.addAction(none)

    def _clicked(self, _: Any, points: Any, event: Any = None) -> None:
        self.reverted.emit(round(points[0].pos().x()))

    def _resized(self, event: Any = None) -> None:
        self._right.setGeometry(self.plot.getPlotItem().vb.sceneBoundingRect())
