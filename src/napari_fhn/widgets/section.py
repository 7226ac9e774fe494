"""The look all parts of the dock share: a quiet heading with a number that folds its part, and a hairline above."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

SPACING = 4


class Section(QWidget):
    """One step of the way from data to result.

    Parameters
    ----------
    number : int
        Of the step.
    title : str
        In a word.

    Attributes
    ----------
    body : QVBoxLayout
        What is folded away.
    row : QHBoxLayout
        The heading's own row, which stays.
    aside : QLabel
        A few quiet words beside the heading.
    heading : QToolButton
        Checked while the body is shown.
    """

    def __init__(self, number: int, title: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        if number > 1:
            line = QFrame()
            line.setFixedHeight(1)
            line.setStyleSheet("background: rgba(128, 128, 128, 80); border: none;")
            column.addWidget(line)
        self.heading = _heading(f"{number}  {title}")
        self.aside = QLabel("")
        self.aside.setStyleSheet("color: rgba(140, 145, 155, 255);")
        self.aside.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.row = QHBoxLayout()
        self.row.setSpacing(8)
        self.row.addWidget(self.heading)
        self.row.addWidget(self.aside, 1)
        column.addLayout(self.row)
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(SPACING)
        column.addWidget(self._content, 1)
        self.heading.toggled.connect(self._fold)

    @property
    def folded(self) -> bool:
        """Whether only the heading is shown."""
        return not self.heading.isChecked()

    def fold(self, folded: bool = True) -> None:
        """Show only the heading, or all."""
        self.heading.setChecked(not folded)

    def _fold(self, shown: bool) -> None:
        self.heading.setArrowType(_arrow(shown))
        self._content.setVisible(shown)


def _heading(text: str) -> QToolButton:
    heading = QToolButton()
    heading.setText(text)
    heading.setToolTip("Fold this part of the dock away, or show it again.")
    heading.setCheckable(True)
    heading.setChecked(True)
    heading.setArrowType(_arrow(True))
    heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    heading.setStyleSheet(
        "QToolButton, QToolButton:checked, QToolButton:hover { background: transparent; border: none; padding: 0; "
        "font-weight: bold; } QToolButton:focus { text-decoration: underline; }"
    )
    return heading


def _arrow(shown: bool) -> Qt.ArrowType:
    return Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow
