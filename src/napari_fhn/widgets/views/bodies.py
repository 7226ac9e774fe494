"""Bodies of predicted classes in 3D, made beside the window, one after the other."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from napari.layers import Surface
from psygnal import Signal
from qtpy.QtGui import QColor

from napari_fhn.surveys.solids import Solid, body
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.views.latest import Latest
from napari_fhn.widgets.views.scene import Scene

_OPACITY = 0.75


class Bodies:
    """Shows the bodies that are asked for while the canvas is in 3D.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share; `ViewState.bodies` says which are wanted.
    book : LabelBook
        Whose classes they are.
    prediction : Prediction
        What they are made of.
    scene : Scene
        The view in 3D.

    Attributes
    ----------
    changed : Signal
        Emitted when one has begun, is there, or has gone.
    making : int
        The class whose body is made; 0 for none.
    share : float
        Of it that is done.
    """

    changed = Signal()

    def __init__(self, context: DeskContext, book: LabelBook, prediction: Prediction, scene: Scene) -> None:
        self._context = context
        self._book = book
        self._prediction = prediction
        self._scene = scene
        self._latest = Latest(context.background)
        self._stop = threading.Event()
        self._layers: dict[int, Surface] = {}
        self.making = 0
        self.share = 0.0
        context.views.events.bodies.connect(self.follow)
        scene.changed.connect(self._scene_changed)
        for signal in (prediction.shown, context.project.runs_changed):
            signal.connect(self._again)
        book.state.events.classes.connect(self._recolour)

    def stop(self) -> None:
        """Make no more of what is under way, and want it no more."""
        self._stop.set()
        self._context.views.bodies = tuple(value for value in self._context.views.bodies if value in self._layers)

    def follow(self, event: Any = None) -> None:
        """Make what is wanted and is not there, and take away what is not wanted."""
        wanted = self._context.views.bodies if self._scene.shown else ()
        if self._scene.shown:
            for value in [value for value in self._layers if value not in wanted]:
                self._take_away(self._layers.pop(value))
        if self.making and self.making not in wanted:
            self._stop.set()
        missing = [value for value in wanted if value not in self._layers and value != self.making]
        if missing and not self.making:
            self._make(missing[0])
        self.changed.emit()

    def _make(self, value: int) -> None:
        layer, project = self._prediction.layer, self._context.project
        if layer is None or not project.has_prediction:
            return
        values, stop = layer.data, threading.Event()
        self._stop, self.making, self.share = stop, value, 0.0

        def told(share: float) -> None:
            self.share = share  # a number, which is all that may be touched on the other thread

        def done(found: Solid | None) -> None:
            self.making = 0
            wanted = self._scene.shown and value in self._context.views.bodies
            if found is not None and wanted and not stop.is_set():
                self._layers[value] = self._scene.add(
                    self._name(value), found, self._colors(value, found), opacity=_OPACITY
                )
            elif found is None and wanted and not stop.is_set():
                self._context.views.bodies = tuple(one for one in self._context.views.bodies if one != value)
                self._context.messages.say(f"{self._name(value)} was predicted nowhere.")
            self.follow()

        def failed(error: BaseException) -> None:
            self.making = 0
            self._context.views.bodies = tuple(one for one in self._context.views.bodies if one != value)
            self._context.messages.say(f"The body of {self._name(value)} cannot be shown: {error}", note=True)

        self._latest.ask("body", lambda: body(values, value, progress=told, stop=stop.is_set), done, failed)

    def _name(self, value: int) -> str:
        names = dict(zip(self._book.state.classes.values, self._book.state.classes.names, strict=True))
        return names.get(value, f"class {value}")

    def _colors(self, value: int, found: Solid) -> Any:
        color = QColor(self._book.state.classes.colors.get(value, "#999999"))
        return np.tile(np.array(color.getRgbF(), np.float32), (len(found.vertices), 1))

    def _recolour(self, event: Any = None) -> None:
        for value, layer in self._layers.items():
            layer.vertex_colors = self._colors(value, Solid(layer.vertices, layer.faces))
            layer.name = self._name(value)

    def _scene_changed(self) -> None:
        layers = self._context.viewer.layers
        # With another survey the scene takes them away, and a person may.
        self._layers = {value: layer for value, layer in self._layers.items() if layer in layers}
        self.follow()

    def _again(self, event: Any = None) -> None:
        """Make them anew: something else is predicted now."""
        if not self._layers or not self._context.state.activity.idle:
            return
        for layer in self._layers.values():
            self._take_away(layer)
        self._layers.clear()
        self.follow()

    def _take_away(self, layer: Surface) -> None:
        if layer in self._context.viewer.layers:
            self._context.viewer.layers.remove(layer)
