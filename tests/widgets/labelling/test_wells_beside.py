"""Wells beside the section in view."""

from __future__ import annotations

import numpy as np

from napari_fhn.labels import Interval, Well
from widgets.labelling.test_horizons import beds  # noqa: F401


def test_wells_near_the_section_are_seen_fainter_with_the_distance(beds, spin):  # noqa: F811
    viewer, dock = beds
    desk, panel = dock.desk, dock.labels.wells
    top = (Interval(1000.0, 1100.0, "class 1"),)
    wells = [Well("on it", 108, 305, top), Well("near", 110, 308, top), Well("far", 114, 312, top)]
    desk.labelling.wells.replace(wells, "three wells")
    assert spin(lambda: len(desk.labelling.wells.state.wells) == 3), desk.messages.message
    beside = desk.labelling.wells_beside
    assert beside.names is None
    panel.within.setValue(60)
    assert list(beside.names.features["name"]) == ["near · 50 m"]
    assert not dock.labels.adopt.isVisible()
    panel.within.setValue(200)
    assert list(beside.names.features["name"]) == ["near · 50 m", "far · 150 m"]
    assert beside.names.face_color[0, 3] > beside.names.face_color[1, 3]
    assert (np.asarray(beside.paths.data)[:, 0, 0] == 8).all()
    desk.book.go(0, 10)
    assert list(beside.names.features["name"]) == ["on it · 50 m", "far · 100 m"]
    desk.book.go(2, 5)
    assert beside.names is None
    desk.book.go(1, 8)
    assert desk.book.place().axis == 1
    assert list(beside.names.features["name"]) == ["on it · 75 m", "far · 100 m"]
    viewer.layers.remove(beside.paths)
    assert beside.names is None
    assert not [layer.name for layer in viewer.layers if "beside" in layer.name]
