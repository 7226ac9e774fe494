"""The confusion matrix: what each class was taken for, in shares; a cell that is clicked selects its voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_fhn.sentence import counted
from napari_fhn.widgets.labelling.class_table import swatch
from napari_fhn.widgets.results.comparison import Comparison

_RIGHT, _WRONG = QColor("#56b4e9"), QColor("#d55e00")


class ConfusionTable(QTableWidget):
    """Rows are the truth, columns the prediction; the shares of a row add up to 100 %.

    Parameters
    ----------
    comparison : Comparison
        Whose matrix is shown.
    """

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(0, 0)
        self.setAccessibleName("confusion matrix")
        self._comparison = comparison
        self.setToolTip("Rows: truth. Columns: prediction. In % of the row. Click a cell to see its voxels.")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)  # Tab leaves the table; arrows move in it
        self.setVisible(False)
        # Clicked, or reached with the arrow keys.
        self.currentCellChanged.connect(lambda row, column, *_: self._chosen(row, column))
        comparison.state.events.matrix.connect(self._show)

    def _show(self, event: Any = None) -> None:
        matrix = self._comparison.state.matrix
        self.setVisible(matrix is not None)
        if matrix is None:
            return
        table = self._comparison.classes
        self.blockSignals(True)
        self.setRowCount(len(table))
        self.setColumnCount(len(table))
        for at, entry in enumerate(table):
            for set_item in (self.setHorizontalHeaderItem, self.setVerticalHeaderItem):
                head = QTableWidgetItem(str(entry.code))
                head.setToolTip(entry.name)
                head.setIcon(swatch(entry.color))  # pale colours cannot be read as text
                set_item(at, head)
        for row, truth in enumerate(table):
            total = int(matrix[truth.value].sum())
            for column, found in enumerate(table):
                count = int(matrix[truth.value, found.value])
                item = _item(count, total, truth.name, found.name, row == column)
                item.setToolTip(self._comparison.worded(item.toolTip()))
                self.setItem(row, column, item)
        self._fit()
        self.setCurrentItem(None)
        self.blockSignals(False)

    def _fit(self) -> None:
        across, down = self.horizontalHeader(), self.verticalHeader()
        assert across is not None
        assert down is not None
        across.setMinimumSectionSize(16)
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for head in (across, down):
            head.setIconSize(QSize(9, 9))
        down.setDefaultSectionSize(20)
        self.setFixedHeight(20 * self.rowCount() + across.sizeHint().height() + 6)

    def _chosen(self, row: int, column: int) -> None:
        table = list(self._comparison.classes)
        if 0 <= row < len(table) and 0 <= column < len(table):
            self._comparison.select(table[row].value, table[column].value)


def _item(count: int, total: int, truth: str, found: str, right: bool) -> QTableWidgetItem:
    share = count / total if total else 0.0
    item = QTableWidgetItem(f"{100 * share:.0f}" if count else "")
    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
    color = QColor(_RIGHT if right else _WRONG)
    color.setAlpha(round(200 * float(np.sqrt(share))))
    item.setBackground(color)
    item.setToolTip(f"{truth} predicted as {found}: {counted(count, 'voxels')}, {100 * share:.1f} %")
    return item
