"""The menu beside the Predict button: with a network that was trained elsewhere."""

from __future__ import annotations

from typing import Any

from qtpy.QtGui import QAction  # type: ignore[attr-defined]
from qtpy.QtWidgets import QMenu, QPushButton

from napari_fhn.widgets.choosing import ask_folder
from napari_fhn.widgets.desk import Desk

_WIDTH = 20


class PredictMenu(QPushButton):
    """A narrow button with one entry.

    Parameters
    ----------
    desk : Desk
        Who predicts.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setAccessibleName("predict with")
        self.setToolTip("Predict the ticked survey with a network that was trained on another one.")
        self.setFixedWidth(_WIDTH)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.other = QAction("Predict with another network …", self)
        self.other.setToolTip(
            "Of a session, of a run, or a saved one: nothing has to be labelled. Whether it fits these data is checked "
            "and said first."
        )
        self.other.triggered.connect(lambda: self._choose())
        menu.addActions([self.other])
        self.setMenu(menu)
        desk.state.events.activity.connect(self._enable)
        desk.data.state.events.material.connect(self._enable)
        desk.project.changed.connect(self._enable)
        self._enable()

    def _enable(self, event: Any = None) -> None:
        desk = self._desk
        may = desk.project.writable or desk.project.project is None
        self.setEnabled(desk.state.activity.idle and desk.data.material is not None and may)

    def _choose(self) -> None:
        desk = self._desk
        near = desk.root if desk.session is None else desk.session.folder.parent
        folder = ask_folder(self, "network", "Folder of a network, of a run, or of a session", near)
        if folder is not None:
            desk.predict_with(folder)
