"""The view on places that a person types."""

from __future__ import annotations

import numpy as np


def test_the_view_moves(viewer, dock):
    viewer.open_sample("napari-fhn", "seismic")
    layer, field = viewer.layers[0], dock.data.go_to
    assert field.edit.placeholderText().startswith("IL 1065 XL 2193")
    field.edit.setText("IL 1100 XL 2101 T 800")
    field.go()
    assert viewer.dims.current_step[0] == 99
    np.testing.assert_allclose(
        viewer.scene.camera.center[-2:], np.array(layer.data_to_world((99, 50, 100)))[[2, 1]], rtol=1e-6
    )
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
