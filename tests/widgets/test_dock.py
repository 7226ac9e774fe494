"""The dock in a real window, with a real training process."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
import weakref

import napari
import numpy as np
import psutil
import pytest
import segyio
from qtpy import PYSIDE6
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_fhn import labels, sample_data
from napari_fhn.project.exporting.exporter import Request
from napari_fhn.widgets.dock import WIDTH, Dock
from napari_fhn.widgets.running.curves import Curves
from proofs import LONG


def idle(dock):
    return lambda: dock.desk.state.activity.idle


@pytest.fixture
def finish(spin):
    def run(dock, button, seconds=90):
        button.click()
        assert not dock.desk.state.activity.idle, dock.desk.messages.message
        assert spin(idle(dock), seconds), dock.desk.messages.message
        assert not dock.desk.messages.error, (dock.desk.messages.message, dock.desk.messages.detail)

    return run


def test_trains_paints_the_section_in_view_and_predicts_the_rest(labelled, finish):
    viewer, dock = labelled
    painted = []
    dock.desk.painted.connect(painted.append)
    finish(dock, dock.run.train)
    assert painted
    layer = dock.desk.prediction.layer
    index = viewer.dims.current_step[0]
    assert np.asarray(layer.data)[index].all()
    assert not layer.editable
    assert dock.desk.history.losses
    assert dock.run.predict.isEnabled()
    assert viewer.layers.index(layer) < viewer.layers.index(dock.desk.book.layer)
    finish(dock, dock.run.predict)
    assert np.asarray(layer.data).all()
    finish(dock, dock.run.train)
    assert len(dock.desk.history.losses) == 5


def test_stop_acts_within_a_second_and_buttons_tell_the_state(labelled, spin):
    _, dock = labelled
    dock.desk.planning.change("schedule", "steps", 100_000)
    assert dock.run.train.isEnabled()
    assert not dock.run.stop.isEnabled()
    dock.run.train.click()
    assert not dock.run.train.isEnabled()
    assert dock.run.stop.isEnabled()
    assert spin(lambda: bool(dock.desk.history.losses)), dock.desk.messages.message
    began = time.monotonic()
    dock.run.stop.click()
    assert spin(idle(dock))
    assert time.monotonic() - began < 1
    assert dock.run.train.isEnabled()
    assert "Stopped" in dock.desk.messages.message


def test_a_killed_process_becomes_a_sentence_and_leaves_the_labels(labelled, spin, finish):
    _, dock = labelled
    dock.desk.planning.change("schedule", "steps", 100_000)
    before = np.array(dock.desk.book.layer.data)
    dock.run.train.click()
    assert spin(lambda: bool(dock.desk.history.losses)), dock.desk.messages.message
    os.kill(dock.desk.engine.pid, signal.SIGKILL)
    assert spin(idle(dock))
    assert dock.desk.messages.error
    assert "killed" in dock.run.message.text()
    assert "Your labels are safe" in dock.run.message.text()
    np.testing.assert_array_equal(np.load(dock.desk.session.labels), before)
    dock.desk.planning.change("schedule", "steps", 3)
    finish(dock, dock.run.train)


def test_a_moving_mouse_is_given_a_processor(labelled, monkeypatch):
    viewer, dock = labelled
    moved = []
    monkeypatch.setattr(dock.desk.engine, "give_way", lambda: moved.append(True))
    viewer.cursor.position = (6.0, 2.0, 3.0)
    assert moved == [True]
    dock.close_desk()
    viewer.cursor.position = (6.0, 4.0, 5.0)
    assert moved == [True]


def test_layers_may_go_while_training(labelled, spin):
    viewer, dock = labelled
    dock.desk.planning.change("schedule", "steps", 100_000)
    dock.run.train.click()
    assert spin(lambda: bool(dock.desk.history.losses)), dock.desk.messages.message
    kept = np.array(dock.desk.book.layer.data)
    viewer.layers.clear()
    n = len(dock.desk.history.losses)
    assert spin(lambda: len(dock.desk.history.losses) > n + 2)
    dock.run.stop.click()
    assert spin(idle(dock))
    assert not dock.run.train.isEnabled()
    assert kept.any()


def test_closing_the_viewer_ends_the_process(labelled, spin):
    viewer, dock = labelled
    pid = dock.desk.engine.pid
    assert psutil.pid_exists(pid)
    viewer.window._qt_window.show()
    viewer.close()
    assert spin(lambda: not psutil.pid_exists(pid))


def test_closing_the_dock_alone_ends_the_process(labelled, spin):
    viewer, dock = labelled
    pid = dock.desk.engine.pid
    viewer.window.remove_dock_widget(dock)
    del dock
    assert spin(lambda: not psutil.pid_exists(pid))


def test_nothing_of_a_closed_window_stays_in_memory(qapp, tmp_path, spin):
    def come_and_go():
        viewer = napari.Viewer(show=False)
        dock = Dock(viewer, tmp_path)
        viewer.window.add_dock_widget(dock)
        viewer.add_image(np.zeros((12, 16, 32), np.float32))
        dock.labels.new.click()
        assert spin(lambda: dock.desk.book.layer is not None)
        dock.close_desk()
        viewer.close()
        return [weakref.ref(dock), weakref.ref(dock.desk), weakref.ref(viewer)]

    def gone():
        # What is to be deleted later is deleted by a running loop of events, of which there is none in a test. With
        # PySide6 what is connected to a widget is held until then.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()
        return not any(there() for there in left)

    left = come_and_go()
    assert spin(gone), left


def test_a_closed_dock_leaves_nothing_in_a_window_that_stays(own_viewer, viewer, spin):
    viewer.window.show()
    viewer.add_image(np.zeros((12, 16, 32), np.float32))
    application = QApplication.instance()

    def come_and_go():
        _, dock = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
        assert spin(lambda: dock.sheet is not None, 5)
        dock.desk.context.views.linked = True
        assert spin(lambda: dock.desk.beside.views is not None, 5)
        # Layers stay when the dock is closed, with all that they were given.
        dock.labels.new.click()
        assert spin(lambda: dock.desk.book.layer is not None, 10)
        dock.desk.labelling.horizons.pick((3, 5), 7.0)
        sheet = dock.sheet
        viewer.window.remove_dock_widget(dock)
        dock.close_desk()
        # What is told once more is told to nobody: the row above the canvas is deleted by then.
        spin(lambda: QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value), 0.3)
        with pytest.raises(RuntimeError):
            sheet.width()
        return weakref.ref(dock), weakref.ref(dock.desk)

    quitting = "2aboutToQuit()" if PYSIDE6 else application.aboutToQuit  # the one asks by name, the other by signal
    before = application.receivers(quitting)
    for _ in (1, 2):
        left = come_and_go()
        gc.unfreeze()  # what was made while labels were opened is searched too
        assert application.receivers(quitting) == before
        assert spin(lambda left=left: gc.collect() >= 0 and not any(there() for there in left), 10)


def test_strokes_go_to_the_file_and_undo_too(labelled, spin):
    _, dock = labelled
    layer, path = dock.desk.book.layer, dock.desk.session.labels
    table = dock.labels.table
    row = [table.item(0, column) for column in range(table.columnCount())]
    layer.selected_label = 3
    layer.brush_size = 1
    layer.paint((2, 5, 7), 3)
    assert labels.volume.open(path, "r")[2, 5, 7] == 3
    assert spin(lambda: dock.desk.book.state.counts.get(3) == 1)
    assert "1" in [table.item(2, column).text() for column in range(table.columnCount())]
    # Its numbers are written, and nothing is made anew.
    assert [table.item(0, column) for column in range(table.columnCount())] == row
    layer.undo()
    assert labels.volume.open(path, "r")[2, 5, 7] == 0
    assert spin(lambda: 3 not in dock.desk.book.state.counts)


def test_a_value_without_class_gets_one(labelled, spin):
    _, dock = labelled
    dock.desk.book.layer.paint((2, 5, 7), 5)
    assert spin(lambda: dock.desk.book.state.counts.get(5))
    assert 5 in dock.desk.book.state.classes.values
    assert dock.labels.table.rowCount() == 4  # and none of 4, which nobody asked for


def test_classes_are_renamed_picked_and_kept(labelled):
    _, dock = labelled
    dock.labels.table.item(1, 0).setText("Sand")
    assert dock.desk.book.state.classes.names[1] == "Sand"
    dock.labels.table.selectRow(1)
    assert dock.desk.book.layer.selected_label == 2
    dock.labels.table.item(0, 0).setText("Sand")
    assert dock.desk.messages.error
    assert dock.desk.book.state.classes.names[:2] == ("class 1", "Sand")
    assert dock.desk.session.classes == dock.desk.book.state.classes


def test_seismic_sample_wells_and_export(viewer, dock, small, tmp_path, spin, add_run):
    viewer.open_sample("napari-fhn", "seismic")
    assert viewer.dims.order == (0, 2, 1)
    assert dock.labels.load.text() == "Load wells"
    dock.labels.load.click()
    assert spin(lambda: len(dock.desk.book.state.counts) == 7)
    assert dock.network.held_out.value == 0  # of six wells none can be spared
    values = np.random.default_rng(0).integers(1, 8, (128, 192, 160), np.uint8)
    add_run(dock.desk, values)
    out = tmp_path / "classes.sgy"
    dock.desk.exports.save(Request("classes", out))
    assert spin(idle(dock))
    assert not dock.desk.messages.error, dock.desk.messages.message
    with segyio.open(out, iline=189, xline=193) as file:
        np.testing.assert_array_equal(segyio.tools.cube(file), values)
    # The same survey finds its labels again.
    folder = dock.desk.session.folder
    viewer.layers.clear()
    viewer.open_sample("napari-fhn", "seismic")
    assert dock.desk.session.folder == folder
    assert not dock.labels.new.isEnabled()
    assert spin(lambda: len(dock.desk.book.state.counts) == 7)
    assert dock.desk.book.state.classes.names[0] == "Marine cover"


@LONG
def test_hyperspectral_pair_trains_a_map_from_the_same_dock(viewer, dock, small, spin, finish):
    viewer.open_sample("napari-fhn", "hyperspectral")
    assert len(dock.desk.data.state.chosen) == 2
    assert "124 channels" in dock.data.aside.text()
    assert dock.labels.load.text() == "Load points"
    dock.labels.load.click()
    assert spin(lambda: len(dock.desk.book.state.counts) == 2)
    finish(dock, dock.run.train)
    prediction = np.asarray(dock.desk.prediction.layer.data)
    truth = sample_data.hyperspectral_truth()
    assert prediction.shape == truth.shape
    assert set(np.unique(prediction)) <= {1, 2}


def test_two_grids_are_refused_in_a_sentence(viewer, dock):
    viewer.add_image(np.zeros((4, 5, 6), np.float32), name="one")
    viewer.add_image(np.zeros((4, 5, 7), np.float32), name="two")
    assert [layer.name for layer in dock.desk.data.state.chosen] == ["one"]
    dock.data.list.item(0).setCheckState(dock.data.list.item(1).checkState())
    assert dock.desk.messages.error
    assert "does not lie on the grid" in dock.run.message.text()


def test_fits_a_small_screen(viewer, dock):
    viewer.open_sample("napari-fhn", "seismic")
    dock.labels.new.click()
    assert dock.sizeHint().width() == WIDTH
    for widget in dock.findChildren(QWidget):
        # napari's style, which a window puts on when it is shown, makes controls wider.
        widget.ensurePolished()
    hidden = dock.findChildren(Curves)  # until there is something to show
    assert hidden
    for widget in (dock.data, dock.labels, dock.network, dock.run, dock.results, dock.export, *hidden):
        # Margins on both sides, and the scroll bar.
        assert widget.minimumSizeHint().width() <= WIDTH - 28, type(widget).__name__


def test_everything_has_a_tooltip(dock):
    from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QProgressBar, QPushButton, QToolButton

    for kind in (QPushButton, QToolButton, QComboBox, QAbstractSpinBox, QProgressBar):
        for control in dock.findChildren(kind):
            assert control.toolTip(), control


@LONG
def test_the_viewer_stays_free_of_torch(tmp_path):
    code = """
        import os, sys, time
        import napari, numpy as np
        from qtpy.QtWidgets import QApplication
        viewer = napari.Viewer(show=False)
        viewer.add_image(np.random.default_rng(0).random((24, 32)), name="map")
        _, dock = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
        end = time.time() + 90

        def spin(until):
            while not until() and time.time() < end:
                QApplication.processEvents()
                time.sleep(0.01)

        dock.labels.new.click()
        for value in (1, 2):
            dock.desk.book.layer.data_setitem((np.arange(6) * value, np.arange(6) + 4), value)
        spin(lambda: len(dock.desk.book.state.counts) > 1)
        dock.desk.planning.change("schedule", "steps", 2)
        dock.run.train.click()
        spin(lambda: dock.desk.state.activity.idle)
        assert len(dock.desk.history.losses) == 2, dock.desk.messages.message
        viewer.close()
        assert "torch" not in sys.modules
        print("free")
    """
    environment = {**os.environ, "NAPARI_FHN_SESSIONS": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert "free" in ran.stdout, ran.stderr[-3000:]
