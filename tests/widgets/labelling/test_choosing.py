"""A class that is chosen, by click or key, is what the brush paints with; table, brush and keys agree."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QIcon
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication

from napari_fhn.widgets.labelling.class_keys import keys_hint
from napari_fhn.widgets.labelling.class_table import swatch


def test_a_class_chosen_by_click_or_key_arms_the_brush_and_the_table_follows(labelled, spin):
    viewer, dock = labelled
    book, table = dock.desk.book, dock.labels.table
    layer = book.layer
    assert layer.mode == "pan_zoom"
    viewer.layers.selection.active = viewer.layers["volume"]
    row = table.visualItemRect(table.item(0, 0))  # the class that is chosen already
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert (layer.mode, layer.selected_label) == ("paint", 1)
    assert viewer.layers.selection.active is layer
    {str(key): act for key, act in layer.keymap.items()}["3"](layer)  # as napari calls it
    assert layer.selected_label == 3
    assert table.currentRow() == 2
    layer.mode = "fill"
    QTest.keyClick(table, Qt.Key.Key_2)
    assert (layer.mode, layer.selected_label, table.currentRow()) == ("fill", 2, 1)
    layer.selected_label = 1  # with napari's picker
    assert table.currentRow() == 0
    assert viewer.help == keys_hint()
    assert "<2>" not in keys_hint().split(",", 1)[1]
    layer.mode = "pan_zoom"
    viewer.dims.ndisplay = 3
    book.brush(2)
    assert layer.mode == "pan_zoom"
    assert not table.tabKeyNavigation()


def test_clicks_and_what_they_change_leave_the_keys_on_the_canvas(dock):
    assert all(one.focusPolicy() == Qt.FocusPolicy.TabFocus for one in dock.findChildren(QAbstractButton))
    dock.show()
    dock.setFocus()
    before = QApplication.focusWidget()
    dock.network.held_out.value = 3  # as Load sets it
    assert QApplication.focusWidget() is before
    assert not dock.network.held_out.native.hasFocus()


def test_a_class_has_its_own_colour_in_the_table_in_use_or_only_to_look_at(qapp):
    icon = swatch("#e69f00")
    for mode in QIcon.Mode:
        assert icon.pixmap(26, 26, mode).toImage().pixelColor(13, 13).name() == "#e69f00"
