"""Strokes on their way to the disk: what is painted into a mapped file would not outlive a power cut before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.large import Large

EVERY = 0.8
"""Seconds of painting that a power cut may cost, at most, beside the time that the disk takes."""


class Flusher:
    """Brings a mapped array to the disk at least each second while it is painted on, on a thread of its own.

    Parameters
    ----------
    flush : callable
        Does it; may take as long as the disk does.
    """

    def __init__(self, flush: Callable[[NDArray[Any]], None] = mapped.sync_beside) -> None:
        self._flush = flush
        self._lock = threading.Lock()
        self._due: NDArray[Any] | None = None
        self._runs = False
        self._error: OSError | None = None

    def due(self, array: NDArray[Any]) -> None:
        """Note that something was painted, or is about to be; returns at once."""
        if not isinstance(array, np.memmap | Large):
            return
        with self._lock:
            self._due = array
            if self._runs:
                return
            self._runs = True
        threading.Thread(target=self._run, name="fhn-flusher", daemon=True).start()

    def refusal(self) -> OSError | None:
        """Return, once, why the disk did not take it."""
        with self._lock:
            error, self._error = self._error, None
        return error

    def _run(self) -> None:
        while True:
            time.sleep(EVERY)
            with self._lock:
                array, self._due = self._due, None
                if array is None:
                    self._runs = False
                    return
            try:
                self._flush(array)
            except OSError as error:
                with self._lock:
                    self._error = error
            del array  # it may be let go of meanwhile
