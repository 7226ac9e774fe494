"""The history of the labels as a list: what was done where, newest first; a click takes it back or makes it again."""

from __future__ import annotations

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from napari_fhn.project.undo.step_log import Entry
from napari_fhn.widgets.labelling.book import LabelBook

_SHOWN = 100
_HEIGHT = 110

_PAUSE_MS = 100
"""At most ten new lists in a second."""


class HistoryPanel(QWidget):
    """Undo, Redo, and the list.

    Parameters
    ----------
    book : LabelBook
        Whose history it is.
    """

    def __init__(self, book: LabelBook) -> None:
        super().__init__()
        self._book = book
        self.undo = QPushButton("Undo here")
        self.undo.setToolTip("Take back the last change of what is in view (Ctrl+Z in the label layer).")
        self.undo.clicked.connect(lambda: book.history.undo())
        self.redo = QPushButton("Redo here")
        self.redo.setToolTip("Make it again (Ctrl+Shift+Z in the label layer).")
        self.redo.clicked.connect(lambda: book.history.redo())
        self.list = QListWidget()
        self.list.setAccessibleName("changes")
        self.list.setFixedHeight(_HEIGHT)
        self.list.setToolTip(
            "Changes of the session, newest first. Tick what stands; untick one to take it back, wherever it was "
            "made. Double-click, or press Enter, to go there."
        )
        self.list.itemChanged.connect(self._ticked)
        self.list.itemActivated.connect(self._go)  # a double click, or Enter
        row = QHBoxLayout()
        row.addWidget(self.undo)
        row.addWidget(self.redo)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.list)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._show)
        book.history.changed.connect(self._changed)
        self._show()

    def setVisible(self, visible: bool) -> None:
        """Catch up with what happened while nobody looked."""
        super().setVisible(visible)
        if visible:
            self._show()

    def _changed(self) -> None:
        # A hundred lines are written anew: not for every dab of the brush, and not where nobody sees them.
        if not self.isHidden() and not self._timer.isActive():
            self._timer.start()

    def _show(self) -> None:
        entries = self._book.history.entries
        self.list.blockSignals(True)
        self.list.clear()
        for entry in reversed(entries[-_SHOWN:]):
            where = entry.place.title if entry.place is not None else ""
            item = QListWidgetItem(f"{entry.title}{'  ·  ' + where if where else ''}")
            item.setData(Qt.ItemDataRole.UserRole, entry)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked if entry.undone else Qt.CheckState.Checked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.undo.setEnabled(any(not entry.undone for entry in entries))
        self.redo.setEnabled(any(entry.undone for entry in entries))

    def _ticked(self, item: QListWidgetItem) -> None:
        entry: Entry = item.data(Qt.ItemDataRole.UserRole)
        if entry.undone == (item.checkState() == Qt.CheckState.Checked):
            self._book.history.toggle(entry)

    def _go(self, item: QListWidgetItem) -> None:
        entry: Entry = item.data(Qt.ItemDataRole.UserRole)
        if entry.place is not None:
            self._book.go(entry.place.axis, entry.place.index)
