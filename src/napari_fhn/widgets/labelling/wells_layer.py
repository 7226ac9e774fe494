"""Wells on the canvas: their paths with their names; dragged, they are burnt where they are dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Points, Shapes

from napari_fhn.labels.wells import tracks
from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.label_opening import LabelOpening
from napari_fhn.widgets.labelling.quiet_layers import keep_quiet
from napari_fhn.widgets.labelling.well_dragging import WellDragging
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.views.well_names import NAMED

_SIZE = 5
_COLOR, _HELD_OUT = "#ffffff", "#e69f00"
_GONE = "The labels of the wells stay, and the wells come back with the next section. To hide them, click their eye."
_TURNS = ("current_step", "order", "ndisplay")
"""What the viewer tells of when one looks elsewhere, or another way."""

INK = "#d6249f"
"""Of names in 3D: as far from white as from black, and no grey: read over data and canvas, in light and dark themes."""


class WellsLayer:
    """A layer of points with names, and one of paths; a point that is added is a new well.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels they are.
    opening : LabelOpening
        Which shows the labels.
    wells : WellBook
        The wells.
    """

    def __init__(self, context: DeskContext, book: LabelBook, opening: LabelOpening, wells: WellBook) -> None:
        self._context = context
        self._wells = wells
        self._book = book
        self._opening = opening
        self._names: list[str] = []
        self._tops = np.zeros(0)
        self._showing = False
        self.points: Points | None = None
        self.paths: Shapes | None = None
        self._dragging = WellDragging(context.viewer, lambda: self.points, self._dropped)
        wells.state.events.wells.connect(self.show)
        self._book.state.events.held.connect(self._recolour)
        self._context.viewer.layers.events.removed.connect(self._on_removed)
        for name in _TURNS:
            getattr(self._context.viewer.dims.events, name).connect(self._follow)

    def show(self, event: Any = None) -> None:
        """Show the wells where they are."""
        book, material = self._book, self._context.data.material
        if self._context.project.project is None:
            self._remove()
        if book.layer is None or material is None or not is_seismic(material.first):
            return
        if self.points is None and not self._wells.state.wells:
            return
        survey = material.first
        wells = self._wells.state.wells
        found = [(well.name, path) for well in wells if (path := tracks.track(well, survey)) is not None]
        if self.points is None:
            self._make(self._context.place_of(material), book.layer.ndim)
        assert self.points is not None
        assert self.paths is not None
        self._showing = True
        self._names = [name for name, _ in found]
        self.points.data = np.array([path[0] for _, path in found]).reshape(-1, book.layer.ndim)
        self._tops = np.array(self.points.data[:, -1])
        self.points.features = {"name": np.array(self._names, dtype=object)}
        self.paths.data = []
        if found:
            self.paths.add_paths([path for _, path in found])
        self._showing = False
        self._follow()
        self._recolour()

    def close(self) -> None:
        """Let go of the viewer."""
        viewer = self._context.viewer
        self._dragging.close()
        disconnect(viewer.layers.events.removed, self._on_removed)
        for name in _TURNS:
            disconnect(getattr(viewer.dims.events, name), self._follow)

    def add_by_click(self) -> None:
        """Let the next clicks on the canvas add wells."""
        book, material = self._book, self._context.data.material
        if not self._opening.new() or material is None or book.layer is None or not is_seismic(material.first):
            return
        if self.points is None:
            self._make(self._context.place_of(material), book.layer.ndim)
        assert self.points is not None
        self._context.viewer.layers.selection.active = self.points
        self.points.mode = "add"
        self._context.messages.say("Click where the well is, on a section or a time slice; then give it intervals.")

    def _make(self, placement: dict[str, Any], ndim: int) -> None:
        # Without the grid, which is for layers of voxels; a copy for each, as napari keeps what it gets.
        session = placement["metadata"].get("session", "")
        place = {key: value for key, value in placement.items() if key != "metadata"}
        viewer = self._context.viewer
        self.paths = Shapes(ndim=ndim, name="Well paths", edge_color=_COLOR, edge_width=0.5, opacity=0.8, **place)
        self.paths.metadata["session"] = session
        self.points = Points(
            ndim=ndim,
            name="Wells",
            features={"name": np.array([], dtype=object)},
            text={"string": "{name}", "color": INK, "anchor": "upper_left", "size": 10},
            size=_SIZE,
            symbol="ring",
            face_color=_COLOR,
            metadata={"session": session, NAMED: True},
            **place,
        )
        try:
            self.points.projection_mode = "rescale_linear"
        except ValueError:
            # The same in the words of napari before 0.9.
            self.points.out_of_slice_display = True
        with view.keeping_active(viewer):
            for layer in (self.paths, self.points):
                keep_quiet(viewer, layer)
                viewer.add_layer(layer)
        self.points.events.data.connect(self._edited)
        self._context.messages.over(_GONE)

    def _edited(self, event: Any) -> None:
        """Follow what the person did with the points."""
        if self._showing or self.points is None or str(getattr(event, "action", "")).lower().endswith("ing"):
            return
        material = self._context.data.material
        if material is None:
            return
        if self._dragging.holds:
            return  # burnt where it is let go of
        data = np.asarray(self.points.data)
        if len(data) > len(self._names):
            self._wells.add(**tracks.numbers_at(data[-1], material.first))
            self.points.mode = "pan_zoom"
        elif len(data) < len(self._names):
            kept = set(map(str, self.points.features["name"]))
            for name in [name for name in self._names if name not in kept]:
                self._wells.remove(name)
        else:
            wells = {well.name: well for well in self._wells.state.wells}
            for name, point in zip(self._names, data, strict=True):
                path = tracks.track(wells[name], material.first)
                if path is not None and np.abs(path[0, :-1] - point[:-1]).max() > 0.5:
                    self._wells.move(name, **tracks.numbers_at(point, material.first))

    def _dropped(self, number: int) -> None:
        """Burn a well where its ring was let go of."""
        material = self._context.data.material
        if self.points is not None and material is not None and number < len(self._names):
            place = np.asarray(self.points.data)[number]
            self._wells.move(self._names[number], **tracks.numbers_at(place, material.first))

    def _follow(self, event: Any = None) -> None:
        """Keep the names in sight: at the top of sections and in 3D, and on the slice of time or depth in view."""
        points = self.points
        if points is None or not len(points.data) or len(points.data) != len(self._tops):
            return
        place = self._book.place()  # none in 3D, where everything is in view
        level = self._tops if place is None or place.axis != 2 else np.full(len(self._tops), float(place.index))
        if np.array_equal(level, points.data[:, -1]):
            return
        self._showing = True
        points.data = np.column_stack([points.data[:, :-1], level])
        self._showing = False

    def _recolour(self, event: Any = None) -> None:
        if self.points is None or not self._names:
            return
        held = self._book.state.held or ()
        colors = []
        for point in np.asarray(self.points.data):
            inside = any(
                all(a <= round(float(x)) < b for a, b, x in zip(box.start[:-1], box.stop[:-1], point[:-1], strict=True))
                for box in held
            )
            colors.append(_HELD_OUT if inside else _COLOR)
        self.points.face_color = colors

    def _remove(self) -> None:
        """Take the layers away: wells of another survey lie nowhere on this one."""
        layers = self._context.viewer.layers
        if self.points is not None and self.points in layers:
            layers.remove(self.points)
        if self.paths is not None and self.paths in layers:
            layers.remove(self.paths)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.points:
            self.points, self._names = None, []
            if self._context.project.project is not None and self._book.layer is not None:
                self._context.messages.say(_GONE, note=True)
        elif event.value is self.paths:
            self.paths = None
            if self.points is not None and self.points in self._context.viewer.layers:
                self._context.viewer.layers.remove(self.points)
