"""The viewer's end of the training process."""

from __future__ import annotations

import contextlib
import math
import os
import queue
import subprocess
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from napari_fhn import record
from napari_fhn.engine import pulse
from napari_fhn.engine.endings import epitaph
from napari_fhn.engine.outbox import Outbox
from napari_fhn.sentence import counted
from napari_fhn.training.control import Focus
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.machine import groups, leaving
from napari_fhn.training.machine.pipes import lines
from napari_fhn.training.models import description
from napari_fhn.training.models.description import Description
from napari_fhn.training.updates import Done, Failed, Note, Update, from_plain

STOP_GRACE = 0.8
"""Seconds that the process has to stop by itself before it is ended."""

_ENVIRONMENT = {
    # For glibc: what is larger goes back to the system when it is freed. Without this the heap of a process that
    # allocates blocks, scores and gradients of many sizes grows to half as much again as is ever in use.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    # For GNU's OpenMP: threads that wait for one that has lost its processor to another program look so often, and then
    # sleep. With its own 300 000 they hold the processor that the other needs: on two cores a step beside a window that
    # draws all the time takes three times as long. Where nobody else wants a processor it makes no difference.
    "GOMP_SPINCOUNT": "10000",
}

GIVE_WAY_SECONDS = 0.2
"""A hand that moves is told of no more often."""

_AT_ONCE = 2_000
"""Most updates that one call of :meth:`Engine.poll` returns: a window has other things to do."""

_UNREAD = 20_000
"""Updates that wait to be polled; then the process waits too, as soon as its pipe is full."""

_LAST_WORDS = 2.0
"""Seconds in which what a process said before it ended is heard; longer only others can hold its pipe open."""


class Engine:
    """Starts, steers and hears the process that trains.

    No method waits for the process, so all of them may be called from a GUI thread: what it is told is written by one
    thread, what it says is read by another. One piece of work runs at a time.

    Parameters
    ----------
    log : path-like
        File that collects what the process writes to its standard error.

    Attributes
    ----------
    task : {"train", "predict"} or None
        What it is busy with.
    paused : bool
        Whether its work was asked to wait.
    """

    def __init__(self, log: str | Path) -> None:
        self.log = Path(log)
        self.task: str | None = None
        self.paused = False
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: Outbox | None = None
        self._listener: _Listener | None = None
        self._ended_at: float | None = None
        self._killed_before = 0
        self._focus: Focus | None = None
        self._place: tuple[int, ...] | None = None
        self._began = 0.0
        self._gave_way = -math.inf
        self._stop_asked: float | None = None
        self._job: Job | None = None
        self._resumes = False
        self._saved_before: Description | None = None

    @property
    def busy(self) -> bool:
        """Whether work is under way."""
        return self.task is not None

    @property
    def pid(self) -> int | None:
        """Process number, None while there is no process."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the process if it does not run; it loads its libraries meanwhile, so that Train acts at once."""
        if self.pid is not None:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._killed_before = groups.killed()
        with self.log.open("w", encoding="utf-8") as log:
            # A process of its own and not multiprocessing: that would run the user's script a second time.
            process = self._process = subprocess.Popen(
                leaving.command("napari_fhn.engine.worker"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**_ENVIRONMENT, **os.environ},
            )
        assert process.stdin is not None
        assert process.stdout is not None
        self._let_go()
        self._ended_at = None
        self._outbox, self._listener = Outbox(process.stdin), _Listener(process.stdout)
        if self._focus is not None or self._place is not None:
            self.focus(self._focus, self._place)

    @property
    def standing(self) -> str | None:
        """What to say of a process that stands still while it has work to do, and what to do; None while it works."""
        if self._listener is None or not self.busy or self._stop_asked is not None:
            return None
        return self._listener.silence.sentence

    def train(self, job: Job, *, resume: bool = False) -> None:
        """Begin to train.

        Parameters
        ----------
        job : Job
            What on what.
        resume : bool
            Go on with the training that its model folder holds.

        Raises
        ------
        RuntimeError
            When work is under way.
        """
        self._begin("train", job, resume=resume)

    def predict(self, job: Job) -> None:
        """Begin to predict the whole survey with the job's model.

        Raises
        ------
        RuntimeError
            When work is under way.
        """
        self._begin("predict", job)

    def focus(self, focus: Focus | None, place: tuple[int, ...] | None = None) -> None:
        """Say which section is in view, or which voxel of a map is in the middle of it; it is predicted first."""
        self._focus, self._place = focus, place
        self._send({"do": "focus", "focus": asdict(focus) if focus else None, "place": place})

    def give_way(self) -> None:
        """Say that the hand moves, so that drawing wants a processor; may be called as often as the mouse moves."""
        now = time.monotonic()
        if self.busy and now - self._gave_way >= GIVE_WAY_SECONDS:
            self._gave_way = now
            self._send({"do": "give way"})

    def pause(self) -> None:
        """Ask the work to wait at its next small step; it keeps its memory, and can be stopped all the same."""
        if self.busy and not self.paused:
            self.paused = True
            self._send({"do": "pause"})

    def resume(self) -> None:
        """Let paused work go on."""
        if self.paused:
            self.paused = False
            self._send({"do": "resume"})

    def revert(self, step: int) -> None:
        """Ask the training under way to go back to the checkpoint of a step."""
        if self.task == "train":
            self._send({"do": "revert", "step": step})

    def stop(self) -> None:
        """Ask the work to stop. It does so within a second; :meth:`poll` then returns its Done."""
        if self.busy and self._stop_asked is None:
            self._stop_asked = time.monotonic()
            self._send({"do": "stop"})

    def poll(self) -> list[Update]:
        """Return the news since the last call; call it a few times a second."""
        # Whether the process lives is read first: what it said before it died is then in the queue or on its way.
        alive, now = self.pid is not None, time.monotonic()
        updates = self._drain()
        if self._listener is not None and alive:
            self._listener.silence.look(now)
        if any(isinstance(update, Done | Failed) for update in updates):
            self._idle()
        if not self.busy:
            return updates
        if not alive:
            self._ended_at = self._ended_at or now
            heard = self._listener is None or self._listener.finished or now - self._ended_at > _LAST_WORDS
            if heard:
                stopped = self._stop_asked is not None
                updates.append(self._ended() if stopped else self._lost())
                self._idle()
        elif self._stop_asked is not None and now - self._stop_asked > STOP_GRACE:
            self._kill()
            updates.append(self._ended())
            self._idle()
            self.start()
        return updates

    def _lost(self) -> Failed:
        assert self._process is not None
        code = self._process.wait()
        return Failed(epitaph(code, short_of_memory=groups.killed() > self._killed_before), self._log_tail())

    def _ended(self) -> Done:
        """Say what is left of work that was ended from outside because it did not stop by itself."""
        task, seconds = self.task or "train", time.monotonic() - self._began
        saved = _saved(self._job)
        if task == "predict":
            words = "Stopped in the middle of a tile; it goes on from there when you predict again."
        elif saved is not None and (self._resumes or saved != self._saved_before):
            words = (
                "Stopped in the middle of a step. What was learnt up to the last save, after "
                f"{counted(saved.steps, 'steps')}, "
                "is kept."
            )
        else:
            # What is there is of before: this training has left nothing.
            return Done(task, True, seconds, "Stopped in the middle of a step; nothing of it was saved yet.", 0)
        return Done(task, True, seconds, words, saved.steps if saved is not None else 0)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._kill()
        self._idle()

    def _begin(self, task: str, job: Job, **how: bool) -> None:
        if self.busy:
            raise RuntimeError(f"the engine is busy ({self.task}): stop it first")
        self.start()
        self.task = task
        self._job = job
        self._resumes = how.get("resume", False)
        self._saved_before = _saved(job)
        self._began = time.monotonic()
        self._send({"do": task, "job": job.to_dict(), **how})

    def _idle(self) -> None:
        self.task = None
        self.paused = False
        self._stop_asked = None

    def _drain(self) -> list[Update]:
        updates: list[Update] = []
        if self._listener is not None:
            with contextlib.suppress(queue.Empty):
                while len(updates) < _AT_ONCE:
                    updates.append(self._listener.updates.get_nowait())
        return updates

    def _send(self, command: dict[str, Any]) -> None:
        if self._outbox is not None:
            self._outbox.put(command)

    def _kill(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        leaving.end(process)
        self._let_go()

    def _let_go(self) -> None:
        """Say nothing more to the process of before, and hear nothing more of it."""
        if self._outbox is not None:
            self._outbox.close()
        if self._listener is not None:
            self._listener.close()
        self._outbox = self._listener = None

    def _log_tail(self) -> str:
        try:
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])
        except OSError:
            return ""


