"""Number fields without buttons, where the room is wanted for the number: arrow keys and the wheel do without."""

from __future__ import annotations

from qtpy import QT_VERSION
from qtpy.QtWidgets import QAbstractSpinBox

#: From here on Qt leaves a field one pixel for its number, where a style sheet styles buttons that are not shown.
_STYLED_BUTTONS = (6, 12)


def without_buttons(field: QAbstractSpinBox, least: int) -> None:
    """Take the buttons of a number field away, whatever napari's style sheet says of them.

    Parameters
    ----------
    field : QAbstractSpinBox
        The field.
    least : int
        Pixels that its number has at least.
    """
    sheet = f"QAbstractSpinBox {{ min-width: {least}px; }}"
    if tuple(int(part) for part in str(QT_VERSION).split(".")[:2]) >= _STYLED_BUTTONS:
        # Buttons of no size in place of none.
        sheet = f"QAbstractSpinBox {{ min-width: {least}px; padding: 1px 8px; }}"
        sheet += " QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0px; height: 0px; }"
    else:
        field.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    field.setStyleSheet(sheet)
