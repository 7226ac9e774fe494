"""The program that stays on the other machine: it trains for whoever comes, and goes on when they are cut off.

One desk at a time is heard, the one that came last: a line that was cut is often only found dead long after the desk
has come back by another. News of work under way are kept, so that whoever comes back hears what was missed.
"""

from __future__ import annotations

import contextlib
import errno
import hmac
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ClassVar

from napari_fhn import record
from napari_fhn.engine.engine import Engine
from napari_fhn.engine.remote import wire
from napari_fhn.engine.remote.store import Store
from napari_fhn.training.control import Focus
from napari_fhn.training.errors import JobError, decoded
from napari_fhn.training.machine.pipes import lines
from napari_fhn.training.updates import BoxChanged, Done, Failed, Progress, Update, to_json

HELLO_SECONDS = 10.0
"""In which a stranger has to say the word."""

_HELLO = 4096
"""Bytes of a first line at most."""

_STRANGERS = 8
"""Connections at once that have not said the word yet."""

_UNREAD = 5_000
"""Lines that wait for a desk; one that takes no more is let go, and may come back."""

_MISSED = 500
"""News of a run that are kept for whoever comes back, without those of boxes; of the progress the last alone."""

_TICK = 0.05

_PAUSE = 0.5
"""Seconds before somebody is let in again where that failed: files that are open too many are closed meanwhile."""

_FOR_GOOD = (errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP)
"""What is wrong with the port itself, and not with who comes, or with this machine just now."""


