"""Coordinates, scale bars, north and units on the canvas, of maps and of slices."""

from __future__ import annotations

import numpy as np
import pytest
import rioxarray  # noqa: F401 - gives arrays their CRS
import xarray as xr
from qtpy.QtGui import QImage, QPainter

from napari_fhn.widgets.data.camera import CanvasView
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.data.rulers import Rulers
from napari_fhn.widgets.views.furniture import Furniture, value_unit


def field(y, x, crs, **attrs):
    values = np.random.default_rng(0).random((2, len(y), len(x)))
    coords = {"band": [1, 2], "y": y, "x": x, "band_unit": ("band", ["nT", "mGal"])}
    return xr.DataArray(values, coords, ("band", "y", "x"), attrs=attrs).rio.write_crs(crs)


def test_a_map_has_its_coordinates_a_bar_of_metres_and_north_upwards(parts):
    # Rows that run northwards: drawn the other way round, and their coordinates with them.
    desk = parts(field(np.arange(6000.0, 9000, 50), np.arange(2000.0, 6000, 50), "EPSG:32633"))
    viewer, data, state = desk.viewer, desk.context.data, desk.context.views
    viewer.scene.camera.zoom = 0.1  # a pixel is ten metres
    layer, canvas = viewer.layers[0], CanvasView(viewer, 400, 300)
    rulers, furniture = Rulers(viewer, data, state), Furniture(viewer, data, state)
    for displayed, axis, first in ((1, 2, 2000.0), (0, 1, 6000.0)):
        marks = rulers.marks(displayed, canvas)
        assert len(marks) > 1
        for at, words in marks:
            index = (canvas.world(displayed, at) - layer.translate[axis]) / layer.scale[axis]
            assert first + 50 * index == pytest.approx(float(words), abs=1e-6)
    across, down = furniture.bars(canvas)
    assert (across.words, across.pixels) == ("1 km", pytest.approx(100))
    assert down is None
    assert furniture.north(canvas) == pytest.approx((0, -1))
    assert value_unit(layer, viewer) in ("nT", "mGal")
    viewer.dims.set_point(0, 1)
    assert value_unit(layer, viewer) == "mGal"


def test_degrees_are_said_as_degrees(parts):
    desk = parts(field(np.arange(60.0, 59, -0.05), np.arange(10.0, 12, 0.05), "EPSG:4326"))
    viewer, data, state = desk.viewer, desk.context.data, desk.context.views
    canvas = CanvasView(viewer, 400, 300)
    across, _ = Furniture(viewer, data, state).bars(canvas)
    assert across.words.endswith("°")
    pixels = abs(viewer.layers[0].scale[2]) * canvas.zoom  # of a cell, which is a twentieth of a degree
    assert across.pixels == pytest.approx(float(across.words[:-1]) / 0.05 * pixels)
    assert all(words.endswith("°") for _, words in Rulers(viewer, data, state).marks(1, canvas))


def test_on_a_slice_of_a_turned_survey_north_is_where_it_is(parts, volume):
    desk = parts(volume)
    viewer, data, state = desk.viewer, desk.context.data, desk.context.views
    canvas = CanvasView(viewer, 400, 300)
    furniture = Furniture(viewer, data, state)
    assert furniture.north(canvas) is None  # on an inline
    viewer.dims.order = (2, 0, 1)
    right, down = furniture.north(canvas)
    # Inlines step by (20, 15), crosslines by (-6, 8): north is 15 of 25 along the one and 8 of 10 along the other.
    assert (down, right) == pytest.approx((0.6, 0.8))


def test_the_colours_are_those_of_the_map_that_is_seen(parts, monkeypatch):
    desk = parts(field(np.arange(6000.0, 9000, 50), np.arange(2000.0, 6000, 50), "EPSG:32633"))
    viewer, data = desk.viewer, desk.context.data
    below = viewer.layers[0]
    values, how, _ = image_layer(field(np.arange(6000.0, 9000, 50), np.arange(2000.0, 6000, 50), "EPSG:32633"), "cover")
    above = viewer.add_image(values, **how)
    data.state.chosen = (below,)
    drawn = []
    furniture = Furniture(viewer, data, desk.context.views)
    monkeypatch.setattr(furniture, "_draw_colours", lambda painter, canvas, layer: drawn.append(layer))
    image = QImage(400, 300, QImage.Format.Format_ARGB32)
    for visible, seen in ((True, above), (False, below)):
        above.visible = visible
        painter = QPainter(image)
        furniture.draw(painter, CanvasView(viewer, 400, 300))
        painter.end()
        assert drawn[-1] is seen is data.seen
