"""What is to be said to another process, written by a thread of its own: whoever says it never waits."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import IO, Any

_STATES = {"focus": "focus", "give way": "give way", "pause": "pause", "resume": "pause", "revert": "revert"}
"""Commands that say how something is to be: of each kind only the last one counts that was not written yet."""


class Outbox:
    """Writes commands as lines of JSON.

    A process that stands still takes nothing out of its pipe, and the pipe is full after some hundred lines. What waits
    here then stays small: a newer focus takes the place of an older one, and so on.

    Parameters
    ----------
    stream : binary stream
        Standard input of the process. It is the thread's from now on, and closed by it.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._waiting: list[dict[str, Any]] = []
        self._something = threading.Condition()
        self._closed = False
        threading.Thread(target=self._write, name="fhn-engine-outbox", daemon=True).start()

    def __len__(self) -> int:
        """Commands that wait to be written."""
        return len(self._waiting)

    def put(self, command: dict[str, Any]) -> None:
        """Have a command written, after those before it; returns at once.

        Parameters
        ----------
        command : dict
            Plain JSON types, with the kind of command as ``"do"``.
        """
        kind = _STATES.get(command["do"])
        with self._something:
            if kind is not None:
                self._waiting = [other for other in self._waiting if _STATES.get(other["do"]) != kind]
            self._waiting.append(command)
            self._something.notify()

    def close(self) -> None:
        """Close the stream once the line under way is written; what waits is not written any more."""
        with self._something:
            self._closed = True
            self._waiting.clear()
            self._something.notify()

    def _write(self) -> None:
        # An error means that the process is gone, which whoever listens to it finds out.
        with contextlib.suppress(OSError, ValueError), self._stream:
            while True:
                with self._something:
                    self._something.wait_for(lambda: self._waiting or self._closed)
                    if self._closed:
                        return
                    command = self._waiting.pop(0)
                self._stream.write(json.dumps(command).encode() + b"\n")
                self._stream.flush()