class Keeper:
    """Trains for desks that come by a port of this machine.

    Parameters
    ----------
    folder : Path
        Of files and runs.
    token : str
        Word that a desk has to say first.
    idle : float
        Seconds without work and without a desk after which it ends; 0 for never.

    Attributes
    ----------
    port : int
        At which it listens, on the loopback alone.
    """

    def __init__(self, folder: Path, token: str, *, port: int = 0, idle: float = 0.0) -> None:
        self.store = Store(folder)
        self._token = token
        self._idle = idle
        self._engine = Engine(folder / "training.log")
        self._run: str | None = None
        self._missed: list[Update] = []
        self._count = 0
        self._progress: Progress | None = None
        self._said: queue.SimpleQueue[tuple[_Desk, dict[str, Any]]] = queue.SimpleQueue()
        self._desk: _Desk | None = None
        self._strangers = threading.BoundedSemaphore(_STRANGERS)
        self._closed = threading.Event()
        self._deaf = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Work until it is closed, idle for too long, or idle where nobody can come any more."""
        threading.Thread(target=self._accept, name="keeper-accept", daemon=True).start()
        self._engine.start()
        used = time.monotonic()
        try:
            while not self._closed.is_set():
                self._hear()
                for update in self._engine.poll():
                    self._pass_on(update)
                if self._engine.busy or self._desk is not None:
                    used = time.monotonic()
                elif self._deaf.is_set() or (self._idle and time.monotonic() - used > self._idle):
                    return
        finally:
            self.close()
            self._engine.close()

    def close(self) -> None:
        """Stop listening, and let the desk go."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.close()
        if self._desk is not None:
            self._desk.close()

    # ------------------------------------------------------------------ who comes

    def _accept(self) -> None:
        """Let in whoever comes; where that fails once, the next is let in, and a worker that is deaf leaves."""
        said = ""
        while not self._closed.is_set():
            try:
                self._let_in()
            except (OSError, RuntimeError) as error:  # a thread more than there may be is a RuntimeError
                if self._closed.is_set():
                    return
                deaf = getattr(error, "errno", None) in _FOR_GOOD
                if str(error) != said:
                    said, then = str(error), "it ends with its work" if deaf else "it listens on"
                    print(f"napari-fhn: the worker could not let somebody in ({said}); {then}", file=sys.stderr)
                if deaf:
                    self._deaf.set()
                    return
                self._closed.wait(_PAUSE)

    def _let_in(self) -> None:
        """Wait for a stranger, and hear it on a thread of its own."""
        stranger, _ = self._listener.accept()
        if not self._strangers.acquire(blocking=False):
            stranger.close()
            return
        try:
            threading.Thread(target=self._meet, args=(stranger,), name="keeper-desk", daemon=True).start()
        except RuntimeError:
            self._strangers.release()
            stranger.close()
            raise

    def _meet(self, stranger: socket.socket) -> None:
        """Hear the word, then the desk; a stranger who does not know it hears nothing."""
        try:
            stranger.settimeout(HELLO_SECONDS)
            known = self._greeted(_first_line(stranger))
        except (OSError, ValueError):
            known = False
        finally:
            self._strangers.release()
        if not known:
            stranger.close()
            return
        try:
            stranger.settimeout(None)
            desk = _Desk(stranger)
        except (OSError, RuntimeError):  # there is no thread for it: it may come again
            stranger.close()
            return
        self._said.put((desk, {"do": "come"}))
        for line in lines(desk.reader):
            try:
                self._said.put((desk, wire.read(line)))
            except ValueError as error:
                desk.say({"kind": "Refused", "message": f"What was said is not understood: {error}."})
        desk.close()
        self._said.put((desk, {"do": "leave"}))

    def _greeted(self, line: bytes) -> bool:
        message = wire.read(line)
        token = message.get("token")
        return isinstance(token, str) and hmac.compare_digest(token.encode(), self._token.encode())

    # ------------------------------------------------------------------ what they say

    def _hear(self) -> None:
        with contextlib.suppress(queue.Empty):
            desk, message = self._said.get(timeout=_TICK)
            while True:
                self._obey(desk, message)
                desk, message = self._said.get_nowait()

    def _obey(self, desk: _Desk, message: dict[str, Any]) -> None:
        what = message.get("do")
        if what == "come":
            if self._desk is not None:
                self._desk.close()
            self._desk = desk
            desk.say({"kind": "Welcome", "version": wire.VERSION, "run": self._run, "task": self._engine.task})
            return
        if what == "leave":
            if self._desk is desk:
                self._desk = None
            return
        if self._desk is not desk:
            return  # what one says that another has taken the place of
        answer: dict[str, Any]
        try:
            answers = self._answers.get(what) if isinstance(what, str) else None
            answer = self._steer(what, message) if answers is None else answers(self, message)
        except (ValueError, OSError) as error:
            answer = {"kind": "Refused", "message": str(error)}
        except Exception as error:  # whatever it is, training goes on
            answer = {"kind": "Refused", "message": f"{type(error).__name__}: {error}"}
        if "re" in message:
            desk.say({"kind": "Fine", **answer, "re": message["re"]})

    def _steer(self, what: object, message: dict[str, Any]) -> dict[str, Any]:
        engine = self._engine
        match what:
            case "stop":
                engine.stop()
            case "pause":
                engine.pause()
            case "resume":
                engine.resume()
            case "give way":
                engine.give_way()
            case "revert":
                engine.revert(decoded(int, message.get("step"), "step"))
            case "focus":
                where = message.get("focus")
                engine.focus(None if where is None else decoded(Focus, where, "focus"))
            case _:
                raise JobError(f"{what!r:.60} is nothing that this version knows")
        return {}

    def _has(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"has": self.store.has(message.get("file"), message.get("path"))}

    def _put(self, message: dict[str, Any]) -> dict[str, Any]:
        self.store.put(message)
        return {}

    def _begin(self, message: dict[str, Any]) -> dict[str, Any]:
        self.store.begin(message)
        return {}

    def _place(self, message: dict[str, Any]) -> dict[str, Any]:
        self.store.place(message)
        return {}

    def _write(self, message: dict[str, Any]) -> dict[str, Any]:
        self.store.write(message)
        return {}

    def _values(self, message: dict[str, Any]) -> dict[str, Any]:
        box, values = self.store.values(message)
        return {"box": record.encode(box), "data": wire.packed(values.tobytes())}

    def _files(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"files": self.store.files(message)}

    def _get(self, message: dict[str, Any]) -> dict[str, Any]:
        data = self.store.piece(message)
        return {"size": len(data), "data": wire.packed(data)}

    def _work(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._engine.busy:
            raise JobError("this machine is busy with another training: stop that first, or take another folder there")
        job, name = self.store.job(message), str(message.get("run"))
        self._run, self._missed, self._count, self._progress = name, [], 0, None
        if message["do"] == "train":
            self._engine.train(job, resume=message.get("resume") is True)
        else:
            self._engine.predict(job)
        return {}

    def _attach(self, message: dict[str, Any]) -> dict[str, Any]:
        """Tell whoever comes back what has become of a run, and what was missed."""
        name = message.get("run")
        begun = (self.store.run(name) / "model" / "model.json").is_file()
        if name != self._run:
            return {"task": None, "news": [], "begun": begun}
        progress = [] if self._progress is None else [self._progress]
        after = decoded(int, message.get("after", 0), "after")
        fresh = self._missed[max(0, len(self._missed) - max(0, self._count - after)) :]
        news = [to_json(update) for update in (*progress, *fresh)]
        return {"task": self._engine.task, "news": news, "begun": begun}

    def _end(self, message: dict[str, Any]) -> dict[str, Any]:
        """Take note that what a run has made is at home: nobody needs to hear of it any more."""
        if message.get("run") == self._run and not self._engine.busy:
            self._run, self._missed = None, []
        return {}

    _answers: ClassVar[dict[object, Callable[[Keeper, dict[str, Any]], dict[str, Any]]]] = {
        "has": _has,
        "put": _put,
        "begin": _begin,
        "place": _place,
        "write": _write,
        "values": _values,
        "files": _files,
        "get": _get,
        "train": _work,
        "predict": _work,
        "attach": _attach,
        "end": _end,
    }

    def _pass_on(self, update: Update) -> None:
        """Tell the desk, and keep what one that comes back has to hear."""
        if isinstance(update, Progress):
            self._progress = update
        elif not isinstance(update, BoxChanged):
            self._missed = [*self._missed[-_MISSED:], update]
            self._count += 1
        if isinstance(update, Done | Failed):
            self._progress = None
        if self._desk is not None:
            self._desk.write(to_json(update).encode() + b"\n")


class _Desk:
    """A desk that has said the word: what is said to it is written by a thread, so that nobody waits for it."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self.reader: IO[bytes] = connected.makefile("rb")
        self._unwritten: queue.Queue[bytes | None] = queue.Queue(_UNREAD)
        threading.Thread(target=self._write, name="keeper-write", daemon=True).start()

    def say(self, message: dict[str, Any]) -> None:
        """Say something."""
        self.write(wire.line(message))

    def write(self, line: bytes) -> None:
        """Have a line written; whoever takes none any more is let go."""
        try:
            self._unwritten.put_nowait(line)
        except queue.Full:
            self.close()

    def close(self) -> None:
        """Let go of it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(queue.Full):
            self._unwritten.put_nowait(None)

    def _write(self) -> None:
        with contextlib.suppress(OSError), self._socket:
            while (line := self._unwritten.get()) is not None:
                self._socket.sendall(line)


def _first_line(stranger: socket.socket) -> bytes:
    """Read a line, byte by byte as far as it may reach: what follows it is somebody else's to read."""
    found = b""
    until = time.monotonic() + HELLO_SECONDS
    while not found.endswith(b"\n"):
        if len(found) >= _HELLO or time.monotonic() > until:
            raise ValueError("no word was said")
        one = stranger.recv(1)
        if not one:
            raise ValueError("the line has ended")
        found += one
    return found
