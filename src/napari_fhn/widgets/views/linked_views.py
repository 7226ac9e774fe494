"""The views beside the canvas in one row: the other sections, the map, a fence; all at one place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget

from napari_fhn.surveys.cuts import Cut, Path, Plane
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.bricks import Bricks
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.section import QUIET, TOGGLE
from napari_fhn.widgets.views.fencing import Fencing
from napari_fhn.widgets.views.latest import Latest
from napari_fhn.widgets.views.looks import LooksWatch
from napari_fhn.widgets.views.map_pane import MapPane
from napari_fhn.widgets.views.pane import Pane
from napari_fhn.widgets.views.place import Place
from napari_fhn.widgets.views.section_pane import FencePane, SectionPane
from napari_fhn.widgets.views.sources import picture, sources
from napari_fhn.widgets.views.state import ViewState

_SOON_MS = 30
_MOST = 1200
"""Rows and columns of a picture, at most."""
_SHOWS = {"all": "data and classes", "data": "data", "classes": "classes", "outline": "outline"}
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
    state : ViewState
        What is shown.
    """

    def __init__(self, context: DeskContext, place: Place, wells: WellBook, bricks: Bricks, state: ViewState) -> None:
        super().__init__()
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
        self.map_shows = QComboBox()
        self.map_shows.setAccessibleName("what the map shows")
        self.map_shows.setToolTip("What is drawn on the map, below wells and the lines of sections.")
        for key, words in _SHOWS.items():
            self.map_shows.addItem(words, key)
        self.map_shows.activated.connect(lambda _: setattr(state, "map_shows", self.map_shows.currentData()))
        self.through = QPushButton("Through wells")
        self.through.setToolTip("Show the section along a line that runs through all wells.")
        self.through.clicked.connect(self._fencing.through_wells)
        self.draw = QPushButton("Draw on map")
        self.draw.setCheckable(True)
        self.draw.setStyleSheet(TOGGLE.replace("QToolButton", "QPushButton"))
        self.draw.setToolTip("Click corners of a line on the map; a double click ends it. Its section is shown.")
        self.draw.clicked.connect(self._draw_line)
        self.without = QPushButton("No fence")
        self.without.setToolTip("Take the fence away.")
        self.without.clicked.connect(lambda: setattr(state, "fence", ()))
        self._fence_words = QLabel("Fence")
        self._map_words = QLabel("Map")
        self.words = QLabel()
        self.words.setStyleSheet(QUIET)
        row = QHBoxLayout()
        row.setSpacing(6)
        for widget in (self._map_words, self.map_shows, self._fence_words, self.through, self.draw, self.without):
            row.addWidget(widget)
        row.addWidget(self.words, 1)
        self.panes = QSplitter(Qt.Orientation.Horizontal)
        for place_in_row, pane in enumerate((*self.sections, self.map, self.fence)):
            self.panes.addWidget(pane)
            self.panes.setStretchFactor(place_in_row, 1)
            pane.hide()
            pane.resized.connect(self._soon)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 2, 4, 2)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.panes, 1)
        for section in (*self.sections, self.fence):
            section.clicked.connect(lambda x, y, section=section: place.go(section.index(x, y), camera=True))
        self.map.clicked.connect(self._map_clicked)
        self.map.finished.connect(self._line_drawn)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SOON_MS)
        self._timer.timeout.connect(self._draw)
        self._connections: list[tuple[Any, Callable[..., None]]] = [
            (place.moved, self._soon),
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
        self.draw.setChecked(False)
        for pane in (*self.sections, self.map, self.fence):
            pane.clear()
        volume = material is not None and len(material.shape) == 3
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
        self.through.setEnabled(len(self._fencing.heads()) > 1)
        self._other_fence()

    def _other_fence(self, event: Any = None) -> None:
        material, found = self._context.data.material, self._fencing.current()
        self._shown.pop("fence", None)
        self.map.show_fence(self._state.fence if found is not None else ())
        if found is not None and material is not None:
            self._path = Path(found.traces)
            self.fence.follow(material, found, self._fencing.wells_near(found))
        self._soon()

    # Drawing ---------------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Draw what is seen and has changed since."""
        material, index = self._context.data.material, self._place.index
        if material is None or not index or not self.isVisible():
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
                self._ask(section, f"section {section.axis}", Plane(section.axis, index[section.axis]),
                          section.show_section, slow=slow and section.axis == vertical)  # fmt: skip
        if not self.map.isHidden():
            lateral = [k for axis, k in enumerate(index) if axis != vertical]
            self.map.at(lateral, sections=volume and vertical is not None)
            if not volume and vertical is None:
                self._show_frame()
            if self.map.frame is not None and self.map.frame.track is None and self._state.map_shows != "outline":
                where = Plane(vertical, index[vertical]) if volume and vertical is not None else Plane(None)
                self._ask(self.map, "map", where, self.map.show_slice, slow=slow, only=self._state.map_shows)
            else:
                self._shown.pop("map", None)
                self.map.clear()
        if not self.fence.isHidden() and self.fence.fence is not None:
            self.fence.at(index)
            self._ask(self.fence, "fence", self._path, self.fence.show_section)

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
        fences = self._fencing.frame is not None
        shown: list[tuple[QWidget, bool]] = [(one, fences) for one in (self._fence_words, self.through, self.draw)]
        shown += [(self.without, fenced), (self._map_words, mapped), (self.map_shows, mapped)]
        for widget, seen in shown:
            widget.setVisible(seen)
        self.map_shows.setCurrentIndex(self.map_shows.findData(self._state.map_shows))
        self.words.setText("" if volume or mapped else "There is nothing to show beside this section.")
        return bool(others)

    def _show_frame(self) -> None:
        """Draw which part of a map is on the canvas."""
        material, viewer = self._context.data.material, self._context.viewer
        if material is None:
            return
        low, high = (material.layer.world_to_data(corner)[-2:] for corner in self._looks.corners())
        if tuple(viewer.dims.displayed[-2:]) == (viewer.dims.ndim - 2, viewer.dims.ndim - 1):
            self.map.frame_view(low, high)

    # Clicking --------------------------------------------------------------------------------------------------------

    def _map_clicked(self, x: float, y: float) -> None:
        at, vertical = self.map.index(x, y), self._context.data.vertical
        material = self._context.data.material
        if not at or material is None:
            return
        if self._drawing is not None:
            self._drawing.append((at[0], at[1]))
            self.map.draw_line(self._drawing)
            return
        lateral = [axis for axis in range(len(material.shape)) if axis != vertical]
        self._place.go(dict(zip(lateral, at, strict=False)), camera=True)

    def _draw_line(self, wanted: bool) -> None:
        self._drawing = [] if wanted else None
        self.map.draw_line(())
        self.words.setText("Click corners on the map; a double click ends the line." if wanted else "")

    def _line_drawn(self) -> None:
        """Show the line that was drawn, where it is one."""
        corners, self._drawing = self._drawing, None
        self.draw.setChecked(False)
        self.map.draw_line(())
        self.words.setText("")
        if corners is not None and len(set(corners)) > 1:
            self._state.fence = tuple(corners)
