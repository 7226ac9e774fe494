"""Views beside the canvas: at one place, drawn of what is on the canvas, only when they are seen."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from napari.layers import Labels
from qtpy.QtGui import QFontMetricsF

from napari_fhn.labels import ClassTable, Well
from napari_fhn.widgets.labelling import class_layers
from napari_fhn.widgets.labelling.horizon_state import HorizonMap

rng = np.random.default_rng(1)


def picture(qtbot, pane):
    """What a pane shows, when it does."""
    qtbot.waitUntil(lambda: pane.image.image is not None, timeout=30_000)
    return pane.image.image


def test_the_other_sections_are_shown_at_the_place_and_a_click_goes_there(opened, volume, qtbot):
    viewer, views, _ = opened(volume)
    crossline, slice_ = views.sections[1], views.sections[2]
    qtbot.waitUntil(lambda: crossline.isVisible(), timeout=30_000)
    assert (views.sections[0].isVisible(), slice_.isVisible(), views.map.isVisible()) == (False, True, True)
    grey = picture(qtbot, crossline)[..., 0].astype(float)
    _, trace, _ = views._place.index
    shown = np.asarray(volume[:, trace]).T
    assert np.corrcoef(grey.ravel(), shown.ravel())[0, 1] > 0.95
    crossline.clicked.emit(3.0, 7.0)
    assert views._place.index == (3, trace, 7)
    assert viewer.dims.current_step[0] == 3
    qtbot.waitUntil(lambda: views.sections[2]._cross[1].value() == 3, timeout=30_000)
    x, y = views.map.frame.to_xy((8, 2))
    views.map.clicked.emit(x, y)
    assert views._place.index == (8, 2, 7)
    viewer.dims.order = (1, 2, 0)
    qtbot.waitUntil(lambda: views.sections[0].isVisible() and not crossline.isVisible(), timeout=30_000)


def test_classes_lie_over_the_data_and_a_change_of_looks_is_drawn(opened, volume, qtbot):
    viewer, views, _ = opened(volume)
    before = picture(qtbot, views.sections[1])
    values = np.zeros(volume.shape, np.uint8)
    values[:, :, 10:] = 1
    layer = class_layers.labels_layer(values, ClassTable.default(3), views._context.data.material.placement())
    viewer.add_layer(layer)
    pane = views.sections[1]
    qtbot.waitUntil(lambda: pane.image.image is not before, timeout=30_000)
    colours = np.ptp(pane.image.image[..., :3].astype(int), axis=-1)
    assert colours[:10].max() == 0 < colours[10:].min()
    covered = pane.image.image
    layer.visible = False
    qtbot.waitUntil(lambda: pane.image.image is not covered, timeout=30_000)
    np.testing.assert_array_equal(pane.image.image, before)


def test_a_fence_runs_through_the_wells_and_goes_again(opened, volume, qtbot):
    _, views, wells = opened(volume)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=30_000)
    assert not views.row.through.isEnabled()
    wells.state.wells = (Well("A", inline=101, crossline=302), Well("B", inline=108, crossline=320))
    views.row.through.click()
    qtbot.waitUntil(lambda: views.fence.isVisible(), timeout=30_000)
    length = np.hypot(*(views.map.frame.to_xy((8, 10)) - views.map.frame.to_xy((1, 1))))
    assert views.fence.fence.distances[-1] == pytest.approx(length)
    assert picture(qtbot, views.fence).shape[1] == len(views.fence.fence.traces)
    views.fence.clicked.emit(length, 5.0)
    assert views._place.index == (8, 10, 5)
    views.row.without.click()
    qtbot.waitUntil(lambda: not views.fence.isVisible(), timeout=30_000)


def test_a_fence_is_drawn_on_the_map(opened, volume, qtbot):
    _, views, _ = opened(volume)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=30_000)
    views.row.draw.click()
    index = views._place.index
    for corner in ((0, 0), (5, 11), (9, 0)):
        views.map.clicked.emit(*map(float, views.map.frame.to_xy(corner)))
    assert views._place.index == index  # while one draws a click goes nowhere
    views.map.finished.emit()
    assert np.round(views._context.views.fence).tolist() == [[0, 0], [5, 11], [9, 0]]
    assert not views.row.draw.isChecked()


def test_nothing_is_read_while_nobody_sees_it(opened, volume, qtbot, monkeypatch):
    viewer, views, _ = opened(volume, show=False)
    asked = []
    monkeypatch.setattr(views._latest, "ask", lambda name, *rest: asked.append(name))
    viewer.dims.set_point(0, 0.0)
    qtbot.wait(80)
    assert not asked
    views.show()
    qtbot.waitUntil(lambda: sorted(asked) == ["map", "section 1", "section 2"], timeout=30_000)
    asked.clear()
    viewer.dims.set_point(0, float(viewer.layers[0].data_to_world((5, 0, 0))[0]))
    qtbot.wait(120)
    assert asked == []  # crossline, slice and map are the same, only the cross has moved


def test_a_line_has_its_track_and_a_map_its_frame(opened, volume, qtbot):
    x = np.linspace(0, 900, 12)
    line = volume[0].drop_vars("inline").rename(crossline="trace").drop_vars("trace")
    line = line.assign_coords(x=("trace", x, {"units": "m"}), y=("trace", x / 2))
    _, views, _ = opened(line)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=30_000)
    assert not any(section.isVisible() for section in views.sections)
    assert views.row.map_shows.isHidden()  # of a line nothing but its track is drawn
    views.map.clicked.emit(float(x[7]), float(x[7] / 2))
    assert views._place.index[0] == 7
    fields = xr.DataArray(rng.random((2, 9, 8)), {"y": np.arange(9.0, 0, -1), "x": np.arange(8.0)}, ("band", "y", "x"))
    viewer, views, _ = opened(fields)
    views._state.map_shows = "horizon"  # as it was chosen for a volume: a map has none, and is drawn as it is
    first = picture(qtbot, views.map)
    assert [views.row.map_shows.itemData(k) for k in range(views.row.map_shows.count())] == ["all", "data", "classes"]
    assert views.row.map_shows.currentData() == "all"
    assert "wells" not in views.row.map_shows.toolTip()
    viewer.dims.set_point(0, 0 if viewer.dims.current_step[0] else 1)
    qtbot.waitUntil(lambda: views.map.image.image is not first, timeout=30_000)


def test_labels_of_another_grid_are_not_drawn(opened, volume, qtbot):
    viewer, views, _ = opened(volume)
    before = picture(qtbot, views.sections[1])
    viewer.add_layer(Labels(np.ones(volume.shape, np.uint8)))  # the same shape, and elsewhere
    pane = views.sections[1]
    qtbot.waitUntil(lambda: pane.image.image is not before, timeout=30_000)
    np.testing.assert_array_equal(pane.image.image, before)


def test_tracked_horizons_are_lines_on_sections_and_colours_on_the_map(opened, volume, qtbot):
    _, views, wells = opened(volume)
    samples = np.add.outer(np.arange(10.0), np.zeros(12)).astype(np.float32)  # as deep as the number of the inline
    samples[4] = np.nan
    views._horizons.tracked = [HorizonMap("Top", "#ffd166", samples, np.ones_like(samples), 4.0 * samples)]
    views._horizons.state.events.kept.emit(views._horizons.state.kept)
    crossline, slice_ = views.sections[1], views.sections[2]
    qtbot.waitUntil(lambda: bool(crossline._lines), timeout=30_000)
    x, y = crossline._lines[0].getData()
    np.testing.assert_array_equal(x, [0, 1, 2, 3, np.nan, 5, 6, 7, 8, 9])
    np.testing.assert_array_equal(y, x)
    views._place.go({2: 7})
    qtbot.waitUntil(lambda: bool(slice_._lines) and bool(len(slice_._lines[0].getData()[0])), timeout=30_000)
    assert set(slice_._lines[0].getData()[1]) == {7.0}  # inline 7 is where it comes through the slice
    views._state.map_shows = "horizon"
    qtbot.waitUntil(lambda: views.map.title.text().startswith("Top, 0 to 36 ms"), timeout=30_000)
    shown = views.map.image.image
    assert not shown[4].any()
    assert (shown[0, 0, :2] > shown[9, 0, :2]).all()  # from yellow to violet
    wells.state.wells = (Well("A", inline=101, crossline=302), Well("B", inline=108, crossline=320))
    views.row.through.click()
    qtbot.waitUntil(lambda: bool(views.fence._lines), timeout=30_000)
    along, down = views.fence._lines[0].getData()
    assert (along[0], down[0]) == (0, 1)
    views._horizons.tracked = []
    views._horizons.grown.emit()
    qtbot.waitUntil(lambda: crossline._lines[0].getData()[0] is None, timeout=30_000)


def test_the_mouse_on_one_view_is_followed_on_all_others(opened, volume, qtbot):
    viewer, views, _ = opened(volume)
    crossline, slice_ = views.sections[1], views.sections[2]
    qtbot.waitUntil(lambda: crossline.isVisible(), timeout=30_000)
    crossline.hovered.emit(3.0, 7.0)
    qtbot.waitUntil(lambda: slice_._mouse[0].isVisible(), timeout=30_000)
    _, trace, _ = views._place.index
    assert [line.value() for line in slice_._mouse] == [trace, 3.0]
    assert [line.value() for line in views.map._mouse] == pytest.approx([*views.map.frame.to_xy((3, trace))])
    assert not any(line.isVisible() for line in crossline._mouse)
    canvas = SimpleNamespace(position=viewer.layers[0].data_to_world((0, 5, 9)))
    views._place._mouse_moved(viewer, canvas)
    qtbot.waitUntil(lambda: crossline._mouse[1].isVisible(), timeout=30_000)
    assert crossline._mouse[1].value() == pytest.approx(9)
    views._place.point()
    qtbot.waitUntil(lambda: not slice_._mouse[0].isVisible(), timeout=30_000)


def test_numbers_of_the_map_are_written_however_long_they_are(opened, volume, qtbot):
    geometry = volume.attrs["geometry"]
    far = volume.assign_attrs(geometry=replace(geometry, origin=(614000.0, 5_330_000.0)))
    _, views, _ = opened(far)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=30_000)
    axis = views.map.plot.getPlotItem().getAxis("left")
    qtbot.waitUntil(lambda: bool(axis._tickLevels and axis._tickLevels[0]), timeout=30_000)
    words = [text for _, text in axis._tickLevels[0]]
    assert any(len(text) == 7 for text in words)
    assert axis.width() >= max(QFontMetricsF(axis.style["tickFont"]).horizontalAdvance(text) for text in words) + 8
