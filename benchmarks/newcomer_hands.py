"""The hands of a newcomer: real mouse and key events, counted and timed, with a picture after each step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

_STEPS = 12
"""Movements of the mouse along a stroke."""


class Walk:
    """Counts clicks, keys and seconds, step by step.

    Parameters
    ----------
    name : str
        Of the walk.
    pictures : Path, optional
        Folder for a picture after each step.
    """

    def __init__(self, name: str = "", pictures: Path | None = None) -> None:
        self.name = name
        self.steps: list[dict[str, Any]] = []
        self.clicks = self.keys = 0
        self.viewer: Any = None
        self._pictures = pictures

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Time what one does, and what one waits for."""
        clicks, keys, began = self.clicks, self.keys, time.monotonic()
        yield
        step = {"step": words, "clicks": self.clicks - clicks, "keys": self.keys - keys}
        step["seconds"] = round(time.monotonic() - began, 1)
        self.steps.append(step)
        print(f"{step['seconds']:7.1f} s  {step['clicks']:2} clicks  {step['keys']:2} keys  {words}", flush=True)
        if self._pictures is not None and self.viewer is not None:
            self._pictures.mkdir(parents=True, exist_ok=True)
            path = self._pictures / f"{self.name}-{len(self.steps):02}.png"
            self.viewer.window.screenshot(str(path), canvas_only=False, flash=False)

    def record(self) -> dict[str, Any]:
        """Return all figures of the walk."""
        seconds = round(sum(step["seconds"] for step in self.steps), 1)
        return {"walk": self.name, "clicks": self.clicks, "keys": self.keys, "seconds": seconds, "steps": self.steps}

    def click(self, widget: Any) -> None:
        """Click the middle of a widget, once it is in view and can be clicked."""
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        settle(lambda: widget.isEnabled() and widget.isVisible(), 30)
        if not widget.isEnabled() or not widget.isVisible():
            raise RuntimeError(f"{widget.text()!r} cannot be clicked")
        reveal(widget)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        self.clicks += 1

    def choose(self, box: Any, title: str) -> None:
        """Open a list and click an entry."""
        reveal(box)
        box.showPopup()
        settle(lambda: False, 0.2)
        index = next(k for k in range(box.count()) if box.itemText(k) == title)
        box.setCurrentIndex(index)
        box.hidePopup()
        self.clicks += 2

    def entry(self, button: Any, title: str) -> None:
        """Click a button that opens a menu, and an entry of it."""
        reveal(button)
        action = next(one for one in button.menu().actions() if one.text() == title)
        self.clicks += 2
        action.trigger()

    def menu(self, window: Any, *path: str) -> None:
        """Walk a menu."""
        menu = window.menuBar()
        for depth, title in enumerate(path):
            menu.aboutToShow.emit() if depth else None
            actions = {action.text().replace("&", ""): action for action in menu.actions()}
            found = next((action for text, action in actions.items() if text.startswith(title)), None)
            if found is None:
                raise RuntimeError(f"no {title!r} in {sorted(actions)}")
            self.clicks += 1
            if found.menu() is None:
                found.trigger()
            else:
                menu = found.menu()

    def key(self, widget: Any, keys: str) -> None:
        """Press a combination of keys, such as ``"Ctrl+Alt+R"``, where the focus is."""
        from qtpy.QtGui import QKeySequence
        from qtpy.QtTest import QTest

        combination = QKeySequence(keys)[0]
        QTest.keyClick(widget, combination.key(), combination.keyboardModifiers())
        self.keys += 1

    def stroke(self, viewer: Any, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw with the mouse on the canvas; places are shares of what is drawn, from the upper left corner."""
        from qtpy.QtCore import QPoint, Qt
        from qtpy.QtTest import QTest

        canvas = viewer.window._qt_viewer.canvas.native
        first, last = (np.array(self._pixel(viewer, place)) for place in (begin, end))
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(*map(int, first)))
        for share in np.linspace(0, 1, _STEPS):
            place = first + share * (last - first)
            QTest.mouseMove(canvas, QPoint(*map(int, place)))
            settle(lambda: False, 0.01)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(*map(int, last)))
        settle(lambda: False, 0.1)
        self.clicks += 1

    @staticmethod
    def _pixel(viewer: Any, share: tuple[float, float]) -> tuple[float, float]:
        from napari_fhn.widgets.data.camera import camera_of

        canvas, camera = viewer.window._qt_viewer.canvas.native, camera_of(viewer)
        low, high = np.asarray(viewer.layers.extent.world)
        rows, columns = viewer.dims.displayed[-2:]
        world = [low[a] + s * (high[a] - low[a]) for a, s in ((rows, share[1]), (columns, share[0]))]
        y, x = ((w - c) * camera.zoom for w, c in zip(world, camera.center[-2:], strict=True))
        return canvas.width() / 2 + x, canvas.height() / 2 + y


def settle(until: Callable[[], bool], seconds: float) -> None:
    """Let the window live until something holds, or for some seconds."""
    from napari_fhn.widgets.demo import wait

    wait(until, seconds)


def reveal(widget: Any) -> None:
    """Scroll until a widget is in view, as a newcomer would."""
    parent = widget.parentWidget()
    while parent is not None:
        if hasattr(parent, "ensureWidgetVisible"):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()
    settle(lambda: False, 0.1)


def controls(dock: Any) -> list[str]:
    """Name the controls of the dock that are on the screen."""
    from qtpy.QtWidgets import (
        QAbstractButton,
        QAbstractItemView,
        QAbstractSlider,
        QAbstractSpinBox,
        QComboBox,
        QHeaderView,
        QLineEdit,
        QScrollBar,
    )

    kinds = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
    found = [one for kind in kinds for one in dock.findChildren(kind)]
    seen = []
    for one in found:
        part = isinstance(one, QHeaderView | QScrollBar) or isinstance(one.parent(), QAbstractSpinBox | QComboBox)
        if (
            one.isVisible()
            and not one.visibleRegion().isEmpty()
            and not part
            and not one.objectName().startswith("qt_")
        ):
            text = one.text() if isinstance(one, QAbstractButton) else ""
            seen.append(text or one.accessibleName() or one.toolTip()[:40])
    return seen
