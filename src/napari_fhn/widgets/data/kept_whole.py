"""What is seen as a whole stays whole, and fills the canvas, when that loses room or gains some: to docks, to views."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QObject, QSize, QTimer
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QWidget

from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.data.placement import fit, look_of

_LAID_OUT_MS = 100
"""After so long a window has given its parts their room."""

_SLACK = 1.001
"""By so much more than the canvas is still all of it: sizes are whole pixels."""

_FILLS, _FITTED = 0.85, 0.94
"""Shares of the canvas: from which on what is seen as a whole fills it, and what it takes at least when just fitted."""


class KeptWhole(QObject):
    """Fits the view again on a canvas of another size, where it showed all there is and nobody has moved it meanwhile.

    A smaller canvas would cut off what was wholly in view; on a larger one what filled the canvas would stay small.

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
        self._chosen: tuple[Any, ...] | None = None
        self._filled = False
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
        share, look = self._share(size), look_of(self._viewer)
        self._before = look if share <= _SLACK else None
        if look != self._chosen:  # from afar it stays, also where a smaller canvas was filled by it for a while
            self._chosen, self._filled = look, share >= _FILLS
        self._timer.start()

    def _look(self) -> None:
        before, self._before = self._before, None
        if before is None or self._canvas is None or before != look_of(self._viewer):
            return
        share = self._share(self._canvas.size())
        if np.isfinite(share) and (share > _SLACK or (self._filled and share < _FITTED)):
            fit(self._viewer)
            self._chosen, self._filled = look_of(self._viewer), True

    def _share(self, size: QSize) -> float:
        """Return which share of a canvas all that is open takes, the way in which it takes more; infinite for none."""
        viewer = self._viewer
        if not len(viewer.layers) or viewer.dims.ndisplay != 2 or size.isEmpty():
            return np.inf
        camera, shown = camera_of(viewer), list(viewer.dims.displayed)
        apart = np.abs(np.asarray(viewer.layers.extent.world)[:, shown] - np.asarray(camera.center)[-2:])
        half = np.array([size.height(), size.width()]) / 2 / float(camera.zoom)
        return float((apart / half).max())
