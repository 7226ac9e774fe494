"""In the narrowest dock nothing is cut off: words are broken into lines, or cut short and whole as a tooltip."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer
from qtpy.QtCore import QRect, Qt
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QLabel, QScrollArea
from superqt import QElidingLabel

import four_kinds
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.dock import WIDTH
from napari_fhn.widgets.section import Fold

_EDGES = 4
"""Pixels that a line of text keeps free at its two ends."""


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


def cut_short(root):
    """Numbers that have no room for what they say."""
    for number in root.findChildren(QAbstractSpinBox):
        line = number.lineEdit()
        if number.isVisible() and line.fontMetrics().horizontalAdvance(line.text()) + _EDGES > line.width():
            yield line.text()


@pytest.mark.parametrize("kind", [*four_kinds.KINDS, "array"])
def test_nothing_is_cut_off_in_the_narrowest_dock(own_viewer, viewer, dock, tmp_path, spin, kind):
    window, desk = viewer.window._qt_window, dock.desk
    viewer.window.show()
    if kind == "array":  # of which it is asked along which axis time runs
        viewer.add_image(np.random.default_rng(0).standard_normal((10, 12, 32)).astype(np.float32), name="array")
    else:
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
    assert not list(cut_short(dock))
    for name, button in dock.labels.tools.buttons.items():
        if not button.isHidden():
            dock.labels.tools.open(name)
            spin(lambda: False, 0.1)
            assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width(), name
            assert not list(cut_off(dock)), name
            assert not list(cut_short(dock)), name


def test_the_number_of_a_section_and_the_longest_words_beside_erase_are_read_in_the_narrowest_window(
    own_viewer, viewer, dock, tmp_path, spin
):
    window, desk = viewer.window._qt_window, dock.desk
    viewer.window.show()
    survey = four_kinds.volume()
    survey = survey.assign_coords(inline=1008 + np.arange(10), twt=("twt", 1500 + 4.0 * np.arange(32), {"units": "ms"}))
    viewer.add_layer(Layer.create(*image_layer(survey)))
    dock.labels.new.click()
    dock.labels.tools.open("Horizons")
    reach = dock.labels.horizons.reach
    reach.setValue(reach.maximum())
    window.resize(1000, 800)
    for way in desk.turning.views():
        desk.turning.show(way)
        spin(lambda: False, 0.3)
        assert dock.view.number.isVisible()
        assert not list(cut_short(dock.view)), way
    assert reach.isVisible()
    assert not list(cut_short(dock.labels.horizons))
