"""The viewer's end of the training process."""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from napari_fhn.training import description
from napari_fhn.training.control import Focus
from napari_fhn.training.description import Description
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.updates import Done, Failed, Note, Update, from_json

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


class Engine:
    """Starts, steers and hears the process that trains.

    No method blocks, so all of them may be called from a GUI thread. One piece of work runs at a time.

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
        self._process: subprocess.Popen[str] | None = None
        self._updates: queue.SimpleQueue[Update] = queue.SimpleQueue()
        self._focus: Focus | None = None
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
        with self.log.open("w", encoding="utf-8") as log:
            # A process of its own and not multiprocessing: that would run the user's script a second time.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "napari_fhn.engine.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env={**_ENVIRONMENT, **os.environ},
            )
        self._updates = queue.SimpleQueue()
        assert self._process.stdout is not None
        threading.Thread(
            target=_listen,
            args=(self._process.stdout, self._updates),
            name="fhn-engine-listener",
            daemon=True,
        ).start()
        if self._focus is not None:
            self.focus(self._focus)

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

    def focus(self, focus: Focus | None) -> None:
        """Say which section is in view; it is predicted first."""
        self._focus = focus
        self._send({"do": "focus", "focus": asdict(focus) if focus else None})

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
        alive = self.pid is not None
        updates = self._drain()
        if any(isinstance(update, Done | Failed) for update in updates):
            self._idle()
        if not self.busy:
            return updates
        if not alive:
            assert self._process is not None
            code = self._process.wait()
            time.sleep(0.05)  # the listener may still hold a last line
            updates += self._drain()
            if not any(isinstance(update, Done | Failed) for update in updates):
                stopped = self._stop_asked is not None
                updates.append(self._ended() if stopped else Failed(_epitaph(code), self._log_tail()))
            self._idle()
        elif self._stop_asked is not None and time.monotonic() - self._stop_asked > STOP_GRACE:
            self._kill()
            updates.append(self._ended())
            self._idle()
            self.start()
        return updates

    def _ended(self) -> Done:
        """Say what is left of work that was ended from outside because it did not stop by itself."""
        task, seconds = self.task or "train", time.monotonic() - self._began
        saved = _saved(self._job)
        if task == "predict":
            words = "Stopped in the middle of a tile; it goes on from there when you predict again."
        elif saved is not None and (self._resumes or saved != self._saved_before):
            words = (
                f"Stopped in the middle of a step. What was learnt up to the last save, after {saved.steps} steps, "
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
        self._send({"do": task, "job": asdict(job), **how})

    def _idle(self) -> None:
        self.task = None
        self.paused = False
        self._stop_asked = None

    def _drain(self) -> list[Update]:
        updates: list[Update] = []
        while True:
            try:
                updates.append(self._updates.get_nowait())
            except queue.Empty:
                return updates

    def _send(self, command: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            return
        # An error means that the process is gone; poll() finds that out and says so.
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()

    def _kill(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()

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


def _listen(stream: IO[str], updates: queue.SimpleQueue[Update]) -> None:
    with stream:
        for line in stream:
            try:
                updates.put(from_json(line))
            except ValueError as error:
                updates.put(Note(f"The training process said something unexpected: {error}"))


def _epitaph(code: int) -> str:
    if os.name == "posix" and code == -signal.SIGKILL:
        return (
            "The training process was killed, most often because memory ran out. Your labels are safe. "
            "Choose a smaller block, or close other programs, and press Train again."
        )
    if code < 0:
        return (
            f"The training process was ended by signal {-code}. Your labels are safe. "
            "Press Train to start again; the details hold the end of its log."
        )
    return (
        f"The training process ended unexpectedly (exit code {code}). Your labels are safe. "
        "The details hold the end of its log."
    )
