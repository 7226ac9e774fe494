"""The layer that shows what the network predicts."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal

from napari_fhn.large import Large
from napari_fhn.training.combination.settings import TITLES
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data import readout
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling import class_layers
from napari_fhn.widgets.labelling.book import LabelBook


class Prediction:
    """Shows the prediction of the run under way, else of the current one, below the labels, in the class colours.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose classes it has, and below whose layer it lies.

    Attributes
    ----------
    layer : napari.layers.Labels or None
        The layer.
    factor : str
        Which factor of the prediction it shows alone; empty for all together.
    shown : Signal
        Emitted when a new layer has come, or it shows another prediction.
    """

    shown = Signal()

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        self._viewer = context.viewer
        self.layer: Labels | None = None
        self.factor = ""
        self._wanted = ""
        self._only: int | None = None
        self._gone = ""
        self._context = context
        self._book = book
        for name in ("classes", "hidden"):
            getattr(book.state.events, name).connect(self._recolour)
        book.state.events.has_labels.connect(self.follow)
        context.project.runs_changed.connect(self.follow)
        self._viewer.layers.events.removed.connect(self._on_removed)

    def follow(self, event: Any = None) -> None:
        """Show what the run that is to be shown has predicted; take the layer away where there is no project."""
        material = self._context.data.material
        if self._context.project.project is None:
            if self.layer is not None:
                self._viewer.layers.remove(self.layer)
        elif material is not None and self._book.layer is not None:
            # Made even where nothing is predicted yet, while nothing trains: napari takes half a second to add a layer.
            run = self._context.project.shown
            # What is wanted of another run may come yet.
            self.factor = self._wanted if run is not None and self._wanted in run.factors else ""
            self._show(self._context.project.prediction(material.shape, self.factor))

    def show_factor(self, name: str) -> None:
        """Show what one factor of the prediction says alone, or all together when there is no name."""
        if name != self.factor or name != self._wanted:
            self._wanted = name
            self.follow()

    def show_only(self, value: int | None) -> None:
        """Show one class alone, or all."""
        self._only = value
        self._recolour()

    def toggle(self) -> None:
        """Show the layer, or hide it; one that was taken away comes back."""
        if self.layer is not None:
            self.layer.visible = not self.layer.visible
        else:
            self.follow()

    def refresh(self) -> None:
        """Show what has changed in the file."""
        if self.layer is not None:
            self.layer.refresh(extent=False, thumbnail=False, highlight=False)

    def values(self) -> NDArray[np.uint8] | None:
        """Return what is predicted, None where nothing is shown."""
        data: Any = None if self.layer is None else self.layer.data
        # A large one is read where it is looked at; work does not go on with what cannot be read.
        data = data.raising() if isinstance(data, Large) else data if data is None else np.asanyarray(data)
        return cast("NDArray[np.uint8] | None", data)

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._viewer.layers.events.removed, self._on_removed)

    def _show(self, values: NDArray[np.uint8]) -> None:
        if self.layer is not None:
            self._name()
            if not self._same_file(values):
                self.layer.data = values
                self.layer.editable = False
                self.shown.emit()
            self.refresh()
            return
        assert self._context.data.material is not None
        layer = class_layers.prediction_layer(
            values, self._book.state.classes, self._context.place_of(self._context.data.material)
        )
        layers = self._viewer.layers
        self.layer = layer
        readout.attach(layer)
        with view.keeping_active(self._viewer):
            self._viewer.add_layer(layer)
            if self._book.layer is not None and self._book.layer in layers:
                # The layer just added is on top; what is known belongs above what is guessed.
                layers.move(layers.index(layer), layers.index(self._book.layer))
        self._recolour()
        self._context.messages.over(self._gone)
        self.shown.emit()

    def _name(self) -> None:
        """Let the layer say whose word it is."""
        if self.layer is not None:
            self.layer.name = f"Prediction: {TITLES[self.factor]}" if self.factor else "Prediction"

    def _same_file(self, values: NDArray[np.uint8]) -> bool:
        shown = self.layer.data if self.layer is not None else None
        return getattr(shown, "filename", None) == getattr(values, "filename", None)

    def _recolour(self, event: Any = None) -> None:
        if self.layer is not None:
            state = self._book.state
            class_layers.recolour(self.layer, state.classes, state.hidden, only=self._only)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self.layer = None
            if self._context.project.project is not None and self._book.layer is not None:
                # On a map or a line there is no next section.
                section = "" if self._book.place() is None else "the next section or "
                self._gone = (
                    f"The prediction is on the disk: {section}Ctrl+Alt+V brings it back. To hide it, click its eye."
                )
                self._context.messages.say(self._gone, note=True)
