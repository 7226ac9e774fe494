"""What napari shows for a while at the lower edge of the canvas: taken away where it is true no more."""

from __future__ import annotations

import contextlib

from qtpy.QtWidgets import QApplication, QWidget

_CLASS = "NapariQtNotification"


def toasts() -> list[QWidget]:
    """Return all that are shown."""
    return [one for one in QApplication.allWidgets() if type(one).__name__ == _CLASS and said(one)]


def said(toast: QWidget) -> str:
    """Return what a toast says."""
    with contextlib.suppress(AttributeError, RuntimeError):  # it is another thing in another napari, or just closing
        return str(toast.message.text())  # type: ignore[attr-defined]
    return ""


def take_back(message: str) -> None:
    """Close those that say something.

    Parameters
    ----------
    message : str
        All of it. A toast stays until somebody has seen it where the window is not in front, and says meanwhile what
        may long be mended.
    """
    if not message or QApplication.instance() is None:
        return
    for toast in toasts():
        if said(toast) == message:
            toast.close()
