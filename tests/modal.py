"""Dialogs as a person meets them: each that comes up is handed to the next act, with real keys and mouse."""

from __future__ import annotations

from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit

_POLL_MS = 20


class Meeting:
    """Hands each modal window that comes up to the next of some acts.

    Parameters
    ----------
    *acts : callable
        Each is given its window, and ends it, as nothing else would.

    Attributes
    ----------
    left : list of callable
        For which no window has come yet.
    faults : list of Exception
        What an act has raised; its window is closed then.
    """

    def __init__(self, *acts):
        self.left, self.faults = list(acts), []
        self._met = []  # kept, or another window could have the same address
        QTimer.singleShot(_POLL_MS, self._look)

    def _look(self):
        window = QApplication.activeModalWidget()
        if self.left:
            QTimer.singleShot(_POLL_MS, self._look)
        if window is None or window in self._met or not window.isVisible() or not self.left:
            return
        if not window.isActiveWindow():  # as a window manager would have it, which there may be none of
            window.activateWindow()
            return
        self._met.append(window)
        try:
            self.left.pop(0)(window)
        except Exception as error:
            self.faults.append(error)
            window.close()

    def done(self):
        """Whether all acts had their window, and none failed."""
        if self.faults:
            raise self.faults[0]
        return not self.left


def typing(name):
    """An act: type a name into a dialog of files and press Enter."""

    def act(dialog):
        field = dialog.findChild(QLineEdit)
        field.selectAll()
        QTest.keyClicks(field, str(name))
        QTest.keyClick(field, Qt.Key.Key_Return)

    return act


def pressing(key):
    """An act: press a key where the keyboard is."""
    return lambda dialog: QTest.keyClick(QApplication.focusWidget() or dialog, key)
