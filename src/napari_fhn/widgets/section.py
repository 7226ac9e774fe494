"""The look that all parts of the dock share: a quiet heading with a number, and a hairline above."""

from __future__ import annotations

from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

SPACING = 4


class Section(QWidget):
    """One step of the way from data to result.

    Parameters
    ----------
    number : int
        Of the step.
    title : str
        In a word.
    """

    def __init__(self, number: int, title: str) -> None:
        super().__init__()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(SPACING)
        if number > 1:
            line = QFrame()
            line.setFixedHeight(1)
            line.setStyleSheet("background: rgba(128, 128, 128, 80); border: none;")
            self.body.addWidget(line)
        row = QHBoxLayout()
        row.setSpacing(8)
        heading = QLabel(f"<b>{number}&nbsp;&nbsp;{title}</b>")
        self.aside = QLabel("")
        self.aside.setStyleSheet("color: rgba(140, 145, 155, 255);")
        self.row = row
        self.aside.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(heading)
        row.addWidget(self.aside, 1)
        self.body.addLayout(row)
