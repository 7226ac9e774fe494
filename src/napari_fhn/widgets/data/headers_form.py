"""What a person says of a SEG-Y file instead of its headers: bytes, scalar, sample interval, delay, format."""

from __future__ import annotations

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QDoubleValidator, QIntValidator
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QWidget

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
    ("coordinate_scalar", "Scalar", "Factor of the coordinates; negative: what they are divided by.", True),
    ("sample_interval_ms", "Sample interval (ms)", "In milliseconds; in depth, in the file's unit of length.", False),
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
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        self.fields: dict[str, QLineEdit] = {}
        for k, (name, words, tip, whole) in enumerate(_FIELDS):
            field = QLineEdit()
            field.setPlaceholderText(_AS_HEADER)
            field.setToolTip(tip)
            if name.endswith("_byte"):
                field.setValidator(QIntValidator(1, _LAST, field))
            else:
                field.setValidator(QIntValidator(field) if whole else QDoubleValidator(field))
            field.editingFinished.connect(self.changed)
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
