"""Where one is in the survey: one place, which the canvas and all views beside it share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from napari.components import ViewerModel
from psygnal import Signal

from napari_fhn.widgets.data.camera import bring_into_view
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.events import disconnect

CANVAS = "the canvas"
"""Stands for the canvas where the mouse is on it."""


class Place:
    """The voxel at which one is, kept where napari keeps it: in its sliders, also along the axes on the canvas.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas.
    data : Data
        Which survey.

    Attributes
    ----------
    moved : Signal
        Emitted when one is elsewhere.
    hovering : Signal
        Emitted when the mouse is elsewhere.
    hover : tuple of float or None
        The place under the mouse, in voxels along the axes of space; None where it is over no view of the survey.
    hovered : object
        The view that the mouse is on: :data:`CANVAS`, or a pane.
    """

    moved = Signal()
    hovering = Signal()

    def __init__(self, viewer: ViewerModel, data: Data) -> None:
        self._viewer = viewer
        self._data = data
        self.hover: tuple[float, ...] | None = None
        self.hovered: object = None
        self.clicks = False
        """Whether a click on the canvas moves the place, and the mouse over it is followed."""
        viewer.dims.events.current_step.connect(self._moved)
        viewer.mouse_drag_callbacks.append(self._pressed)
        viewer.mouse_move_callbacks.append(self._mouse_moved)

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._viewer.dims.events.current_step, self._moved)
        if self._pressed in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._pressed)
        if self._mouse_moved in self._viewer.mouse_move_callbacks:
            self._viewer.mouse_move_callbacks.remove(self._mouse_moved)

    @property
    def index(self) -> tuple[int, ...]:
        """The voxel along the axes of space; empty where nothing is looked at."""
        material = self._data.material
        if material is None or material.layer not in self._viewer.layers:
            return ()
        at, n = material.layer.world_to_data(self._viewer.dims.point), len(material.shape)
        return tuple(
            min(max(round(float(value)), 0), size - 1) for value, size in zip(at[-n:], material.shape, strict=True)
        )

    @property
    def across(self) -> int | None:
        """The axis that the section on the canvas is across; None for a map, a line, and in 3D."""
        material, dims = self._data.material, self._viewer.dims
        if material is None or dims.ndisplay != 2 or len(material.shape) != 3:
            return None
        hidden = [axis - (dims.ndim - 3) for axis in dims.not_displayed if axis >= dims.ndim - 3]
        return hidden[0] if len(hidden) == 1 else None

    def go(self, index: Mapping[int, float], *, camera: bool = False) -> None:
        """Move to a place.

        Parameters
        ----------
        index : mapping of int to float
            In voxels by axis of space; along the others one stays.
        camera : bool, optional
            Let the canvas show it in the middle, where it does not show it at all.
        """
        material, dims = self._data.material, self._viewer.dims
        now = self.index
        if material is None or not now:
            return
        n, layer = len(material.shape), material.layer
        wanted = [float(min(max(round(index.get(k, now[k])), 0), material.shape[k] - 1)) for k in range(n)]
        lead = layer.ndim - n
        world = layer.data_to_world([*layer.world_to_data(dims.point)[:lead], *wanted])[lead:]
        first = dims.ndim - n
        moved = [k for k in range(n) if round(wanted[k]) != now[k]]
        if moved:
            dims.set_point([first + k for k in moved], [float(world[k]) for k in moved])
        if camera and dims.ndisplay == 2:
            bring_into_view(self._viewer, {first + k: float(world[k]) for k in range(n)})

    def point(self, view: object = None, index: Mapping[int, float] | None = None) -> None:
        """Say where the mouse is.

        Parameters
        ----------
        view : object
            What it is on.
        index : mapping of int to float, optional
            In voxels by axis of space; along the others it is where one is. None, or a place outside, for nowhere.
        """
        material, now, found = self._data.material, self.index, None
        if material is not None and now and index:
            found = tuple(float(index.get(k, at)) for k, at in enumerate(now))
            if not all(-0.5 <= at <= n - 0.5 for at, n in zip(found, material.shape, strict=True)):
                found = None
        before = (self.hover, self.hovered)
        self.hover, self.hovered = found, view
        if (self.hover, self.hovered) != before:
            self.hovering.emit()

    def _moved(self, event: Any = None) -> None:
        self.moved.emit()

    def _pressed(self, viewer: Any, event: Any) -> Iterator[None]:
        """Take a click on the canvas, of which no tool makes something else, and no drag."""
        active = viewer.layers.selection.active
        free = self.clicks and event.button == 1 and not event.modifiers and viewer.dims.ndisplay == 2
        if not free or getattr(active, "mode", "pan_zoom") not in ("pan_zoom", None):
            return
        start = np.asarray(event.pos, np.float64)
        yield
        while event.type == "mouse_move":
            yield
        material = self._data.material
        if np.abs(np.asarray(event.pos, np.float64) - start).max() > 3 or material is None:
            return
        self.go(self._under(event))

    def _mouse_moved(self, viewer: Any, event: Any) -> None:
        if self.clicks:
            there = viewer.dims.ndisplay == 2 and self._data.material is not None
            self.point(CANVAS, self._under(event) if there else None)

    def _under(self, event: Any) -> dict[int, float]:
        """Return the place on the canvas where the mouse is, along the axes that are seen."""
        material, dims = self._data.material, self._viewer.dims
        assert material is not None
        n = len(material.shape)
        at = material.layer.world_to_data(event.position)[-n:]
        shown = [axis - (dims.ndim - n) for axis in dims.displayed]
        return {axis: float(at[axis]) for axis in shown if axis >= 0}
