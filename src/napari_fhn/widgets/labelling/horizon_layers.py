"""Horizons on the canvas: picks as points, what was tracked as lines on the section in view, and the picking mouse."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from napari.layers import Points, Vectors
from numpy.typing import NDArray
from qtpy.QtCore import QTimer

from napari_fhn.project.undo.steps import SectionReference
from napari_fhn.surveys.cuts import Plane, axes_of
from napari_fhn.surveys.surface_lines import lines
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect, weakly
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.horizons import HorizonBook
from napari_fhn.widgets.labelling.quiet_layers import keep_quiet

_PICKS, _LINES = "Picks of horizons", "Horizons"
_SIZE = 3.5
_STILL = 4.0
"""Pixels that the mouse may move in a click."""
_NEAR = 8.0
"""Pixels from a pick within which the mouse takes hold of it."""
_WATCHED_MS = 300
"""How often a horizon that grows is drawn."""


class HorizonLayers:
    """Draws the horizons and hears the mouse while they are picked.

    A click adds a pick, a drag that begins on one moves it, a click on one with Shift takes it away. While one erases,
    a drag takes away what was tracked near it.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        On whose grid they lie.
    horizons : HorizonBook
        The horizons.

    Attributes
    ----------
    picks : napari.layers.Points or None
        All picks; those of the section in view are seen.
    lines : napari.layers.Vectors or None
        What was tracked, on the section in view.
    """

    def __init__(self, context: DeskContext, book: LabelBook, horizons: HorizonBook) -> None:
        self.picks: Points | None = None
        self.lines: Vectors | None = None
        self._context = context
        self._book = book
        self._horizons = horizons
        self._active: Any = None
        state = horizons.state.events
        state.kept.connect(self.show)
        state.chosen.connect(self.show)
        state.picking.connect(self._listen)
        state.erasing.connect(self._listen)
        state.tracking.connect(self._watch)
        context.viewer.layers.events.removed.connect(self._on_removed)
        for name in ("current_step", "order", "ndisplay"):
            getattr(context.viewer.dims.events, name).connect(self._draw_lines)

    def close(self) -> None:
        """Let go of the viewer."""
        self._listen(wanted=False)
        disconnect(self._context.viewer.layers.events.removed, self._on_removed)
        for name in ("current_step", "order", "ndisplay"):
            disconnect(getattr(self._context.viewer.dims.events, name), self._draw_lines)

    def show(self, event: Any = None) -> None:
        """Show the horizons as they are now."""
        kept, layer = self._horizons.state.kept, self._book.layer
        if layer is None or not self._horizons.fits or (self.picks is None and not kept.horizons):
            if layer is None:
                self._remove()
            return
        if self.picks is None:
            self._make(layer.ndim)
        assert self.picks is not None
        points = [(*pick.trace, pick.sample) for one in kept.horizons for pick in one.picks]
        colors = [self._horizons.color_of(one.name) for one in kept.horizons for _ in one.picks]
        self.picks.data = np.array(points, np.float64).reshape(-1, layer.ndim)
        if points:
            self.picks.border_color = colors
            chosen = self._horizons.state.chosen
            inks = [
                self._horizons.color_of(one.name) if one.name == chosen else "#00000000"
                for one in kept.horizons
                for _ in one.picks
            ]
            self.picks.face_color = inks
        self._draw_lines()

    def _make(self, ndim: int) -> None:
        material, viewer = self._context.data.material, self._context.viewer
        assert material is not None
        placement = self._context.place_of(material)
        session = placement["metadata"].get("session", "")
        place = {key: value for key, value in placement.items() if key != "metadata"}
        with view.keeping_active(viewer):
            self.lines = Vectors(
                np.zeros((0, 2, ndim)), ndim=ndim, name=_LINES, edge_width=1.4, vector_style="line",
                metadata={"session": session}, **place,
            )  # fmt: skip
            self.picks = Points(
                ndim=ndim, name=_PICKS, size=_SIZE, symbol="disc", border_width=0.25, metadata={"session": session},
                **place,
            )  # fmt: skip
            keep_quiet(viewer, self.picks)
            for layer in (self.lines, self.picks):
                viewer.add_layer(layer)
        self.picks.mode = "pan_zoom"
        self.picks.bind_key("Control-Z", weakly(self._undo), overwrite=True)
        self.picks.bind_key("Control-Shift-Z", weakly(self._redo), overwrite=True)

    def _undo(self, layer: Points) -> None:
        self._book.history.undo()

    def _redo(self, layer: Points) -> None:
        self._book.history.redo()

    def _draw_lines(self, event: Any = None) -> None:
        """Draw what was tracked along the section in view, on a slice of time or depth as contours."""
        layer = self.lines
        if layer is None or self._book.layer is None:
            return
        parts, colors = [], []
        shown = self._horizons.shown()
        place = self._book.place() if shown else None
        for one, found in shown:
            segments = self._segments(found.samples, place)
            parts.append(segments)
            colors += [self._horizons.color_of(one.name)] * len(segments)
        data = np.concatenate(parts) if parts else np.zeros((0, 2, self._book.layer.ndim))
        if not len(data) and not len(layer.data):
            return
        layer.data = data
        if colors:
            layer.edge_color = colors

    def _segments(self, samples: NDArray[np.float32], place: SectionReference | None) -> NDArray[np.float64]:
        """Return starts and directions of the pieces of a horizon's lines on the section in view."""
        ndim = samples.ndim + 1
        if samples.ndim > 1 and place is None:
            return np.zeros((0, 2, ndim))
        where = Plane(None) if samples.ndim == 1 or place is None else Plane(place.axis, place.index)
        down, right = axes_of(where, ndim, ndim - 1)
        found = [np.zeros((0, 2, ndim))]
        for line in lines(samples, where):
            pieces = np.zeros((len(line) - 1, 2, ndim))
            if where.axis is not None:
                pieces[:, 0, where.axis] = where.index
            pieces[:, 0, [down, right]], pieces[:, 1, [down, right]] = line[:-1], np.diff(line, axis=0)
            found.append(pieces)
        return np.concatenate(found)

    # The mouse -------------------------------------------------------------------------------------------------------

    def _listen(self, event: Any = None, *, wanted: bool | None = None) -> None:
        viewer, state = self._context.viewer, self._horizons.state
        if wanted is None:
            wanted = state.picking or state.erasing
        if wanted and self._clicked not in viewer.mouse_drag_callbacks:
            self._active = viewer.layers.selection.active
            if self.picks is None and self._book.layer is not None:
                self._make(self._book.layer.ndim)
            if self.picks is not None:
                # No brush paints where a pick is made, and Ctrl+Z takes picks back.
                viewer.layers.selection.active = self.picks
                self.picks.mode = "pan_zoom"
            viewer.mouse_drag_callbacks.append(self._clicked)
        elif not wanted and self._clicked in viewer.mouse_drag_callbacks:
            viewer.mouse_drag_callbacks.remove(self._clicked)
            if self._active is not None and self._active in viewer.layers:
                viewer.layers.selection.active = self._active
            self._active = None

    def _clicked(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        layer = self._book.layer
        if layer is None or viewer.dims.ndisplay != 2 or event.button != 1:
            return
        if self._horizons.state.erasing:
            yield from self._erased(event)
            return
        began = np.asarray(event.pos, np.float64)
        held = self._held(event.position)
        shift = "Shift" in event.modifiers
        if held is not None:
            # What is held is moved, and not the canvas.
            event.handled = True
        yield
        while event.type == "mouse_move":
            if held is not None:
                event.handled = True
            yield
        still = np.abs(np.asarray(event.pos) - began).max() <= _STILL
        trace, sample = self._place(event.position)
        if held is not None and still:
            if shift:
                self._horizons.unpick(held)
            return
        if held is not None:
            self._horizons.pick(trace, sample, moved=held)
        elif still and not shift:
            place = self._book.place()
            if place is not None and place.axis == layer.ndim - 1:
                self._context.messages.fail("Pick on an inline or a crossline: a slice shows no horizon from the side.")
                return
            self._horizons.pick(trace, sample)

    def _erased(self, event: Any) -> Generator[None, None, None]:
        """Erase along the way of the mouse."""
        path = [self._lateral(event.position)]
        event.handled = True  # the canvas stays where it is
        yield
        while event.type == "mouse_move":
            path.append(self._lateral(event.position))
            event.handled = True
            yield
        self._horizons.erase(np.array(path), self._horizons.state.reach)

    def _lateral(self, world: Any) -> list[float]:
        """Return the trace at a place of the canvas, in parts of one."""
        layer = self._book.layer
        assert layer is not None
        return [float(at) for at in np.asarray(layer.world_to_data(world), np.float64)[-layer.ndim : -1]]

    def _place(self, world: Any) -> tuple[tuple[int, ...], float]:
        """Return the trace and the sample at a place of the canvas."""
        layer = self._book.layer
        assert layer is not None
        index = np.asarray(layer.world_to_data(world), np.float64)[-layer.ndim :]
        return tuple(int(at) for at in np.rint(index[:-1])), float(index[-1])

    def _held(self, world: Any) -> tuple[int, ...] | None:
        """Return the trace of the chosen horizon's pick that lies under the mouse."""
        chosen, layer, viewer = self._horizons.chosen, self._book.layer, self._context.viewer
        if chosen is None or layer is None or not chosen.picks:
            return None
        place = self._book.place()
        shown = [axis - (viewer.dims.ndim - layer.ndim) for axis in viewer.dims.displayed]
        here = np.asarray(world, np.float64)[-layer.ndim :][shown]
        best, nearest = None, _NEAR
        for pick in chosen.picks:
            at = (*pick.trace, pick.sample)
            if place is not None and round(at[place.axis]) != place.index:
                continue
            there = np.asarray(layer.data_to_world(at), np.float64)[shown]
            apart = float(np.hypot(*(there - here)) * viewer.camera.zoom)
            if apart <= nearest:
                best, nearest = pick.trace, apart
        return best

    def _watch(self, tracking: bool) -> None:
        self._draw_lines()
        self._horizons.grown.emit()
        if tracking:
            QTimer.singleShot(_WATCHED_MS, self._watch_on)

    def _watch_on(self) -> None:
        if self._horizons.state.tracking:
            self._watch(True)

    def _remove(self) -> None:
        layers = self._context.viewer.layers
        for layer in (self.picks, self.lines):
            if layer is not None and layer in layers:
                layers.remove(layer)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.picks:
            self.picks = None
            self._horizons.state.picking = self._horizons.state.erasing = False
            if self.lines is not None and self.lines in self._context.viewer.layers:
                self._context.viewer.layers.remove(self.lines)
        elif event.value is self.lines:
            self.lines = None
            if self.picks is not None and self.picks in self._context.viewer.layers:
                self._context.viewer.layers.remove(self.picks)
