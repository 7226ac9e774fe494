"""By Tab alone one comes everywhere in the window, forwards and backwards, and to the dock again."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

_MOST = 150
"""Keys to be back where one began: the window has some sixty controls."""


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab], ids=["forwards", "backwards"])
def test_tab_goes_round_the_whole_window(own_viewer, viewer, dock, spin, key):
    viewer.add_image(np.zeros((4, 8, 16), np.float32), name="volume")
    window = viewer.window._qt_window
    viewer.window.show()
    window.activateWindow()
    assert spin(lambda: QApplication.activeWindow() is window)
    dock.data.list.setFocus()
    assert spin(lambda: QApplication.focusWidget() is dock.data.list)
    seen = []
    for _ in range(_MOST):
        QTest.keyClick(QApplication.focusWidget(), key)
        QApplication.processEvents()
        seen.append(QApplication.focusWidget())
        if seen[-1] is dock.data.list:
            break
    assert seen[-1] is dock.data.list, "Tab does not come back"
    kinds = {type(one).__name__ for one in seen}
    assert {"QtLayerList", "CanvasBackendDesktop", "ClassTableView"} <= kinds
    assert len(seen) == len(set(map(id, seen))), "Tab goes in a ring before it comes back"


def test_what_is_typed_beside_a_slider_is_taken_as_tab_leaves_it(own_viewer, viewer, dock, spin):
    viewer.add_image(np.zeros((9, 8, 16), np.float32), name="volume")
    window = viewer.window._qt_window
    viewer.window.show()
    window.activateWindow()
    assert spin(lambda: QApplication.activeWindow() is window)
    field = next(one for one in dock.past_sliders._watched if one.isVisible() and one.text() == "4")
    field.setFocus()
    field.setText("7")
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert viewer.dims.current_step[0] == 7
    assert spin(lambda: QApplication.focusWidget().metaObject().className() != "QtDims")


def test_the_sliders_of_another_number_of_axes_are_looked_after(own_viewer, viewer, dock):
    viewer.window.show()
    viewer.add_image(np.zeros((4, 8, 16), np.float32))
    fields = len(dock.past_sliders._watched)
    viewer.add_image(np.zeros((3, 4, 8, 16), np.float32))
    assert len(dock.past_sliders._watched) > fields
    dock.close_desk()
    assert not dock.past_sliders._watched


def test_tab_goes_as_one_reads(own_viewer, viewer, dock, spin):
    viewer.open_sample("napari-fhn", "seismic")
    window = viewer.window._qt_window
    viewer.window.show()
    window.activateWindow()
    assert spin(lambda: QApplication.activeWindow() is window, 10)

    def after(widget, keys):
        widget.setFocus()
        assert spin(lambda: QApplication.focusWidget() is widget, 10)
        for _ in range(keys):
            QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
            QApplication.processEvents()
            yield QApplication.focusWidget()

    # "?" stands beside the heading; nothing of the row above the canvas comes between.
    beside, layers, below = after(dock.data.heading, 3)
    assert (beside.text(), layers, below) == ("?", dock.data.list, dock.data.open)
    canvas = next(one for one in window.findChildren(QWidget) if type(one).__name__ == "CanvasBackendDesktop")
    row = list(after(canvas, 4))
    assert row == [dock.view.buttons["Inline"], dock.view.number, dock.view.slider, dock.view.linked]
    dock.view.buttons["3D"].click()
    row = list(after(dock.view.buttons["3D"], 3))
    assert row == [dock.view.plane, dock.view.number, dock.view.linked]