def _saved(job: Job | None) -> Description | None:
    """Return what is said of the network that a job has on the disk; None where there is none that could be used."""
    if job is None or not (Path(job.model) / "job.json").is_file():
        return None
    try:
        return description.read(job.model)
    except JobError:
        return None


class _Listener:
    """Hears what the process says, on a thread of its own."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.updates: queue.Queue[Update] = queue.Queue(_UNREAD)
        self.silence = pulse.Silence()
        self._closed = False
        self._understood = True
        self._thread = threading.Thread(target=self._listen, args=(stream,), name="fhn-engine-listener", daemon=True)
        self._thread.start()

    @property
    def finished(self) -> bool:
        """Whether all that will ever be said has been heard and taken."""
        return not self._thread.is_alive() and self.updates.empty()

    def close(self) -> None:
        """Hear no more; what the process still says is passed over."""
        self._closed = True

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            for line in lines(stream):
                update = self._understand(line)
                while update is not None and not self._closed:
                    with contextlib.suppress(queue.Full):
                        self.updates.put(update, timeout=0.2)
                        break

    def _understand(self, line: bytes | None) -> Update | None:
        """Return the update of a line; None where there is none."""
        try:
            said = record.parse(line or b"")
            waiting = pulse.waiting_of(said)
            self.silence.heard(waiting or 0.0)
            return from_plain(said) if waiting is None else None
        except ValueError:
            self.silence.heard()
        # One is worth a word. A process that says nothing else would fill the window with them.
        understood, self._understood = self._understood, False
        begin = "a line that is too long" if line is None else repr(line[:80])[1:]
        return (
            Note(f"The training process said something unexpected, which was passed over: {begin}")
            if understood
            else None
        )
