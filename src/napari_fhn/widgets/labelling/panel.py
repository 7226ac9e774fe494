"""Step 2: what is known, class by class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
)

from napari_fhn.widgets.labelling import known
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.running.history import History
from napari_fhn.widgets.section import Section

_ROW = 20
_ROWS = 8
_NAME, _COUNT, _IOU = range(3)


class LabelPanel(Section):
    """Buttons that bring labels in, and the table of classes.

    Parameters
    ----------
    book : LabelBook
        Whose labels are shown.
    history : History
        Whose IoU of each class is shown.
    """

    def __init__(self, book: LabelBook, history: History) -> None:
        super().__init__(2, "Labels")
        self._book = book
        self._history = history
        self.new = QPushButton("New label layer")
        self.new.setToolTip(
            "Make a layer to paint on. Strokes go straight into a file of the session, so nothing is lost by a crash."
        )
        self.new.clicked.connect(lambda: book.new())
        self.load = QPushButton("Load wells")
        self.load.clicked.connect(self._load)
        self.other = QToolButton()
        self.other.setText("…")
        self.other.setToolTip("Choose a file of wells or points from another folder.")
        self.other.clicked.connect(lambda: self._load(ask=True))
        self.add = QToolButton()
        self.add.setText("+")
        self.add.setToolTip("Add a class. Double-click a name to change it.")
        self.add.clicked.connect(lambda: book.add_class())
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.new, 1)
        row.addWidget(self.load, 1)
        row.addWidget(self.other)
        row.addWidget(self.add)
        self.body.addLayout(row)
        self.table = self._make_table()
        self.body.addWidget(self.table)
        for name in ("classes", "counts"):
            getattr(book.state.events, name).connect(self._show)
        book.data.state.events.material.connect(self._enable)
        book.state.events.has_labels.connect(self._enable)
        history.changed.connect(self._show_iou)
        self._show()
        self._enable()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, 3)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        for column, title, side, words in (
            (_NAME, "Class", left, "Click a class to paint with it, double-click to rename it."),
            (_COUNT, "Labelled", right, "Labelled voxels."),
            (
                _IOU,
                "IoU",
                right,
                "Intersection over union with labels held out, where there are; else with all labels.",
            ),
        ):
            item = QTableWidgetItem(title)
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(words)
            table.setHorizontalHeaderItem(column, item)
        table.setToolTip("Click a class to paint with it, double-click to rename it.")
        rows, header = table.verticalHeader(), table.horizontalHeader()
        assert rows is not None
        assert header is not None
        rows.hide()
        rows.setMinimumSectionSize(_ROW)
        rows.setDefaultSectionSize(_ROW)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((_COUNT, 66), (_IOU, 46)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            table.setColumnWidth(column, width)
        header.setFixedHeight(_ROW + 1)
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        table.setShowGrid(False)
        table.setIconSize(QSize(13, 13))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setStyleSheet(
            "QTableWidget::item { padding: 0 3px; border: none; } QHeaderView::section { border: none; }"
        )
        table.itemSelectionChanged.connect(self._picked)
        table.itemChanged.connect(self._renamed)
        return table

    def _show(self, event: Any = None) -> None:
        table, state = self.table, self._book.state
        chosen = table.currentRow()
        table.blockSignals(True)
        table.setRowCount(len(state.classes))
        for row, entry in enumerate(state.classes):
            name = QTableWidgetItem(_swatch(entry.color), entry.name)
            name.setData(Qt.ItemDataRole.UserRole, entry.value)
            name.setToolTip(f"{entry.name}: value {entry.value}. Click to paint with it, double-click to rename it.")
            table.setItem(row, _NAME, name)
            n = state.counts.get(entry.value, 0)
            table.setItem(row, _COUNT, _number(f"{n:,}".replace(",", " ") if n else "·"))
            table.setItem(row, _IOU, _number(""))
        table.setFixedHeight(min(max(len(state.classes), 2), _ROWS) * _ROW + _ROW + 5)
        table.selectRow(chosen if 0 <= chosen < len(state.classes) else 0)
        table.blockSignals(False)
        self._show_iou()

    def _show_iou(self) -> None:
        iou = self._history.iou
        self.table.blockSignals(True)
        for row, entry in enumerate(self._book.state.classes):
            value = iou[entry.value - 1] if entry.value <= len(iou) else None
            item = self.table.item(row, _IOU)
            if item is not None:
                item.setText("" if value is None else f"{value:.2f}")
        self.table.blockSignals(False)

    def _enable(self, event: Any = None) -> None:
        state, material = self._book.state, self._book.data.material
        survey = None if material is None else material.first
        wells = survey is None or known.is_for_wells(survey)
        what = "wells" if wells else "points"
        self.load.setText(f"Load {what}")
        beside = None if survey is None else known.beside(survey)
        columns = "wells.csv with tops.csv in the same folder" if wells else "a CSV of row, col, class"
        where = f"{beside.name} beside the survey" if beside else f"a file: {columns}"
        self.load.setToolTip(f"Make labels of {what} from {where}. Labels that are there stay as they are.")
        self.new.setEnabled(survey is not None and not state.has_labels)
        self.load.setEnabled(survey is not None)
        self.other.setEnabled(survey is not None)
        self.aside.setText("" if state.has_labels else "none yet")

    def _load(self, checked: bool = False, *, ask: bool = False) -> None:
        path: Path | None = None
        if ask or self._book.wants_file():
            name, _ = QFileDialog.getOpenFileName(self, self.load.text(), "", "Tables (*.csv)")
            if not name:
                return
            path = Path(name)
        self._book.load_known(path)

    def _picked(self) -> None:
        row = self.table.currentRow()
        item = self.table.item(row, _NAME) if row >= 0 else None
        if item is not None:
            self._book.brush(int(item.data(Qt.ItemDataRole.UserRole)))

    def _renamed(self, item: QTableWidgetItem) -> None:
        if item.column() == _NAME:
            self._book.rename_class(int(item.data(Qt.ItemDataRole.UserRole)), item.text())


def _number(text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(26, 26)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawRoundedRect(1, 1, 24, 24, 6, 6)
    painter.end()
    return QIcon(pixmap)
