"""The wizard for tables whose columns do not say what they are: the first rows, and a choice above each column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import xarray as xr
from qtpy.QtCore import Qt
from qtpy.QtGui import QStandardItem, QStandardItemModel, QWheelEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.labels import AmbiguousColumns, Question, Source, suggest
from napari_fhn.labels.fitting import roles_for
from napari_fhn.labels.kinds import KINDS
from napari_fhn.labels.tables.vocabulary import ROLES

_ROLE, _UNIT = 0, 1
_ROWS = 8
_NARROWEST = 112
_SIZE = (760, 470)
_PLACES = ("inline", "crossline", "x", "y", "lon", "lat", "trace", "cdp")
_DEPTHS = ("md", "tvd", "tvdss", "twt", "owt")

#: What the columns of each kind of table may be.
OF_KIND = {
    "wells": ("well", *_PLACES, "kb"),
    "tops": ("well", "marker", "class", "top", "base", *_DEPTHS),
    "deviation": ("well", "md", "inclination", "dip", "azimuth", "tvd", "dx", "dy", "x", "y"),
    "checkshots": ("well", "md", "tvd", "tvdss", "z", "twt", "owt", "time"),
    "horizon": ("marker", *_PLACES, "twt", "owt", "time", "depth", "tvd", "tvdss", "z"),
    "points": ("class", "row", "col", *_PLACES, "twt", "time", "depth", "tvdss", "z"),
}
_UNITS = ("", "m", "ft", "km", "ms", "s", "us", "deg", "rad")


class _Choice(QComboBox):
    """A list over a column; the wheel moves the table under it, and changes nothing that was said."""

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Leave the wheel to the table."""
        if event is not None:
            event.ignore()


class ColumnWizard(QDialog):
    """Asks for the meaning of columns, with what is likely filled in.

    Parameters
    ----------
    question : Question
        With `AmbiguousColumns` as its cause.
    parent : QWidget, optional
        The viewer's window.
    survey : xarray.DataArray, optional
        What the table is loaded for: a map has no traces, and a line no rows.
    """

    def __init__(self, question: Question, parent: QWidget | None = None, survey: xr.DataArray | None = None) -> None:
        super().__init__(parent)
        self._survey = survey
        cause = question.cause
        assert isinstance(cause, AmbiguousColumns)
        self._source, self._table, self._cause = question.source, cause.table, cause
        self.setWindowTitle(f"{self._table.path.name}: {KINDS.get(self._source.kind, 'columns')}")
        self.resize(*_SIZE)
        words = QLabel(f"{question} The answer is remembered until the file changes.")
        words.setWordWrap(True)
        self.roles: list[QComboBox] = []
        self.units: list[QComboBox] = []
        grid = self._grid(cause)
        self.missing = QLabel("")
        self.missing.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (words, grid, self.missing, self.buttons):
            column.addWidget(widget)
        self._check()

    @property
    def answered(self) -> Source:
        """The source with the meaning of its columns."""
        columns = {box.currentData(): k for k, box in enumerate(self.roles) if box.currentData()}
        units = {role: self.units[k].currentText() for role, k in columns.items() if self.units[k].currentText()}
        # What a person cleared here is not said any more.
        return replace(self._source, columns=columns, units=units)

    def _grid(self, cause: AmbiguousColumns) -> QTableWidget:
        table = self._table
        roles = OF_KIND.get(self._source.kind, tuple(ROLES))
        roles = roles_for((*roles, *(role for role in cause.candidates if role not in roles)), self._survey)
        suggested = suggest(table, self._survey).guesses.values()
        likely = {guess.column: guess for found in suggested for guess in reversed(found)}
        likely |= {guess.column: guess for found in cause.candidates.values() for guess in reversed(found[:1])}
        ranked = sorted(likely.values(), key=lambda guess: guess.confidence)
        surest = {guess.role: guess.column for guess in ranked} | {
            role: table.column(of) for role, of in self._source.columns.items()
        }
        grid = QTableWidget(min(len(table.sample), _ROWS) + 2, len(table.names))
        grid.setTabKeyNavigation(False)  # Tab goes through what is chosen above, and on
        grid.setHorizontalHeaderLabels(list(table.names))
        grid.setVerticalHeaderLabels(["is", "unit", *(str(k + 1) for k in range(grid.rowCount() - 2))])
        grid.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        read = "".join(f" {reason[:1].upper()}{reason[1:]}." for reason in table.reasons)
        grid.setToolTip(
            f"The first rows of the file. Say above each column what it is; leave out what is not needed.{read}"
        )
        roles_listed, units_listed = _listed(grid, ("–", *roles), ("", *roles)), _listed(grid, _UNITS, _UNITS)
        for k, name in enumerate(table.names):
            role = _Choice()
            role.setModel(roles_listed)
            role.setAccessibleName(f"what column '{name}' is")
            guess = likely.get(k)
            said = next((r for r, of in self._source.columns.items() if table.column(of) == k), None)
            wanted = said or (guess.role if guess is not None and surest[guess.role] == k else "")
            role.setCurrentIndex(max(role.findData(wanted), 0))
            why = f" Likely: {ROLES[guess.role]}, as {guess.reason}." if guess is not None else ""
            role.setToolTip(f"What column '{name}' is.{why}")
            role.currentIndexChanged.connect(self._check)
            unit = _Choice()
            unit.setModel(units_listed)
            unit.setAccessibleName(f"unit of column '{name}'")
            unit.setCurrentText(self._source.units.get(str(wanted), table.units[k]))
            unit.setToolTip(f"Unit of column '{name}'; empty where it has none, or the file says it.")
            grid.setCellWidget(_ROLE, k, role)
            grid.setCellWidget(_UNIT, k, unit)
            self.roles.append(role)
            self.units.append(unit)
            for row, cells in enumerate(table.sample[:_ROWS]):
                grid.setItem(row + 2, k, QTableWidgetItem(cells[k]))
        grid.resizeColumnsToContents()
        for k in range(grid.columnCount()):  # what stands in a list is not measured with the contents
            grid.setColumnWidth(k, max(grid.columnWidth(k), _NARROWEST))
        return grid

    def _check(self) -> None:
        """Refuse what cannot be: one role for two columns, none at all, or an answer with which nobody can go on."""
        chosen = [box.currentData() for box in self.roles if box.currentData()]
        twice = sorted({role for role in chosen if chosen.count(role) > 1})
        lacking = self._cause.lacking(chosen)
        words = "" if chosen else "Say what at least one column is, in the row above it."
        if twice:
            words = " ".join(f"Two columns are {role}: one of them is not." for role in twice)
        if lacking and not twice:
            words = (
                f"Still to be said: {lacking}. Where {self._table.path.name} has no such column, press Cancel: it "
                "is left out, all else stays as it is. Add the column to the file, and load it again."
            )
        self.missing.setText(words)
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        if ok is not None:
            ok.setEnabled(bool(chosen) and not twice and not lacking)


def _listed(owner: QWidget, shown: Sequence[str], meant: Sequence[str]) -> QStandardItemModel:
    """Return what lists over all columns have in common: made once, as there may be hundreds of columns."""
    model = QStandardItemModel(owner)
    for words, role in zip(shown, meant, strict=True):
        item = QStandardItem(words)
        item.setData(role, Qt.ItemDataRole.UserRole)
        item.setToolTip(ROLES.get(role, ""))
        model.appendRow(item)
    return model
