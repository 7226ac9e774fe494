"""Who goes by keys sees where they are: a frame around the control that has them, which comes into view."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QComboBox, QScrollArea, QSlider, QWidget


def _shown(viewer, spin):
    window = viewer.window._qt_window
    viewer.window.show()
    window.resize(1000, 600)
    window.activateWindow()
    assert spin(window.isActiveWindow, 10)
    return window


def test_every_control_has_a_frame_while_it_has_the_keys(own_viewer, viewer, dock, spin):
    viewer.open_sample("napari-fhn", "seismic")
    _shown(viewer, spin)
    seen = 0
    for control in (*dock.findChildren(QWidget), *dock.view.findChildren(QWidget)):
        if not isinstance(control, QAbstractButton | QComboBox | QSlider) or not control.isVisible():
            continue
        if not control.isEnabled() or not control.focusPolicy() & Qt.FocusPolicy.TabFocus:
            continue
        control.setFocus(Qt.FocusReason.TabFocusReason)
        frame = dock.focus_seen.frame
        assert control.hasFocus(), control
        assert frame is not None, control
        assert frame.widget() is control
        assert frame.isVisible(), control
        assert control.visibleRegion().boundingRect().height() >= control.height(), "it is out of view"
        seen += 1
    assert seen > 10


def test_the_frame_goes_with_the_keys_and_with_the_desk(own_viewer, viewer, dock, spin):
    viewer.open_sample("napari-fhn", "seismic")
    window = _shown(viewer, spin)
    dock.data.open.setFocus(Qt.FocusReason.TabFocusReason)
    assert dock.focus_seen.frame is not None
    canvas = next(one for one in window.findChildren(QWidget) if type(one).__name__ == "CanvasBackendDesktop")
    canvas.setFocus()
    assert dock.focus_seen.frame is None
    dock.close_desk()
    dock.data.open.setFocus(Qt.FocusReason.TabFocusReason)
    assert dock.focus_seen.frame is None


def test_what_has_the_keys_may_be_deleted(own_viewer, viewer, dock, spin):
    viewer.open_sample("napari-fhn", "seismic")
    _shown(viewer, spin)
    gone = QComboBox(dock.data)
    gone.show()
    gone.setFocus(Qt.FocusReason.TabFocusReason)
    assert dock.focus_seen.frame is not None
    gone.setParent(None)
    gone.deleteLater()
    spin(lambda: False, 0.2)
    dock.data.open.setFocus(Qt.FocusReason.TabFocusReason)
    assert dock.focus_seen.frame.widget() is dock.data.open


def test_tab_into_the_dock_scrolls_to_where_it_goes(own_viewer, viewer, dock, spin):
    viewer.open_sample("napari-fhn", "seismic")
    window = _shown(viewer, spin)
    scroll = dock.findChild(QScrollArea)
    scroll.widget().setMinimumHeight(3 * window.height())  # as with everything unfolded
    heading = dock.data.heading
    assert spin(lambda: scroll.verticalScrollBar().maximum() > heading.height(), 10)
    scroll.verticalScrollBar().setValue(scroll.verticalScrollBar().maximum())
    assert spin(lambda: heading.visibleRegion().isEmpty(), 10)
    canvas = next(one for one in window.findChildren(QWidget) if type(one).__name__ == "CanvasBackendDesktop")
    canvas.setFocus()
    heading.setFocus(Qt.FocusReason.TabFocusReason)
    assert spin(lambda: not heading.visibleRegion().isEmpty(), 10)


def test_in_the_class_table_the_space_bar_ticks_and_unticks(labelled, spin):
    _, dock = labelled
    table, state = dock.labels.table, dock.desk.book.state
    for column, there in ((4, lambda: state.hidden), (5, lambda: state.locked)):
        table.setCurrentCell(1, column)
        for wanted in ({2}, set()):
            QTest.keyClick(table, Qt.Key.Key_Space)
            assert spin(lambda wanted=wanted, there=there: there() == wanted, 10)
            assert (table.currentRow(), table.currentColumn()) == (1, column)
