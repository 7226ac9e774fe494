"""Keys that work anywhere in the window, from one table that binds them and lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget


class Key(NamedTuple):
    """A key and what it does.

    Parameters
    ----------
    keys : str
        As Qt writes them.
    words : str
        What happens.
    act : callable or None
        Does it; None where the key is bound elsewhere (to the label layer, or by napari).
    """

    keys: str
    words: str
    act: Callable[[], object] | None = None


def bind(keys: tuple[Key, ...], widget: QWidget) -> list[QShortcut]:
    """Bind keys for as long as a widget lives, wherever in its window the focus is."""
    made = []
    for key in keys:
        if key.act is not None:
            shortcut = QShortcut(QKeySequence(key.keys), widget)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(lambda act=key.act: act())
            made.append(shortcut)
    return made


class ShortcutsDialog(QDialog):
    """The list.

    Parameters
    ----------
    keys : tuple of Key
        Those that there are.
    parent : QWidget, optional
        The viewer's window.
    """

    def __init__(self, keys: tuple[Key, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys of the interpretation desk")
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        for row, key in enumerate(keys):
            name = QLabel(key.keys)
            name.setStyleSheet("font-weight: bold;")
            grid.addWidget(name, row, 0)
            grid.addWidget(QLabel(key.words), row, 1)
        other = QLabel("napari's own keys are in its Preferences, under Shortcuts.")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(grid)
        column.addWidget(other)
        column.addWidget(buttons)
