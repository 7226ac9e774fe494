"""One piece of work on a thread beside the one that asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Beside(Generic[Found]):
    """Does one piece of work at a time, until it is asked what came of it."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._found: Found | None = None

    def begin(self, work: Callable[[], Found]) -> None:
        """Begin a piece of work; the one before must be finished."""

        def do() -> None:
            try:
                self._found = work()
            except Exception:  # whoever asks does the work again, and hears it there
                self._found = None

        self._thread = threading.Thread(target=do, name="beside", daemon=True)
        self._thread.start()

    def finish(self) -> Found | None:
        """Wait for the work, and return what came of it: None where there was none, or where it failed."""
        if self._thread is not None:
            self._thread.join()
        found, self._thread, self._found = self._found, None, None
        return found
