"""A transparent sheet over the canvas, on which what is no layer is drawn: ticks, a cross, scale bars, hatches."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtCore import Signal as QtSignal  # type: ignore[attr-defined]
from qtpy.QtGui import QPainter, QPaintEvent
from qtpy.QtWidgets import QWidget

from napari_fhn.widgets.data.camera import CanvasView, camera_of
from napari_fhn.widgets.events import disconnect


class Drawing(Protocol):
    """Something that is drawn on the sheet."""

    def draw(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw it, if there is something to be drawn."""


class Sheet(QWidget):
    """The sheet.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas it is.
    canvas : QWidget
        The canvas.

    Attributes
    ----------
    drawings : list of Drawing
        What is drawn on sections and maps, from the bottom to the top.
    in_3d : list of Drawing
        What is drawn in 3D.
    ending : list of callable
        Called once when the sheet is closed.
    left : Signal
        Emitted when the mouse has left the canvas.
    """

    left = QtSignal()

    def __init__(self, viewer: ViewerModel, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._viewer = viewer
        self.drawings: list[Drawing] = []
        self.in_3d: list[Drawing] = []
        self.ending: list[Callable[[], None]] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setGeometry(canvas.rect())
        canvas.installEventFilter(self)
        for emitter in self._emitters():
            emitter.connect(self.look)
        viewer.layers.events.removing.connect(self._current)
        self.look()

    @property
    def canvas(self) -> CanvasView:
        """Where places are drawn now."""
        return CanvasView(self._viewer, self.width(), self.height())

    def close_sheet(self) -> None:
        """Let go of the viewer and the canvas."""
        while self.ending:
            self.ending.pop()()
        for emitter in self._emitters():
            disconnect(emitter, self.look)
        disconnect(self._viewer.layers.events.removing, self._current)
        with contextlib.suppress(RuntimeError):  # the canvas is gone, and this with it
            canvas = self.parent()
            if canvas is not None:
                canvas.removeEventFilter(self)
            self.setParent(None)
            # PySide6 keeps what is connected to its signals, and all that it names, until it is deleted.
            self.deleteLater()

    def look(self, event: Any = None) -> None:
        """Draw again."""
        self.setVisible(bool(self._drawn))
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw."""
        painter, canvas = QPainter(self), self.canvas
        for drawing in self._drawn:
            painter.save()
            drawing.draw(painter, canvas)
            painter.restore()
        painter.end()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay as large as the canvas, and hear when the mouse leaves it."""
        if event is not None and event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        elif event is not None and event.type() == QEvent.Type.Leave:
            self.left.emit()
        return False

    def _current(self, event: Any = None) -> None:
        """Let what napari drew a layer with be deleted where it was made.

        It deletes at once, in whichever context of OpenGL is current. Where that is the one in which Qt puts the window
        together, the next drawing can end the program.
        """
        with contextlib.suppress(RuntimeError):  # the canvas is gone
            canvas = self.parent()
            for widget in (canvas, *canvas.findChildren(QWidget)) if canvas is not None else ():
                if hasattr(widget, "makeCurrent"):
                    widget.makeCurrent()

    @property
    def _drawn(self) -> list[Drawing]:
        return self.drawings if self._viewer.dims.ndisplay == 2 else self.in_3d

    def _emitters(self) -> list[Any]:
        camera, dims = camera_of(self._viewer).events, self._viewer.dims.events
        turned = (camera.angles, camera.perspective)
        return [camera.center, camera.zoom, *turned, dims.order, dims.ndisplay, dims.current_step]
