"""Maps of unlike grids, classes and polygons become one layer by a few clicks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
import xarray as xr
from napari.layers import Layer
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDialog, QFileDialog
from rasterio.transform import from_origin

import modal
import napari_fhn
from napari_fhn.widgets.data.opening import open_surveys
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.data.stack_dialog import StackDialog


def tiff(path: Path, values: np.ndarray, cell: float) -> str:
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype=values.dtype,
        crs="EPSG:32633", transform=from_origin(366000, 5810000, cell, cell),
    ) as file:  # fmt: skip
        file.write(values, 1)
    return str(path)


@pytest.fixture
def maps(viewer, dock, tmp_path):
    rng = np.random.default_rng(0)
    rocks = np.tile(np.where(np.arange(32) < 16, 3, 5).astype(np.uint8), (24, 1))
    west, east = shapely.box(366000, 5809280, 366480, 5810000), shapely.box(366480, 5809280, 366960, 5810000)
    pyogrio.raw.write(
        tmp_path / "geology.gpkg", shapely.to_wkb(np.array([west, east], object)),
        [np.array(["granite", "shale"], object)], ["rock"], geometry_type="Polygon", crs="EPSG:32633",
    )  # fmt: skip
    assert dock.data.stack.isHidden()
    for path in (
        tiff(tmp_path / "magnetics.tif", rng.standard_normal((24, 32)).astype(np.float32), 30),
        tiff(tmp_path / "gravity.tif", rng.standard_normal((12, 16)).astype(np.float32), 60),
        tiff(tmp_path / "rocks.tif", rocks, 30),
    ):
        open_surveys(viewer, [Path(path)])
    return viewer, dock, tmp_path


def test_unlike_maps_become_one_layer_that_is_ticked(maps, spin):
    _, dock, folder = maps
    assert not dock.data.stack.isHidden()
    dialog = StackDialog(dock.desk.stacking.entries())
    assert [(e.name, e.kind) for e in dialog.entries] == [
        ("magnetics", "amounts"), ("gravity", "amounts"), ("rocks", "classes"),
    ]  # fmt: skip
    for row in range(3):
        dialog.table.item(row, 0).setCheckState(Qt.CheckState.Checked)
    dialog.add_polygons(folder / "nothing.gpkg")
    assert "no such file" in dialog.message.text()
    dialog.add_polygons(folder / "geology.gpkg")
    assert dialog.message.isHidden()
    assert dialog.grid is None
    dock.desk.stacking.make(dialog.entries, dialog.grid)
    assert spin(lambda: dock.desk.data.material is not None and dock.desk.data.material.surveys.channels == 6)
    stacked = dock.desk.data.state.chosen[0]
    assert dock.desk.data.material.shape == (24, 32)
    assert "gravity (12 x 16 cells of 60 m, EPSG:32633) was interpolated" in dock.desk.messages.message
    assert list(stacked.metadata["survey"]["band_name"].values)[2:] == [
        "rocks: 3", "rocks: 5", "geology: granite", "geology: shale",
    ]  # fmt: skip
    # A session refers to it as to any other survey.
    assert Path(stacked.metadata["survey"].attrs["source"]).is_file()
    dock.labels.new.click()
    assert dock.desk.book.layer.data.shape == (24, 32)


def test_enter_in_the_table_stacks_and_asks_for_no_polygons(maps, spin, monkeypatch):
    _, dock, _ = maps
    asked = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: asked.append(args) or ("", ""))
    dialog = StackDialog(dock.desk.stacking.entries())
    for row in range(2):
        dialog.table.item(row, 0).setCheckState(Qt.CheckState.Checked)
    dialog.open()
    dialog.table.setFocus()
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert not asked
    assert dialog.result() == QDialog.DialogCode.Accepted


def test_maps_that_could_not_be_ticked_together_are_all_offered_and_a_stack_of_them_is_not(maps, spin):
    viewer, dock, _ = maps
    dialog = StackDialog(dock.desk.stacking.entries())
    assert [entry.used for entry in dialog.entries] == [True, True, True]
    dock.desk.stacking.make(dialog.entries)
    assert spin(lambda: dock.desk.data.material is not None and dock.desk.data.material.surveys.channels == 4)
    assert "Stacked 3 maps as 4 channels" in dock.desk.messages.message
    # It is called by the names that a person knows, as a layer, a survey and a file.
    (layer,) = dock.desk.data.state.chosen
    stack = layer.name
    assert sorted(stack.replace(" and ", ", ").split(", ")) == ["gravity", "magnetics", "rocks"]
    assert Path(layer.metadata["survey"].attrs["source"]).stem == stack == layer.metadata["survey"].name
    # Again, and it is there already.
    dock.desk.stacking.make(dialog.entries)
    assert spin(lambda: dock.desk.messages.message == f"These maps are stacked already, just so: '{stack}' is ticked.")
    assert dock.desk.data.state.chosen == (layer,)
    assert len(viewer.layers) == 4
    again = {entry.name: entry.used for entry in dock.desk.stacking.entries()}
    assert again == {"magnetics": True, "gravity": True, "rocks": True, stack: False}
    # On one grid a tick that was taken away says that a map is not wanted.
    dock.desk.data.choose((viewer.layers["rocks"],))
    again = {entry.name: entry.used for entry in dock.desk.stacking.entries()}
    assert again == {"magnetics": False, "gravity": True, "rocks": True, stack: False}


def test_another_grid_can_be_chosen_and_nothing_is_a_sentence(maps, spin):
    _, dock, _ = maps
    dialog = StackDialog(dock.desk.stacking.entries())
    dialog.like.setCurrentIndex(dialog.like.findText("gravity"))
    assert dialog.grid.name == "gravity"
    for row in range(3):
        dialog.table.item(row, 0).setCheckState(Qt.CheckState.Unchecked)
    assert not dialog.ok.isEnabled()
    dock.desk.stacking.make(dialog.entries, dialog.grid)
    assert "at least one map" in dock.desk.messages.message
    dialog.table.item(0, 0).setCheckState(Qt.CheckState.Checked)
    dialog.table.item(1, 0).setCheckState(Qt.CheckState.Checked)
    assert dialog.ok.isEnabled()
    dock.desk.stacking.make(dialog.entries, dialog.grid)
    assert spin(lambda: dock.desk.data.material is not None and dock.desk.data.material.shape == (12, 16))
    assert dock.desk.data.material.surveys.channels == 2


def stacked_and_labelled(viewer, dock, spin, folder):
    """Stack two maps, label two cells, and return the files of the maps."""
    paths = [
        Path(tiff(folder / f"{name}.tif", np.arange(rows * rows, dtype=np.float32).reshape(rows, rows), 480 / rows))
        for name, rows in (("magnetics", 24), ("gravity", 12))
    ]
    open_surveys(viewer, paths)
    desk = dock.desk
    desk.stacking.make(desk.stacking.entries())
    assert spin(lambda: desk.data.material is not None and desk.data.material.surveys.channels == 2)
    dock.labels.new.click()
    desk.book.layer.data_setitem((np.array([3, 4]), np.array([5, 5])), 1)
    assert spin(lambda: bool(desk.book.state.counts))
    return paths


@pytest.mark.parametrize("together", [True, False])
def test_single_maps_of_a_known_stack_are_gone_on_with_as_that(together, viewer, dock, spin, tmp_path):
    paths, desk = stacked_and_labelled(viewer, dock, spin, tmp_path), dock.desk
    folder = desk.session.folder
    desk.project.close()
    viewer.layers.clear()
    desk.opening._met.clear()  # as on another day
    desk.starting.look()
    assert spin(lambda: any(entry.outline and entry.outline.stacked for entry in desk.starting.state.recent))
    if together:
        open_surveys(viewer, paths)
    else:
        for path in reversed(paths):
            assert "Go on?" not in desk.messages.message
            dock.drops.take([path])
    assert spin(lambda: not dock.start.offer.isHidden())
    assert desk.messages.message == "You labelled these maps as a stack today: labels. Go on?"
    assert dock.start.anew.isHidden()
    dock.start.go_on.click()
    assert spin(lambda: desk.session is not None and desk.session.folder == folder and desk.book.state.has_labels)
    assert np.count_nonzero(desk.book.layer.data) == 2
    assert dock.start.isHidden()


def test_a_stack_that_was_labelled_in_python_is_known_by_its_maps_too(viewer, dock, spin, tmp_path):
    paths = [
        Path(tiff(tmp_path / f"{name}.tif", np.arange(rows * rows, dtype=np.float32).reshape(rows, rows), 480 / rows))
        for name, rows in (("magnetics", 24), ("gravity", 12))
    ]
    folder, known = dock.desk.root / "s.fhn", np.zeros((24, 24), np.uint8)
    known[3, 4:6] = 1
    with napari_fhn.open(paths, session=folder) as work:
        work.label(known, classes=["granite"])
    dock.desk.starting.look()
    assert spin(lambda: any(entry.outline and entry.outline.stacked for entry in dock.desk.starting.state.recent))
    open_surveys(viewer, paths)
    assert spin(lambda: not dock.start.offer.isHidden())
    dock.start.go_on.click()
    assert spin(lambda: dock.desk.session is not None and dock.desk.book.state.has_labels), dock.desk.messages.message
    assert dock.desk.session.folder == folder
    assert np.count_nonzero(dock.desk.book.layer.data) == 2


def test_maps_without_files_are_not_taken_for_those_of_a_stack(viewer, dock, spin):
    desk = dock.desk

    def bare(name, rows):
        at = (np.arange(rows) + 0.5) * 480 / rows
        values = np.arange(rows * rows, dtype=np.float32).reshape(rows, rows)
        survey = xr.DataArray(values, {"y": 5_810_000 - at, "x": 366_000 + at}, ("y", "x"))
        viewer.add_layer(Layer.create(*image_layer(survey, name)))

    bare("magnetics", 24)
    bare("gravity", 12)
    desk.stacking.make(desk.stacking.entries())
    assert spin(lambda: desk.data.material is not None and desk.data.material.surveys.channels == 2)
    dock.labels.new.click()
    desk.book.layer.data_setitem((np.array([3, 4]), np.array([5, 5])), 1)
    assert spin(lambda: bool(desk.book.state.counts))
    desk.project.close()
    viewer.layers.clear()
    desk.starting.look()
    assert spin(lambda: any(entry.outline for entry in desk.starting.state.recent))
    bare("one", 16)
    bare("another", 8)
    spin(lambda: False, 0.3)
    assert dock.start.offer.isHidden()


def test_a_stack_that_was_closed_is_known_again_at_once_and_asks_for_its_file_where_that_has_moved(
    viewer, dock, spin, tmp_path, monkeypatch
):
    paths, desk = stacked_and_labelled(viewer, dock, spin, tmp_path), dock.desk
    session = desk.session
    assert spin(lambda: [entry.folder for entry in desk.starting.state.recent] == [session.folder])
    source = Path(session.manifest.inputs[0].file.absolute)
    desk.project.close()
    viewer.layers.clear()
    open_surveys(viewer, paths)
    assert spin(lambda: desk.messages.message == "You labelled these maps as a stack today: labels. Go on?")
    asked, moved = [], source.rename(tmp_path / "moved.tif")

    def answer(_, title, name):
        asked.append(title)
        return str(moved), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    meeting = modal.Meeting(modal.pressing(Qt.Key.Key_Return))  # Find it …
    dock.start.go_on.click()
    assert spin(lambda: bool(asked) and desk.book.state.has_labels), desk.messages.message
    assert meeting.done()
    assert asked == [f"Where is {source.name} now?"]
    assert desk.session.folder == session.folder
