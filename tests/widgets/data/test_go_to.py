"""The view on places that a person types."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.widgets.data.camera import CanvasView, bring_into_view, camera_of


def test_the_view_moves(viewer, dock):
    viewer.open_sample("napari-fhn", "seismic")
    layer, field, camera = viewer.layers[0], dock.data.go_to, camera_of(viewer)
    camera.zoom *= 20  # the place is out of sight
    assert field.edit.placeholderText().startswith("IL 1065 XL 2193")
    field.edit.setText("IL 1100 XL 2101 T 800")
    field.go()
    assert viewer.dims.current_step[0] == 99
    np.testing.assert_allclose(camera.center[-2:], np.array(layer.data_to_world((99, 50, 100)))[[2, 1]], rtol=1e-6)
    assert viewer.dims.current_step[1:] == (50, 100)  # where the views beside the canvas are
    assert field.answer.text().startswith("inline 1100, crossline 2101, 800 ms")
    # What was not named stays.
    field.edit.setText("inline 1010")
    field.go()
    assert viewer.dims.current_step[0] == 9
    assert field.answer.text().startswith("inline 1010, crossline 2101, 800 ms")
    field.edit.setText("inline 1")
    field.go()
    assert "outside" in field.answer.text()
    assert viewer.dims.current_step[0] == 9


def test_a_place_that_is_seen_is_pointed_at_and_the_view_left_alone(viewer, dock):
    viewer.open_sample("napari-fhn", "seismic")
    field, camera, heard = dock.data.go_to, camera_of(viewer), []
    dock.desk.context.views.arrived.connect(heard.append)
    before = tuple(camera.center)
    field.edit.setText("IL 1010 XL 2151 T 600")
    field.go()
    assert tuple(camera.center) == before
    assert viewer.dims.current_step == (9, 75, 50)
    assert len(heard) == 1
    field.edit.setText("inline 1011")
    field.go()
    assert len(heard) == 1  # all of a section is no place on it
    # At the very edge of the canvas a place is hardly seen.
    canvas = CanvasView.of(viewer)
    row, column = viewer.dims.displayed
    edge = {row: canvas.world(0, canvas.height / 2), column: canvas.world(1, canvas.width - 1.0)}
    assert not canvas.sees(edge)
    assert bring_into_view(viewer, edge)
    assert not bring_into_view(viewer, edge)


@pytest.mark.parametrize("perspective", [0.0, 40.0])
@pytest.mark.parametrize("orientation", [("towards", "down", "right"), ("away", "down", "right")])
def test_places_are_known_where_napari_draws_them_in_3d(own_viewer, viewer, qapp, perspective, orientation):
    viewer.window._qt_window.show()
    viewer.add_image(np.zeros((10, 12, 20), np.float32), scale=(2, 3, 1))
    viewer.dims.ndisplay = 3
    camera = camera_of(viewer)
    camera.perspective, camera.orientation, camera.angles, camera.center = (
        perspective,
        orientation,
        (30, 20, 50),
        (9, 15, 8),
    )
    qapp.processEvents()
    places = np.array([[0, 0, 0], [18, 33, 19], [10, 30, 5]], np.float64)
    drawn = viewer.window._qt_viewer.canvas
    mapped = drawn.view.scene.node_transform(drawn._scene_canvas.scene).map(places[:, ::-1])
    canvas = CanvasView.of(viewer)
    np.testing.assert_allclose(canvas.pixels(places), mapped[:, :2] / mapped[:, 3:], atol=0.1)
    camera.orientation = ("towards", "down", "right")


def test_in_3d_the_planes_go_there_too(own_viewer, viewer, dock):
    viewer.open_sample("napari-fhn", "seismic")
    dock.view.buttons["3D"].click()
    camera = camera_of(viewer)
    before = tuple(camera.center)
    dock.data.go_to.edit.setText("IL 1010 XL 2151 T 600")
    dock.data.go_to.go()
    assert dock.desk.beside.place.index == (9, 75, 50)
    assert tuple(camera.center) == before


def test_a_band_is_gone_to_by_its_wavelength(viewer, dock):
    viewer.open_sample("napari-fhn", "hyperspectral")
    dock.data.go_to.edit.setText("650 nm")
    dock.data.go_to.go()
    waves = np.asarray(viewer.layers[0].data["wavelength"])
    assert viewer.dims.current_step[0] == int(np.argmin(np.abs(waves - 650)))


def test_without_a_survey_there_is_nowhere_to_go(viewer, dock):
    assert not dock.data.go_to.isEnabled()
    viewer.add_image(np.zeros((4, 5, 6)))
    dock.data.go_to.edit.setText("inline 3")
    dock.data.go_to.go()
    assert "Open a survey" in dock.data.go_to.answer.text()
