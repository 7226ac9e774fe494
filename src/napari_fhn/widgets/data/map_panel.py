"""How maps are looked at: grid, scale and north, colours, and how finely they are drawn."""

from __future__ import annotations

from typing import Any

from napari_fhn.surveys.kinds import is_map
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.section import Fold
from napari_fhn.widgets.views.furniture_row import FurnitureRow


class MapPanel(Fold):
    """There while maps or cubes are ticked.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    """

    def __init__(self, context: DeskContext) -> None:
        super().__init__(
            "Map", "Grid of coordinates, scale bar and north, colours; true colour and other composites; amplitudes."
        )
        self._context = context
        self.furniture = FurnitureRow(context)
        self.body.addWidget(self.furniture)
        self.body.addWidget(self.furniture.drawn)
        self.fold()
        context.data.state.events.material.connect(self._look)
        self._look()

    def _look(self, event: Any = None) -> None:
        material = self._context.data.material
        self.setVisible(material is not None and is_map(material.first))
