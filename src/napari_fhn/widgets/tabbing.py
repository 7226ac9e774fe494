"""Tab goes round the whole window, also past the sliders of napari, which take the focus back as they are left."""

from __future__ import annotations

import contextlib
from typing import Any

from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication, QLineEdit, QWidget

from napari_fhn.widgets.events import disconnect

_TABS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class PastSliders(QObject):
    """Hands the focus on to where Tab was going when it leaves a field beside a slider.

    napari gives it to all its sliders as soon as such a field is left, to take what was typed. From there Tab begins
    again among the panels of napari, and would never come to those of a plugin.

    Parameters
    ----------
    viewer : ViewerModel
        Whose sliders are others with another number of axes.
    parent : QObject
        Who takes it along at the end.
    """

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._sliders: QWidget | None = None
        self._watched: list[QLineEdit] = []
        viewer.dims.events.ndim.connect(self._look)

    def watch(self, window: QWidget) -> None:
        """Look after the sliders of a window from now on.

        Parameters
        ----------
        window : QWidget
            The viewer's.
        """
        # napari has no public name for its sliders, and Qt finds them.
        named = ((widget, widget.metaObject()) for widget in window.findChildren(QWidget))
        self._sliders = next((one for one, meta in named if meta is not None and meta.className() == "QtDims"), None)
        self._look()

    def let_go(self) -> None:
        """Look after nothing any more."""
        disconnect(self._viewer.dims.events.ndim, self._look)
        self._sliders = None
        self._look()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Remember where Tab goes, and go there once napari has taken what was typed."""
        if event is not None and event.type() == QEvent.Type.FocusOut and event.reason() in _TABS:  # type: ignore[attr-defined]
            going, reason = QApplication.focusWidget(), event.reason()  # type: ignore[attr-defined]
            if going is not None:
                QTimer.singleShot(0, lambda: _go_on(going, reason))
        return False

    def _look(self, event: Any = None) -> None:
        for one in self._watched:
            try:
                one.removeEventFilter(self)
            except RuntimeError:  # gone with its slider
                continue
        self._watched = [] if self._sliders is None else self._sliders.findChildren(QLineEdit)
        for one in self._watched:
            one.installEventFilter(self)


def _go_on(widget: QWidget, reason: Qt.FocusReason) -> None:
    with contextlib.suppress(RuntimeError):  # gone by then
        widget.setFocus(reason)
