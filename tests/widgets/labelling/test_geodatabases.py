"""A file geodatabase is a folder: it comes in wherever a file of shapes does."""

from __future__ import annotations

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QFileDialog
from rasterio.transform import from_origin

from napari_fhn.widgets.data import opening, reader
from napari_fhn.widgets.data.data_panel import DataPanel
from napari_fhn.widgets.labelling.label_panel import LabelPanel


@pytest.fixture
def mapped(viewer, dock, tmp_path):
    """A map on the desk, and a geodatabase with two shapes on it."""
    profile = {"driver": "GTiff", "width": 20, "height": 16, "count": 1, "dtype": "float32", "crs": "EPSG:32632"}
    with rasterio.open(tmp_path / "map.tif", "w", **profile, transform=from_origin(5e5, 6e6, 30, 30)) as file:
        file.write(np.random.default_rng(0).random((1, 16, 20)).astype(np.float32))
    opening.open_surveys(viewer, [tmp_path / "map.tif"])
    corners = [(5e5 + 30 * column, 6e6 - 30 * row) for row, column in ((3, 4), (8, 9))]
    shapes = [shapely.box(x, y - 30, x + 30, y) for x, y in corners]
    pyogrio.raw.write(
        tmp_path / "geology.gdb", shapely.to_wkb(np.array(shapes, dtype=object)),
        [np.array(["rock", "water"], dtype=object)], ["CLASS"],
        driver="OpenFileGDB", layer="Units", geometry_type="MultiPolygon", crs="EPSG:32632", promote_to_multi=True,
    )  # fmt: skip
    return tmp_path / "geology.gdb"


def dropped(path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    return QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, left, none), data


def check(dock, spin):
    assert spin(lambda: dock.desk.book.layer is not None or dock.desk.messages.error), dock.desk.messages.message
    assert spin(lambda: "labels" in dock.desk.messages.message or dock.desk.messages.error)
    assert not dock.desk.messages.error, dock.desk.messages.message
    assert np.argwhere(np.asarray(dock.desk.book.layer.data)).tolist() == [[3, 4], [8, 9]]
    assert dock.desk.book.state.classes.names == ("rock", "water")


def test_dropped_on_the_labels(mapped, viewer, dock, spin):
    dock.desk.labelling.loader.ask_files = lambda found, loaded: [one.source for one in found]
    (panel,) = dock.findChildren(LabelPanel)
    event, _data = dropped(mapped)
    panel.dropEvent(event)
    check(dock, spin)


def test_dropped_on_the_canvas(mapped, viewer, dock, spin):
    dock.desk.labelling.loader.ask_files = lambda found, loaded: [one.source for one in found]
    event, _data = dropped(mapped)
    (drops,) = viewer.window._qt_window.findChildren(opening.CanvasDrops)
    assert drops.eventFilter(None, event)
    check(dock, spin)


def test_chosen_in_the_menu(mapped, dock, spin, monkeypatch):
    dock.desk.labelling.loader.ask_files = lambda found, loaded: [one.source for one in found]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *said: str(mapped))
    (panel,) = dock.findChildren(LabelPanel)
    (folder,) = [one for one in panel.other.menu().actions() if "geodatabase" in one.text()]
    folder.trigger()
    check(dock, spin)


def test_dropped_on_the_surveys_or_one_of_its_files_it_is_told(mapped, dock, spin, monkeypatch):
    shown: list[str] = []
    monkeypatch.setattr(reader, "show_error", shown.append)
    (panel,) = dock.findChildren(DataPanel)
    event, _data = dropped(mapped)
    panel.dropEvent(event)
    assert spin(lambda: shown)
    assert "geology.gdb: it holds points, lines or areas, which need a grid to lie on" in shown[0]
    part = mapped / "a00000009.gdbtable"
    assert part.is_file()
    dock.desk.labelling.loader.load([part])
    assert spin(lambda: "a part of a file geodatabase" in dock.desk.messages.message), dock.desk.messages.message
    assert "Give the whole folder, geology.gdb" in dock.desk.messages.message
