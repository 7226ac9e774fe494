"""The menu beside the Train button: other beginnings than a new network."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtGui import QAction  # type: ignore[attr-defined]
from qtpy.QtWidgets import QMenu, QPushButton

from napari_fhn.project import Beginning, Run
from napari_fhn.widgets.choosing import ask_folder
from napari_fhn.widgets.desk import Desk

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
        run, goes_on = self._desk.project.current, self._stopped()
        self.go_on.setEnabled(goes_on is not None)
        self.go_on.setText(
            "Go on where training stopped" if goes_on is None else f"Go on where '{goes_on.name}' stopped"
        )
        self.again.setEnabled(run is not None and run.has_model)

    def _entry(self, title: str, tooltip: str, act: Callable[[], None]) -> QAction:
        entry = QAction(title, self)
        entry.setToolTip(tooltip)
        entry.triggered.connect(lambda: act())
        return entry

    def _stopped(self) -> Run | None:
        """The training to go on with: the current one where it can, else the newest that can."""
        project = self._desk.project
        current = project.current
        if current is not None and current.can_resume:
            return current
        return None if project.session is None else project.session.runs.to_resume()

    def _go_on(self) -> None:
        run = self._stopped()
        if run is not None:
            self._desk.train(Beginning(resume=True, run=run.id))

    def _again(self) -> None:
        run = self._desk.project.current
        if run is not None:
            self._desk.train(Beginning(network=run.model))

    def _saved(self) -> None:
        desk = self._desk
        near = desk.root if desk.session is None else desk.session.folder.parent
        folder = ask_folder(self, "network", "Folder of a saved network, or of a session", near)
        if folder is not None:
            desk.train_saved(folder)
