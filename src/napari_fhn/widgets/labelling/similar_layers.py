"""What was found to be similar, on the canvas: how alike everything is, and the places."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image, Labels, Points
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_fhn.project.labelling.similar import Similar
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.quiet_layers import keep_quiet
from napari_fhn.widgets.labelling.similar import MoreLikeThis

_ALIKE, _PLACES, _NUMBERS = "Alike", "Similar places", "Numbers of places"
_OPEN = (1.0, 1.0, 1.0, 0.35)
_INK, _HERE = "#ffffff", "#ffd166"
_SIZE = 3


class SimilarLayers:
    """Three layers on the cells that were compared; they go when another question has no answer, or the survey goes.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        In whose colour places that are ticked are shown.
    similar : MoreLikeThis
        Who finds them.

    Attributes
    ----------
    alike : napari.layers.Image or None
        How alike everything is.
    places : napari.layers.Labels or None
        The places, those that are ticked in the colour of the class in use.
    numbers : napari.layers.Points or None
        Their numbers.
    """

    def __init__(self, context: DeskContext, book: LabelBook, similar: MoreLikeThis) -> None:
        self.alike: Image | None = None
        self.places: Labels | None = None
        self.numbers: Points | None = None
        self._context = context
        self._book = book
        self._similar = similar
        similar.state.events.found.connect(self._show)
        for name in ("ticked", "at"):
            getattr(similar.state.events, name).connect(self._recolour)
        context.viewer.layers.events.removed.connect(self._on_removed)

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._context.viewer.layers.events.removed, self._on_removed)

    def _show(self, found: Similar | None) -> None:
        material, viewer = self._context.data.material, self._context.viewer
        if found is None or material is None:
            for layer in (self.alike, self.places, self.numbers):
                if layer is not None and layer in viewer.layers:
                    viewer.layers.remove(layer)
            return
        alike, cell = np.nan_to_num(found.alike), found.described.lattice.cell
        # The system gives it room where there is something in it.
        drawn = np.zeros(material.shape, np.uint8)
        for number, place in enumerate(found.places, 1):
            drawn[place.box.slices][place.inside] = number
        if self.alike is None or self.places is None or self.numbers is None:
            self._make(alike, drawn, cell)
        else:
            self.alike.data, self.places.data = alike, drawn
        assert self.numbers is not None
        self.numbers.data = np.array([place.voxel for place in found.places], float).reshape(-1, drawn.ndim)
        self.numbers.features = {"number": np.arange(1, len(found.places) + 1)}
        self._recolour()

    def _make(self, alike: NDArray[np.float32], drawn: NDArray[np.uint8], cell: tuple[int, ...]) -> None:
        material, viewer = self._context.data.material, self._context.viewer
        assert material is not None
        for layer in (self.alike, self.places, self.numbers):
            if layer is not None and layer in viewer.layers:
                viewer.layers.remove(layer)
        whole = material.placement()
        whole["metadata"]["overlay"] = "alike"
        place = {**whole, "metadata": {"overlay": "alike"}}
        # A cell is as large as several voxels, and its middle lies between theirs.
        coarse = {
            **place,
            "scale": [scale * n for scale, n in zip(place["scale"], cell, strict=True)],
            "translate": [
                first + scale * (n - 1) / 2
                for first, scale, n in zip(place["translate"], place["scale"], cell, strict=True)
            ],
        }
        self.alike = Image(
            alike, name=_ALIKE, colormap="magma", contrast_limits=(0, 1), opacity=0.6, blending="additive", rgb=False,
            **coarse,
        )  # fmt: skip
        self.alike.visible = False
        self.places = Labels(drawn, name=_PLACES, opacity=0.7, **whole)
        self.places.editable = False
        self.numbers = Points(
            ndim=drawn.ndim,
            name=_NUMBERS,
            features={"number": np.array([], int)},
            text={"string": "{number}", "color": _INK, "anchor": "upper_left", "size": 11},
            size=_SIZE,
            symbol="ring",
            **place,
        )
        keep_quiet(viewer, self.numbers)
        with view.keeping_active(viewer):
            for layer in (self.alike, self.places, self.numbers):
                viewer.add_layer(layer)

    def _recolour(self, event: Any = None) -> None:
        found, state = self._similar.state.found, self._similar.state
        if found is None or self.places is None or self.numbers is None:
            return
        value = 0 if self._book.layer is None else int(self._book.layer.selected_label)
        chosen = self._book.state.classes.colors.get(value, _HERE)
        colors: dict[int | None, Any] = {None: (0.0, 0.0, 0.0, 0.0), 0: (0.0, 0.0, 0.0, 0.0)}
        for number in range(len(found.places)):
            colors[number + 1] = chosen if number in state.ticked else _OPEN
        self.places.colormap = DirectLabelColormap(color_dict=colors)
        if len(self.numbers.data):
            self.numbers.face_color = [_HERE if number == state.at else _INK for number in range(len(found.places))]

    def _on_removed(self, event: Any) -> None:
        for name in ("alike", "places", "numbers"):
            if event.value is getattr(self, name):
                setattr(self, name, None)
