"""The training block drawn on the section in view: this much of the survey the network sees at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Shapes
from numpy.typing import NDArray
from psygnal import Signal

from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.network.planning import Planning

NAME = "Training block"
_COLOR = "#f0e442"
_EDGE = 0.004
"""Width of the line, as a part of the longest side of the survey."""


class BlockBox:
    """Draws the block in the middle of the section, while it is asked to.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    planning : Planning
        Knows the block.

    Attributes
    ----------
    layer : napari.layers.Shapes or None
        The layer, while it is shown.
    gone : Signal
        Emitted when the layer was taken away, by whomever.
    """

    gone = Signal()

    def __init__(self, context: DeskContext, planning: Planning) -> None:
        self.layer: Shapes | None = None
        self._viewer = context.viewer
        self._data = context.data
        self._planning = planning
        planning.state.events.outlook.connect(self._draw)
        for emitter in self._moves():
            emitter.connect(self._draw)
        self._viewer.layers.events.removed.connect(self._on_removed)

    def show(self, shown: bool) -> None:
        """Draw the block, or take it away."""
        if not shown:
            if self.layer is not None:
                self._viewer.layers.remove(self.layer)
            return
        material = self._data.material
        if self.layer is not None or material is None or self._planning.state.outlook is None:
            return
        place = {**material.placement(), "metadata": {"desk": "block"}}
        self.layer = Shapes(
            None, ndim=len(material.shape), name=NAME, edge_color=_COLOR, face_color="transparent", opacity=1.0, **place
        )
        with view.keeping_active(self._viewer):
            self._viewer.add_layer(self.layer)
            self.layer.mode = "pan_zoom"
            self.layer.editable = False
            self._draw()

    def corners(self) -> NDArray[np.float64] | None:
        """Return the four corners of the block on the section in view, in voxels; None where it is not a section."""
        material, seen, dims = self._data.material, self._planning.state.outlook, self._viewer.dims
        layer = self.layer
        if material is None or seen is None or layer is None or dims.ndisplay != 2:
            return None
        shape = material.shape
        offset = dims.ndim - len(shape)
        axes = sorted(axis - offset for axis in dims.displayed)
        if axes[0] < 0:
            return None
        if len(seen.block) >= len(shape):  # the bands of a cube are its last axis
            size = [seen.block[axis] for axis in axes]
        elif axes[1] == len(shape) - 1:
            size = list(seen.block)
        else:
            return None  # a time slice cuts all sections
        point = np.round(np.asarray(layer.world_to_data(dims.point), float)[-len(shape) :])
        low, high = [], []
        for axis, length in zip(axes, size, strict=True):
            length = min(length, shape[axis])
            low.append((shape[axis] - length) / 2 - 0.5)
            high.append(low[-1] + length)
        corners = np.tile(point, (4, 1))
        corners[:, axes[0]] = [low[0], low[0], high[0], high[0]]
        corners[:, axes[1]] = [low[1], high[1], high[1], low[1]]
        return corners

    def close(self) -> None:
        """Let go of the viewer."""
        for emitter in self._moves():
            disconnect(emitter, self._draw)
        disconnect(self._viewer.layers.events.removed, self._on_removed)

    def _moves(self) -> list[Any]:
        dims = self._viewer.dims.events
        return [dims.current_step, dims.order, dims.ndisplay]

    def _draw(self, event: Any = None) -> None:
        if self.layer is None:
            return
        if self._data.material is None or len(self._data.material.shape) != self.layer.ndim:
            self.show(False)
            return
        corners = self.corners()
        if corners is None:
            self.layer.data = []
        elif len(self.layer.data) == 1:
            self.layer.data = [corners]
        else:
            width = _EDGE * max(self._data.material.shape)
            self.layer.data = []
            self.layer.add_rectangles(corners, edge_width=width, edge_color=_COLOR, face_color="transparent")

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer and self.layer is not None:
            self.layer = None
            self.gone.emit()
