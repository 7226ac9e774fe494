"""A viewer that tests use one after the other, emptied in between: to make one takes as long as most tests."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from types import MethodType
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import napari
from napari.utils.events import EventEmitter
from qtpy.QtWidgets import QApplication
from vispy.visuals.shaders.function import Function

# napari keeps something of every layer that was ever drawn, so a viewer is not used for ever.
OFTEN = 25
_CALLBACKS = ("mouse_move_callbacks", "mouse_wheel_callbacks", "mouse_drag_callbacks", "mouse_double_click_callbacks")


_taken: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
_signature = EventEmitter._check_signature


def _check_signature(callback: Callable[..., Any]) -> bool:
    """What napari asks a hundred thousand times in the tests of a dock: whether a callback takes the event.

    Methods and emitters answer alike, whosever they are.
    """
    kind: Any = callback.__func__ if isinstance(callback, MethodType) else type(callback)
    if isinstance(callback, MethodType | EventEmitter):
        if kind not in _taken:
            _taken[kind] = _signature(callback)
        return _taken[kind]
    return _signature(callback)


EventEmitter._check_signature = staticmethod(_check_signature)
# The same few shaders are written out for every visual of every layer.
Function._clean_code = staticmethod(functools.cache(functools.partial(Function._clean_code, None)))


class _Kept:
    viewer: napari.Viewer | None = None
    used = 0
    callbacks: ClassVar[dict[str, list[Any]]] = {}


def given() -> napari.Viewer:
    """The viewer, as good as new; a new one where the one before was closed or used often."""
    if _Kept.viewer is None:
        _Kept.viewer = napari.Viewer(show=False)
        # It looks at every event of every widget, for a menu bar that hides.
        QApplication.instance().removeEventFilter(_Kept.viewer.window._qt_window)
        _Kept.used = 0
        _Kept.callbacks = {name: list(getattr(_Kept.viewer, name)) for name in _CALLBACKS}
    _Kept.used += 1
    return _Kept.viewer


def returned(viewer: napari.Viewer) -> None:
    """Take the viewer back and empty it; `viewer` is closed where it cannot be used again."""
    whole = hasattr(viewer.window, "_qt_window")
    # What was shown, or drawn in 3D, has a state in the graphics library that nothing puts back.
    drawn = whole and (viewer.window._qt_window.isVisible() or viewer.dims.ndisplay == 3)
    if whole and not drawn and viewer is _Kept.viewer and _Kept.used < OFTEN:
        # One that could not be emptied is not given to the next test.
        _Kept.viewer = None
        _empty(viewer)
        _Kept.viewer = viewer
        return
    if viewer is _Kept.viewer:
        _Kept.viewer = None
    if whole:
        viewer.close()
    gc.collect()


def forget() -> None:
    """Close the viewer: the next test has one of its own."""
    if _Kept.viewer is not None:
        viewer, _Kept.viewer = _Kept.viewer, None
        if hasattr(viewer.window, "_qt_window"):
            viewer.close()


def _empty(viewer: napari.Viewer) -> None:
    viewer.window.remove_dock_widget("all")
    viewer.layers.clear()
    viewer.dims.ndisplay = 2
    viewer.dims.ndim = 2
    viewer.dims.axis_labels = ("0", "1")
    viewer.dims.reset()
    viewer.reset_view()
    viewer.keymap.clear()
    viewer.title = "napari"
    viewer.theme = "dark"
    viewer.status = "Ready"
    for name in _CALLBACKS:
        getattr(viewer, name)[:] = _Kept.callbacks[name]
