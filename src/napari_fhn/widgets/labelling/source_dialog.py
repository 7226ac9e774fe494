"""Asks how a file of what is known is read, also where it leaves nothing open: every option that its kind has."""

from __future__ import annotations

from typing import Any

import xarray as xr
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.labels import KINDS, AmbiguousColumns, LabelError, Question, Source
from napari_fhn.labels.fitting import fits, options_for, unit_of
from napari_fhn.labels.options import SEPARATOR, Option
from napari_fhn.labels.tables.guesses import suggest
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.widgets.labelling.column_wizard import OF_KIND, ColumnWizard

_UNSAID = "(as the file says)"
_REASONS = 4
"""Columns of which the dialog says what they were taken for."""
_SHORT = ("crs", "kb")
"""Words of names that are written in capitals."""
_EXAMPLES = {
    "interval": f"first {SEPARATOR} last",
    "names": f"one {SEPARATOR} another",
    "mapping": "name=value, name=value",
}


class SourceDialog(QDialog):
    """Every option of one file, and the meaning of its columns where it is a table.

    Parameters
    ----------
    source : Source
        The file; its kind is known.
    parent : QWidget, optional
        The viewer's window.
    survey : xarray.DataArray, optional
        What it is loaded for: options and kinds that mean nothing there are not offered.
    """

    def __init__(self, source: Source, parent: QWidget | None = None, survey: xr.DataArray | None = None) -> None:
        super().__init__(parent)
        self._source, self._survey = source, survey
        self.setWindowTitle(source.path.name)
        self.setMinimumWidth(460)
        self.kind = QComboBox()
        self.kind.setToolTip("What the file holds.")
        tables = [kind for kind in KINDS if kind in OF_KIND and fits(kind, survey)]
        for kind in tables if source.kind in tables else [source.kind]:
            self.kind.addItem(KINDS[kind], kind)
        self.kind.setCurrentIndex(self.kind.findData(source.kind))
        self.kind.currentIndexChanged.connect(self._fill)
        self.why = QLabel(_evidence(source, survey))
        self.why.setWordWrap(True)
        self.why.setVisible(bool(self.why.text()))
        self.columns = QPushButton("Columns …")
        self.columns.setToolTip("Say what the columns of the table are.")
        self.columns.clicked.connect(self._ask_columns)
        self.fields: dict[str, QComboBox | QLineEdit] = {}
        self._form = QFormLayout()
        self._wrong = QLabel("")
        self._wrong.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for part in (self.kind, self.why, self.columns):
            column.addWidget(part)
        column.addLayout(self._form)
        column.addWidget(self._wrong)
        column.addWidget(self.buttons)
        self._fill()

    @property
    def answered(self) -> Source:
        """The source with what was said.

        Raises
        ------
        LabelError
            When something that was typed makes no sense.
        """
        source = self._source.as_kind(self.kind.currentData())
        options = options_for(source.kind, self._survey)
        return source.answered(**{name: _said(options[name], field) for name, field in self.fields.items()})

    def _fill(self, index: int = 0) -> None:
        """Show the options of the chosen kind."""
        while self._form.rowCount():
            self._form.removeRow(0)
        self.fields = {}
        kind = self.kind.currentData()
        self.columns.setVisible(kind in OF_KIND)
        for name, option in options_for(kind, self._survey).items():
            field = _field(option, self._source.options.get(name))
            field.setToolTip(f"{option.words[:1].upper()}{option.words[1:]}.")
            field.setAccessibleName(name)
            self._form.addRow(_title(option, unit_of(option, self._survey)), field)
            self.fields[name] = field
            changed = field.currentIndexChanged if isinstance(field, QComboBox) else field.textChanged
            changed.connect(self._check)
        self._check()

    def _check(self, changed: Any = None) -> None:
        """Refuse what makes no sense, in words."""
        wrong = ""
        try:
            _ = self.answered
        except LabelError as error:
            wrong = str(error)
        self._wrong.setText(wrong)
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        if ok is not None:
            ok.setEnabled(not wrong)

    def _ask_columns(self) -> None:
        source = self._source.as_kind(self.kind.currentData())
        try:
            table = sniffed(source.table())
        except LabelError as error:
            self._wrong.setText(str(error))
            return
        cause = AmbiguousColumns("it may be read in several ways", "Say what its columns are", table, {})
        wizard = ColumnWizard(Question(source, cause), self, self._survey)
        if wizard.exec():
            self._source = wizard.answered


def ask_options(source: Source, parent: QWidget | None = None, survey: xr.DataArray | None = None) -> Source | None:
    """Ask with the dialog; None when the person leaves the file."""
    if source.kind == "classes":
        return source
    dialog = SourceDialog(source, parent, survey)
    return dialog.answered if dialog.exec() else None


def _title(option: Option, unit: str) -> str:
    """What an option is called, with its unit once."""
    words = option.name.removesuffix(f"_{option.unit}").split("_")
    name = " ".join(word.upper() if word in _SHORT else word for word in words)
    return f"{name} ({unit})" if unit else name


def _evidence(source: Source, survey: xr.DataArray | None) -> str:
    """Why a table is taken for what it is: what its columns were taken for."""
    if source.kind not in OF_KIND:
        return ""
    try:
        reasons = suggest(sniffed(source.table()), survey).reasons
    except LabelError:
        return ""
    return " ".join(reasons[:_REASONS])


def _field(option: Option, value: Any) -> QComboBox | QLineEdit:
    if option.type == "choice":
        box = QComboBox()
        box.addItem(_UNSAID, None)
        for choice in option.choices:
            box.addItem(choice, choice)
        box.setCurrentIndex(max(box.findData(value), 0))
        return box
    line = QLineEdit("" if value is None else option.text(value))
    line.setPlaceholderText(_EXAMPLES.get(option.type, _UNSAID))
    return line


def _said(option: Option, field: QComboBox | QLineEdit) -> Any:
    """What a field says, None where it says nothing."""
    if isinstance(field, QComboBox):
        return field.currentData()
    return option.parse(field.text()) if field.text().strip() else None
