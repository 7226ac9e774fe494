"""The sheet over the canvas."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from qtpy.QtWidgets import QWidget

from napari_fhn.widgets.views.sheet import Sheet


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
