"""The desk's end of a training on another machine: it has the face of the engine, and the engine's news.

A thread of its own talks, so that nobody waits for a line. It sends what the worker lacks, then labels as they change;
it fetches the predictions of the section in view, and at the end the network, or what was predicted. A line that is cut
is an ordinary event: it is said, tried again, and training goes on over there meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from napari_fhn import record
from napari_fhn.engine.remote import sending, wire
from napari_fhn.engine.remote.address import TOKEN, parse
from napari_fhn.engine.remote.home import Home
from napari_fhn.engine.remote.line import Connection, Cut
from napari_fhn.engine.remote.sending import CARD, Following, Sending
from napari_fhn.keys import hidden
from napari_fhn.sentence import begun
from napari_fhn.training.control import Control, Focus
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.machine.time_left import duration
from napari_fhn.training.updates import (
    BoxChanged,
    Done,
    Failed,
    Note,
    Progress,
    Update,
    from_json,
    from_plain,
)

_AGAIN = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before one try to reach the worker and the next; the last ones go on."""

_FIRST_TRIES = 2
_TICK = 0.1
_SENDING_SAID = 10.0
"""Seconds between two words about a file that is on its way."""


class FarEngine:
    """Trains on another machine.

    Its methods are those of :class:`~napari_fhn.engine.Engine`, and none of them waits.

    Parameters
    ----------
    address : str
        See :func:`~napari_fhn.engine.remote.address.parse`.

    Attributes
    ----------
    task : {"train", "predict"} or None
        What it is busy with.
    paused : bool
        Whether its work was asked to wait.

    Raises
    ------
    JobError
        When that is no address.
    """

    pid = None
    standing = None

    def __init__(self, address: str) -> None:
        self.address = parse(address)
        self.task: str | None = None
        self.paused = False
        self._news: queue.SimpleQueue[Update] = queue.SimpleQueue()
        self._orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._focus: Focus | None = None
        self._stopped = threading.Event()
        self._closed = threading.Event()

    @property
    def busy(self) -> bool:
        """Whether work is under way."""
        return self.task is not None

    def start(self) -> None:
        """Do nothing: there is no process to start here."""

    def train(self, job: Job, *, resume: bool = False) -> None:
        """Begin to train; with ``resume`` go on with what was trained there, or follow it where it is trained still."""
        self._begin("train", job, resume)

    def predict(self, job: Job) -> None:
        """Begin to predict the whole survey there, and fetch all of it."""
        self._begin("predict", job, False)

    def focus(self, focus: Focus | None) -> None:
        """Say which section is in view."""
        self._focus = focus
        self._orders.put({"do": "focus", "focus": asdict(focus) if focus else None})

    def give_way(self) -> None:
        """Do nothing: the hand that moves is not on that machine."""

    def pause(self) -> None:
        """Ask the work to wait."""
        if self.busy and not self.paused:
            self.paused = True
            self._orders.put({"do": "pause"})

    def resume(self) -> None:
        """Let paused work go on."""
        if self.paused:
            self.paused = False
            self._orders.put({"do": "resume"})

    def revert(self, step: int) -> None:
        """Ask the training to go back to the checkpoint of a step."""
        if self.task == "train":
            self._orders.put({"do": "revert", "step": step})

    def stop(self) -> None:
        """Ask the work to stop; where the line is cut, no longer follow it."""
        if self.busy and not self._stopped.is_set():
            self._stopped.set()
            self._orders.put({"do": "stop"})

    def poll(self) -> list[Update]:
        """Return the news since the last call."""
        found: list[Update] = []
        with contextlib.suppress(queue.Empty):
            while len(found) < 2000:
                found.append(self._news.get_nowait())
        if any(isinstance(update, Done | Failed) for update in found):
            self.task, self.paused = None, False
        return found

    def close(self) -> None:
        """Hang up: what is trained there goes on."""
        self._closed.set()

    def _begin(self, task: str, job: Job, resume: bool) -> None:
        if self.busy:
            raise RuntimeError(f"the engine is busy ({self.task}): stop it first")
        self.task = task
        self._stopped.clear()
        while not self._orders.empty():
            self._orders.get_nowait()
        self.focus(self._focus)
        work = _Work(self, task, job, resume)
        threading.Thread(target=work.run, name="fhn-far", daemon=True).start()


