"""The menu beside the Train button: other beginnings than a new network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtGui import QAction  # type: ignore[attr-defined]
from qtpy.QtWidgets import QFileDialog, QMenu, QPushButton

from napari_fhn.training.transfer import can_resume
from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.running.beginning import Beginning

_WIDTH = 20


class BeginningMenu(QPushButton):
    """A narrow button with three entries, of which those are enabled that there is something for.

    Parameters
    ----------
    desk : Desk
        Who trains.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setAccessibleName("train from")
        self.setToolTip("Train from where the last training stopped, or from a network that is there already.")
        self.setFixedWidth(_WIDTH)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.go_on = self._entry(
            "Go on where training stopped",
            "As if it had not been stopped, with the labels of now. A finished training goes on when Advanced gives it "
            "more steps.",
            self._go_on,
        )
        self.again = self._entry(
            "Train this network on",
            "A whole training that begins with the weights of the network that predicts now.",
            self._again,
        )
        self.saved = self._entry(
            "Train a saved network on …",
            "Of this or of another survey, with its settings. Classes of the same name are kept, others are new.",
            self._saved,
        )
        menu.addActions([self.go_on, self.again, self.saved])
        menu.aboutToShow.connect(self.renew)
        self.setMenu(menu)

    def renew(self) -> None:
        """Enable what can be done now."""
        session = self._desk.session
        self.go_on.setEnabled(session is not None and can_resume(session.model))
        self.again.setEnabled(self._desk.state.has_model)

    def _entry(self, title: str, tooltip: str, act: Callable[[], None]) -> QAction:
        entry = QAction(title, self)
        entry.setToolTip(tooltip)
        entry.triggered.connect(lambda: act())
        return entry

    def _go_on(self) -> None:
        self._desk.train(Beginning(resume=True))

    def _again(self) -> None:
        if self._desk.session is not None:
            self._desk.train(Beginning(network=self._desk.session.model))

    def _saved(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of a saved network, or of a session")
        if folder:
            self._desk.train_saved(Path(folder))
