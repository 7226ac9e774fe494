"""What napari asks for by name: imported when it is asked for, while the cursor says that the window is busy.

The first survey and the first dock bring libraries along that take a moment to import, and the window hears nothing
meanwhile.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication

_ROOMS = {
    "Dock": "dock",
    "seismic": "data.samples",
    "hyperspectral_pair": "data.samples",
    "f3": "data.samples",
    "usa": "data.samples",
    "open_survey": "data.opening",
    "open_survey_folder": "data.opening",
    "open_session": "sessions.commands",
    "save_session": "sessions.commands",
}
"""Where each of them is."""


def __getattr__(name: str) -> Any:
    room = _ROOMS.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    busy()
    return getattr(import_module(f"napari_fhn.widgets.{room}"), name)


def busy() -> None:
    """Show the cursor of a busy window until the window hears again."""
    if QApplication.instance() is not None:
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        QTimer.singleShot(0, QApplication.restoreOverrideCursor)
