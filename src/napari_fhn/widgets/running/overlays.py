"""What the network says beside its classes, as image layers: entropy, margin, the probability of one class."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray
from psygnal import Signal

from napari_fhn import mapped
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook

Overlay = Literal["entropy", "margin", "probabilities"]

_LOOKS: dict[Overlay, tuple[str, str]] = {
    "entropy": ("Entropy", "magma"),
    "margin": ("Margin", "viridis"),
    "probabilities": ("Probability", "cividis"),
}
_OPACITY = 0.7


class Overlays:
    """Shows these layers while they are asked for.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose classes they belong to.

    Attributes
    ----------
    layers : dict of str to napari.layers.Image
        Those that are shown.
    wanted : set of str
        What was asked for; entropy is written always, for it tells where to label next.
    probable : int
        Value of the class whose probability is shown.
    changed : Signal
        Emitted when a layer has come or gone.
    """

    changed = Signal()

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        self.layers: dict[Overlay, Image] = {}
        self.wanted: set[Overlay] = set()
        self.probable = 1
        self._context = context
        self._viewer = context.viewer
        self._data = context.data
        self._book = book
        self._viewer.layers.events.removed.connect(self._on_removed)
        context.project.runs_changed.connect(self.renew)

    def outputs(self) -> tuple[Overlay, ...]:
        """Return what the next training or prediction has to write beside the classes."""
        return tuple(kind for kind in get_args(Overlay) if kind == "entropy" or kind in self.wanted)

    def want(self, kind: Overlay, wanted: bool) -> bool:
        """Ask for a layer, or for none.

        Returns
        -------
        bool
            False where there is nothing to show yet: it comes with the next training or prediction.
        """
        if not wanted:
            self.wanted.discard(kind)
            if kind in self.layers:
                self._viewer.layers.remove(self.layers[kind])
            return True
        self.wanted.add(kind)
        return self._show(kind)

    def show_probability_of(self, value: int) -> None:
        """Choose the class whose probability is shown."""
        self.probable = value
        if "probabilities" in self.layers:
            self._viewer.layers.remove(self.layers["probabilities"])
            self.want("probabilities", True)

    def renew(self) -> None:
        """Show what was asked for and has been written since, of the run that is shown now."""
        for kind in get_args(Overlay):
            layer, values = self.layers.get(kind), self.values(kind)
            if layer is None and kind in self.wanted:
                self._show(kind)
            elif layer is not None and values is None:
                layer.data = np.broadcast_to(np.zeros((), np.float16), layer.data.shape)  # not written yet
            elif layer is not None and values is not None and _file_of(layer.data) != _file_of(values):
                layer.data = values

    def values(self, kind: Overlay) -> NDArray[Any] | None:
        """Return what the shown run holds of an output, memory-mapped; None where there is nothing that fits."""
        run, material = self._context.project.shown, self._data.material
        if run is None or material is None:
            return None
        path = run.output(kind)
        if not mapped.is_whole(path):
            return None  # not there yet, or cut off: predicted again, it is made anew
        values: NDArray[Any] = mapped.open(path)
        if kind == "probabilities":
            if values.ndim != len(material.shape) + 1 or not 0 < self.probable <= len(values):
                return None
            values = mapped.layer(values, self.probable - 1)
        return values if values.shape == material.shape else None

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._viewer.layers.events.removed, self._on_removed)

    def _show(self, kind: Overlay) -> bool:
        values, material = self.values(kind), self._data.material
        if values is None or material is None:
            return False
        name, colors = _LOOKS[kind]
        if kind == "probabilities":
            table = dict(zip(self._book.state.classes.values, self._book.state.classes.names, strict=True))
            name = f"{name} of {table.get(self.probable, f'class {self.probable}')}"
        place = self._context.place_of(material)
        place["metadata"] = {"overlay": kind, "session": place["metadata"].get("session", "")}
        layers = self._viewer.layers
        layer = Image(values, name=name, colormap=colors, contrast_limits=(0, 1), opacity=_OPACITY, rgb=False, **place)
        self.layers[kind] = layer
        with view.keeping_active(self._viewer):
            self._viewer.add_layer(layer)
            if self._book.layer is not None and self._book.layer in layers:
                layers.move(layers.index(layer), layers.index(self._book.layer))
        self.changed.emit()
        return True

    def _on_removed(self, event: Any) -> None:
        for kind, layer in list(self.layers.items()):
            if layer is event.value:
                del self.layers[kind]
                self.wanted.discard(kind)
                self.changed.emit()


def _file_of(values: Any) -> tuple[str, int]:
    """What tells two mapped arrays apart: their file, and where in it they begin."""
    return str(getattr(values, "filename", "")), int(getattr(values, "offset", 0))
