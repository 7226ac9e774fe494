"""The words for what is worked on, in all that the dock shows: tooltips, labels, menus, headings of tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QLabel, QTableWidget, QTableWidgetItem, QWidget

_SLOTS = (
    (QWidget, "toolTip", "setToolTip"),
    (QWidget, "accessibleName", "setAccessibleName"),
    (QLabel, "text", "setText"),
    (QAbstractButton, "text", "setText"),
    (QAbstractSpinBox, "suffix", "setSuffix"),
)
_WRITTEN = "fhn written "
_ROLE = Qt.ItemDataRole.UserRole + 71


def word(root: QWidget, worded: Callable[[str], str]) -> None:
    """Let a widget and all in it speak of what is worked on.

    Parameters
    ----------
    root : QWidget
        The dock, or a dialog.
    worded : callable
        Chooses the word in a text, as `napari_fhn.widgets.messages.Messages.worded` does. What was written stays
        remembered, as another survey may be worked on next.
    """
    for widget in (root, *root.findChildren(QWidget)):
        for kind, read, write in _SLOTS:
            if isinstance(widget, kind) and hasattr(widget, read):
                _choose(widget, read, write, worded)
        for action in widget.actions():
            for read, write in (("text", "setText"), ("toolTip", "setToolTip")):
                _choose(action, read, write, worded)
        if isinstance(widget, QTableWidget):
            columns = map(widget.horizontalHeaderItem, range(widget.columnCount()))
            _head([one for one in columns if one is not None], worded)


def _choose(one: QObject, read: str, write: str, worded: Callable[[str], str]) -> None:
    shown, name = str(getattr(one, read)()), _WRITTEN + read
    written = _written(shown, one.property(name))
    wanted = worded(written)
    if wanted != shown:
        getattr(one, write)(wanted)
    if wanted != written:
        one.setProperty(name, [written, wanted])


def _head(items: list[QTableWidgetItem], worded: Callable[[str], str]) -> None:
    for item in items:
        written = _written(item.toolTip(), item.data(_ROLE))
        wanted = worded(written)
        if wanted != item.toolTip():
            item.setToolTip(wanted)
        if wanted != written:
            item.setData(_ROLE, [written, wanted])


def _written(shown: str, kept: Any) -> str:
    """What stood there before a word was chosen, unless something else was written since."""
    return str(kept[0]) if kept is not None and shown == kept[1] else shown
