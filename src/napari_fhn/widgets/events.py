"""Letting go of napari's events."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any


def disconnect(emitter: Any, callback: Callable[..., None]) -> None:
    """Disconnect a callback, whether it is still connected or not."""
    with contextlib.suppress(ValueError, KeyError):
        emitter.disconnect(callback)