def work_at(
    address: str, task: str, job: Job, control: Control | None = None, *, resume: bool = False
) -> Iterator[Update]:
    """Train or predict on another machine, as ``fit`` and ``predict`` do here.

    Parameters
    ----------
    address : str
        ``ssh://[USER@]HOST[:PORT][/FOLDER]``, or ``tcp://127.0.0.1:PORT`` for the end of a tunnel.
    task : {"train", "predict"}
        What to do.
    job : Job
        With what; its files are those of this machine.
    control : Control, optional
        To stop, to pause, and to say what is in view.
    resume : bool
        Go on with what was trained there, or follow it where it is trained still.

    Yields
    ------
    Update
        What is said there, and what is said of the way.

    Raises
    ------
    JobError
        When it cannot be done.
    """
    control, engine = control or Control(), FarEngine(address)
    engine.focus(control.focus)
    try:
        engine.train(job, resume=resume) if task == "train" else engine.predict(job)
        while engine.busy:
            if control.stop.wait(_TICK):
                engine.stop()
            engine.pause() if control.pause.is_set() else engine.resume()
            if control.focus != engine._focus:
                engine.focus(control.focus)
            for update in engine.poll():
                if isinstance(update, Failed):
                    raise JobError(update.message)
                yield update
    finally:
        engine.close()


class _Unwanted(Exception):
    """Nobody wants it any more; never leaves this module."""


