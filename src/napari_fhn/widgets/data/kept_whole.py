"""What is seen as a whole stays whole when the canvas loses room: to the dock, to controls, to other views."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QObject, QSize, QTimer
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QWidget

from napari_fhn.widgets.data.go_to import camera_of
from napari_fhn.widgets.data.placement import fit, look_of

_LAID_OUT_MS = 100
"""After so long a window has given its parts their room."""

_SLACK = 1.001
"""By so much more than the canvas is still all of it: sizes are whole pixels."""


class KeptWhole(QObject):
    """Fits the view again where a smaller canvas cuts off what was wholly in it, and nobody has moved it meanwhile.

    Parameters
    ----------
    viewer : ViewerModel
        Whose view is kept.
    parent : QObject
        Who takes it along at the end.
    """

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._canvas: QWidget | None = None
        self._before: tuple[Any, ...] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LAID_OUT_MS)
        self._timer.timeout.connect(self._look)

    def watch(self, canvas: QWidget | None, taken: int = 0) -> None:
        """Look after a canvas from now on.

        Parameters
        ----------
        canvas : QWidget or None
            Of the viewer; None for none.
        taken : int
            Pixels of its width that were taken just before, by the dock itself.
        """
        if self._canvas is not None:
            self._canvas.removeEventFilter(self)
        self._canvas = canvas
        self._timer.stop()
        if canvas is not None:
            canvas.installEventFilter(self)
            self._note(canvas.size() + QSize(taken, 0))

    def let_go(self) -> None:
        """Look after nothing any more."""
        self.watch(None)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Hear of another size."""
        if isinstance(event, QResizeEvent) and not self._timer.isActive():
            self._note(event.oldSize())
        return False

    def _note(self, size: QSize) -> None:
        self._before = look_of(self._viewer) if self._holds_all(size) else None
        self._timer.start()

    def _look(self) -> None:
        before, self._before = self._before, None
        if before is None or self._canvas is None or before != look_of(self._viewer):
            return
        if not self._holds_all(self._canvas.size()):
            fit(self._viewer)

    def _holds_all(self, size: QSize) -> bool:
        """Whether all that is open is in view on a canvas of a size."""
        viewer = self._viewer
        if not len(viewer.layers) or viewer.dims.ndisplay != 2 or size.isEmpty():
            return False
        camera, shown = camera_of(viewer), list(viewer.dims.displayed)
        apart = np.abs(np.asarray(viewer.layers.extent.world)[:, shown] - np.asarray(camera.center)[-2:])
        half = np.array([size.height(), size.width()]) / 2 / float(camera.zoom)
        return bool((apart <= _SLACK * half).all())
