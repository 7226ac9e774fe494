"""The look all parts of the dock share: a quiet heading that folds its part away, a number, and a hairline above."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from superqt import QElidingLabel

SPACING = 4

QUIET = "color: rgba(140, 145, 155, 255);"
"""Style of words that may be overlooked, in dark and light themes."""

TOGGLE = "QToolButton:checked { background: rgba(86, 180, 233, 110); }"
"""Style of buttons that stay down: what is on must be seen, in dark and light themes."""


class Fold(QWidget):
    """A heading with something below it that can be folded away.

    Parameters
    ----------
    title : str
        In a word or two.
    tooltip : str
        What clicking the heading does.
    bold : bool
        Whether the heading is one of a part of the dock.

    Attributes
    ----------
    body : QVBoxLayout
        What is folded away.
    row : QHBoxLayout
        The heading's own row, which stays.
    heading : QToolButton
        Checked while the body is shown.
    """

    def __init__(self, title: str, tooltip: str, *, bold: bool = False) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(SPACING)
        self.heading = QToolButton()
        self.heading.setText(title)
        self.heading.setToolTip(tooltip)
        self.heading.setCheckable(True)
        self.heading.setChecked(True)
        self.heading.setArrowType(Qt.ArrowType.DownArrow)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setStyleSheet(
            "QToolButton, QToolButton:checked, QToolButton:hover { background: transparent; border: none; padding: 0; "
            f"font-weight: {'bold' if bold else 'normal'}; }} QToolButton:focus {{ text-decoration: underline; }}"
        )
        self.row = QHBoxLayout()
        self.row.setSpacing(8)
        self.row.addWidget(self.heading, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addLayout(self.row)
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(SPACING)
        self.column.addWidget(self._content, 1)
        self.heading.toggled.connect(self._fold)

    @property
    def folded(self) -> bool:
        """Whether only the heading is shown."""
        return not self.heading.isChecked()

    def fold(self, folded: bool = True) -> None:
        """Show only the heading, or all."""
        self.heading.setChecked(not folded)

    def _fold(self, shown: bool) -> None:
        self.heading.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self._content.setVisible(shown)


class Section(Fold):
    """One step of the way from data to result.

    Parameters
    ----------
    number : int
        Of the step.
    title : str
        In a word.

    Attributes
    ----------
    aside : QElidingLabel
        A few quiet words beside the heading, cut short where there is no room for them.
    """

    def __init__(self, number: int, title: str) -> None:
        super().__init__(f"{number}  {title}", "Fold this part of the dock away, or show it again.", bold=True)
        if number > 1:
            self.column.insertWidget(0, hairline())
        self.aside = QElidingLabel("")
        self.aside.setStyleSheet(QUIET)
        self.aside.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.row.addWidget(self.aside, 1)


def hairline() -> QFrame:
    """Return a thin line that parts two parts of the dock."""
    line = QFrame()
    line.setFixedHeight(1)
    line.setStyleSheet("background: rgba(128, 128, 128, 80); border: none;")
    return line
