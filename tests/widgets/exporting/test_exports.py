"""Everything that the dock exports, read back."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

import four_kinds
from napari_fhn import sample_data, surveys
from napari_fhn.project.exporting.exporter import Request
from napari_fhn.widgets.data.opening import open_surveys


@pytest.fixture
def predicted(labelled, add_run):
    """The dock with a prediction of two layers, and an entropy beside it."""
    viewer, dock = labelled
    values = np.ones((12, 16, 32), np.uint8)
    values[..., 16:] = 2
    values[3:5, 3:5, 20:22] = 3
    add_run(dock.desk, values, outputs={"entropy": np.full((12, 16, 32), 0.5, np.float32)})
    return viewer, dock


def write(dock, spin, path, key, **options):
    dock.desk.exports.save(Request(key, path, **options))
    assert spin(lambda: not dock.desk.exports.state.busy)
    assert not dock.desk.messages.error, dock.desk.messages.message
    return dock.desk.messages.message


def test_the_panel_offers_what_there_is(labelled, predicted):
    _, dock = predicted
    keys = [offer.what for offer in dock.desk.exports.offered()]
    assert keys == ["classes", "entropy", "labels", "bodies", "mesh", "table"]
    assert dock.export.what.count() == len(keys)
    assert dock.export.at_least.isHidden()
    dock.export.what.setCurrentIndex(keys.index("bodies"))
    assert not dock.export.at_least.isHidden()
    assert dock.export.below.isHidden()


def test_the_best_of_what_there_is_stands_first_until_somebody_chooses(labelled, add_run):
    _, dock = labelled
    panel = dock.export
    assert (panel.key, panel.aside.text()) == ("labels", "")
    outputs = {"probabilities": np.full((3, 12, 16, 32), 0.3, np.float16)}
    add_run(dock.desk, np.ones((12, 16, 32), np.uint8), outputs=outputs)
    assert panel.key == "classes"
    panel.what.setCurrentIndex(panel.what.findData("probabilities"))
    assert panel.value.currentText() == "all classes"
    assert panel.request(Path("p.npy")).of == ()
    panel.value.setCurrentIndex(2)
    dock.desk.project.runs_changed.emit()
    assert panel.key == "probabilities"
    assert panel.request(Path("p.npy")).of == (2,)
    panel.what.setCurrentIndex(panel.what.findData("bodies"))
    assert panel.value.findText("all classes") < 0


def test_a_dock_without_labels_says_what_comes_before_an_export(dock):
    assert dock.export.aside.text() == "Label something, or predict, first."
    assert not dock.export.button.isEnabled()


def test_for_a_line_no_file_is_offered_that_holds_a_surface(viewer, dock, tmp_path):
    four_kinds.open_one(viewer, tmp_path, "line")
    dock.labels.new.click()
    for what, best in (("horizon", "XYZ"), ("thickness", "CSV")):
        assert dock.desk.exports.files(what).startswith(best)
        assert "tif" not in dock.desk.exports.files(what)


def test_what_an_export_needs_to_know_is_read_in_the_narrowest_dock(own_viewer, viewer, dock, add_run, spin, tmp_path):
    viewer.window.show()
    viewer.window._qt_window.resize(1000, 800)
    four_kinds.open_one(viewer, tmp_path, "line")  # of samples, the longest of the words
    dock.labels.new.click()
    dock.desk.book.layer.data[20, 4:6] = (1, 2)
    add_run(dock.desk, np.ones(dock.desk.book.layer.data.shape, np.uint8))
    panel = dock.export
    panel.fold(False)
    panel.what.setCurrentIndex(panel.what.findData("bodies"))
    assert spin(panel.at_least.isVisible)
    spin(lambda: False, 0.3)
    field = panel.at_least.lineEdit()
    assert field.text() == "≥ 100 samples"
    assert field.fontMetrics().horizontalAdvance(field.text()) + 4 <= field.width()


def test_the_button_cancels_an_export_half_way_and_nothing_is_left(predicted, spin, tmp_path, monkeypatch):
    viewer, dock = predicted
    viewer.window.show()
    panel, path, half = dock.export, tmp_path / "classes.npy", threading.Event()
    panel.fold(False)

    def slow(path, values, like, *, progress, **options):
        progress(0.5)
        half.set()
        while True:
            progress(0.5)
            time.sleep(0.001)

    monkeypatch.setattr(surveys, "save", slow)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *words: (str(path), ""))
    QTest.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert spin(lambda: half.is_set() and panel.bar.value() == 500)
    assert panel.cancel.isVisible()
    assert not panel.button.isEnabled()
    QTest.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    assert spin(lambda: not dock.desk.exports.state.busy)
    assert dock.desk.messages.message == "classes.npy was not written."
    assert not panel.cancel.isVisible()
    assert panel.button.isEnabled()
    assert [one.name for one in tmp_path.iterdir()] == ["sessions"]


def test_classes_and_outputs_as_files(predicted, spin, tmp_path):
    _, dock = predicted
    for suffix in (".npy", ".nc", ".zarr"):
        path = tmp_path / f"classes{suffix}"
        write(dock, spin, path, "classes")
        if suffix == ".nc":
            with xr.open_dataset(path, engine="h5netcdf", mask_and_scale=False) as file:
                read = next(np.asarray(array) for array in file.data_vars.values() if array.ndim == 3)
        else:
            read = np.asarray(surveys.open(path))
        np.testing.assert_array_equal(read, dock.desk.prediction.layer.data)
    write(dock, spin, tmp_path / "entropy.npy", "entropy")
    assert (np.load(tmp_path / "entropy.npy") == 0.5).all()
    write(dock, spin, tmp_path / "labels.npy", "labels")
    np.testing.assert_array_equal(np.load(tmp_path / "labels.npy"), dock.desk.book.layer.data)


def test_bodies_and_table(predicted, spin, tmp_path):
    _, dock = predicted
    assert "1 body" in write(dock, spin, tmp_path / "b.npy", "bodies", of=(3,))
    assert np.load(tmp_path / "b.npy").sum() == 8
    write(dock, spin, tmp_path / "classes.csv", "table")
    assert (tmp_path / "classes.csv").read_text().startswith("value,name,color\n1,class 1,")


def test_a_horizon_and_a_mesh_of_a_survey(viewer, dock, spin, tmp_path, small, add_run):
    viewer.open_sample("napari-fhn", "seismic")
    dock.labels.new.click()
    desk = dock.desk
    values = np.ones(desk.data.material.shape, np.uint8)
    values[..., 80:] = 2
    rng = np.random.default_rng(0)
    desk.book.layer.data[3] = rng.integers(1, 3, values.shape[1:], np.uint8)
    add_run(desk, values)
    assert f"{128 * 192:,} traces" in write(dock, spin, tmp_path / "h.xyz", "horizon", above=(1,), below=(2,))
    rows = np.loadtxt(tmp_path / "h.xyz", comments="#")
    assert len(rows) == 128 * 192
    assert (rows[:, -1] == float(desk.data.material.first.twt[80])).all()
    assert "triangles" in write(dock, spin, tmp_path / "m.obj", "mesh", of=(2,))


def test_an_export_is_cancelled_and_leaves_what_was_there(predicted, spin, tmp_path, monkeypatch):
    _, dock = predicted
    path = tmp_path / "classes.npy"
    path.write_bytes(b"before")

    def slow(path, values, like, *, progress, **options):
        for k in range(10_000):
            progress(k / 10_000)
            time.sleep(0.001)
        raise AssertionError("it was not cancelled")

    monkeypatch.setattr(surveys, "save", slow)
    run = dock.desk.exports
    run.save(Request("classes", path, overwrite=True))
    run.cancel()
    assert spin(lambda: not run.state.busy)
    assert "was not written" in dock.desk.messages.message
    assert path.read_bytes() == b"before"


def test_maps_are_offered_as_maps_and_volumes_as_segy(viewer, dock):
    viewer.open_sample("napari-fhn", "seismic")
    dock.labels.new.click()
    assert dock.desk.exports.files("classes").startswith("SEG-Y")
    viewer.layers.clear()
    viewer.add_image(np.zeros((8, 9), np.float32), name="plain")
    dock.labels.new.click()
    assert dock.desk.exports.files("classes").startswith("NumPy")


def test_a_name_without_a_suffix_is_asked_about_as_it_becomes(predicted, spin, tmp_path, monkeypatch):
    """Qt asks about the name as it was typed, which nothing has."""
    from napari_fhn.widgets import saving

    _, dock = predicted
    kinds = "NumPy array (*.npy)"
    names = [str(tmp_path / "mine"), "", str(tmp_path / "mine")]
    monkeypatch.setattr(saving.QFileDialog, "getSaveFileName", lambda *words: (names.pop(0), kinds))
    asked, answers = [], [False, True]
    monkeypatch.setattr(saving, "ask_file_replaced", lambda name, parent: asked.append(name) or answers.pop(0))
    (tmp_path / "mine.npy").write_bytes(b"somebody's")
    dock.export.button.click()
    assert asked == ["mine.npy"]
    assert not dock.desk.exports.state.busy
    assert (tmp_path / "mine.npy").read_bytes() == b"somebody's"
    dock.export.button.click()
    assert spin(lambda: not dock.desk.exports.state.busy)
    assert np.load(tmp_path / "mine.npy").shape == (12, 16, 32)


def test_what_would_be_replaced_beside_a_file_is_asked_about(predicted, spin, tmp_path):
    _, dock = predicted
    path, beside = tmp_path / "classes.npy", tmp_path / "classes.npy.history.txt"
    path.write_bytes(b"asked about by the dialog")
    beside.write_bytes(b"somebody's")
    asked, answers = [], [False, True]
    dock.desk.context.consent = lambda needs: asked.append(needs.files) or answers.pop(0)
    for said in ("was not written. Choose another name.", "Written"):
        dock.desk.exports.save(Request("classes", path, asked=True))
        assert spin(lambda: not dock.desk.exports.state.busy)
        assert said in dock.desk.messages.message
    assert asked == [(beside,)] * 2
    assert b"somebody's" not in beside.read_bytes()


def test_a_file_is_proposed_beside_the_survey_and_then_where_the_last_one_went(viewer, dock, spin, tmp_path):
    exports = dock.desk.exports
    for folder in ("surveys", "out"):
        (tmp_path / folder).mkdir()
    values = xr.DataArray(np.zeros((4, 5, 6), np.float32), dims=("inline", "crossline", "twt"))
    surveys.save(tmp_path / "surveys" / "north.nc", values, values)
    open_surveys(viewer, [tmp_path / "surveys" / "north.nc"])
    dock.labels.new.click()
    assert exports.propose("labels") == tmp_path / "surveys" / "north-labels.nc"
    assert exports.propose("table") == tmp_path / "surveys" / "north-class-table.csv"
    write(dock, spin, tmp_path / "out" / "mine.npy", "labels")
    assert exports.propose("labels") == tmp_path / "out" / "north-labels.npy"


def test_nothing_is_proposed_beside_the_samples_of_this_package(viewer, dock):
    open_surveys(viewer, [sample_data.SEISMIC.survey])
    dock.labels.new.click()
    assert str(dock.desk.exports.propose("classes")) == "fold_and_fault-classes.sgy"
