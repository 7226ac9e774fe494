"""Work on a thread of its own, with every outcome handed back to the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject
from qtpy.QtCore import Signal as QtSignal  # type: ignore[attr-defined]


class Background(QObject):
    """Runs functions beside the GUI.

    Ready-made workers lose some exceptions (a ``RuntimeError`` in a generator ends without any signal); here
    each call ends in exactly one of ``done`` and ``failed``, on the thread that made this object.
    """

    _finished = QtSignal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._finished.connect(self._hand_over)
        self._closed = False

    def run(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[BaseException], None]
    ) -> None:
        """Call ``work`` on a thread; then ``done`` with its result or ``failed`` with what it raised."""

        def body() -> None:
            call: Callable[[Any], None] = done
            try:
                outcome: Any = work()
            except BaseException as error:
                call, outcome = failed, error
            try:
                self._finished.emit(call, outcome)
            except RuntimeError:
                # The window is gone, and with it the object: nobody waits for this any more.
                return

        threading.Thread(target=body, name="fhn-background", daemon=True).start()

    def close(self) -> None:
        """Hand nothing over any more."""
        self._closed = True

    def _hand_over(self, call: Callable[[Any], None], outcome: Any) -> None:
        if not self._closed:
            call(outcome)
