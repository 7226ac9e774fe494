"""A look through a file in a process of its own, where a library has been seen to end the program, or to loop.

Such a process takes a sixth of a second to start, so it stays for the next file, as long as each look ends in good
order: a folder of files costs one start. One that breaks down or comes to no end is ended, and has only met that file.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from napari_fhn.surveys import look_loop
from napari_fhn.surveys.errors import SurveyError

#: Seconds that a look through a file may compute. Where other programs compute too it may take longer than that.
TIMEOUT = 10
#: Seconds after which it is given up whatever it does: its disk may not answer.
PATIENCE = 40
#: Seconds that a process waits for the next file, and files after which it ends.
IDLE = 15
MOST_FILES = 200
_LOOK = 0.2
"""Seconds after which is asked how much it has computed."""

_DEATH = 0.5
"""Seconds that a killed process is waited for."""

#: What looks as: the script, with its arguments, in which process.
_Key = tuple[int, str, tuple[str, ...], float]


class _Looker:
    """A process that looks through files.

    Parameters
    ----------
    script : str
        What looks.
    arguments : tuple of str
        For it.
    """

    def __init__(self, script: str, arguments: tuple[str, ...]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", look_loop.__file__, script, str(PATIENCE + 1), str(IDLE), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self.files = 0
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="looking", daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        # It may be let go meanwhile.
        with contextlib.suppress(OSError, ValueError):
            for line in self.process.stdout:
                self._said.put(line)
        self._said.put("")

    def ask(self, path: Path) -> Any:
        """Let it look through a file.

        Raises
        ------
        EOFError
            When it has ended.
        TimeoutError
            When it comes to no end.
        """
        self.files += 1
        began, computed = time.monotonic(), _computed(self.process.pid)
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps([self.files, str(path)]) + "\n")
            self.process.stdin.flush()
        except OSError as error:
            raise EOFError from error
        while True:
            try:
                line = self._said.get(timeout=_LOOK)
            except queue.Empty:
                waited = time.monotonic() - began
                now = _computed(self.process.pid)
                spent = waited if computed is None or now is None else now - computed
                if waited >= PATIENCE or (waited >= TIMEOUT and spent >= TIMEOUT):
                    raise TimeoutError(f"{waited:.0f} seconds") from None
                continue
            if not line:
                raise EOFError
            answer = self._answer(line)
            if answer is not None:
                return answer[1]

    def _answer(self, line: str) -> list[Any] | None:
        """What a line says of the file that was asked about; None for what a library prints."""
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, list) and len(found) == 2 and found[0] == self.files else None

    def end(self, grace: float = 0.0) -> int | None:
        """End it and let go of it, without waiting for one that waits for a disk which does not answer.

        Parameters
        ----------
        grace : float
            Seconds in which it may end by itself.

        Returns
        -------
        int or None
            What it ended with.
        """
        process = self.process
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            try:
                process.wait(_DEATH)
            except subprocess.TimeoutExpired:
                threading.Thread(target=process.wait, name="reaper", daemon=True).start()
        for stream in (process.stdin, process.stdout):
            # Who listens holds what it listens to, and lets go of it when the process has ended.
            if stream is not None and (stream is process.stdin or process.returncode is not None):
                with contextlib.suppress(OSError, ValueError):
                    stream.close()
        return process.returncode


_idle: dict[_Key, list[_Looker]] = {}
_lock = threading.Lock()


def looked_through(path: Path, script: str, arguments: tuple[str, ...], library: str) -> bytes | None:
    """Let another process look through a file first.

    Parameters
    ----------
    path : Path
        The file.
    script : str
        What looks: a file of Python with a function ``answer(path, *arguments)`` that returns what JSON can hold. It
        imports nothing of this package, so that a fresh interpreter is quick. What it raises in good order is left to
        the reader.
    arguments : tuple of str
        What it is told besides.
    library : str
        Whose library it is, for sentences.

    Returns
    -------
    bytes or None
        What it answers, as JSON, empty where it has no answer; None where there is no interpreter to start (an
        application that brings its own).

    Raises
    ------
    SurveyError
        When that process crashed, or did not end in time.
    """
    # What was started here is nothing for a copy of this process.
    key = os.getpid(), script, arguments, IDLE
    with _lock:
        waiting = _idle.get(key, [])
        looker = waiting.pop() if waiting else None
    if looker is not None:
        try:
            return _answer(looker, key, path, library)
        except _Ended:
            pass  # of what it has met before, or of nothing to do: this file is looked through by a fresh one
    try:
        looker = _Looker(script, arguments)
    except OSError:
        return None
    try:
        return _answer(looker, key, path, library)
    except _Ended as ended:
        code = ended.code
    if code == -signal.SIGKILL:
        what = "what looks through it first was ended from outside, as the system does where memory is short"
        raise SurveyError(path, what, "Close other programs, and open it again")
    if code is not None and (code < 0 or code >= 2**31):
        raise SurveyError(path, f"{library}'s library breaks down in it", "It seems to be damaged: copy it again")
    return b""


class _Ended(Exception):
    """A process that has ended without an answer.

    Parameters
    ----------
    code : int or None
        What it ended with.
    """

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


def _answer(looker: _Looker, key: _Key, path: Path, library: str) -> bytes:
    """Ask for a look; a process that answers waits for the next file."""
    keep = False
    try:
        found = looker.ask(path)
        keep = looker.files < MOST_FILES
        return json.dumps(found).encode()
    except EOFError:
        raise _Ended(looker.end(_DEATH)) from None
    except TimeoutError as error:
        what = f"{library}'s library came to no end in it within {error}"
        way_out = "It seems to be damaged, or its disk does not answer: try again, or copy it again"
        raise SurveyError(path, what, way_out) from error
    finally:
        if keep:
            with _lock:
                _idle.setdefault(key, []).append(looker)
        else:
            looker.end()


def _computed(number: int) -> float | None:
    """Seconds that a process has computed; None where no system says it."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def _end_all() -> None:
    with _lock:
        waiting = [looker for key, some in _idle.items() if key[0] == os.getpid() for looker in some]
        _idle.clear()
    for looker in waiting:
        looker.end()


atexit.register(_end_all)
