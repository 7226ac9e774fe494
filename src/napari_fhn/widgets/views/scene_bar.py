"""In the row above the canvas, while it is in 3D: which plane is moved, and which bodies are shown."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtGui import QAction  # type: ignore[attr-defined]
from qtpy.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QToolButton, QWidget

from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.section import TOGGLE
from napari_fhn.widgets.views.bodies import Bodies
from napari_fhn.widgets.views.scene import Scene

_LOOK_MS = 150


class SceneBar(QWidget):
    """A list of bodies, and a bar with a way out while one is made.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose classes are listed.
    scene : Scene
        The view in 3D.
    bodies : Bodies
        What makes them.
    """

    def __init__(self, context: DeskContext, book: LabelBook, scene: Scene, bodies: Bodies) -> None:
        super().__init__()
        self._context = context
        self._book = book
        self._scene = scene
        self._bodies = bodies
        self.button = QToolButton()
        self.button.setText("Bodies")
        self.button.setStyleSheet(TOGGLE + " QToolButton { padding-right: 10px; }")  # of its arrow
        self.button.setToolTip("Show the bodies of predicted classes as closed surfaces.")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(self.fill)
        self.button.setMenu(self.menu)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("progress of a body")
        self.progress.setToolTip("How far the body is that is made.")
        self.progress.setMaximumWidth(90)
        self.progress.setRange(0, 100)
        self.stop = QToolButton()
        self.stop.setText("Stop")
        self.stop.setToolTip("Make no body.")
        self.stop.clicked.connect(bodies.stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for widget in (self.button, self.progress, self.stop):
            row.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.look)
        for signal in (scene.changed, bodies.changed, context.project.runs_changed):
            signal.connect(self.look)
        self.look()

    def fill(self) -> None:
        """List the classes."""
        self.menu.clear()
        for entry in self._book.state.classes:
            action = QAction(entry.name, self.menu)
            self.menu.addAction(action)
            action.setCheckable(True)
            action.setChecked(entry.value in self._context.views.bodies)
            action.triggered.connect(lambda wanted, value=entry.value: self._want(value, wanted))

    def look(self, event: Any = None) -> None:
        """Show what there is to choose, and how far a body is."""
        self.setVisible(self._scene.shown)
        self.button.setVisible(self._context.project.has_prediction)
        making = bool(self._bodies.making)
        self.progress.setVisible(making)
        self.stop.setVisible(making)
        self.progress.setValue(round(100 * self._bodies.share))
        if making != self._timer.isActive():
            if making:
                self._timer.start()
            else:
                self._timer.stop()

    def _want(self, value: int, wanted: bool) -> None:
        others = tuple(one for one in self._context.views.bodies if one != value)
        self._context.views.bodies = (*others, value) if wanted else others
