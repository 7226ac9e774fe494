"""A small log of one well: its intervals in the colours of their classes, beside the trace of the survey there."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QObject, QSignalBlocker, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_fhn.labels import Interval, Well
from napari_fhn.widgets.buttonless import without_buttons
from napari_fhn.widgets.data.small_plot import clear_plot
from napari_fhn.widgets.labelling.wells import WellBook

_HEIGHT = 150
_TRACE = "#101418"


class LogView(QWidget):
    """Shows the intervals of a vertical well along its axis, and edits them.

    Parameters
    ----------
    wells : WellBook
        Who burns what is edited.
    """

    def __init__(self, wells: WellBook) -> None:
        super().__init__()
        self._wells = wells
        self._well: Well | None = None
        self._chosen = 0
        self.plot = clear_plot()
        self.plot.setFixedHeight(_HEIGHT)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setMouseEnabled(False, False)
        self.plot.invertY(True)
        self.plot.getPlotItem().hideAxis("bottom")
        self.plot.setAccessibleName("log of the well")
        self.plot.setToolTip(
            "Intervals of the well, and the trace of the survey there. Drag a border; click an interval to choose it, "
            "or press the up and down keys."
        )
        self.plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.plot.installEventFilter(self)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self._trace = pg.PlotDataItem(pen=pg.mkPen(_TRACE, width=1))
        self.top, self.base = (self._end(words) for words in ("top", "base"))
        self.classes = QComboBox()
        self.classes.setAccessibleName("class of the interval")
        self.classes.setToolTip("Class of the chosen interval.")
        self.classes.activated.connect(self._reclassed)
        self.split = QPushButton("Split")
        self.split.setToolTip("Divide the chosen interval in the middle.")
        self.split.clicked.connect(self._split)
        self.delete = QPushButton("Clear")
        self.delete.setToolTip("Leave the chosen interval unlabelled.")
        self.delete.clicked.connect(self._clear)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.classes, 1)
        first.addWidget(self.split)
        first.addWidget(self.delete)
        second.addWidget(self.top)
        second.addWidget(self.base)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.plot)
        column.addLayout(first)
        column.addLayout(second)
        wells.book.state.events.classes.connect(self._draw)
        self.hide()

    def show_well(self, name: str) -> None:
        """Show a well; deviated ones, whose intervals run along their path, are not edited here."""
        well = next((w for w in self._wells.state.wells if w.name == name), None)
        if self._well is None or self._well.name != name:
            self._trace.setData([], [])
        self._well = well if isinstance(well, Well) else None
        self.setVisible(self._well is not None)
        if self._well is not None:
            self._wells.trace(name, lambda axis, values: self._show_trace(name, axis, values))
        self._draw()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Choose the next interval with the down key, the one before with the up key."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._well is not None:
            by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            if by:
                self._choose(self._chosen + by)
                return True
        return super().eventFilter(watched, event)

    def _end(self, words: str) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setAccessibleName(f"{words} of the interval")
        field.setToolTip(f"Where the chosen interval {'begins' if words == 'top' else 'ends'}, on the survey's axis.")
        field.setPrefix(f"{words} ")
        field.setDecimals(1)
        without_buttons(field, 70)
        field.setKeyboardTracking(False)
        field.valueChanged.connect(lambda value: self._typed(words, value))
        return field

    def _show_trace(self, name: str, axis: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        """Draw the trace over the middle of the log, unless another well is shown by now."""
        if self._well is None or self._well.name != name:
            return
        largest = np.nanmax(np.abs(values), initial=0.0)
        if largest > 0:
            self._trace.setData(0.5 + 0.45 * values / largest, axis)

    def _draw(self, *_: Any) -> None:
        self.plot.clear()
        well = self._well
        table = self._wells.book.state.classes
        colors = {c.name: c.color for c in table} | {str(c.value): c.color for c in table}
        self.classes.clear()
        self.classes.addItems(list(table.names))
        if well is None:
            return
        top, base = self._wells.span()
        self.plot.setXRange(0, 1, padding=0)
        self.plot.setYRange(top, base, padding=0.02)
        self._chosen = min(self._chosen, max(len(well.intervals) - 1, 0))
        for field in (self.top, self.base):
            field.setEnabled(bool(well.intervals))
        for k, one in enumerate(well.intervals):
            edge = pg.mkPen("#ffffff", width=2) if k == self._chosen else pg.mkPen(None)
            bar = pg.BarGraphItem(
                x0=0.05, width=0.9, y0=one.top_ms, height=one.base_ms - one.top_ms,
                brush=colors.get(one.class_name, "#888888"), pen=edge,
            )  # fmt: skip
            self.plot.addItem(bar)
            words = pg.TextItem(one.class_name, color="#ffffff", anchor=(0.5, 0.5), fill=(0, 0, 0, 110))
            words.setZValue(1)  # over the trace
            words.setPos(0.5, (one.top_ms + one.base_ms) / 2)
            self.plot.addItem(words)
        for k, place in enumerate(self._borders(well)):
            border = pg.InfiniteLine(place, angle=0, movable=True, pen=pg.mkPen("#ffffff", width=1.5))
            border.setCursor(Qt.CursorShape.SizeVerCursor)
            border.sigPositionChangeFinished.connect(lambda line, k=k: self._dragged(k, float(line.value())))
            self.plot.addItem(border)
        self.plot.addItem(self._trace)
        if well.intervals:
            chosen = well.intervals[self._chosen]
            self.classes.setCurrentText(chosen.class_name)
            unit = self._wells.unit()
            for field, value in ((self.top, chosen.top_ms), (self.base, chosen.base_ms)):
                with QSignalBlocker(field):
                    field.setRange(min(top, value), max(base, value))
                    field.setSuffix(f" {unit}" if unit else "")
                    field.setValue(value)

    def _borders(self, well: Well) -> list[float]:
        return sorted({end for one in well.intervals for end in (one.top_ms, one.base_ms)})

    def _dragged(self, k: int, place: float) -> None:
        well = self._well
        if well is None:
            return
        borders = self._borders(well)
        before = borders[k]
        low = borders[k - 1] if k else self._wells.span()[0]
        high = borders[k + 1] if k + 1 < len(borders) else self._wells.span()[1]
        if not low < place < high:
            self._draw()
            return
        self._move(well, before, place)

    def _typed(self, end: str, place: float) -> None:
        """Move an end of the chosen interval, and what touches it, as far as the intervals beside it allow."""
        well = self._well
        if well is None or not well.intervals:
            return
        chosen = well.intervals[self._chosen]
        before = chosen.top_ms if end == "top" else chosen.base_ms
        if place != before:
            self._dragged(self._borders(well).index(before), place)

    def _move(self, well: Well, before: float, place: float) -> None:
        moved = [
            replace(
                one,
                top_ms=place if one.top_ms == before else one.top_ms,
                base_ms=place if one.base_ms == before else one.base_ms,
            )
            for one in well.intervals
        ]
        self._wells.edit(well.name, moved)

    def _choose(self, k: int) -> None:
        if self._well is not None and 0 <= k < len(self._well.intervals):
            self._chosen = k
            self._draw()

    def _clicked(self, event: object) -> None:
        well = self._well
        if well is None:
            return
        y = self.plot.getPlotItem().vb.mapSceneToView(event.scenePos()).y()  # type: ignore[attr-defined]
        for k, one in enumerate(well.intervals):
            if one.top_ms <= y < one.base_ms:
                self._choose(k)

    def _reclassed(self) -> None:
        well, name = self._well, self.classes.currentText()
        if well is None:
            return
        if not well.intervals:
            self._wells.edit(well.name, [Interval(*self._wells.span(), name)])
            return
        changed = list(well.intervals)
        old = changed[self._chosen]
        changed[self._chosen] = Interval(old.top_ms, old.base_ms, name)
        self._wells.edit(well.name, changed)

    def _split(self) -> None:
        well = self._well
        if well is None:
            return
        changed = list(well.intervals) or [Interval(*self._wells.span(), self.classes.currentText())]
        old = changed.pop(self._chosen)
        middle = (old.top_ms + old.base_ms) / 2
        for a, b in itertools.pairwise((old.top_ms, middle, old.base_ms)):
            changed.append(Interval(a, b, old.class_name))
        self._wells.edit(well.name, changed)

    def _clear(self) -> None:
        well = self._well
        if well is not None and well.intervals:
            kept = [one for k, one in enumerate(well.intervals) if k != self._chosen]
            self._wells.edit(well.name, kept)
