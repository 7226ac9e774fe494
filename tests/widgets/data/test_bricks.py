"""Large surveys in the viewer: a copy is offered, made, and read from."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.surveys.bricks import whole as module


@pytest.fixture
def large(viewer, dock, monkeypatch):
    """The bundled survey, taken for a large one."""
    monkeypatch.setattr(module, "LARGE_BYTES", 1000)
    viewer.open_sample("napari-fhn", "seismic")
    return dock


def test_small_surveys_are_left_alone(viewer, dock):
    viewer.open_sample("napari-fhn", "seismic")
    assert not dock.desk.bricks.state.offered
    assert dock.data.bricks.isHidden()


def test_a_copy_is_offered_made_and_read_from(viewer, large, spin):
    desk, panel = large.desk, large.data.bricks
    assert not panel.isHidden()
    assert "time slices are slow" in panel.words.text()
    layer = viewer.layers[0]
    before = np.asarray(layer.data[:, :, 40])
    panel.make.click()
    assert spin(lambda: desk.bricks.state.ready, 60), desk.messages.message
    assert "bricks" in layer.data.attrs
    assert desk.data.material.first.attrs["bricks"].endswith(".zarr")
    np.testing.assert_array_equal(np.asarray(layer.data[:, :, 40]), before)
    np.testing.assert_array_equal(np.asarray(layer.data[5]), np.asarray(layer.metadata["survey"][5]))
    assert panel.isHidden()
    # Whoever opens the survey again finds the copy.
    viewer.layers.clear()
    viewer.open_sample("napari-fhn", "seismic")
    assert desk.bricks.state.ready
    assert "bricks" in viewer.layers[0].data.attrs


def test_a_copy_is_cancelled_and_goes_on(large, spin, monkeypatch):
    desk = large.desk
    steps = iter(range(1, 4))

    def slow(survey, path, *, stop):
        for k in steps:
            yield module.Copied(k, 3)
            stop.wait(5)
            if stop.is_set():
                return

    monkeypatch.setattr(module, "copy_bricks", slow)
    desk.bricks.copy()
    assert spin(lambda: desk.bricks.share > 0)
    assert not large.data.bricks.cancel.isHidden()
    large.data.bricks.cancel.click()
    assert spin(lambda: not desk.bricks.state.copying)
    assert "goes on from there" in desk.messages.message
    assert desk.bricks.state.offered
