"""The pulse of the process that works: it says each second that it lives, and the viewer notices when it does not."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

EVERY = 1.0
"""Seconds between two beats."""

SILENT = 8.0
"""Seconds without a word, or of waiting for a disk, after which a process is said to stand still."""

_LOOK = 0.5
"""Most seconds that count between two looks: what went by while the viewer itself stood still says nothing."""

_KIND = "Alive"
_TRAINER = "The training process"
_WAY_OUT = "Wait, or press Stop: what was saved and your labels are kept."


def beat(waiting: float) -> bytes:
    """Return a beat as a line of JSON.

    Parameters
    ----------
    waiting : float
        Seconds that the work has waited for a disk.
    """
    return json.dumps({"kind": _KIND, "waiting": waiting}).encode() + b"\n"


def waiting_of(said: object) -> float | None:
    """Return the seconds that a beat tells of; None where a line, read as JSON, is no beat."""
    if not isinstance(said, dict) or said.get("kind") != _KIND:
        return None
    waiting = said.get("waiting")
    return float(waiting) if isinstance(waiting, int | float) and 0 <= waiting < 1e9 else 0.0


def waits_for_disk(thread: int, proc: Path = Path("/proc/self")) -> bool:
    """Tell whether a thread of this process cannot go on before a disk answers.

    Parameters
    ----------
    thread : int
        Its ``native_id``.
    proc : Path
        Where the system tells of this process.

    Returns
    -------
    bool
        False where the system does not say.
    """
    try:
        # After the name, which may hold anything, in brackets.
        return (proc / "task" / str(thread) / "stat").read_bytes().rpartition(b")")[2].split()[0] == b"D"
    except (OSError, IndexError):
        return False


def start(say: Callable[[bytes], None], *, every: float = EVERY) -> None:
    """Say from now on, from a thread of its own, that this process lives, and whether its work waits for a disk.

    Parameters
    ----------
    say : callable
        Takes a line. It may leave it out where another is being written.
    every : float
        Seconds between two beats.
    """
    work = threading.main_thread().native_id

    def run() -> None:
        waiting = 0.0
        while True:
            waits = sys.platform == "linux" and work is not None and waits_for_disk(work)
            waiting = waiting + every if waits else 0.0
            try:
                say(beat(waiting))
            except (OSError, ValueError):
                return  # the viewer is gone
            time.sleep(every)

    threading.Thread(target=run, name="pulse", daemon=True).start()


class Silence:
    """How long nothing was heard of a process; asked again and again by whoever waits for it.

    The thread that listens calls :meth:`heard`, the one that waits :meth:`look`.

    Parameters
    ----------
    who : str
        Whose silence it is, as a sentence begins with it.
    way_out : str
        What to do about it, in sentences.
    """

    def __init__(self, who: str = _TRAINER, way_out: str = _WAY_OUT) -> None:
        self._who, self._way_out = who, way_out
        self._heard = self._noticed = 0
        self._seconds = 0.0
        self._looked: float | None = None
        self._waiting = 0.0

    def heard(self, waiting: float = 0.0) -> None:
        """Take in that something was heard.

        Parameters
        ----------
        waiting : float
            Seconds that the work has waited for a disk, by the process's own word.
        """
        self._waiting = waiting
        self._heard += 1

    def look(self, now: float) -> None:
        """Take in that it is now, in seconds of ``time.monotonic``, and that all that was said has been heard."""
        passed = 0.0 if self._looked is None else min(now - self._looked, _LOOK)
        self._looked = now
        self._seconds += passed
        if self._heard != self._noticed:
            self._noticed, self._seconds = self._heard, 0.0

    @property
    def sentence(self) -> str | None:
        """What is to be said of it, with what to do; None while it lives and works."""
        if self._seconds >= SILENT:
            return (
                f"{self._who} has not been heard of for {self._seconds:.0f} s: it was stopped, or memory is short, or "
                f"the machine is very busy. {self._way_out}"
            )
        if self._waiting >= SILENT:
            return (
                f"{self._who} has waited for {self._waiting:.0f} s for a disk that does not answer: look after the "
                f"disk. {self._way_out}"
            )
        return None
