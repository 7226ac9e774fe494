"""The list of runs: which of them predicts, and choosing, renaming, comparing and deleting them."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.network.counting import in_words
from napari_fhn.project import Run
from napari_fhn.sentence import counted
from napari_fhn.widgets.results.run_list import RunList, date_of, details_of, disk_of, score_of, steps_of
from napari_fhn.widgets.section import QUIET
from napari_fhn.widgets.state import RunState

_NAME, _DATE, _STEPS, _SCORE, _DISK = range(5)
_COLUMNS = (
    ("Run", "Every training. The one marked ● predicts; double-click a name to change it."),
    ("Date", "When it was begun."),
    ("Steps", "How many were trained, of how many."),
    ("IoU", "Mean IoU on the labels that were held out from it."),
    ("Disk", "What its network, its checkpoints and its prediction take."),
)
_ROWS = 5
_ROW = 20
_CURRENT, _OTHER = "● ", "   "


class RunsPanel(QWidget):
    """A table of runs and four buttons.

    Parameters
    ----------
    runs : RunList
        Who carries it out.
    state : RunState
        What is under way: meanwhile no run is chosen or deleted.
    """

    def __init__(self, runs: RunList, state: RunState) -> None:
        super().__init__()
        self._runs = runs
        self._state = state
        self.list = QTreeWidget()
        self.list.setAccessibleName("runs")
        self.list.setColumnCount(len(_COLUMNS))
        self.list.setHeaderLabels([title for title, _ in _COLUMNS])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setToolTip(_COLUMNS[_NAME][1])
        self.list.setIndentation(0)
        self._lay_out()
        self.list.itemDoubleClicked.connect(self._double_clicked)
        self.list.itemChanged.connect(self._edited)
        self.list.itemSelectionChanged.connect(self._enable)
        self.use = _button("Use", "Let the network of this run predict, and show its prediction.", self._use)
        self.rename = _button("Rename", "Give this run another name.", self._rename)
        self.compare = _button(
            "Compare", "Say in what this run differs from the current one, and show where.", self._compare
        )
        self.delete = _button("Delete …", "Remove this run with its network and its prediction.", self._delete)
        row = QHBoxLayout()
        row.setSpacing(4)
        for button in (self.use, self.rename, self.compare, self.delete):
            row.addWidget(button, 1)
        self.total = QLabel()
        self.total.setStyleSheet(QUIET)
        self.total.setToolTip("What all runs, labels and copies of surveys of this session take on the disk.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.list)
        column.addLayout(row)
        column.addWidget(self.total)
        runs.changed.connect(self._show)
        state.events.activity.connect(self._enable)
        self._show()

    @property
    def chosen(self) -> Run | None:
        """The selected run."""
        items = self.list.selectedItems()
        run = items[0].data(_NAME, Qt.ItemDataRole.UserRole) if items else None
        return run if isinstance(run, Run) else None

    def choose(self, run_id: str) -> None:
        """Select a run by the name of its folder."""
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None and item.data(_NAME, Qt.ItemDataRole.UserRole).id == run_id:
                self.list.setCurrentItem(item)

    def _lay_out(self) -> None:
        head = self.list.headerItem()
        header = self.list.header()
        assert head is not None
        assert header is not None
        for column, (_, words) in enumerate(_COLUMNS):
            head.setToolTip(column, words)
            if column > _DATE:
                head.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        self.list.setStyleSheet(
            "QTreeWidget::item { height: 20px; padding: 0 3px 0 0; } "
            "QHeaderView::section { border: none; padding: 0 3px 0 0; }"
        )

    def _show(self, event: Any = None) -> None:
        chosen, runs, current = self.chosen, self._runs.all(), self._runs.current
        self.list.blockSignals(True)
        self.list.clear()
        for run in runs:
            item = QTreeWidgetItem()
            item.setData(_NAME, Qt.ItemDataRole.UserRole, run)
            mark = _CURRENT if run == current else _OTHER
            cells = (mark + run.name, date_of(run), steps_of(run), score_of(run), disk_of(run))
            details = details_of(run)
            for column, text in enumerate(cells):
                item.setText(column, text)
                item.setToolTip(column, details)
                if column > _DATE:
                    item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if run == current:
                font = item.font(_NAME)
                font.setBold(True)
                item.setFont(_NAME, font)
            self.list.addTopLevelItem(item)
        self.list.setFixedHeight((min(max(len(runs), 1), _ROWS) + 1) * _ROW + 8)
        self.list.blockSignals(False)
        if runs:
            there = {run.id for run in runs}
            wanted = chosen or current
            self.choose(wanted.id if wanted is not None and wanted.id in there else runs[0].id)
        self.setVisible(bool(runs))
        count = counted(len(runs), "runs")
        self.total.setText(f"{count} · the session takes {in_words(self._runs.disk_used())}" if runs else "")
        self._enable()

    def _enable(self, event: Any = None) -> None:
        run, current = self.chosen, self._runs.current
        may = run is not None and self._state.activity.idle and self._runs.context.project.writable
        other = run is not None and run != current
        self.use.setEnabled(may and other and run is not None and run.has_model)
        self.rename.setEnabled(may)
        self.compare.setEnabled(self._state.activity.idle and other and current is not None)
        alone = len(self._runs.all()) == 1
        self.delete.setEnabled(may and (other or alone))

    def _use(self) -> None:
        if self.chosen is not None:
            self._runs.use(self.chosen)

    def _compare(self) -> None:
        if self.chosen is not None:
            self._runs.compare(self.chosen)

    def _double_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == _NAME:
            self._rename()

    def _rename(self) -> None:
        items = self.list.selectedItems()
        run = self.chosen
        if not items or run is None or not self.rename.isEnabled():
            return
        item = items[0]
        self.list.blockSignals(True)
        item.setText(_NAME, run.name)  # without the mark
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        self.list.blockSignals(False)
        self.list.editItem(item, _NAME)

    def _edited(self, item: QTreeWidgetItem, column: int) -> None:
        run = item.data(_NAME, Qt.ItemDataRole.UserRole)
        if column == _NAME and isinstance(run, Run):
            name = item.text(_NAME).strip()
            if name == run.name:
                self._show()
            else:
                self._runs.rename(run, name)

    def _delete(self) -> None:
        run = self.chosen
        if run is None:
            return
        box = QMessageBox(self.window())
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("FHN")
        box.setText(f"Delete '{run.name}' with its network and its prediction?")
        box.setInformativeText(
            f"{steps_of(run)} steps of training go, and {in_words(run.disk_used())} become "
            "free. It cannot be taken "
            "back; predictions that were kept stay."
        )
        box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No)
        box.setDefaultButton(QMessageBox.StandardButton.No)
        if box.exec() == QMessageBox.StandardButton.Yes:
            self._runs.delete(run)


def _button(title: str, tooltip: str, act: Any) -> QPushButton:
    button = QPushButton(title)
    button.setToolTip(tooltip)
    button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    button.clicked.connect(lambda: act())
    return button
