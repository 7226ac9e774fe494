"""What a person says of a SEG-Y file instead of its headers: bytes, scalar, sample interval, delay, format."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QDoubleValidator, QIntValidator
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from napari_fhn.surveys.segy.binary import FORMAT_NAMES

#: Last byte at which a field of four bytes can start.
_LAST = 237
_AS_HEADER = "as the file says"
#: Option of `napari_fhn.surveys.open`, label, tooltip, whether it is a whole number.
_FIELDS = (
    ("inline_byte", "Inline byte", "First byte of the inline number in the trace headers, 1 to 237.", True),
    ("crossline_byte", "Crossline byte", "First byte of the crossline number in the trace headers, 1 to 237.", True),
    ("x_byte", "X byte", "First byte of the x coordinate in the trace headers, 1 to 237.", True),
    ("y_byte", "Y byte", "First byte of the y coordinate in the trace headers, 1 to 237.", True),
    ("coordinate_scalar", "Scalar", "Factor of the coordinates, not 0; negative: what they are divided by.", True),
    (
        "sample_interval_ms",
        "Sample interval (ms)",
        "Above 0, in milliseconds; in depth, in the file's unit of length.",
        False,
    ),
    ("delay_ms", "Delay (ms)", "Time of the first sample of all traces, in milliseconds.", False),
)
#: Formats of samples that are read.
_FORMATS = tuple(code for code in FORMAT_NAMES if code != 4)


class HeadersForm(QWidget):
    """Fields to type in; what is left empty is taken from the file.

    Attributes
    ----------
    changed : Signal
        Something else is said.
    typed : Signal
        Somebody types, and what stands there may be wrong.
    """

    changed = Signal()
    typed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        self.fields: dict[str, QLineEdit] = {}
        for k, (name, words, tip, whole) in enumerate(_FIELDS):
            field = QLineEdit()
            field.setPlaceholderText(_AS_HEADER)
            field.setToolTip(tip)
            field.setAccessibleName(words)
            field.setValidator(QIntValidator(field) if whole else QDoubleValidator(field))
            field.editingFinished.connect(self.changed)
            field.textChanged.connect(self.typed)
            row, column = divmod(k, 2)
            grid.addWidget(QLabel(words), row, 2 * column)
            grid.addWidget(field, row, 2 * column + 1)
            self.fields[name] = field
        self.format = QComboBox()
        self.format.setToolTip("How the samples are stored.")
        self.format.addItem(_AS_HEADER, None)
        for code in _FORMATS:
            self.format.addItem(f"{code}: {FORMAT_NAMES[code]}", code)
        self.format.currentIndexChanged.connect(self.changed)
        row, column = divmod(len(_FIELDS), 2)
        grid.addWidget(QLabel("Sample format"), row, 2 * column)
        grid.addWidget(self.format, row, 2 * column + 1)
        # The names of formats are long, and the fields beside them are as wide.
        self.format.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for fields in (1, 3):
            grid.setColumnStretch(fields, 1)

    @property
    def wrong(self) -> str:
        """What stands in a field and cannot be, in a sentence; empty where all may be."""
        for name, words, tip, whole in _FIELDS:
            text = self.fields[name].text().strip().replace(",", ".")
            try:
                value = float(int(text) if whole else text) if text else 1.0
            except ValueError:
                value = math.nan
            of_bytes = name.endswith("_byte") and not 1 <= value <= _LAST
            if (
                not math.isfinite(value)
                or of_bytes
                or (value <= 0 if name == "sample_interval_ms" else value == 0 and whole)
            ):
                return f"{words.removesuffix(' (ms)')} {text} is none. {tip}"
        return ""

    def fill(self, said: Mapping[str, Any]) -> None:
        """Write what is said already into the fields that take it."""
        for name in self.fields.keys() & said.keys():
            self.fields[name].setText(f"{said[name]:.15g}")  # to the last digit: what stands there is how it is read
        self.format.setCurrentIndex(max(self.format.findData(said.get("sample_format")), 0))

    @property
    def options(self) -> dict[str, int | float]:
        """What is said, as options of `napari_fhn.surveys.open`; half a number says nothing yet."""
        said: dict[str, int | float] = {}
        for name, _, _, whole in _FIELDS:
            # A decimal comma is what some keyboards have.
            text = self.fields[name].text().strip().replace(",", ".")
            try:
                said[name] = int(text) if whole else float(text)
            except ValueError:
                continue
        code = self.format.currentData()
        return said if code is None else {**said, "sample_format": int(code)}
