"""A frame around the control that has the keys: in napari's style most buttons, choices and sliders look as ever."""

from __future__ import annotations

import contextlib
from typing import Any

from qtpy.QtCore import QObject, QRectF
from qtpy.QtGui import QColor, QPainter, QPen
from qtpy.QtWidgets import QApplication, QFocusFrame, QScrollArea, QWidget

_COLOR = QColor(86, 180, 233)
_WIDTH = 2


class Frame(QFocusFrame):
    """The frame; it follows its control, and takes no mouse."""

    def paintEvent(self, event: Any) -> None:
        """Draw a line around the control."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(_COLOR, _WIDTH))
        half = _WIDTH / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(half, half, -half, -half), 3, 3)
        painter.end()


class FocusSeen(QObject):
    """Shows which control of some widgets has the keys, once somebody goes from one to the next with them.

    Parameters
    ----------
    parent : QWidget
        Within which it is shown; takes it along at the end.
    others : QWidget
        Within which it is shown too.
    """

    def __init__(self, parent: QWidget, *others: QWidget) -> None:
        super().__init__(parent)
        self._within = (parent, *others)
        self.frame: Frame | None = None
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow)

    def let_go(self) -> None:
        """Show nothing any more."""
        application = QApplication.instance()
        with contextlib.suppress(RuntimeError, TypeError):  # the program is ending, or it has been let go
            if isinstance(application, QApplication):
                application.focusChanged.disconnect(self._follow)
        self._put_away()

    def _follow(self, before: QWidget | None, now: QWidget | None) -> None:
        with contextlib.suppress(RuntimeError):  # what it was within is being deleted
            self._put_away()
            if now is not None and any(one is now or one.isAncestorOf(now) for one in self._within):
                # A frame goes where its control goes, and with what that lies in: each control has one of its own.
                self.frame = Frame(now)
                self.frame.setWidget(now)
                _bring_into_view(now)

    def _put_away(self) -> None:
        frame, self.frame = self.frame, None
        if frame is not None:
            with contextlib.suppress(RuntimeError):  # gone with its control
                frame.setWidget(None)
                frame.deleteLater()


def _bring_into_view(control: QWidget) -> None:
    """Scroll to a control: Qt does where Tab comes from the same part, and not where it comes from the canvas."""
    if control.visibleRegion().boundingRect().height() >= control.height():
        return
    parent = control.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(control, 0, 8)
        parent = parent.parentWidget()
