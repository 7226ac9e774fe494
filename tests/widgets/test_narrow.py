"""In the narrowest dock nothing is cut off: words are broken into lines, or cut short and whole as a tooltip."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QRect, Qt
from qtpy.QtWidgets import QAbstractButton, QLabel, QScrollArea
from superqt import QElidingLabel

import four_kinds
from napari_fhn.widgets.dock import WIDTH
from napari_fhn.widgets.section import Fold


def cut_off(dock):
    """Words of labels and buttons that have no room, and no tooltip that says them."""
    for button in dock.findChildren(QAbstractButton):
        words = button.text().replace("&", "")
        if button.isVisible() and words and button.fontMetrics().horizontalAdvance(words) > button.width():
            yield words
    for label in dock.findChildren(QLabel):
        words, room = label.text(), label.contentsRect()
        if not label.isVisible() or not words or label.textFormat() == Qt.TextFormat.RichText:
            continue
        if isinstance(label, QElidingLabel):
            if "…" in QLabel.text(label) and words.rstrip(".") not in label.toolTip():
                yield words
            continue
        flags = Qt.TextFlag.TextWordWrap if label.wordWrap() else Qt.TextFlag.TextSingleLine
        if words.startswith("<"):
            needed = label.sizeHint() if not label.wordWrap() else room.size()
        else:
            needed = label.fontMetrics().boundingRect(QRect(0, 0, room.width(), 10_000), flags, words).size()
        if needed.width() > room.width() or needed.height() > room.height():
            yield words


@pytest.mark.parametrize("kind", four_kinds.KINDS)
def test_nothing_is_cut_off_in_the_narrowest_dock(own_viewer, viewer, dock, tmp_path, spin, kind):
    window, desk = viewer.window._qt_window, dock.desk
    viewer.window.show()
    four_kinds.open_one(viewer, tmp_path, kind)
    dock.labels.new.click()
    window.resize(1000, 800)
    for fold in dock.findChildren(Fold):
        fold.fold(False)
    assert spin(lambda: desk.planning.state.outlook is not None, 10)
    desk.planning.state.free = 987 << 30
    spin(lambda: False, 0.3)
    assert dock.width() == WIDTH
    scroll = dock.findChild(QScrollArea)
    assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width()
    assert not list(cut_off(dock))
    for name, button in dock.labels.tools.buttons.items():
        if not button.isHidden():
            dock.labels.tools.open(name)
            spin(lambda: False, 0.1)
            assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width(), name
            assert not list(cut_off(dock)), name
