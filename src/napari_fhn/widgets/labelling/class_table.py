"""The table of classes: paint with one, rename, hide, lock; how much of each is labelled, and how well it goes."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QColorDialog, QHeaderView, QTableWidget, QTableWidgetItem

from napari_fhn.labels import LabelClass
from napari_fhn.training.updates import ON_HELD_OUT, ON_TRAINED
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.class_edits import ClassEdits
from napari_fhn.widgets.running.training_history import TrainingHistory

_ROW = 20
_DIGITS = tuple("123456789")
_ROWS = 8
_NAME, _COUNT, _SHARE, _IOU, _SHOWN, _LOCKED = range(6)
_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_COLUMNS = (
    ("Class", _LEFT, 0, "Click a class to paint with it (keys 1 to 9), double-click to rename it."),
    ("Labelled", _RIGHT, 54, "Labelled voxels."),
    ("%", _RIGHT, 26, "Share of the labelled voxels, in percent."),
    ("IoU", _RIGHT, 38, f"Intersection over union on {ON_HELD_OUT}, where there are; else on {ON_TRAINED}."),
    ("See", _LEFT, 27, "Untick to hide a class, in the labels and in the prediction."),
    ("Lock", _LEFT, 30, "Tick to keep the labels of a class from any brush or file."),
)


class ClassTableView(QTableWidget):
    """Shows and edits the classes of a label book.

    Parameters
    ----------
    book : LabelBook
        Whose classes they are.
    edits : ClassEdits
        Who carries out changes.
    history : TrainingHistory
        Whose IoU of each class is shown.
    """

    def __init__(self, book: LabelBook, edits: ClassEdits, history: TrainingHistory) -> None:
        super().__init__(0, len(_COLUMNS))
        self.setAccessibleName("class table")
        self._book = book
        self._edits = edits
        self._history = history
        self._lay_out()
        self.itemSelectionChanged.connect(self._picked)
        self.cellClicked.connect(lambda row, column: self._picked())  # also of the class that was chosen already
        self.itemChanged.connect(self._changed)
        book.chosen.connect(self._select)
        for name in ("classes", "hidden", "locked"):
            getattr(book.state.events, name).connect(self._show)
        book.state.events.counts.connect(self._show_counts)
        history.changed.connect(self._show_iou)
        self._show()

    @property
    def chosen(self) -> tuple[int, ...]:
        """Values of the selected classes, the current one last."""
        rows = sorted({index.row() for index in self.selectedIndexes()}, key=lambda row: row == self.currentRow())
        return tuple(value for row in rows if (value := self._value(row)) is not None)

    def choose_color(self) -> None:
        """Ask for another colour of the current class."""
        value = self._value(self.currentRow())
        if value is None:
            return
        color = QColorDialog.getColor(QColor(self._book.state.classes.colors[value]), self, "Colour of the class")
        if color.isValid():
            self._edits.recolour(value, color.name())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Take the digits for classes, here as on the canvas; Qt would look for names that begin with them."""
        number = int(event.text()) if event is not None and event.text() in _DIGITS else 0
        values = self._book.state.classes.values
        if 0 < number <= len(values):
            self._book.brush(values[number - 1])
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        for column, (title, side, _, words) in enumerate(_COLUMNS):
            item = QTableWidgetItem(title)
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(words)
            self.setHorizontalHeaderItem(column, item)
        self.setToolTip(_COLUMNS[_NAME][3])
        rows, header = self.verticalHeader(), self.horizontalHeader()
        assert rows is not None
        assert header is not None
        rows.hide()
        rows.setMinimumSectionSize(_ROW)
        rows.setDefaultSectionSize(_ROW)
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column, (_, _, width, _) in enumerate(_COLUMNS):
            if width:
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
                self.setColumnWidth(column, width)
        header.setFixedHeight(_ROW + 1)
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table; arrows move in it
        self.setShowGrid(False)
        self.setIconSize(QSize(13, 13))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet(
            "QTableWidget::item { padding: 0 2px; border: none; } "
            "QHeaderView::section { border: none; padding: 0 2px; }"
        )

    def _show(self, event: Any = None) -> None:
        state = self._book.state
        chosen, column_chosen = self.currentRow(), self.currentColumn()
        self.blockSignals(True)
        self.setRowCount(len(state.classes))
        for row, entry in enumerate(state.classes):
            name = QTableWidgetItem(swatch(entry.color), entry.name)
            name.setData(Qt.ItemDataRole.UserRole, entry.value)
            key = f"key {row + 1}, " if row < 9 else ""
            name.setToolTip(
                f"{entry.name}: {key}{_value_of(entry)}. Click to paint with it, double-click to rename it."
            )
            self.setItem(row, _NAME, name)
            for column in (_COUNT, _SHARE, _IOU):
                self.setItem(row, column, _number(""))
            self.setItem(row, _SHOWN, _tick(entry.value not in state.hidden, _COLUMNS[_SHOWN][3]))
            self.setItem(row, _LOCKED, _tick(entry.value in state.locked, _COLUMNS[_LOCKED][3]))
        self.setFixedHeight(min(max(len(state.classes), 2), _ROWS) * _ROW + _ROW + 5)
        # In its column too: who ticks with the space bar unticks with it.
        self.setCurrentCell(chosen if 0 <= chosen < len(state.classes) else 0, max(column_chosen, _NAME))
        self.blockSignals(False)
        self._show_counts()
        self._show_iou()

    def _show_counts(self, event: Any = None) -> None:
        """Write the numbers alone: they change after each stroke, and to make the table anew holds up the next one."""
        state = self._book.state
        total = sum(state.counts.values())
        self.blockSignals(True)
        for row, entry in enumerate(state.classes):
            n = state.counts.get(entry.value, 0)
            for column, text in ((_COUNT, f"{n:,}" if n else "·"), (_SHARE, _percent(n, total))):
                item = self.item(row, column)
                if item is not None and item.text() != text:
                    item.setText(text)
        self.blockSignals(False)

    def _show_iou(self) -> None:
        iou = self._history.iou
        self.blockSignals(True)
        for row, entry in enumerate(self._book.state.classes):
            value = iou[entry.value - 1] if entry.value <= len(iou) else None
            item = self.item(row, _IOU)
            if item is not None:
                item.setText("" if value is None else f"{value:.2f}")
                item.setToolTip("" if value is None else f"On {self._history.iou_on}.")
        self.blockSignals(False)

    def _value(self, row: int) -> int | None:
        item = self.item(row, _NAME) if row >= 0 else None
        return None if item is None else int(item.data(Qt.ItemDataRole.UserRole))

    def _picked(self) -> None:
        value = self._value(self.currentRow())
        if value is not None:
            self._book.brush(value)

    def _select(self, value: int) -> None:
        """Show which class is painted with, chosen by a key or on the canvas."""
        values = self._book.state.classes.values
        if value in values and self._value(self.currentRow()) != value:
            self.blockSignals(True)
            self.setCurrentCell(values.index(value), _NAME)
            self.blockSignals(False)

    def _changed(self, item: QTableWidgetItem) -> None:
        value = self._value(item.row())
        if value is None:
            return
        checked = item.checkState() == Qt.CheckState.Checked
        if item.column() == _NAME:
            self._edits.rename(value, item.text())
        elif item.column() == _SHOWN:
            self._edits.show(value, checked)
        elif item.column() == _LOCKED:
            self._edits.lock(value, checked)


def _percent(n: int, total: int) -> str:
    if not n or not total:
        return ""
    return f"{100 * n / total:.0f}" if n >= 0.01 * total else "<1"


def _number(text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    item.setTextAlignment(_RIGHT | Qt.AlignmentFlag.AlignVCenter)
    return item


def _tick(checked: bool, words: str) -> QTableWidgetItem:
    item = QTableWidgetItem("")
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
    item.setToolTip(words)
    return item


def swatch(color: str) -> QIcon:
    """Return a small square of a colour, as ``#rrggbb``."""
    pixmap = QPixmap(26, 26)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawRoundedRect(1, 1, 24, 24, 6, 6)
    painter.end()
    icon = QIcon(pixmap)
    # Qt would mix in the colour of a selection, and turn to grey what can only be looked at: it is a legend also then.
    for mode in (QIcon.Mode.Selected, QIcon.Mode.Disabled):
        icon.addPixmap(pixmap, mode)
    return icon


def _value_of(entry: LabelClass) -> str:
    """The number by which a class is known, on the canvas and in files."""
    return f"value {entry.value}" if entry.code == entry.value else f"value {entry.value}, {entry.code} in files"
