"""Views beside the canvas: at one place, drawn of what is on the canvas, only when they are seen."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from napari.layers import Labels

from napari_fhn.labels import ClassTable, Well
from napari_fhn.widgets.labelling import class_layers

rng = np.random.default_rng(1)


def picture(qtbot, pane):
    """What a pane shows, when it does."""
    qtbot.waitUntil(lambda: pane.image.image is not None, timeout=5000)
    return pane.image.image


def test_the_other_sections_are_shown_at_the_place_and_a_click_goes_there(opened, volume, qtbot):
    viewer, views, _ = opened(volume)
    crossline, slice_ = views.sections[1], views.sections[2]
    qtbot.waitUntil(lambda: crossline.isVisible(), timeout=5000)
    assert (views.sections[0].isVisible(), slice_.isVisible(), views.map.isVisible()) == (False, True, True)
    grey = picture(qtbot, crossline)[..., 0].astype(float)
    _, trace, _ = views._place.index
    shown = np.asarray(volume[:, trace]).T
    assert np.corrcoef(grey.ravel(), shown.ravel())[0, 1] > 0.95
    crossline.clicked.emit(3.0, 7.0)
    assert views._place.index == (3, trace, 7)
    assert viewer.dims.current_step[0] == 3
    before = views.sections[2].image.image
    qtbot.waitUntil(lambda: views.sections[2].image.image is not before, timeout=5000)
    assert views.sections[2]._cross[1].value() == 3
    x, y = views.map.frame.to_xy((8, 2))
    views.map.clicked.emit(x, y)
    assert views._place.index == (8, 2, 7)
    viewer.dims.order = (1, 2, 0)
    qtbot.waitUntil(lambda: views.sections[0].isVisible() and not crossline.isVisible(), timeout=5000)


def test_classes_lie_over_the_data_and_a_change_of_looks_is_drawn(opened, volume, qtbot):
    viewer, views, _ = opened(volume)
    before = picture(qtbot, views.sections[1])
    values = np.zeros(volume.shape, np.uint8)
    values[:, :, 10:] = 1
    layer = class_layers.labels_layer(values, ClassTable.default(3), views._context.data.material.placement())
    viewer.add_layer(layer)
    pane = views.sections[1]
    qtbot.waitUntil(lambda: pane.image.image is not before, timeout=5000)
    colours = np.ptp(pane.image.image[..., :3].astype(int), axis=-1)
    assert colours[:10].max() == 0 < colours[10:].min()
    covered = pane.image.image
    layer.visible = False
    qtbot.waitUntil(lambda: pane.image.image is not covered, timeout=5000)
    np.testing.assert_array_equal(pane.image.image, before)


def test_a_fence_runs_through_the_wells_and_goes_again(opened, volume, qtbot):
    _, views, wells = opened(volume)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=5000)
    assert not views.through.isEnabled()
    wells.state.wells = (Well("A", inline=101, crossline=302), Well("B", inline=108, crossline=320))
    views.through.click()
    qtbot.waitUntil(lambda: views.fence.isVisible(), timeout=5000)
    length = np.hypot(*(views.map.frame.to_xy((8, 10)) - views.map.frame.to_xy((1, 1))))
    assert views.fence.fence.distances[-1] == pytest.approx(length)
    assert picture(qtbot, views.fence).shape[1] == len(views.fence.fence.traces)
    views.fence.clicked.emit(length, 5.0)
    assert views._place.index == (8, 10, 5)
    views.without.click()
    qtbot.waitUntil(lambda: not views.fence.isVisible(), timeout=5000)


def test_a_fence_is_drawn_on_the_map(opened, volume, qtbot):
    _, views, _ = opened(volume)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=5000)
    views.draw.click()
    index = views._place.index
    for corner in ((0, 0), (5, 11), (9, 0)):
        views.map.clicked.emit(*map(float, views.map.frame.to_xy(corner)))
    assert views._place.index == index  # while one draws a click goes nowhere
    views.map.finished.emit()
    assert np.round(views._context.views.fence).tolist() == [[0, 0], [5, 11], [9, 0]]
    assert not views.draw.isChecked()


def test_nothing_is_read_while_nobody_sees_it(opened, volume, qtbot, monkeypatch):
    viewer, views, _ = opened(volume, show=False)
    asked = []
    monkeypatch.setattr(views._latest, "ask", lambda name, *rest: asked.append(name))
    viewer.dims.set_point(0, 0.0)
    qtbot.wait(80)
    assert not asked
    views.show()
    qtbot.waitUntil(lambda: sorted(asked) == ["map", "section 1", "section 2"], timeout=5000)
    asked.clear()
    viewer.dims.set_point(0, float(viewer.layers[0].data_to_world((5, 0, 0))[0]))
    qtbot.wait(120)
    assert asked == []  # crossline, slice and map are the same, only the cross has moved


def test_a_line_has_its_track_and_a_map_its_frame(opened, volume, qtbot):
    x = np.linspace(0, 900, 12)
    line = volume[0].drop_vars("inline").rename(crossline="trace").drop_vars("trace")
    line = line.assign_coords(x=("trace", x, {"units": "m"}), y=("trace", x / 2))
    _, views, _ = opened(line)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=5000)
    assert not any(section.isVisible() for section in views.sections)
    views.map.clicked.emit(float(x[7]), float(x[7] / 2))
    assert views._place.index[0] == 7
    fields = xr.DataArray(rng.random((2, 9, 8)), {"y": np.arange(9.0, 0, -1), "x": np.arange(8.0)}, ("band", "y", "x"))
    viewer, views, _ = opened(fields)
    first = picture(qtbot, views.map)
    viewer.dims.set_point(0, 0 if viewer.dims.current_step[0] else 1)
    qtbot.waitUntil(lambda: views.map.image.image is not first, timeout=5000)


def test_labels_of_another_grid_are_not_drawn(opened, volume, qtbot):
    viewer, views, _ = opened(volume)
    before = picture(qtbot, views.sections[1])
    viewer.add_layer(Labels(np.ones(volume.shape, np.uint8)))  # the same shape, and elsewhere
    pane = views.sections[1]
    qtbot.waitUntil(lambda: pane.image.image is not before, timeout=5000)
    np.testing.assert_array_equal(pane.image.image, before)
