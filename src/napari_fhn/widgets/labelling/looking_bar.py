"""Says why the session can only be looked at, and offers to take it over, or to try again."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QPushButton, QWidget

from napari_fhn.widgets.open_project import Access, OpenProject

_TAKE_OVER = "Work here from now on. The other program finds out and can only look; what it has not written is lost."
_TRY_AGAIN = "Look whether it can be written now, and work here from now on where it can."


class LookingBar(QWidget):
    """A sentence and a button, there only while the session can be looked at and not changed.

    Parameters
    ----------
    project : OpenProject
        What is open.
    """

    def __init__(self, project: OpenProject) -> None:
        super().__init__()
        self._project = project
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.take_over = QPushButton("Take over")
        self.take_over.setToolTip(_TAKE_OVER)
        self.take_over.clicked.connect(self._take_over)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.words, 1)
        row.addWidget(self.take_over)
        project.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        looking = self._project.access is Access.LOOKING
        self.setVisible(looking)
        if looking:
            self.words.setText(f"{self._project.why}.")
            in_use = self._project.in_use
            self.take_over.setText("Take over" if in_use else "Try again")
            self.take_over.setToolTip(_TAKE_OVER if in_use else _TRY_AGAIN)

    def _take_over(self) -> None:
        if not self._project.in_use:
            self._project.take_over()
            return
        answer = QMessageBox.question(
            self.window(),
            "Take the session over?",
            f"{self._project.why}. Only one program can write in it. If it is training "
            "there, what it makes from now on may be lost.\n\nTake it over?",
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            QMessageBox.StandardButton.No,
        )
        if answer == QMessageBox.StandardButton.Yes:
            self._project.take_over()