class _Work:
    """One training or prediction on another machine."""

    def __init__(self, engine: FarEngine, task: str, job: Job, resume: bool) -> None:
        self._sending = (0.0, 0.0)
        self._engine, self._task, self._job, self._resume = engine, task, job, resume
        self._where = str(engine.address)
        self._began = time.monotonic()
        self._view: Focus | None = None
        self._count = 0

    def run(self) -> None:
        """Do it, whatever happens on the way, and say how it ended."""
        try:
            self._do()
        except _Unwanted:
            words = "Stopped before it began: nothing was done, and all is as it was."
            self._tell(Done(self._task, True, time.monotonic() - self._began, words))
        except (JobError, OSError) as error:
            message = str(error)
            self._tell(Failed(begun(message), hidden(traceback.format_exc())))
        except Exception as error:
            words = f"Work on {self._where} ended with an error: {type(error).__name__}: {error}."
            self._tell(Failed(words, hidden(traceback.format_exc())))

    def _do(self) -> None:
        card = Path(self._job.model) / CARD
        run = _run_of(card, self._where) if self._resume or self._task == "predict" else None
        known, run = run is not None, run or uuid.uuid4().hex
        sent = Sending.of(self._job, run)
        arrays = {"labels.npy": self._job.labels, "prediction.npy": self._job.prediction}
        if self._job.weights is not None:
            arrays["weights.npy"] = self._job.weights
        shapes = Following(run, arrays).arrays()
        del arrays["prediction.npy"]
        following = Following(run, arrays)
        connection = self._reached(_FIRST_TRIES)
        there = (
            connection.ask("attach", run=run, after=self._count)
            if known
            else {"task": None, "begun": False, "news": []}
        )
        if there["task"] is None and not (self._ended(there) and self._task == "train"):
            for path in sent.files:
                sending.send_file(connection, path, partial(self._say_sending, path))
            connection.ask("begin", run=run, arrays=shapes)
            following.send(connection)
            if self._job.start_from is not None and self._task == "train":
                sending.send_folder(connection, run, Path(self._job.start_from), "start")
            if self._task == "predict" or (self._resume and not there["begun"]):
                sending.send_folder(connection, run, Path(self._job.model), "model")
            connection.ask(self._task, run=run, job=sent.job.to_dict(), resume=self._resume)
            there = {"news": []}
            if self._task == "train":
                card.parent.mkdir(parents=True, exist_ok=True)
                record.write_bytes(card, wire.line({"run": run, "at": self._where}))
        else:
            self._tell(Note(f"Training on {self._where} is followed again."))
            following.send(connection)
        end = self._follow(connection, run, following, there["news"])
        if end is not None:
            self._tell(end)

    def _ended(self, there: dict[str, Any]) -> bool:
        """Tell whether a run has ended that nobody has heard the end of."""
        return any(isinstance(update, Done) for update in _updates(there["news"]))

    def _follow(self, connection: Connection, run: str, following: Following, missed: list[str]) -> Update | None:
        """Hear the news until the end; through every line that is cut."""
        home = Home(self._job, run, self._where)
        while True:
            try:
                for update in self._heard(connection, home, following, missed):
                    if isinstance(update, Failed):
                        return update
                    if isinstance(update, Done):
                        if home.stale is not None:
                            self._tell(home.shown(connection))
                        if (changed := home.fetch(connection, whole=self._task == "predict")) is not None:
                            self._tell(changed)
                        connection.ask("end", run=run)
                        connection.close()
                        return update
                    self._tell(update)
                connection.close()
                return None  # the desk is closed
            except Cut:
                connection.close()
                again = self._again(run)
                if again is None:
                    words = f"The line to {self._where} is cut and no longer followed: training there goes on."
                    return Done(self._task, True, time.monotonic() - self._began, words)
                connection, missed = again

    def _again(self, run: str) -> tuple[Connection, list[str]] | None:
        """Reach the worker again; None where nobody wants that any more."""
        self._tell(Note(f"The line to {self._where} is cut: work goes on there, and it is tried again."))
        connection = self._reached(None)
        if connection is None:
            return None
        there = connection.ask("attach", run=run, after=self._count)
        if there["task"] is None and not there["news"]:
            raise JobError(
                f"the worker on {self._where} has ended, and with it the training: train with --resume to go on"
            )
        self._tell(Note(f"The line to {self._where} is there again."))
        self._engine.focus(self._engine._focus)
        self._view = None
        return connection, there["news"]

    def _reached(self, tries: int | None) -> Any:
        """Open a line: so many times, or until it is there or nobody wants it any more."""
        number = 0
        while not (self._engine._closed.is_set() or self._engine._stopped.is_set()):
            try:
                return Connection(self._engine.address, os.environ.get(TOKEN, ""))
            except Cut:
                number += 1
                if tries is not None and number >= tries:
                    raise
            until = time.monotonic() + _AGAIN[min(number, len(_AGAIN)) - 1]
            while time.monotonic() < until and not self._engine._stopped.is_set() and not self._engine._closed.is_set():
                time.sleep(_TICK)
        if tries is not None:
            raise Cut(f"{self._where} was not reached before it was stopped")
        return None

    def _heard(self, connection: Connection, home: Home, following: Following, missed: list[str]) -> Iterator[Update]:
        for said in _updates(missed):
            self._count += not isinstance(said, Progress)
            yield home.told(said)
        while not self._engine._closed.is_set():
            with contextlib.suppress(queue.Empty):
                while True:
                    connection.say(self._engine._orders.get_nowait())
            update: Update | None = None
            try:
                update = from_plain(connection.news.get(timeout=_TICK))
            except queue.Empty:
                if connection.cut.is_set():
                    raise Cut("the line is cut") from None
            except ValueError:
                continue  # of another version
            if isinstance(update, BoxChanged):
                home.step = update.step
                home.note(update.box, self._engine._focus)
            elif update is not None:
                self._count += not isinstance(update, Progress)
                yield home.told(update)
            if self._engine._focus != self._view:
                self._view = self._engine._focus
                if self._view is not None and home.step:
                    home.note(None, self._view)
            if home.due:
                yield home.shown(connection)
            following.look(connection, self._engine._focus)

    def _say_sending(self, path: str, sent: int, size: int) -> None:
        if self._engine._stopped.is_set() or self._engine._closed.is_set():
            raise _Unwanted
        now = time.monotonic()
        if not sent:
            self._sending = now, now
            words = f"{Path(path).name} is not on {self._where} yet: it is sent once ({sending.price(size)})."
            self._tell(Note(words))
        elif now - self._sending[1] > _SENDING_SAID and sent < size:
            self._sending = self._sending[0], now
            left = duration((now - self._sending[0]) / sent * (size - sent))
            self._tell(Note(f"{Path(path).name}: {100 * sent // size} % of it is there, {left} left."))

    def _tell(self, update: Update) -> None:
        self._engine._news.put(update)


def _updates(said: list[str]) -> Iterator[Update]:
    for line in said:
        with contextlib.suppress(ValueError):
            yield from_json(line)


def _run_of(card: Path, where: str) -> str | None:
    """Return the run that a network was trained in on a machine; None where it was not."""
    with contextlib.suppress(OSError, ValueError):
        found = record.parse(card.read_bytes())
        if isinstance(found, dict) and found.get("at") == where:
            return str(found["run"])
    return None
