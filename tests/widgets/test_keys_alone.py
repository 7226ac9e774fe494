"""A map and a line from an open file to a file of classes by keys alone, with a frame that shows where one is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog

sys.path.insert(0, str(Path(__file__).parents[1] / "surveys"))

import four_kinds

_MOST = 150
"""Keys to come to a control: the window has some hundred."""

PLACES = {
    "maps": (("row 5 col 4", "row 18 col 6"), ("row 6 col 24", "row 19 col 26")),
    "line": (("trace 5 T 4", "trace 30 T 6"), ("trace 6 T 22", "trace 31 T 24")),
}
"""What is labelled, class by class."""


@pytest.mark.parametrize("kind", sorted(PLACES))
def test_from_a_file_to_a_file_by_keys_alone(kind, own_viewer, viewer, dock, small, spin, tmp_path, monkeypatch):
    window, desk, out = viewer.window._qt_window, dock.desk, tmp_path / ("out.tif" if kind == "maps" else "out.sgy")
    window.resize(1280, 800)
    viewer.window.show()
    window.activateWindow()
    assert spin(lambda: QApplication.activeWindow() is window)
    four_kinds.open_one(viewer, tmp_path, kind)

    def press(keys):
        combination = QKeySequence(keys)[0]
        QTest.keyClick(QApplication.focusWidget() or window, combination.key(), combination.keyboardModifiers())
        QApplication.processEvents()

    def tab_to(widget):
        for _ in range(_MOST):
            if QApplication.focusWidget() is widget:
                break
            press("Tab")
        assert QApplication.focusWidget() is widget, f"{widget} is not reached by Tab"
        assert not widget.visibleRegion().isEmpty()
        assert dock.focus_seen.frame is not None
        assert dock.focus_seen.frame.widget() is widget

    dock.data.list.setFocus()
    assert spin(lambda: QApplication.focusWidget() is dock.data.list)
    tab_to(dock.labels.new)
    press("Space")
    assert spin(lambda: desk.book.layer is not None)
    tab_to(dock.labels.table)
    for number, places in enumerate(PLACES[kind]):
        if number:
            dock.labels.table.setFocus(Qt.FocusReason.TabFocusReason)
            press("Down")
        for place in places:
            press("Ctrl+Alt+G")
            QTest.keyClicks(QApplication.focusWidget(), place)
            press("Return")
            press("Ctrl+Alt+M")
            assert desk.messages.message.startswith(f"Painted class {number + 1} at "), desk.messages.message
    assert spin(lambda: len(desk.book.state.counts) == 2)
    press("Ctrl+Alt+R")
    assert spin(lambda: not desk.state.activity.idle, 10)
    press("Ctrl+Alt+X")
    assert spin(lambda: desk.state.activity.idle, 120)
    press("Ctrl+Alt+R")
    assert spin(lambda: not desk.state.activity.idle, 10)
    assert spin(lambda: desk.state.activity.idle, 120)
    press("Ctrl+Alt+A")
    assert spin(lambda: desk.state.activity.idle and desk.project.has_prediction, 120)
    assert not desk.messages.error, desk.messages.message
    tab_to(dock.results.heading)
    press("Space")
    tab_to(dock.results.truth)
    QTest.keyClicks(dock.results.truth, "Labels")
    tab_to(dock.results.compare)
    press("Space")
    assert spin(lambda: desk.comparison.state.matrix is not None)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(out), ""))
    tab_to(dock.export.button)
    press("Space")
    assert spin(lambda: out.is_file() and desk.state.activity.idle), desk.messages.message
