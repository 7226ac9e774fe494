"""Wells on the canvas and in their log."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_fhn.widgets.labelling.wells_layer import INK


@pytest.fixture
def seismic(viewer, dock, spin):
    viewer.open_sample("napari-fhn", "seismic")
    dock.labels.load.click()
    assert spin(lambda: len(dock.desk.labelling.wells.state.wells) == 6), dock.desk.messages.message
    dock.labels.tools.open("Wells")
    return dock


def layer(viewer, name):
    return next(one for one in viewer.layers if one.name == name)


def drag(viewer, dragging, points, number, by):
    """Move a ring as the mouse does, with the label layer chosen: down on it, over to another trace, and up."""
    viewer.dims.set_point(0, float(points.data_to_world(points.data[number])[0]))
    here = np.array(points.data_to_world(points.data[number]))
    there = here + np.array([*by, 0]) * points.scale
    event = SimpleNamespace(type="mouse_press", position=here, modifiers=(), button=1)
    assert dragging.drag in viewer.mouse_drag_callbacks
    following = dragging.drag(viewer, event)
    next(following)
    assert not viewer.layers.selection.active.mouse_pan
    event.type, event.position = "mouse_move", there
    next(following)
    event.type = "mouse_release"
    assert next(following, None) is None
    assert viewer.layers.selection.active.mouse_pan


def test_paths_are_drawn_anew_only_where_another_well_is_on_the_section(viewer, seismic):
    paths, rings = layer(viewer, "Well paths"), layer(viewer, "Wells")
    drawn, told = [], Counter()
    paths.events.set_data.connect(lambda event: drawn.append(viewer.dims.current_step[0]))
    for one in viewer.layers:
        one.events.set_data.connect(lambda event, name=one.name: told.update([name]))
    at = sorted({round(place[0]) for place in seismic.desk.labelling.wells.places().values()})
    pages = range(max(at[0] - 3, 0), at[1] + 4)
    for page in pages:
        viewer.dims.set_current_step(0, page)
    # On a section with a well, and on the one after it, where it is gone.
    changes = {page for page in pages for well in at[:2] if page in (well, well + 1)}
    assert set(drawn) <= changes | {pages[0]}
    assert set(at[:2]) <= set(drawn)
    # Rings grow and shrink as one comes by; out of their reach nothing of the wells is drawn, all else once a page.
    assert max(told.values()) <= len(pages), told
    far = [page for page in range(viewer.dims.nsteps[0]) if min(abs(page - one) for one in at) > rings.size.max()]
    assert len(far) > 3
    viewer.dims.set_current_step(0, far[0])
    told.clear()
    for page in far[1:4]:
        viewer.dims.set_current_step(0, page)
    assert set(told.values()) == {3}
    assert not {"Wells", "Well paths"} & set(told)
    before = rings.data.copy()
    rings.data = before + 1.0
    assert told["Wells"]
    viewer.dims.order = (1, 2, 0)
    before = len(drawn)
    paths.refresh()
    assert len(drawn) > before  # nobody else is held up


def test_names_are_read_over_white_and_black():
    def light(color):
        parts = [part / 255 for part in bytes.fromhex(color[1:])]
        linear = [part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    for ground in ("#ffffff", "#000000"):
        one, other = sorted((light(INK), light(ground)))
        assert (other + 0.05) / (one + 0.05) >= 4.5  # what is asked for of text on web pages


def test_wells_are_shown_dragged_added_and_removed(viewer, seismic, spin):
    wells, book = seismic.desk.labelling.wells, seismic.desk.book
    points = layer(viewer, "Wells")
    assert list(points.features["name"]) == [f"W-{k}" for k in range(1, 7)]
    assert len(layer(viewer, "Well paths").data) == 6
    place = wells.places()["W-1"]
    np.testing.assert_allclose(points.data[0][:2], np.rint(place))
    data = np.array(points.data)
    place_of_second = data[1, 1]
    data[0, :2] += (10, 12)
    points.data = data
    assert spin(lambda: np.abs(np.array(wells.places()["W-1"]) - data[0, :2]).max() <= 1)
    assert (np.asarray(book.layer.data)[tuple(data[0, :2].astype(int))] != 0).any()
    drag(viewer, seismic.desk.labelling.wells_layer._dragging, points, 1, (0, 9))
    assert spin(lambda: abs(wells.places()["W-2"][1] - points.data[1][1]) <= 1)
    assert points.data[1][1] == pytest.approx(place_of_second + 9)
    points.add([[64, 96, 20]])
    assert spin(lambda: len(wells.state.wells) == 7)
    assert not np.asarray(book.layer.data)[64, 96].any()
    seismic.labels.wells.list.setCurrentRow(6)
    log = seismic.labels.wells.log
    assert not log.isHidden()
    log.classes.setCurrentText("Salt")
    log._reclassed()
    assert spin(lambda: (np.asarray(book.layer.data)[64, 96] == 7).sum() >= 159)
    log._split()
    assert spin(lambda: len(wells.state.wells[-1].intervals) == 2)
    log._dragged(1, 500.0)
    assert spin(lambda: wells.state.wells[-1].intervals[0].base_ms == 500.0)
    log.base.setValue(600.0)
    assert spin(lambda: wells.state.wells[-1].intervals[0].base_ms == 600.0)
    assert wells.state.wells[-1].intervals[1].top_ms == 600.0
    QTest.keyClick(log.plot, Qt.Key.Key_Down)
    assert (log.top.value(), log.top.suffix()) == (600.0, " ms")
    log.top.setValue(wells.span()[0])  # where the interval above begins: it would be empty
    assert log.top.value() == 600.0
    assert spin(lambda: log._trace.getData()[0] is not None)
    drawn, axis = log._trace.getData()
    trace = np.asarray(viewer.layers[0].data[64, 96])
    np.testing.assert_allclose((drawn - 0.5) / 0.45, trace / np.abs(trace).max(), atol=1e-6)
    assert (axis[0], axis[-1]) == wells.span()
    seismic.labels.wells.remove.click()
    assert spin(lambda: len(wells.state.wells) == 6)
    assert not np.asarray(book.layer.data)[64, 96].any()


def test_a_fall_off_writes_weights_that_training_reads(seismic, spin):
    desk = seismic.desk
    desk.labelling.wells.set_fall_off(2.0)
    assert spin(lambda: desk.labelling.wells.state.fall_off == 2.0)
    weights, values = np.load(desk.session.weights), np.asarray(desk.book.layer.data)
    assert ((weights > 0) == (values > 0)).all()
    assert weights.max() == 100
    assert weights[weights > 0].min() < 50
    desk.labelling.wells.set_fall_off(0.0)
    assert spin(lambda: desk.labelling.wells.state.fall_off is None)
    assert not np.load(desk.session.weights).any()
    # What is taken back has the weights that it had, and what is made again has none.
    desk.book.history.undo()
    assert spin(lambda: np.array_equal(np.load(desk.session.weights), weights))
    desk.book.history.redo()
    assert spin(lambda: not np.load(desk.session.weights).any())


def test_what_is_held_out_is_listed_and_chosen(viewer, seismic, spin, monkeypatch):
    panel, book = seismic.labels.held_out, seismic.desk.book
    monkeypatch.setattr(panel, "isVisible", lambda: True)
    seismic.network.held_out.value = 1
    panel._find()

    def ticked_ones():
        items = [panel.list.item(k) for k in range(panel.list.count())]
        return [k for k, item in enumerate(items) if item.checkState() == item.checkState().Checked]

    # A search that began before anything was to be held out may end first.
    assert spin(lambda: panel.list.count() == 6 and len(ticked_ones()) == 1)
    assert "Well W-" in panel.list.item(0).text()
    ticked = ticked_ones()
    other = (ticked[0] + 1) % 6
    panel.list.item(other).setCheckState(panel.list.item(0).checkState().Checked)
    assert len(book.state.held) == book.state.held_out == 2
    orange = sum(tuple(np.round(c[:3], 2)) == (0.9, 0.62, 0.0) for c in layer(viewer, "Wells").face_color)
    assert orange == 2
    panel.automatic.click()
    assert book.state.held is None


def test_names_go_to_the_slice_in_view_and_to_the_top_of_their_wells_in_3d(own_viewer, viewer, seismic, spin):
    viewer.window.show()
    rings, turning = layer(viewer, "Wells"), seismic.desk.turning
    ways = {view.title: view for view in turning.views()}
    tops = rings.data[:, -1].copy()
    for _ in (1, 2):
        turning.show(ways["Time slice"])
        turning.step_to(40)
        assert (rings.data[:, -1] == 40).all()
        turning.show(ways["3D"])
        assert spin(lambda: seismic.desk.scene.planes is not None, 10)
        np.testing.assert_array_equal(rings.data[:, -1], tops)
        turning.plane = 2
        turning.step_to(25)  # a plane is moved, and the wells end where they did
        np.testing.assert_array_equal(rings.data[:, -1], tops)
        turning.show(ways["Time slice"])
        assert (rings.data[:, -1] == turning.index).all()
        turning.show(ways["Inline"])
        np.testing.assert_array_equal(rings.data[:, -1], tops)
    viewer.dims.ndisplay = 3  # by napari's own button
    np.testing.assert_array_equal(rings.data[:, -1], tops)
