"""The layer that shows what the network predicts."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal

from napari_fhn.widgets.data import readout
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling import class_layers
from napari_fhn.widgets.labelling.book import LabelBook


class Prediction:
    """Shows the prediction of the ticked surveys below the labels, in the colours of the classes.

    Parameters
    ----------
    viewer : ViewerModel
        Where it is shown.
    data : Data
        On whose grid it lies.
    book : LabelBook
        Whose classes it has.

    Attributes
    ----------
    layer : napari.layers.Labels or None
        The layer.
    shown : Signal
        Emitted when a new layer has come.
    """

    shown = Signal()

    def __init__(self, viewer: ViewerModel, data: Data, book: LabelBook) -> None:
        self.viewer = viewer
        self.layer: Labels | None = None
        self._only: int | None = None
        self._data = data
        self._book = book
        for name in ("classes", "hidden"):
            getattr(book.state.events, name).connect(self._recolour)
        viewer.layers.events.removed.connect(self._on_removed)

    def show(self, values: NDArray[np.uint8]) -> None:
        """Show a prediction below the labels; the layer that shows the same file already is kept."""
        if self.layer is not None:
            if self.layer.data.shape == values.shape and self._same_file(values):
                self.layer.refresh(extent=False, thumbnail=False, highlight=False)
                return
            self.viewer.layers.remove(self.layer)
        assert self._data.material is not None
        layer = class_layers.prediction_layer(values, self._book.state.classes, self._data.material.placement())
        layers = self.viewer.layers
        active = layers.selection.active
        self.layer = layer
        readout.attach(layer)
        self.viewer.add_layer(layer)
        if self._book.layer is not None and self._book.layer in layers:
            # The layer just added is on top; what is known belongs above what is guessed.
            layers.move(layers.index(layer), layers.index(self._book.layer))
        if active is not None:
            layers.selection.active = active
        self._recolour()
        self.shown.emit()

    def show_only(self, value: int | None) -> None:
        """Show one class alone, or all."""
        self._only = value
        self._recolour()

    def toggle(self) -> None:
        """Show the layer, or hide it."""
        if self.layer is not None:
            self.layer.visible = not self.layer.visible

    def values(self) -> NDArray[np.uint8] | None:
        """Return what is predicted, None where nothing is shown."""
        return None if self.layer is None else np.asanyarray(self.layer.data)

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self.viewer.layers.events.removed, self._on_removed)

    def _same_file(self, values: NDArray[np.uint8]) -> bool:
        shown = self.layer.data if self.layer is not None else None
        return getattr(shown, "filename", None) == getattr(values, "filename", 0)

    def _recolour(self, event: Any = None) -> None:
        if self.layer is not None:
            class_layers.recolour(self.layer, self._book.state.classes, self._book.state.hidden, only=self._only)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self.layer = None
