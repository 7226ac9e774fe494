"""The circle of the brush in the colour of the class that it paints with."""

from __future__ import annotations

import contextlib
from typing import Any

from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook


class BrushColor:
    """Colours the circle whenever it is shown, or another class is chosen.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose layer is painted on.
    """

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        # What a plugin's widget is given comes wrapped, so that it keeps to what is public.
        self._viewer: Any = getattr(context.viewer, "__wrapped__", context.viewer)
        self._book = book
        book.chosen.connect(self._colour)
        book.state.events.classes.connect(self._colour)
        # After the canvas, which makes the circle when it is first seen.
        self._viewer.cursor.events.style.connect(self._colour, position="last")

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._viewer.cursor.events.style, self._colour)

    def _colour(self, event: Any = None) -> None:
        layer = self._book.layer
        if layer is None:
            return
        color = layer.get_color(layer.selected_label)
        wanted = (1.0, 1.0, 1.0, 1.0) if color is None or not color[3] else tuple(float(part) for part in color)
        # The circle is napari's own affair: where it is made otherwise it stays white.
        with contextlib.suppress(AttributeError, KeyError, TypeError, RuntimeError):
            visuals = self._viewer.window._qt_viewer.canvas._viewer_overlay_to_visual
            for circle in visuals[self._viewer.canvas.overlays._brush_circle]:
                circle._white_circle.border_color = wanted
