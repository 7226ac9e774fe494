"""Hears when something on the canvas looks otherwise: layers, their colours, what is painted or predicted in them."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.events import disconnect

_PAUSE_MS = 400
"""Between two pictures of what changes without a pause: a stroke, a training."""
_EVENTS = ("visible", "opacity", "colormap", "contrast_limits", "gamma", "data", "contour", "paint", "labels_update")


class LooksWatch:
    """Watches the viewer's layers and its camera.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.

    Attributes
    ----------
    changed : Signal
        Emitted when pictures of the survey have to be made again.
    view_changed : Signal
        Emitted when another part, or another section, is on the canvas.
    """

    changed = Signal()
    view_changed = Signal()

    def __init__(self, context: DeskContext) -> None:
        self._viewer = context.viewer
        self._state = context.views
        self._state.returned.connect(self.later)  # a first drawing is otherwise that of another section
        self._steps: dict[int, tuple[float, ...]] = {}
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self.changed.emit)
        layers = self._viewer.layers.events
        self._lists = [layers.inserted, layers.removed, layers.reordered]
        layers.inserted.connect(self._inserted)
        layers.removed.connect(self._removed)
        for emitter in self._lists:
            emitter.connect(self.later)
        for emitter in self._views():
            emitter.connect(self._turned)
        for layer in self._viewer.layers:
            self._watch(layer)

    def close(self) -> None:
        """Let go of the viewer."""
        with contextlib.suppress(RuntimeError):  # at the end of the program Qt may have deleted it already
            self._timer.stop()
        disconnect(self._state.returned, self.later)
        layers = self._viewer.layers.events
        disconnect(layers.inserted, self._inserted)
        disconnect(layers.removed, self._removed)
        for emitter in self._lists:
            disconnect(emitter, self.later)
        for emitter in self._views():
            disconnect(emitter, self._turned)
        for layer in self._viewer.layers:
            self._let_go(layer)

    def corners(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return two corners of what the canvas shows, along all axes, in world coordinates."""
        viewer = self._viewer
        camera, canvas = camera_of(viewer), getattr(viewer, "canvas", None)
        size = viewer._canvas_size if canvas is None else canvas.size
        low, high = (np.array(viewer.dims.point, np.float64) for _ in range(2))
        for axis, center, length in zip(viewer.dims.displayed[-2:], camera.center[-2:], size, strict=True):
            low[axis], high[axis] = center - length / 2 / camera.zoom, center + length / 2 / camera.zoom
        return low, high

    def later(self, event: Any = None) -> None:
        """Say in a moment that something has changed."""
        if not self._timer.isActive():
            self._timer.start()

    def _redrawn(self, event: Any = None) -> None:
        """A layer was drawn again: because one has gone on to another section, or because something in it changed."""
        step, layer = tuple(self._viewer.dims.point), id(event.source)
        if step == self._steps.get(layer):
            self.later()
        self._steps[layer] = step

    def _turned(self, event: Any = None) -> None:
        self._steps.clear()
        self.view_changed.emit()

    def _inserted(self, event: Any) -> None:
        self._watch(event.value)

    def _removed(self, event: Any) -> None:
        self._let_go(event.value)

    def _watch(self, layer: Any) -> None:
        if isinstance(layer, Image | Labels):
            for emitter in _emitters(layer):
                emitter.connect(self.later)
            layer.events.set_data.connect(self._redrawn)

    def _let_go(self, layer: Any) -> None:
        if isinstance(layer, Image | Labels):
            for emitter in _emitters(layer):
                disconnect(emitter, self.later)
            disconnect(layer.events.set_data, self._redrawn)

    def _views(self) -> list[Any]:
        camera, dims = camera_of(self._viewer).events, self._viewer.dims.events
        return [camera.center, camera.zoom, dims.order, dims.ndisplay]


def _emitters(layer: Any) -> list[Any]:
    return [getattr(layer.events, name) for name in _EVENTS if name in layer.events.emitters]
