"""Proportions of sections: how wide traces are drawn, for all on the canvas alike. Time keeps its own length."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_fhn.surveys.drawing import VERTICAL_EXAGGERATION
from napari_fhn.surveys.kinds import vertical_axis
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.placement import fit
from napari_fhn.widgets.events import disconnect


class Proportions:
    """Stretches the lateral axes of the canvas.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.

    Attributes
    ----------
    factor : float
        By how much wider than usual traces are drawn.
    """

    def __init__(self, context: DeskContext) -> None:
        self._context = context
        self.factor = 1.0
        context.viewer.layers.events.inserted.connect(self._inserted)

    def fit_width(self) -> None:
        """Draw traces so wide that the section in view fills the canvas, from side to side and from top to bottom."""
        viewer, material = self._context.viewer, self._context.data.material
        if material is None or viewer.dims.ndisplay != 2:
            return
        vertical = vertical_axis(material.first)
        down, across = viewer.dims.order[-2:]
        if vertical is None or down - (viewer.dims.ndim - len(material.shape)) != vertical:
            self._context.messages.say("Look at a section: time slices keep the proportions of the map.")
            return
        extent = np.ptp(material.layer.extent.world, axis=0)
        offset = viewer.dims.ndim - material.layer.ndim
        canvas = getattr(viewer, "canvas", None)  # from napari 0.9 on
        height, width = viewer._canvas_size if canvas is None else canvas.size
        self._stretch(float(extent[down - offset] / extent[across - offset] * width / height))
        fit(viewer)

    @property
    def exaggeration(self) -> float:
        """How many times as long as lateral ones vertical lengths are drawn; a millisecond is taken for a metre."""
        return VERTICAL_EXAGGERATION / self.factor

    def exaggerate(self, times: float) -> None:
        """Draw vertical lengths so many times as long as lateral ones, on sections and in 3D.

        Parameters
        ----------
        times : float
            Above 0.
        """
        self._stretch(VERTICAL_EXAGGERATION / times / self.factor)
        fit(self._context.viewer)

    def reset(self) -> None:
        """Draw traces as wide as their distances say."""
        self._stretch(1.0 / self.factor)
        fit(self._context.viewer)

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._context.viewer.layers.events.inserted, self._inserted)

    def _stretch(self, by: float) -> None:
        viewer, material = self._context.viewer, self._context.data.material
        if material is None or not np.isfinite(by) or by <= 0 or by == 1.0:
            return
        self.factor *= by
        index = material.layer.world_to_data(viewer.dims.point)
        for layer in list(viewer.layers):
            self._apply(layer, by)
        # The section that was in view lies elsewhere on the canvas now.
        offset = viewer.dims.ndim - material.layer.ndim
        for axis, value in enumerate(material.layer.data_to_world(np.rint(index))):
            viewer.dims.set_point(axis + offset, float(value))

    def _apply(self, layer: Any, by: float) -> None:
        material = self._context.data.material
        vertical = None if material is None else vertical_axis(material.first)
        if material is None or vertical is None or layer.ndim != len(material.shape):
            return
        along = np.array([1.0 if axis == vertical else by for axis in range(layer.ndim)])
        layer.scale, layer.translate = np.asarray(layer.scale) * along, np.asarray(layer.translate) * along

    def _inserted(self, event: Any) -> None:
        """A survey that comes later is drawn as wide; what is made of one that is here has its proportions already."""
        if self.factor != 1.0 and "survey" in event.value.metadata:
            self._apply(event.value, self.factor)
