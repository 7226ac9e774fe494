"""The desk's end of a line to a worker: questions that are answered, and news that come unasked."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import Any

from napari_fhn.engine.remote import wire
from napari_fhn.engine.remote.address import TOKEN, Address
from napari_fhn.training.errors import JobError
from napari_fhn.training.machine.pipes import lines

ANSWERED = 120.0
"""Seconds in which a question is answered: a digest of a large file may have to be taken."""


class Cut(OSError):
    """The line is cut, or nobody is there."""


class Refused(JobError):
    """What was asked cannot be done there; the message says why."""


class Connection:
    """A line to a worker.

    Parameters
    ----------
    address : Address
        Where it is.
    token : str
        That it asks for; nothing where ``ssh`` lets in.

    Attributes
    ----------
    news : queue of dict
        What it says unasked.
    welcome : dict
        What it said first.

    Raises
    ------
    Cut
        When nobody answers.
    Refused
        When it is of another version.
    """

    def __init__(self, address: Address, token: str = "") -> None:
        self.news: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._asked = 0
        self._saying = threading.Lock()
        self.cut = threading.Event()
        try:
            self._line = address.connect()
        except OSError as error:
            raise Cut(f"the worker at {address} does not answer ({error})") from error
        threading.Thread(target=self._hear, name="fhn-line", daemon=True).start()
        try:
            self.say({"do": "hello", "token": token})
            self.welcome = self._answer(ANSWERED, "Welcome")
        except Cut as error:
            self.close()
            word = f" (is the word in {TOKEN} the one that it has printed?)" if address.kind == "tcp" else ""
            raise Cut(f"the worker at {address} lets nobody in{word}") from error
        if self.welcome.get("version") != wire.VERSION:
            self.close()
            raise Refused(
                f"the worker at {address} runs another version of napari-fhn: install the same one on both machines"
            )

    def say(self, message: dict[str, Any]) -> None:
        """Say something that is not answered."""
        try:
            with self._saying:
                self._line.writer.write(wire.line(message))
                self._line.writer.flush()
        except (OSError, ValueError) as error:
            self.cut.set()
            raise Cut("the line is cut") from error

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Ask something, and return the answer.

        Raises
        ------
        Refused
            When it cannot be done.
        Cut
            When there is no answer.
        """
        self._asked += 1
        self.say({"do": do, **more, "re": self._asked})
        while True:
            answer = self._answer(ANSWERED)
            if answer.get("re") != self._asked:
                continue
            if answer.get("kind") == "Refused":
                raise Refused(str(answer.get("message")))
            return answer

    def close(self) -> None:
        """Hang up; what is trained there goes on."""
        self.cut.set()
        with contextlib.suppress(OSError):
            self._line.close()

    def _answer(self, seconds: float, kind: str | None = None) -> dict[str, Any]:
        waited = 0.0
        while waited < seconds:
            try:
                answer = self._answers.get(timeout=0.2)
            except queue.Empty:
                waited += 0.2
                if self.cut.is_set() and self._answers.empty():
                    break
                continue
            if kind is None or answer.get("kind") == kind:
                return answer
        self.cut.set()
        raise Cut("the line is cut")

    def _hear(self) -> None:
        for said in lines(self._line.reader):
            with contextlib.suppress(ValueError):
                message = wire.read(said)
                answer = "re" in message or message.get("kind") == "Welcome"
                (self._answers if answer else self.news).put(message)
        self.cut.set()
