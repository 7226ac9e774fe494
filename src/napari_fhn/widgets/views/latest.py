"""Pictures made beside the window, one after the other; of several that are asked for by one view the last counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_fhn.widgets.background import Background


class Latest:
    """Does work on a thread; what is asked for again before its turn has come is done once.

    Parameters
    ----------
    background : Background
        Whose threads.
    """

    def __init__(self, background: Background) -> None:
        self._background = background
        self._waiting: dict[str, tuple[Callable[[], Any], Callable[[Any], None], Callable[[BaseException], None]]] = {}
        self._busy = False
        self._turn = 0

    def ask(
        self, name: str, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[BaseException], None]
    ) -> None:
        """Do this when its turn comes, in place of what was asked for under this name and has not begun.

        Parameters
        ----------
        name : str
            Who asks.
        work : callable
            Called on the thread.
        done, failed : callable
            Called here with its result, or with what it raised.
        """
        self._waiting.pop(name, None)
        self._waiting[name] = (work, done, failed)
        self._go_on()

    def forget(self) -> None:
        """Do nothing of what has not begun, and tell nobody what comes of the rest: who asked may be gone."""
        self._waiting.clear()
        self._turn += 1

    def _go_on(self) -> None:
        if self._busy or not self._waiting:
            return
        work, done, failed = self._waiting.pop(next(iter(self._waiting)))
        self._busy, turn = True, self._turn

        def finished(call: Callable[[Any], None], outcome: Any) -> None:
            self._busy = False
            try:
                if turn == self._turn:
                    call(outcome)
            finally:
                self._go_on()

        self._background.run(work, lambda made: finished(done, made), lambda error: finished(failed, error))
