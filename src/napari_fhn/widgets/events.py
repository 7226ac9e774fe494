"""Letting go of napari: of its events, and of what layers that stay in a viewer are given."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")


def disconnect(emitter: Any, callback: Callable[..., None]) -> None:
    """Disconnect a callback, whether it is still connected or not."""
    with contextlib.suppress(ValueError, KeyError):
        emitter.disconnect(callback)


def weakly(method: Callable[..., _T]) -> Callable[..., _T | None]:
    """Return what calls a method for as long as there is the object that has it.

    A layer stays in the viewer when its desk has gone. napari refers weakly to methods that are connected to its
    events, and to nothing else: functions that are connected, keys, mouse callbacks and what is set on a layer would
    keep all that they name, which is the whole desk, and with PySide6 its dock.

    Parameters
    ----------
    method : callable
        A bound method.
    """
    there = weakref.WeakMethod(method)

    def call(*args: Any, **how: Any) -> _T | None:
        found = there()
        return None if found is None else found(*args, **how)

    return call
