"""Tracked horizons in 3D, as surfaces."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Surface
from numpy.typing import NDArray
from qtpy.QtGui import QColor

from napari_fhn.surveys.solids import sheet
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.horizons import HorizonBook
from napari_fhn.widgets.views.scene import Scene

_OPACITY = 0.85


class HorizonSurfaces:
    """Shows horizons as far as they are good enough, while the canvas is in 3D.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    horizons : HorizonBook
        The horizons.
    scene : Scene
        The view in 3D.
    """

    def __init__(self, context: DeskContext, horizons: HorizonBook, scene: Scene) -> None:
        self._context = context
        self._horizons = horizons
        self._scene = scene
        self._layers: dict[str, tuple[NDArray[np.float32], Surface]] = {}
        scene.changed.connect(self.follow)
        horizons.state.events.kept.connect(self.follow)

    def follow(self, event: Any = None) -> None:
        """Show what there is, each surface made again only where it is another; take away what is there no more."""
        layers = self._context.viewer.layers
        maps = {one.name: one for one in self._horizons.maps() if one.samples.ndim == 2}
        for name, (samples, layer) in list(self._layers.items()):
            if layer not in layers or name not in maps or maps[name].samples is not samples:
                del self._layers[name]
                if layer in layers:
                    layers.remove(layer)
        for name, one in maps.items() if self._scene.shown else ():
            if name in self._layers:
                continue
            solid = sheet(one.samples)
            if len(solid.faces):
                color = np.array(QColor(one.color).getRgbF(), np.float32)
                colors = np.tile(color, (len(solid.vertices), 1))
                made = self._scene.add(f"{name} (3D)", solid, colors, opacity=_OPACITY)
                self._layers[name] = (one.samples, made)
