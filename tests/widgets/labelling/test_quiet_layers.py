"""Layers of paths and points are drawn again wherever something else of them is seen, or elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Points, Shapes

from napari_fhn.widgets.labelling.quiet_layers import keep_quiet


@pytest.mark.parametrize("kind", ["paths", "points"])
def test_what_is_seen_elsewhere_is_drawn_again(kind):
    viewer = ViewerModel()
    viewer.add_layer(Image(np.zeros((6, 7, 8), np.float32)))
    if kind == "paths":
        layer = Shapes([np.array([[2, 3, 0], [2, 3, 7]])], ndim=3, shape_type="path")
    else:
        layer = Points([[2, 3, 4]], ndim=3, size=0.5)
    keep_quiet(viewer, layer)
    viewer.add_layer(layer)
    drawn = []
    layer.events.set_data.connect(lambda event: drawn.append(viewer.dims.order))

    def told(change):
        drawn.clear()
        change()
        return bool(drawn)

    viewer.dims.order = (0, 2, 1)
    viewer.dims.set_current_step(0, 5)
    assert told(lambda: viewer.dims.set_current_step(0, 2))
    assert told(viewer.dims.transpose)  # the same ones, the section turned over
    assert told(viewer.dims.transpose)
    assert told(lambda: viewer.dims.set_current_step(0, 3))
    assert not told(lambda: viewer.dims.set_current_step(0, 4))
    assert told(lambda: setattr(viewer.dims, "ndisplay", 3))
    assert told(lambda: setattr(viewer.dims, "ndisplay", 2))
