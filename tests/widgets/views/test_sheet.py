"""The sheet over the canvas."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from qtpy.QtWidgets import QWidget

from napari_fhn.widgets.data.camera import CanvasView
from napari_fhn.widgets.views import arrival
from napari_fhn.widgets.views.arrival import Arrival
from napari_fhn.widgets.views.sheet import Sheet
from napari_fhn.widgets.views.state import ViewState


def test_what_a_layer_was_drawn_with_is_deleted_in_the_context_of_the_canvas(qapp):
    # napari deletes it at once, in whichever context is current, and drawing after that could end the program.
    heard = []

    class Canvas(QWidget):
        def makeCurrent(self):
            heard.append("current")

    viewer, canvas = ViewerModel(), Canvas()
    viewer.layers.events.removed.connect(lambda event: heard.append("removed"))
    sheet = Sheet(viewer, canvas)
    layer = viewer.add_image(np.zeros((4, 4)))
    viewer.layers.remove(layer)
    assert heard == ["current", "removed"]
    sheet.close_sheet()
    viewer.layers.remove(viewer.add_image(np.zeros((4, 4))))
    assert heard == ["current", "removed", "removed"]


def test_a_place_that_is_gone_to_is_pointed_at_for_a_moment(qapp, qtbot, monkeypatch):
    monkeypatch.setattr(arrival, "_SHOWN_MS", 50)
    viewer, drawn = ViewerModel(), []
    viewer.add_image(np.zeros((4, 8, 8)))
    state = ViewState()
    ring = Arrival(viewer, state, lambda: drawn.append(1))
    viewer.dims.set_point([0, 1, 2], [2.0, 3.0, 5.0])
    state.arrived.emit({0: 2.0, 1: 3.0, 2: 5.0})
    canvas = CanvasView.of(viewer)
    assert ring.ring(canvas) == (canvas.pixel(1, 5.0), canvas.pixel(0, 3.0))
    viewer.dims.set_point(0, 1.0)
    assert ring.ring(canvas) is None  # it lies on another section
    viewer.dims.set_point(0, 2.0)
    assert ring.ring(canvas) is not None
    qtbot.waitUntil(lambda: len(drawn) == 2)
    assert ring.ring(canvas) is None
    ring.close()
