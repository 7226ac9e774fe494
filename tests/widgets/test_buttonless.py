"""Number fields without buttons keep the room of their number, whichever Qt draws them."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSpinBox, QWidget

from napari_fhn.widgets.buttonless import without_buttons

#: What napari's style sheet says of number fields, as far as room goes.
SHEET = """
QAbstractSpinBox { border: none; padding: 1px 10px; min-width: 70px; min-height: 18px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { subcontrol-origin: margin; width: 20px; height: 20px; }
QAbstractSpinBox::up-button { subcontrol-position: center right; right: 0px; }
QAbstractSpinBox::down-button { subcontrol-position: center left; left: 0px; }
"""


@pytest.mark.parametrize(("kind", "least", "width"), [(QSpinBox, 22, 40), (QDoubleSpinBox, 70, 90)])
def test_the_number_has_its_room(qtbot, kind, least, width):
    around = QWidget()
    qtbot.addWidget(around)
    around.setStyleSheet(SHEET)
    row = QHBoxLayout(around)
    field = kind()
    without_buttons(field, least)
    field.setFixedWidth(width)
    row.addWidget(field)
    around.show()
    qtbot.waitExposed(around)
    assert field.lineEdit().width() >= least - 2
