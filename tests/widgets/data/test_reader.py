"""What opens, how it lies on the canvas, and what is said about files that do not open."""

from __future__ import annotations

import importlib

import napari.utils.notifications as notifications
import numpy as np
import pytest
from npe2 import PluginManager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_fhn import sample_data
from napari_fhn.surveys import drawing
from napari_fhn.widgets import door
from napari_fhn.widgets.data import placement, reader
from napari_fhn.widgets.data.opening import open_surveys
from napari_fhn.widgets.dock import Dock


def test_seismic_stands_upright_with_time_downwards(viewer):
    viewer.open(str(sample_data.SEISMIC.survey), plugin="napari-fhn")
    (layer,) = viewer.layers
    assert viewer.dims.order == (0, 2, 1)
    assert layer.axis_labels == ("inline", "crossline", "twt")
    assert layer.scale[2] == pytest.approx(4)
    assert layer.translate[2] == pytest.approx(400)
    assert str(layer.units[2]) == "millisecond"
    assert layer.scale[1] == pytest.approx(12.5 / drawing.VERTICAL_EXAGGERATION, rel=1e-3)
    low, high = layer.contrast_limits
    assert low == -high < 0
    section = np.asarray(layer._slice.image.raw)
    np.testing.assert_array_equal(section, np.asarray(layer.data[viewer.dims.current_step[0]]).T)


def test_a_turned_view_is_left_alone(viewer):
    viewer.add_image(np.zeros((4, 5, 6)))
    viewer.dims.order = (1, 2, 0)
    placement.stand_upright(viewer)
    assert viewer.dims.order == (1, 2, 0)


def test_text_renamed_segy_is_refused_in_a_sentence(viewer, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(reader, "show_error", said.append)
    path = tmp_path / "notes.sgy"
    path.write_text("these are notes\n" * 400)
    assert viewer.open(str(path), plugin="napari-fhn") == []
    assert len(viewer.layers) == 0
    (sentence,) = said
    assert sentence.startswith("notes.sgy: ")
    assert not [n for n in notifications.notification_manager.records if "Traceback" in n.message]


def test_only_surveys_are_claimed(tmp_path):
    other = tmp_path / "photo.tif"
    other.write_bytes(b"not a tiff")
    assert reader.get_reader(str(other)) is None
    assert reader.get_reader(str(sample_data.HYPERSPECTRAL.dates[0])) is reader.read
    assert reader.get_reader([str(sample_data.SEISMIC.survey), str(other)]) is None


def test_bad_bands_are_out_of_sight_and_still_there(viewer):
    viewer.open_sample("napari-fhn", "hyperspectral")
    assert len(viewer.layers) == 2
    for layer in viewer.layers:
        assert layer.data.shape == (62, 112, 128)
        assert layer.metadata["survey"].shape == (64, 112, 128)
        assert layer.axis_labels == ("band", "y", "x")
    assert viewer.dims.order == (0, 1, 2)


def test_the_manifest_is_complete():
    manifest = PluginManager.instance().get_manifest("napari-fhn")
    assert {sample.key for sample in manifest.contributions.sample_data} == {"seismic", "hyperspectral", "f3", "usa"}
    for command in manifest.contributions.commands:
        module, name = command.python_name.split(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_what_takes_a_moment_to_import_has_a_busy_cursor(qapp):
    assert door.Dock is Dock
    assert qapp.overrideCursor().shape() == Qt.CursorShape.WaitCursor
    qapp.processEvents()
    assert qapp.overrideCursor() is None
    with pytest.raises(AttributeError, match="no attribute 'dock'"):
        _ = door.dock


def test_what_holds_the_window_up_has_a_busy_cursor(viewer, dock, spin):
    told = []
    viewer.layers.events.inserted.connect(
        lambda event: told.append((event.value.name, QApplication.overrideCursor() is not None))
    )
    open_surveys(viewer, [sample_data.SEISMIC.survey])
    spin(lambda: False, 0.05)
    assert QApplication.overrideCursor() is None
    dock.labels.load.click()
    assert spin(lambda: "wells are labels" in dock.desk.messages.message, 60)
    assert {name for name, _ in told} >= {"Labels", "Prediction", "Wells", "Well paths"}
    assert [name for name, busy in told if not busy] == []
    assert spin(lambda: QApplication.overrideCursor() is None)


def test_what_other_readers_know_is_left_to_them(tmp_path):
    (tmp_path / "photo.jp2").write_bytes(b"no")
    (tmp_path / "notes.mat").write_text("no")
    (tmp_path / "empty.zarr").mkdir()
    (tmp_path / "folder.sgy").mkdir()
    for path in tmp_path.iterdir():
        assert reader.get_reader(str(path)) is None, path


def test_chunked_arrays_are_not_read_to_be_ticked(viewer):
    import dask.array as da

    from napari_fhn.widgets.data.material import survey_of

    def block(block_info=None):
        raise AssertionError("read")

    layer = viewer.add_image(da.zeros((4, 5, 6), chunks=(1, 5, 6)), name="chunked")
    layer._data = da.map_blocks(block, chunks=((1,) * 4, (5,), (6,)), dtype=np.float32, meta=np.zeros((0, 0, 0)))
    assert survey_of(layer).shape == (4, 5, 6)


def test_sessions_are_found_again_by_file_and_never_shared_by_arrays(tmp_path):
    import xarray as xr

    from napari_fhn.widgets.folders import session_folder

    file = xr.DataArray(np.zeros((2, 3)), attrs={"source": "/a/b.sgy"})
    assert session_folder(file, tmp_path) == session_folder(file.copy(), tmp_path)
    assert session_folder(file[:1], tmp_path) != session_folder(file, tmp_path)
    array = xr.DataArray(np.zeros((2, 3)), name="Image")
    assert session_folder(array, tmp_path) != session_folder(array, tmp_path)
