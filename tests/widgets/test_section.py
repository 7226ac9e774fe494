"""Parts of the dock that fold."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_fhn.widgets.section import Section


def test_a_heading_folds_its_part_and_keeps_its_own_row(qtbot):
    section = Section(2, "Labels")
    inside, beside = QLabel("inside"), QLabel("beside")
    section.body.addWidget(inside)
    section.row.addWidget(beside)
    qtbot.addWidget(section)
    section.show()
    assert inside.isVisible()
    qtbot.mouseClick(section.heading, Qt.MouseButton.LeftButton)
    assert section.folded
    assert not inside.isVisible()
    assert beside.isVisible()
    section.heading.setFocus()
    qtbot.keyClick(section.heading, Qt.Key.Key_Space)
    assert not section.folded
    assert inside.isVisible()
