"""Asks a person what a file of wells, picks or shapes leaves open."""

from __future__ import annotations

import xarray as xr
from qtpy.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.labels import OPTIONS, AmbiguousColumns, LabelError, Question, Source, Undeclared
from napari_fhn.labels.fitting import unit_of
from napari_fhn.labels.kinds import KINDS
from napari_fhn.labels.map_coordinates import crs_of
from napari_fhn.widgets.labelling.column_wizard import ColumnWizard

_WORDS = {
    "twt": "two-way time",
    "owt": "one-way time",
    "md": "measured depth along the well",
    "tvd": "vertical depth below the well's datum",
    "tvdss": "vertical depth below sea level",
    "m": "metres",
    "ft": "feet",
    "km": "kilometres",
    "ms": "milliseconds",
    "s": "seconds",
    "us": "microseconds",
    "deg": "degrees",
    "rad": "radians",
    "gon": "gon, of which a full turn has 400",
    ".": "point: 1,234.5 is one thousand and more",
    ",": "comma: 1.234,5 is one thousand and more",
    "down": "downwards, as depths do",
    "up": "upwards, as elevations do",
}
_LARGEST = 1e6
_CRS = ("crs", "survey_crs")


class AnswerDialog(QDialog):
    """A question about one file: some answers to choose from, a number, or two.

    Parameters
    ----------
    question : Question
        With an `Undeclared` as its cause.
    parent : QWidget, optional
        The viewer's window.
    survey : xarray.DataArray, optional
        What the file is loaded for: times and depths are asked for in the unit of its own axis.
    """

    def __init__(self, question: Question, parent: QWidget | None = None, survey: xr.DataArray | None = None) -> None:
        super().__init__(parent)
        self._survey = survey
        assert isinstance(question.cause, Undeclared)
        self._question, self._cause = question, question.cause
        self.setWindowTitle(question.source.path.name)
        self.setMinimumWidth(420)
        column = QVBoxLayout(self)
        words = QLabel(str(question))
        words.setWordWrap(True)
        column.addWidget(words)
        self.group = QButtonGroup(self)
        self.numbers: list[QDoubleSpinBox] = []
        for k, choice in enumerate(self._cause.choices):
            spoken = KINDS.get(choice) if self._cause.option == "kind" else _WORDS.get(choice)
            button = QRadioButton(
                f"{spoken} ({choice})" if spoken and self._cause.option != "kind" else spoken or choice
            )
            button.setToolTip("Take this answer for this file, until the file changes.")
            # What a file holds stands in no order of likelihood: Enter alone would be a guess.
            button.setChecked(k == 0 and self._cause.option != "kind")
            self.group.addButton(button, k)
            column.addWidget(button)
        self.group.idToggled.connect(self._check)
        option = OPTIONS.get(self._cause.option)
        self.text: QLineEdit | None = None
        if not self._cause.choices and option is not None and option.type == "text":
            self.text = QLineEdit()
            self.text.setToolTip(f"{option.words[:1].upper()}{option.words[1:]}.")
            self.text.textChanged.connect(self._check)
            column.addWidget(self.text)
        elif not self._cause.choices:
            column.addLayout(self._numbers())
        self.wrong = QLabel("")
        self.wrong.setWordWrap(True)
        column.addWidget(self.wrong)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self._check()

    @property
    def answered(self) -> Source:
        """The source with the answer."""
        if self.text is not None:
            return self._question.answer(self.text.text().strip())
        if not self._cause.choices:
            values = [spin.value() for spin in self.numbers]
            return self._question.answer(values if len(values) > 1 else values[0])
        return self._question.answer(self._cause.choices[max(self.group.checkedId(), 0)])

    def _check(self, *_: object) -> None:
        """Refuse what is no answer, in words, before it is given."""
        wrong = ""
        typed = "" if self.text is None else self.text.text().strip()
        if typed and self._cause.option in _CRS:
            try:
                crs_of(typed)
            except LabelError as error:
                wrong = str(error)
        self.wrong.setText(wrong)
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        if ok is not None:
            chosen = not self._cause.choices or self.group.checkedId() >= 0
            ok.setEnabled(not wrong and chosen and (self.text is None or bool(typed)))

    def _numbers(self) -> QHBoxLayout:
        row = QHBoxLayout()
        option = OPTIONS[self._cause.option]
        unit, two = unit_of(option, self._survey), self._cause.option == "window"
        ends = (0.0, 0.0)
        if two and self._survey is not None:  # all of the survey, until somebody says less
            axis = self._survey[self._survey.dims[-1]].values
            ends = float(axis[0]), float(axis[-1])
        for words, value in zip(("from", "to") if two else ("",), ends, strict=False):
            spin = QDoubleSpinBox()
            spin.setRange(-_LARGEST, _LARGEST)
            spin.setDecimals(2)
            spin.setValue(value)
            spin.setSuffix(f" {unit}" if unit else "")
            spin.setToolTip(f"{option.words[:1].upper()}{option.words[1:]}.")
            if words:
                row.addWidget(QLabel(words))
            row.addWidget(spin, 1)
            self.numbers.append(spin)
        return row


def ask_person(question: Question, parent: QWidget | None = None, survey: xr.DataArray | None = None) -> Source | None:
    """Ask with the dialog that fits; None when the person leaves the file."""
    if isinstance(question.cause, AmbiguousColumns):
        wizard = ColumnWizard(question, parent, survey)
        return wizard.answered if wizard.exec() else None
    dialog = AnswerDialog(question, parent, survey)
    return dialog.answered if dialog.exec() else None
