"""Work on a thread of its own, with every outcome handed back to the GUI thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from qtpy.QtCore import QObject
from qtpy.QtCore import Signal as QtSignal  # type: ignore[attr-defined]

_T = TypeVar("_T")


class Stopped(Exception):
    """A person has stopped an operation; raised on its thread, and said in one sentence on the window's."""


class Operation:
    """Something that a person waits for: it has a bar, and a way out.

    Parameters
    ----------
    title : str
        What is being done, as the bar says it: ``"Comparing with 'Truth'"``.
    writes : bool
        Whether it changes files. Then it is stopped where it asks (:meth:`check`), and no later than before its first
        change; what only reads is let go of at once, and what it finds is heard by nobody.

    Attributes
    ----------
    share : float or None
        How much is done, 0 to 1; None where that is not known. Written by its thread.
    began : float
        When, by ``time.monotonic``.
    """

    def __init__(self, title: str, *, writes: bool = False) -> None:
        self.title = title
        self.writes = writes
        self.share: float | None = None
        self.began = time.monotonic()
        self._stop = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether somebody has stopped it."""
        return self._stop.is_set()

    def check(self) -> None:
        """Go no further where it was stopped.

        Raises
        ------
        Stopped
            Where it was.
        """
        if self.stopped:
            raise Stopped(self.title)

    def told(self, share: float) -> None:
        """Take note of how much is done, and go no further where it was stopped."""
        self.share = share
        self.check()

    def stop(self) -> None:
        """Ask it to end."""
        self._stop.set()


class Background(QObject):
    """Runs functions beside the GUI.

    Ready-made workers lose some exceptions (a ``RuntimeError`` in a generator ends without any signal); here
    each call ends in exactly one of ``done`` and ``failed``, on the thread that made this object.

    Attributes
    ----------
    under_way : list of Operation
        What a person waits for, the first begun first.
    changed : Signal
        Emitted when one has begun or ended.
    """

    changed = QtSignal()
    _finished = QtSignal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._finished.connect(self._hand_over)
        self._closed = False
        self.under_way: list[Operation] = []
        self._released: dict[Operation, Callable[[], None]] = {}

    def run(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[BaseException], None]
    ) -> None:
        """Call ``work`` on a thread; then ``done`` with its result or ``failed`` with what it raised.

        It is for what nobody waits for; what somebody does goes through :meth:`attempt`.
        """

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

    def attempt(
        self,
        operation: Operation,
        work: Callable[[Operation], _T],
        done: Callable[[_T], None],
        failed: Callable[[BaseException], None],
        stopped: Callable[[], None],
    ) -> None:
        """Do what a person waits for: shown with a bar, and stopped when they say so.

        Parameters
        ----------
        operation : Operation
            What it is.
        work : callable
            Called on a thread with the operation.
        done, failed, stopped : callable
            One of them is called, on the thread that made this object: with the result, with what was raised, or
            because a person has stopped it, and then nothing was changed.
        """

        def release() -> None:
            self._end(operation)
            stopped()

        def finished(result: _T) -> None:
            if self._end(operation):
                done(result)

        def broke(error: BaseException) -> None:
            if self._end(operation):
                (stopped() if isinstance(error, Stopped) else failed(error))

        self._released[operation] = release
        self.under_way.append(operation)
        self.changed.emit()
        self.run(lambda: work(operation), finished, broke)

    def stop(self, operation: Operation) -> None:
        """Stop an operation: at once where it only reads, else where it has changed nothing yet."""
        if operation in self.under_way and not operation.stopped:
            operation.stop()
            if not operation.writes:
                self._released[operation]()

    def close(self) -> None:
        """Hand nothing over any more; what has changed nothing yet changes nothing."""
        self._closed = True
        for operation in self.under_way:
            operation.stop()

    def _end(self, operation: Operation) -> bool:
        """Show an operation no more; False where it was let go of before."""
        if operation not in self.under_way:
            return False
        self.under_way.remove(operation)
        del self._released[operation]
        self.changed.emit()
        return True

    def _hand_over(self, call: Callable[[Any], None], outcome: Any) -> None:
        if not self._closed:
            call(outcome)
