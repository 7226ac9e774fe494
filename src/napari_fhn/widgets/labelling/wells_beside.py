"""Wells beside the section in view, brought onto it: with their names and distances, the fainter the farther."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Points, Vectors

from napari_fhn.labels.wells.projected import Projected, projected
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.views.well_names import NAMED

NAME = "Wells beside"
_FAINTEST = 0.25


class WellsBeside:
    """Two layers that follow the section in view: paths, and names at their tops.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        On whose grid they lie.
    wells : WellBook
        The wells.

    Attributes
    ----------
    within : float
        How far from the section wells may be, in metres; 0 shows none.
    """

    def __init__(self, context: DeskContext, book: LabelBook, wells: WellBook) -> None:
        self.within = 0.0
        self.names: Points | None = None
        self.paths: Vectors | None = None
        self._context = context
        self._book = book
        self._wells = wells
        wells.state.events.wells.connect(self.show)
        context.viewer.layers.events.removed.connect(self._on_removed)
        for name in ("current_step", "order"):
            getattr(context.viewer.dims.events, name).connect(self.show)

    @property
    def fits(self) -> bool:
        """Whether it is known how far apart the survey's bins are."""
        material = self._context.data.material
        return material is not None and isinstance(material.first.attrs.get("geometry"), SurveyGeometry)

    def set_within(self, metres: float) -> None:
        """Show wells that are so near."""
        self.within = metres
        self.show()

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._context.viewer.layers.events.removed, self._on_removed)
        for name in ("current_step", "order"):
            disconnect(getattr(self._context.viewer.dims.events, name), self.show)

    def show(self, event: Any = None) -> None:
        """Show the wells near the section in view."""
        material = self._context.data.material
        # At each turned page: where nobody wants them it is not even asked which section is in view.
        place = self._book.place() if self.within > 0 and material is not None else None
        found: list[Projected] = []
        if material is not None and place is not None:
            wells = self._wells.state.wells
            found = projected(wells, material.first, place.axis, place.index, self.within)
        if not found:
            self._remove()
            return
        if self.names is None or self.paths is None:
            self._make()
        assert self.names is not None
        assert self.paths is not None
        parts, colors = [], []
        for one in found:
            parts.append(np.stack([one.path[:-1], np.diff(one.path, axis=0)], axis=1))
            colors += [self._ink(one)] * (len(one.path) - 1)
        self.paths.data = np.concatenate(parts)
        self.paths.edge_color = np.array(colors)
        self.names.data = np.array([one.path[0] for one in found])
        self.names.features = {"name": [f"{one.name} · {one.metres:,.0f} m" for one in found]}
        self.names.face_color = np.array([self._ink(one) for one in found])

    def _ink(self, one: Projected) -> tuple[float, float, float, float]:
        return (1.0, 1.0, 1.0, max(_FAINTEST, 1 - (1 - _FAINTEST) * one.metres / self.within))

    def _make(self) -> None:
        self._remove()
        material, viewer = self._context.data.material, self._context.viewer
        assert material is not None
        whole = self._context.place_of(material)
        session = whole["metadata"].get("session", "")
        place = {key: value for key, value in whole.items() if key != "metadata"}
        ink = "#000000" if getattr(viewer, "theme", "dark") == "light" else "#ffffff"
        self.paths = Vectors(
            np.zeros((0, 2, 3)),
            ndim=3,
            name=f"{NAME}, paths",
            edge_width=0.6,
            vector_style="line",
            metadata={"session": session},
            **place,
        )
        self.names = Points(
            ndim=3,
            name=NAME,
            features={"name": np.array([], dtype=object)},
            text={"string": "{name}", "color": ink, "anchor": "upper_left", "size": 9},
            size=3,
            symbol="diamond",
            border_width=0,
            metadata={"session": session, NAMED: True},
            **place,
        )
        with view.keeping_active(viewer):
            for layer in (self.paths, self.names):
                viewer.add_layer(layer)

    def _remove(self) -> None:
        layers, ours = self._context.viewer.layers, (self.names, self.paths)
        self.names = self.paths = None
        for layer in ours:
            if layer is not None and layer in layers:
                layers.remove(layer)

    def _on_removed(self, event: Any) -> None:
        if event.value is not None and event.value in (self.names, self.paths):
            # A person has taken one away: the other goes with it, and none comes back unasked.
            self.within = 0.0
            self._remove()
