"""Asks which maps go into a stack, which of them are classes, and whose grid is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import xarray as xr
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.labels import LabelError
from napari_fhn.labels.shapes.polygons import class_fields
from napari_fhn.sentence import counted
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.maps import Polygons, grid_of, read_polygons
from napari_fhn.widgets.choosing import ask_open, folder_of_any
from napari_fhn.widgets.data.stacking import Entry

_FINEST = "the finest of them"
_KINDS = {"amounts": "amounts", "classes": "classes (one-hot)"}
_POLYGONS = "Polygons (*.gpkg *.shp *.geojson *.fgb *.mif *.tab *.gml *.sqlite *.db *.zip)"


class StackDialog(QDialog):
    """A table of maps.

    Parameters
    ----------
    entries : sequence of Entry
        What there is.
    parent : QWidget, optional
        The viewer's window.
    """

    def __init__(self, entries: Sequence[Entry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Stack maps")
        self.setMinimumWidth(680)
        self._entries: list[Entry] = []
        words = QLabel(
            "Maps of any resolution and CRS become channels on one grid. Amounts are interpolated; of classes, and of "
            "polygons, each becomes a channel of 0 and 1."
        )
        words.setWordWrap(True)
        self.table = QTableWidget(0, 3)
        self.table.setTabKeyNavigation(False)  # Tab leaves the table; arrows move in it
        self.table.setHorizontalHeaderLabels(["Map", "Values are", "Grid"])
        self.table.setToolTip("Tick the maps that go in, and say whether their values are amounts or names of classes.")
        head = self.table.horizontalHeader()
        if head is not None:
            head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            for narrow in (1, 2):
                head.setSectionResizeMode(narrow, QHeaderView.ResizeMode.ResizeToContents)
        side = self.table.verticalHeader()
        if side is not None:
            side.hide()
        self.add = QPushButton("Add polygons …")
        self.add.setToolTip("Read a geological map: a GeoPackage, shapefile or GeoJSON of polygons with a class each.")
        self.add.clicked.connect(self._add_polygons)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        self.like = QComboBox()
        self.like.addItem(_FINEST, None)
        self.like.setToolTip("Whose grid the channels, the labels and the prediction lie on.")
        form = QFormLayout()
        form.addRow("Take the grid of", self.like)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        assert self.ok is not None
        self.ok.setText("Stack")
        column = QVBoxLayout(self)
        for part in (words, self.table, self.add, self.message):
            column.addWidget(part)
        column.addLayout(form)
        column.addWidget(self.buttons)
        self.ok.setDefault(True)  # in the dialog by now, or Enter would press the first button
        for entry in entries:
            self._append(entry)
        self.table.itemChanged.connect(self._look)
        self._look()

    @property
    def entries(self) -> list[Entry]:
        """The maps, as the person has ticked and described them."""
        told = []
        for row, entry in enumerate(self._entries):
            item, box = self.table.item(row, 0), self.table.cellWidget(row, 1)
            used = item is not None and item.checkState() == Qt.CheckState.Checked
            kind = box.currentData() if isinstance(box, QComboBox) else entry.kind
            told.append(replace(entry, used=used, kind=kind))
        return told

    @property
    def grid(self) -> Entry | None:
        """The map whose grid is taken; None for the finest."""
        row = self.like.currentData()
        return None if row is None else self._entries[row]

    def add_polygons(self, path: Path, field: str | None = None) -> None:
        """Add the polygons of a file; what cannot be read is said in the dialog."""
        try:
            polygons = read_polygons(path, field)
        except SurveyError as error:
            self.message.setText(str(error))
            self.message.show()
            return
        self.message.hide()
        self._append(Entry(f"{polygons.name} ({polygons.field})", polygons, "classes"))

    def _look(self) -> None:
        """Stack nothing while nothing is ticked."""
        assert self.ok is not None
        some = any(entry.used for entry in self.entries)
        self.ok.setEnabled(some)
        self.ok.setToolTip("" if some else "Tick at least one map.")

    def _append(self, entry: Entry) -> None:
        row = len(self._entries)
        self._entries.append(entry)
        self.table.insertRow(row)
        item = QTableWidgetItem(entry.name)
        item.setToolTip(entry.name)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if entry.used else Qt.CheckState.Unchecked)
        self.table.setItem(row, 0, item)
        if isinstance(entry.source, Polygons):
            told, grid = counted(len(entry.source.classes), "classes"), "polygons"
        else:
            told, grid = "", str(grid_of(entry.source))
            self.like.addItem(entry.name, row)
        if told or (not isinstance(entry.source, Polygons) and entry.source.sizes.get("band", 1) > 1):
            self.table.setItem(row, 1, _fixed(told or "amounts"))
        else:
            box = QComboBox()
            for kind, title in _KINDS.items():
                box.addItem(title, kind)
            box.setCurrentIndex(box.findData(entry.kind))
            box.setToolTip("Whole numbers that name classes (rocks, land cover) become a channel each.")
            box.setAccessibleName(f"values of {entry.name}")
            self.table.setCellWidget(row, 1, box)
            # Tab goes through the table before it leaves it.
            boxes = [one for k in range(row) if (one := self.table.cellWidget(k, 1)) is not None]
            QWidget.setTabOrder(boxes[-1] if boxes else self.table, box)
            QWidget.setTabOrder(box, self.add)
        self.table.setItem(row, 2, _fixed(grid))

    def _add_polygons(self) -> None:
        near = folder_of_any(one.source for one in self._entries if isinstance(one.source, xr.DataArray))
        path = ask_open(self, "survey", "Add polygons", _POLYGONS, near)
        if path is None:
            return
        field = None
        try:
            fields = class_fields(path)
        except LabelError:
            fields = ()  # reading it says why
        if len(fields) > 1:
            field, taken = QInputDialog.getItem(self, "Add polygons", "The class is in the field", fields, 0, False)
            if not taken:
                return
        self.add_polygons(path, field)


def ask_stack(entries: Sequence[Entry], parent: QWidget | None = None) -> tuple[list[Entry], Entry | None] | None:
    """Ask with a dialog; None when the person cancels."""
    dialog = StackDialog(entries, parent)
    return (dialog.entries, dialog.grid) if dialog.exec() else None


def _fixed(words: str) -> QTableWidgetItem:
    item = QTableWidgetItem(words)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    return item
