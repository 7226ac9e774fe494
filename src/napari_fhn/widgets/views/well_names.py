"""Names of wells over the canvas: on dark paper, none over another, the one under the mouse always read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points
from qtpy.QtCore import QRectF
from qtpy.QtGui import QPainter

from napari_fhn.widgets.data.camera import CanvasView
from napari_fhn.widgets.data.rulers import write
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.views.names import BESIDE, ROWS, apart

NAMED = "names over the canvas"
"""In the metadata of layers of points whose feature ``name`` is written here."""
_EDGE = 3
_NEAR = 10.0
"""Pixels from a well within which the mouse asks for its name."""

_FAINTEST = 0.65
"""Of names of what is drawn fainter, as it is farther off."""
_FARTHER = 100.0
"""Voxels that the faintest one is taken to be off."""
_ANCHORS = (*BESIDE, *ROWS[2:])

_Name = tuple[str, tuple[float, float], float]
"""What stands where on the canvas, in pixels to the right and down, and how opaque."""


class WellNames:
    """Writes names on sections, slices and in 3D, in place of napari, which writes them over each other.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas it is.
    canvas : callable
        Gives where places are drawn now.
    update : callable
        Has it drawn again.
    """

    def __init__(self, viewer: ViewerModel, canvas: Callable[[], CanvasView], update: Callable[[], None]) -> None:
        self._viewer = viewer
        self._canvas = canvas
        self._update = update
        self._asked = ""
        self._left_out: dict[str, tuple[float, float]] = {}
        viewer.layers.events.inserted.connect(self._inserted)
        viewer.mouse_move_callbacks.append(self._mouse_moved)
        for layer in self._layers:
            self._take(layer)

    def close(self) -> None:
        """Leave names to napari again."""
        viewer = self._viewer
        disconnect(viewer.layers.events.inserted, self._inserted)
        if self._mouse_moved in viewer.mouse_move_callbacks:
            viewer.mouse_move_callbacks.remove(self._mouse_moved)
        for layer in self._layers:
            layer.text.visible = True

    def draw(self, painter: QPainter, canvas: CanvasView) -> None:
        """Write them."""
        named, metrics = self.named(canvas), painter.fontMetrics()
        sizes = [(metrics.horizontalAdvance(words) + 2.0 * _EDGE, float(metrics.height())) for words, *_ in named]
        top = 1.5 * metrics.height()  # where the ticks of the upper edge are
        places = [(x, y - top) for _, (x, y), _ in named]
        anchors = apart(places, sizes, (canvas.width, canvas.height - top), _ANCHORS)
        self._left_out = {one[0]: one[1] for one, anchor in zip(named, anchors, strict=True) if anchor is None}
        for (words, (x, y), opaque), (width, height), anchor in zip(named, sizes, anchors, strict=True):
            if anchor is None and words != self._asked:
                continue
            left, above = anchor or (0.0, 1.0)
            painter.setOpacity(1.0 if anchor is None else max(opaque, _FAINTEST))
            write(painter, QRectF(x - left * width, y - above * height, width, height), words)
        painter.setOpacity(1.0)

    def named(self, canvas: CanvasView) -> list[_Name]:
        """Return the names of the wells that are in view, those nearest to the section, or in 3D to the eye, first."""
        found: list[tuple[float, _Name]] = []
        dims = self._viewer.dims
        for layer in self._layers:
            points, names = np.asarray(layer.data), list(layer.features.get("name", ()))
            if not layer.visible or not len(points) or len(names) != len(points):
                continue
            offset = dims.ndim - layer.ndim
            hidden = [axis - offset for axis in dims.not_displayed if axis >= offset]
            at = np.asarray(layer.world_to_data(dims.point))[-layer.ndim :]
            reach = float(np.max(layer.size)) / 2
            away = np.abs(points[:, hidden] - at[hidden]).max(axis=1, initial=0.0)
            seen = np.flatnonzero(away <= reach)
            world = np.tile(np.asarray(dims.point, np.float64), (len(seen), 1))
            for row, number in zip(world, seen, strict=True):
                row[offset:] = layer.data_to_world(points[number])
            away[seen] += canvas.depth(world)
            for number, spot in zip(seen, canvas.pixels(world), strict=True):
                place = (float(spot[0]), float(spot[1]))
                if 0 <= place[0] <= canvas.width and 0 <= place[1] <= canvas.height:
                    opaque = float(layer.face_color[number][3])
                    found.append((away[number] + _FARTHER * (1 - opaque), (str(names[number]), place, opaque)))
        named: list[_Name] = []
        for _, one in sorted(found, key=lambda pair: pair[0]):
            if not any(
                one[0].startswith(other[0]) and np.abs(np.subtract(one[1], other[1])).max() < 2 for other in named
            ):
                named.append(one)  # one that is brought onto a section it lies on is there already
        return named

    @property
    def _layers(self) -> list[Points]:
        return [one for one in self._viewer.layers if isinstance(one, Points) and one.metadata.get(NAMED)]

    def _inserted(self, event: Any) -> None:
        layer = event.value
        if isinstance(layer, Points) and layer.metadata.get(NAMED):
            self._take(layer)

    def _take(self, layer: Points) -> None:
        layer.text.visible = False
        for name in ("data", "features", "visible"):
            getattr(layer.events, name).connect(self._changed)
        self._update()

    def _changed(self, event: Any = None) -> None:
        self._update()

    def _mouse_moved(self, viewer: Any, event: Any) -> None:
        """Write the name of the well under the mouse, though it had no room."""
        if not self._left_out and not self._asked:
            return
        mouse = self._canvas().pixels(event.position)[0]
        away = {words: float(np.hypot(*(mouse - place))) for words, place in self._left_out.items()}
        nearest = min(away, key=lambda words: away[words], default="")
        asked = nearest if nearest and away[nearest] <= _NEAR else ""
        if asked != self._asked:
            self._asked = asked
            self._update()
