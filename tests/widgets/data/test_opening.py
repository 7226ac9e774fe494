"""Files of neighbours are left to whoever reads them, and surveys come in by every door that is ours."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
import tifffile
import zarr
from npe2 import PluginManager
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QFileDialog
from rasterio.transform import from_origin

from napari_fhn import surveys
from napari_fhn.labels import ClassTable
from napari_fhn.project import Session
from napari_fhn.widgets.data import opening
from napari_fhn.widgets.exporting import writer

CELLS = np.arange(2 * 6 * 8, dtype=np.uint16).reshape(2, 6, 8)


def patterns(name):
    PluginManager.instance().discover()
    readers = PluginManager.instance().get_manifest(name).contributions.readers
    return {pattern for reader in readers for pattern in reader.filename_patterns}


@pytest.fixture
def files(tmp_path):
    tifffile.imwrite(tmp_path / "cells.tif", CELLS, imagej=True)
    np.save(tmp_path / "a.npy", CELLS)
    zarr.save(str(tmp_path / "cells.zarr"), CELLS)
    profile = {"driver": "GTiff", "width": 8, "height": 6, "count": 1, "dtype": "uint16", "crs": "EPSG:32632"}
    with rasterio.open(tmp_path / "map.tif", "w", **profile, transform=from_origin(5e5, 6e6, 10, 10)) as file:
        file.write(CELLS[:1])
    return tmp_path


def drop(viewer, *paths, keys=Qt.KeyboardModifier.NoModifier):
    """Let go of files over the canvas; True where the desk took them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, keys)
    filters = viewer.window._qt_window.findChildren(opening.CanvasDrops)
    assert len(filters) == 1
    return filters[0].eventFilter(None, event)


def test_no_suffix_of_napari_is_claimed_and_no_folder():
    # napari has .hdr in its list, and reads none of them: neither those of ENVI nor others.
    assert patterns("napari-fhn") & patterns("napari") == {"*.hdr"}
    readers = PluginManager.instance().get_manifest("napari-fhn").contributions.readers
    assert not any(reader.accepts_directories for reader in readers)


def test_files_of_neighbours_open_as_without_the_plugin(viewer, files):
    for name in ("cells.tif", "a.npy", "cells.zarr"):
        (layer,) = viewer.open(str(files / name))
        assert layer.source.reader_plugin == "napari", name
        np.testing.assert_array_equal(layer.data, CELLS)


def test_on_the_canvas_a_survey_is_told_from_a_picture(viewer, dock, files, spin):
    assert not drop(viewer, files / "cells.tif")
    assert not drop(viewer, files / "map.tif", files / "cells.tif"), "napari asks, as always"
    assert not drop(viewer, files / "map.tif", keys=Qt.KeyboardModifier.AltModifier)
    assert drop(viewer, files / "map.tif")
    assert spin(lambda: len(viewer.layers) == 1)
    assert viewer.layers[0].metadata["survey"].rio.crs.to_epsg() == 32632
    # It is ticked: what comes next is labels.
    assert dock.desk.data.state.chosen == (viewer.layers[0],)
    dock.close_desk()
    assert dock.drops._watched is None


def test_a_survey_that_came_as_plain_pixels_is_noticed(viewer, dock, files):
    viewer.open(str(files / "cells.tif"))
    assert dock.desk.messages.note == ""
    viewer.open(str(files / "map.tif"))
    assert dock.desk.messages.note == (
        "napari opened map.tif as plain pixels, without its place on the ground: Open … reads it as a survey."
    )


def test_whatever_it_is_called_it_opens_from_the_menu(viewer, files, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *said: ([str(files / "map.tif")], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *said: str(files / "bricks.zarr"))
    survey = surveys.open(files / "map.tif")
    surveys.save(files / "bricks.zarr", np.zeros(survey.shape[1:], np.uint8), survey)
    commands = PluginManager.instance().commands
    for name in ("open_survey", "open_survey_folder"):
        commands.get(f"napari-fhn.{name}")(viewer)
    assert [layer.name for layer in viewer.layers] == ["map", "bricks"]


def test_labels_are_saved_from_napari_with_the_codes_of_their_classes(viewer, files, monkeypatch):
    survey = surveys.open(files / "map.tif")
    session = Session(files / "session")
    with session.writing("a test"):
        session.set_classes(ClassTable.of_codes({10: "trees", 80: "water"}))
    values = np.zeros((6, 8), np.uint8)
    values[:2], values[4:] = 1, 2
    kept = {"grid": survey, "session": str(session.folder)}
    layer = viewer.add_labels(values, name="Labels", metadata=kept)
    (written,) = layer.save(str(files / "out.img"))
    with rasterio.open(written) as file:
        assert sorted(np.unique(file.read(1))) == [0, 10, 80]
    # Ours beside it goes with it; that of somebody else is not touched, for nobody was asked about it.
    assert layer.save(str(files / "out.img")) == [str(files / "out.img")]
    (files / "scene.hdr").write_text("theirs")
    refused = []
    with monkeypatch.context() as patch:
        patch.setattr(writer, "show_error", refused.append)
        with pytest.warns(UserWarning, match="did not return any written paths"):
            layer.save(str(files / "scene.img"))
    assert "scene.img: scene.hdr beside it, which another program wrote" in refused[0]
    assert (files / "scene.hdr").read_text() == "theirs"
    assert not (files / "scene.img").exists()
    plain = viewer.add_labels(values, name="plain")
    said = []
    monkeypatch.setattr(writer, "show_error", said.append)
    with pytest.warns(UserWarning, match="did not return any written paths"):
        assert plain.save(str(files / "plain.nc")) == []
    assert said[0].startswith("plain.nc: layer 'plain' lies on no survey")
    # What napari writes, napari goes on writing.
    for suffix in (".tif", ".npz"):
        found, _ = PluginManager.instance().get_writer(f"a{suffix}", ["labels"])
        assert found.plugin_name == "napari", suffix
