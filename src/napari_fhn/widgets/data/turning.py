"""Which way one looks: across inlines, across crosslines, from above, or in 3D; sections always stand upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.components import ViewerModel
from psygnal import Signal

from napari_fhn.surveys import drawing
from napari_fhn.surveys.kinds import is_map, kind_of, vertical_axis
from napari_fhn.surveys.map_frame import MapFrame
from napari_fhn.surveys.numbers import NumberedAxis
from napari_fhn.widgets.data import readout
from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.data.placement import fit
from napari_fhn.widgets.events import disconnect

_CALLED = {"twt": "Time slice", "depth": "Depth slice", "sample": "Sample slice", "band": "Map"}
_WHOLE = 1.05
"""A section that is drawn no larger than this times its fitting size is seen as a whole."""
_ASLANT = (0.0, 30.0, 0.0)
"""Angles of the camera from which a volume is seen at first: from aside, and wells stay upright."""


@dataclass(frozen=True)
class View:
    """One way to look at a survey.

    Parameters
    ----------
    title : str
        What it is called.
    axis : int or None
        Axis of the survey that the section is across; None for all of it in 3D.
    """

    title: str
    axis: int | None


class Turning:
    """Turns the view of a survey, and keeps its sections upright whoever turns them.

    Parameters
    ----------
    viewer : ViewerModel
        Whose view it is.
    data : Data
        Which survey is looked at.

    Attributes
    ----------
    changed : Signal
        Emitted when one looks another way, at another section, or at another survey.

    entering : Signal
        Emitted before the canvas is turned to 3D.
    plane : int
        Across which axis of the survey the plane is that is stepped through in 3D.
    """

    changed = Signal()
    entering = Signal()

    def __init__(self, viewer: ViewerModel, data: Data) -> None:
        self._viewer = viewer
        self._data = data
        self._order = tuple(viewer.dims.order)
        self.plane = 0
        self._point: tuple[float, ...] = ()
        self._mapped: tuple[Material | None, bool] = (None, False)
        data.state.events.material.connect(self._turned)
        viewer.dims.events.ndisplay.connect(self._come_back)
        for emitter in self._emitters():
            emitter.connect(self._turned)

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._viewer.dims.events.ndisplay, self._come_back)
        for emitter in self._emitters():
            disconnect(emitter, self._turned)

    def views(self) -> tuple[View, ...]:
        """The ways to look at the survey; none where there is only one and nothing to step through."""
        material = self._data.material
        if material is None:
            return ()
        survey = material.first
        dims = [str(dim) for dim in survey.dims]
        if is_map(survey):
            return tuple(View(_CALLED[dim], axis) for axis, dim in enumerate(dims) if dim == "band")
        if len(dims) != 3:
            return ()
        named = (View(_CALLED.get(dim, dim.replace("_", " ").capitalize()), axis) for axis, dim in enumerate(dims))
        return (*named, View("3D", None))

    @property
    def there(self) -> bool:
        """Whether a survey is worked on."""
        return self._data.material is not None

    @property
    def mapped(self) -> bool:
        """Whether the survey is one that a map can be drawn of."""
        material = self._data.material
        if material is not self._mapped[0]:
            self._mapped = (material, material is not None and MapFrame.of(material.first) is not None)
        return self._mapped[1]

    @property
    def current(self) -> View | None:
        """How one looks now; None where it is none of the ways."""
        dims, views = self._viewer.dims, self.views()
        if not views:
            return None
        if dims.ndisplay == 3:
            return next((view for view in views if view.axis is None), None)
        hidden = [axis - self._offset for axis in dims.not_displayed if axis >= self._offset]
        return next((view for view in views if [view.axis] == hidden), None)

    @property
    def axis(self) -> NumberedAxis | None:
        """Numbers of the sections that can be stepped through."""
        axis, layer = self._stepped, self._layer
        numbers = None if layer is None else readout.numbers_of(layer)
        if axis is None or layer is None:
            return None
        if numbers is None:
            return NumberedAxis(layer.axis_labels[axis], np.arange(self._size(axis), dtype=np.float64))
        return numbers.axes[axis]

    @property
    def index(self) -> int:
        """Which of them is in view, from 0."""
        axis, layer, numbers = self._stepped, self._layer, self.axis
        if axis is None or layer is None or numbers is None:
            return 0
        index = round(float(layer.world_to_data(self._viewer.dims.point)[axis]))
        return min(max(index, 0), numbers.values.size - 1)  # of a cube fewer bands are shown than it has

    def show(self, view: View) -> None:
        """Look this way; a part that is drawn large stays as large."""
        dims, n = self._viewer.dims, self._viewer.dims.ndim
        if view.axis is None:
            if dims.ndisplay == 3:
                return
            material = self._data.material
            if material is None or kind_of(material.first) != "seismic volume":  # which is shown as planes
                # From above time still runs down: the order of inlines.
                dims.order = drawing.across(self._offset, n, self._vertical)
            self.entering.emit()
            dims.ndisplay = 3
            camera = camera_of(self._viewer)
            if not any(camera.angles):  # straight on a volume looks as flat as a section
                camera.angles = _ASLANT
            fit(self._viewer, self._layer)
            return
        dims.ndisplay = 2
        camera = camera_of(self._viewer)
        zoom, row, below = camera.zoom, dims.order[-2], camera.center[-2]
        fit(self._viewer, self._layer)
        close_up = zoom > _WHOLE * camera.zoom
        dims.order = drawing.across(view.axis + self._offset, n, self._vertical)
        fit(self._viewer, self._layer)
        if close_up:
            across, down = dims.order[-1], dims.order[-2]
            camera.zoom = zoom
            camera.center = (0.0, below if down == row else float(dims.point[down]), float(dims.point[across]))

    def step_to(self, index: int) -> None:
        """Show a section of those that can be stepped through."""
        stepped, layer = self._stepped, self._layer
        if stepped is None or layer is None:
            return
        world = layer.data_to_world([index if axis == stepped else 0 for axis in range(layer.ndim)])
        self._viewer.dims.set_point(stepped + self._offset, float(world[stepped]))

    @property
    def _stepped(self) -> int | None:
        """Axis of the survey along which one steps: across the section in view, in 3D across the chosen plane."""
        view = self.current
        if view is None or view.axis is not None:
            return None if view is None else view.axis
        return self.plane if self._vertical is not None else None

    @property
    def _layer(self) -> Any:
        material = self._data.material
        return None if material is None or material.layer not in self._viewer.layers else material.layer

    @property
    def _offset(self) -> int:
        layer = self._layer
        return 0 if layer is None else self._viewer.dims.ndim - layer.ndim

    @property
    def _vertical(self) -> int | None:
        """The axis of time or depth on the canvas, where the survey itself says which it is."""
        material = self._data.material
        axis = None if material is None else vertical_axis(material.first)
        return None if axis is None else axis + self._offset

    def _size(self, axis: int) -> int:
        material = self._data.material
        return 1 if material is None else int(material.first.shape[axis])

    def _come_back(self, event: Any = None) -> None:
        """Be where one was in 3D: napari goes to where its camera has looked, which is the middle of all."""
        dims, before = self._viewer.dims, self._point
        if dims.ndisplay == 2 and len(before) == dims.ndim and self._layer is not None and dims.point != before:
            dims.point = before

    def _turned(self, event: Any = None) -> None:
        if self._viewer.dims.ndisplay == 3:
            self._point = tuple(self._viewer.dims.point)
        order, vertical = tuple(self._viewer.dims.order), self._vertical
        before, self._order = self._order, order
        if vertical is not None and self._viewer.dims.ndisplay == 2:
            right = drawing.upright(order, before if len(before) == len(order) else order, vertical)
            if right != order:
                self._order = right  # what is put right is no turn of the person's
                self._viewer.dims.order = right
                return
        self.changed.emit()

    def _emitters(self) -> list[Any]:
        dims = self._viewer.dims.events
        return [dims.order, dims.ndisplay, dims.current_step]
