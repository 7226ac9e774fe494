"""The views beside the canvas in one row: the other sections, the map, a fence; all at one place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QSplitter, QVBoxLayout, QWidget

from napari_fhn.surveys.cuts import Cut, Path, Plane
from napari_fhn.surveys.numbers import Numbers
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.bricks import Bricks
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.horizon_state import HorizonMap
from napari_fhn.widgets.labelling.horizons import HorizonBook
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.views.fencing import Fencing
from napari_fhn.widgets.views.following import follow_mouse
from napari_fhn.widgets.views.horizons_beside import coloured, on_fence, on_map, on_section
from napari_fhn.widgets.views.latest import Latest
from napari_fhn.widgets.views.linked_row import LinkedRow
from napari_fhn.widgets.views.looks import LooksWatch
from napari_fhn.widgets.views.map_pane import MapPane
from napari_fhn.widgets.views.pane import Line, Pane
from napari_fhn.widgets.views.place import Place
from napari_fhn.widgets.views.section_pane import FencePane, SectionPane
from napari_fhn.widgets.views.sources import picture, sources
from napari_fhn.widgets.views.state import ViewState

_SOON_MS = 30
_HOVER_MS = 25
_MOST = 1200
"""Rows and columns of a picture, at most."""
_SLOW = "Slices of this file take long to read: press 'Copy into bricks' in Data first."


class LinkedViews(QWidget):
    """Shows what the canvas does not, at the same place, and goes where one clicks.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    place : Place
        Where one is.
    wells : WellBook
        The wells.
    bricks : Bricks
        Which knows of surveys whose slices take long.
    horizons : HorizonBook
        Which are drawn as lines, and on the map as colours.
    state : ViewState
        What is shown.
    """

    def __init__(
        self,
        context: DeskContext,
        place: Place,
        wells: WellBook,
        bricks: Bricks,
        horizons: HorizonBook,
        state: ViewState,
    ) -> None:
        super().__init__()
        self._horizons = horizons
        self._tracked = 0
        self._unit = ""
        self._context = context
        self._place = place
        self._wells = wells
        self._bricks = bricks
        self._state = state
        self._latest = Latest(context.background)
        self._fencing = Fencing(context, wells, state)
        self._looks = LooksWatch(context)
        self._version = 0
        self._shown: dict[str, object] = {}
        self._drawing: list[tuple[float, float]] | None = None
        self._path: Cut = Plane(0)
        self.sections = tuple(SectionPane(axis) for axis in range(3))
        self.map = MapPane()
        self.fence = FencePane()
        self.row = LinkedRow(state)
        self.row.through.clicked.connect(self._fencing.through_wells)
        self.row.draw.clicked.connect(self._draw_line)
        self.panes = QSplitter(Qt.Orientation.Horizontal)
        for place_in_row, pane in enumerate((*self.sections, self.map, self.fence)):
            self.panes.addWidget(pane)
            self.panes.setStretchFactor(place_in_row, 1)
            pane.hide()
            pane.resized.connect(self._soon)
            pane.left.connect(lambda: place.point())
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 2, 4, 2)
        column.setSpacing(3)
        column.addWidget(self.row)
        column.addWidget(self.panes, 1)
        for section in (*self.sections, self.fence):
            section.clicked.connect(lambda x, y, section=section: place.go(section.index(x, y), camera=True))
            section.hovered.connect(lambda x, y, section=section: place.point(section, section.index(x, y)))
        self.map.hovered.connect(self._map_hovered)
        self.map.clicked.connect(self._map_clicked)
        self.map.finished.connect(self._line_drawn)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SOON_MS)
        self._timer.timeout.connect(self._draw)
        self._hovering = QTimer(self)
        self._hovering.setSingleShot(True)
        self._hovering.setInterval(_HOVER_MS)
        self._hovering.timeout.connect(self._follow_mouse)
        self._connections: list[tuple[Any, Callable[..., None]]] = [
            (place.moved, self._soon),
            (place.hovering, self._hovered),
            (horizons.grown, self._other_horizons),
            (horizons.state.events.kept, self._other_horizons),
            (horizons.state.events.chosen, self._other_horizons),
            (self._looks.changed, self._changed),
            (self._looks.view_changed, self._soon),
            (context.data.state.events.material, self._other_survey),
            (context.data.state.events.vertical_axis, self._other_survey),
            (wells.state.events.wells, self._other_wells),
            (state.events.fence, self._other_fence),
            (state.events.map_shows, self._soon),
        ]
        for signal, slot in self._connections:
            signal.connect(slot)
        self._other_survey()

    def close_views(self) -> None:
        """Let go of the viewer."""
        with contextlib.suppress(RuntimeError):  # at the end of the program Qt may have deleted it already
            self._timer.stop()
            self._hovering.stop()
        self._latest.forget()
        self._looks.close()
        for signal, slot in self._connections:
            disconnect(signal, slot)

    def showEvent(self, event: Any) -> None:
        """Draw what has changed while nobody saw it."""
        super().showEvent(event)
        self._place.clicks = True
        self._soon()

    def hideEvent(self, event: Any) -> None:
        """Leave clicks on the canvas alone."""
        self._place.clicks = False
        self._place.point()
        super().hideEvent(event)

    # What changes ----------------------------------------------------------------------------------------------------

    def _soon(self, event: Any = None) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _changed(self) -> None:
        self._version += 1
        self._soon()

    def _other_survey(self, event: Any = None) -> None:
        context, material = self._context, self._context.data.material
        self._version += 1
        self._latest.forget()
        self._shown.clear()
        self._drawing = None
        self.row.draw.setChecked(False)
        for pane in (*self.sections, self.map, self.fence):
            pane.clear()
            pane.show_lines(())
        volume = material is not None and len(material.shape) == 3
        self._unit = "" if material is None else Numbers.of(material.first).axes[-1].unit
        if volume and material is not None:
            for section in self.sections:
                section.follow(material, context.data.vertical)
        frame = self._fencing.map_frame
        if frame is not None:
            self.map.follow(frame)
        self._other_wells()
        self._other_fence()

    def _other_wells(self, event: Any = None) -> None:
        self.map.show_wells(self._fencing.heads())
        self.row.through.setEnabled(len(self._fencing.heads()) > 1)
        self._other_fence()

    def _other_fence(self, event: Any = None) -> None:
        material, found = self._context.data.material, self._fencing.current()
        self._shown.pop("fence", None)
        self._shown.pop("lines fence", None)
        self.map.show_fence(self._state.fence if found is not None else ())
        if found is not None and material is not None:
            self._path = Path(found.traces)
            self.fence.follow(material, found, self._fencing.wells_near(found))
        self._soon()

    def _other_horizons(self, event: Any = None) -> None:
        self._tracked += 1
        self._soon()

    # Drawing ---------------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Draw what is seen and has changed since."""
        material, index = self._context.data.material, self._place.index
        if material is None or not index or not self.isVisible():
            self._show_nothing(gone=material is None)
            return
        volume = len(material.shape) == 3
        vertical = self._context.data.vertical
        fenced = self.fence.fence is not None and self._fencing.current() is not None
        if self._arrange(volume, fenced):
            self._timer.start()  # when they have their sizes
            return
        slow = bool(self._bricks.state.offered)
        for section in self.sections:
            if not section.isHidden():
                section.at(index)
                where = Plane(section.axis, index[section.axis])
                self._ask(section, f"section {section.axis}", where, section.show_section,
                          slow=slow and section.axis == vertical)  # fmt: skip
                self._ask_lines(section, f"section {section.axis}", where, partial(on_section, where=where))
        if not self.map.isHidden():
            lateral = [k for axis, k in enumerate(index) if axis != vertical]
            self.map.at(lateral, sections=volume and vertical is not None)
            if not volume and vertical is None:
                self._show_frame()
            self._draw_map(index, volume, vertical, slow)
        if not self.fence.isHidden() and self.fence.fence is not None:
            self.fence.at(index)
            self._ask(self.fence, "fence", self._path, self.fence.show_section)
            path, distances = self._path, self.fence.fence.distances
            if isinstance(path, Path):
                self._ask_lines(self.fence, "fence", path, lambda maps: on_fence(maps, path, distances))

    def _show_nothing(self, *, gone: bool) -> None:
        for pane in (*self.sections, self.map, self.fence) if gone else ():
            pane.hide()
        if gone:
            self.row.look(mapped=False, fences=False, fenced=False)
            self.row.say("No survey is ticked: there is nothing to show.")

    def _draw_map(self, index: tuple[int, ...], volume: bool, vertical: int | None, slow: bool) -> None:
        """Draw what the map shows: a slice, a horizon, or nothing but where the survey lies."""
        frame, shows = self.map.frame, self.row.shows
        drawn = frame is not None and frame.track is None
        sliced = Plane(vertical, index[vertical]) if volume and vertical is not None else None
        if drawn and frame is not None and sliced is not None:
            level = sliced.index
            self._ask_lines(self.map, "map", sliced, lambda maps: on_map(maps, level, frame))
        horizon = self._mapped_horizon() if drawn and shows == "horizon" and volume else None
        self.map.show_horizon(horizon, self._unit)
        if drawn and shows not in ("outline", "horizon"):
            self._ask(self.map, "map", sliced or Plane(None), self.map.show_slice, slow=slow, only=shows)
        elif horizon is None:
            self._shown.pop("map", None)
            self.map.clear()
        elif self._shown.get("map") != (horizon.name, self._tracked):
            self._shown["map"] = (horizon.name, self._tracked)
            self.map.show_slice(coloured(horizon, (_MOST, _MOST)))

    def _mapped_horizon(self) -> HorizonMap | None:
        """Return the horizon that the map shows: the chosen one where it was tracked, else the first."""
        maps, chosen = self._horizons.maps(), self._horizons.state.chosen
        return next((one for one in maps if one.name == chosen), maps[0] if maps else None)

    def _ask_lines(
        self, pane: Pane, name: str, where: Cut, drawn: Callable[[list[HorizonMap]], Sequence[Line]]
    ) -> None:
        """Have the lines of horizons found beside the window, unless they are those that are there."""
        name, wanted = f"lines {name}", (where, self._tracked)
        if self._shown.get(name) == wanted:
            return
        self._shown[name] = wanted
        maps = self._horizons.maps()

        def done(found: Sequence[Line]) -> None:
            if self._shown.get(name) == wanted:
                pane.show_lines(found)

        if maps:
            self._latest.ask(name, lambda: drawn(maps), done, lambda error: None)
        else:
            pane.show_lines(())

    def _ask(
        self,
        pane: Pane,
        name: str,
        where: Cut,
        show: Callable[[NDArray[np.uint8]], None],
        *,
        slow: bool = False,
        only: str = "all",
    ) -> None:
        """Have a picture made beside the window, unless it is the one that is there."""
        material, viewer = self._context.data.material, self._context.viewer
        if material is None:
            return
        if slow:
            pane.clear()
            pane.say(_SLOW)
            return
        height, width = pane.pixels
        most = tuple(min(_MOST, 64 * -(-2 * n // 64)) for n in (height, width))  # not another with each pixel of room
        band = tuple(viewer.dims.current_step[: viewer.dims.ndim - len(material.shape)])
        wanted = (where, most, band, only, self._version)
        if self._shown.get(name) == wanted:
            return
        self._shown[name] = wanted
        found = [one for one in sources(viewer, material) if only == "all" or one.classes == (only == "classes")]
        vertical = self._context.data.vertical

        def work() -> NDArray[np.uint8]:
            return picture(found, where, vertical, (most[0], most[1]), (height, width))

        def done(rgba: NDArray[np.uint8]) -> None:
            if self._shown.get(name) == wanted:
                show(rgba)

        def failed(error: BaseException) -> None:
            if self._shown.get(name) == wanted:
                pane.clear()
                pane.say(f"It cannot be shown: {error}")

        self._latest.ask(name, work, done, failed)

    def _arrange(self, volume: bool, fenced: bool) -> bool:
        """Show the views that there are, without what the canvas shows already; say whether others than before."""
        across, mapped = self._place.across, self._fencing.map_frame is not None
        wanted: list[tuple[Pane, bool]] = [(one, volume and one.axis != across) for one in self.sections]
        wanted += [(self.map, mapped), (self.fence, fenced)]
        others = [(pane, seen) for pane, seen in wanted if pane.isHidden() == seen]
        for pane, seen in others:
            pane.setVisible(seen)
        drawn = mapped and self.map.frame is not None and self.map.frame.track is None  # of a line only its track is
        self.row.look(mapped=drawn, fences=self._fencing.frame is not None, fenced=fenced, sliced=volume)
        self.row.say("" if volume or mapped else "There is nothing to show beside this section.")
        return bool(others)

    def _show_frame(self) -> None:
        """Draw which part of a map is on the canvas."""
        material, viewer = self._context.data.material, self._context.viewer
        if material is None:
            return
        low, high = (material.layer.world_to_data(corner)[-2:] for corner in self._looks.corners())
        if tuple(viewer.dims.displayed[-2:]) == (viewer.dims.ndim - 2, viewer.dims.ndim - 1):
            self.map.frame_view(low, high)

    # The mouse on another view ---------------------------------------------------------------------------------------

    def _hovered(self) -> None:
        if self.isVisible() and not self._hovering.isActive():
            self._hovering.start()

    def _map_hovered(self, x: float, y: float) -> None:
        self._place.point(self.map, self._on_map(self.map.index(x, y)))

    def _follow_mouse(self) -> None:
        follow_mouse(self._place, (*self.sections, self.fence, self.map), self._context.data.vertical)

    # Clicking --------------------------------------------------------------------------------------------------------

    def _map_clicked(self, x: float, y: float) -> None:
        at = self.map.index(x, y)
        if not at:
            return
        if self._drawing is not None:
            self._drawing.append((at[0], at[1]))
            self.map.draw_line(self._drawing)
            return
        self._place.go(self._on_map(at), camera=True)

    def _on_map(self, at: Sequence[float]) -> dict[int, float]:
        """Return a place of the map by axis of the survey."""
        material, vertical = self._context.data.material, self._context.data.vertical
        axes = range(0 if material is None else len(material.shape))
        return dict(zip((axis for axis in axes if axis != vertical), at, strict=False))

    def _draw_line(self, wanted: bool) -> None:
        self._drawing = [] if wanted else None
        self.map.draw_line(())
        self.row.say("Click corners on the map; a double click ends the line." if wanted else "")

    def _line_drawn(self) -> None:
        """Show the line that was drawn, where it is one."""
        corners, self._drawing = self._drawing, None
        self.row.draw.setChecked(False)
        self.map.draw_line(())
        self.row.say("")
        if corners is not None and len(set(corners)) > 1:
            self._state.fence = tuple(corners)
