"""Keys that work anywhere in the window, from one table that binds them and lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from napari_fhn.widgets.dock import Dock


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


def table(dock: Dock) -> tuple[Key, ...]:
    """Return all keys of the desk.

    Parameters
    ----------
    dock : Dock
        Whose buttons they press: what cannot be clicked cannot be reached by its key either.
    """
    run, looks = dock.run, dock.run.looks
    return (
        Key("Ctrl+Alt+R", "Train", run.train.click),
        Key("Ctrl+Alt+P", "Pause, and resume", run.pause.click),
        Key("Ctrl+Alt+X", "Stop", run.stop.click),
        Key("Ctrl+Alt+A", "Predict all", run.predict.click),
        Key("Ctrl+Alt+V", "Show or hide the prediction", dock.desk.prediction.toggle),
        Key("Ctrl+Alt+O", "Outlines of the prediction", looks.outlines.click),
        Key("Ctrl+Alt+E", "Entropy of the prediction", looks.buttons["entropy"].click),
        Key("Ctrl+Alt+W", "Where next: find the places most worth labelling", run.next.search.click),
        Key("Ctrl+Alt+N", "Go to the next of them", run.next.go_on),
        Key("Ctrl+Alt+B", "Draw the training block", dock.network.block.click),
        Key("Ctrl+Alt+G", "Type a place to go to", dock.data.go_to.begin),
        Key("Ctrl+Alt+K", "This list", dock.list_shortcuts),
        Key("1 ... 9", "Brush of class 1 to 9, on the label layer"),
        Key("Ctrl+Z, Ctrl+Shift+Z", "Undo and redo on the label layer: strokes, burning, imports, classes"),
    )


def bind(dock: Dock) -> list[QShortcut]:
    """Bind the keys for as long as the dock lives, wherever in its window the focus is."""
    made = []
    for key in table(dock):
        if key.act is not None:
            shortcut = QShortcut(QKeySequence(key.keys), dock)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(lambda act=key.act: act())
            made.append(shortcut)
    return made


class ShortcutsDialog(QDialog):
    """The list.

    Parameters
    ----------
    keys : tuple of Key
        From :func:`table`.
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
