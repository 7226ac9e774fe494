"""Runs a job in this process and shows its updates: a progress bar, plain lines, or JSON."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Protocol

from napari_fhn import mapped
from napari_fhn.cli.saying import log, worded
from napari_fhn.cli.tables import number
from napari_fhn.training import updates
from napari_fhn.training.control import Control
from napari_fhn.training.files.log import kept
from napari_fhn.training.job import Job
from napari_fhn.training.machine import time_left
from napari_fhn.training.updates import Done, Note, Progress, Score, Update

if TYPE_CHECKING:
    from napari_fhn.training.distributed.ranks import Ranks

_LINES = 10
"""Lines about the progress of one task where there is no terminal to draw a bar on."""

_LOOK_S = 2.0

_DOING = {"train": "Training", "predict": "Predicting"}


class Display(Protocol):
    """Shows updates to whoever looks."""

    def __enter__(self) -> Display:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; what was shown stays."""

    def show(self, update: Update) -> None:
        """Show one update."""


def work(
    task: str,
    job: Job,
    as_json: bool,
    command: str = "",
    continued: bool = False,
    gone: Callable[[], bool] = lambda: False,
    ranks: Ranks | None = None,
    on: str = "",
) -> Done | None:
    """Train or predict, showing the updates as they come.

    The first Ctrl-C stops at the next small step and keeps what was made, a second one ends at once.

    Parameters
    ----------
    task : {"train", "predict"}
        What to do.
    job : Job
        With what.
    as_json : bool
        Print each update as a line of JSON instead.
    command : str
        As it was typed, for the log beside the model.
    continued : bool
        The training that the model folder holds goes on, and so does its log.
    gone : callable
        Asked every other second whether the folder of the work is not at its place any more: then it is stopped.
    ranks : Ranks, optional
        The processes that train together, of which this is the first.
    on : str
        Address of another machine that does it; none for this one.

    Returns
    -------
    Done or None
        How it ended, also when it was stopped; None when it said nothing.
    """
    end: Done | None = None
    looked = time.monotonic()
    with interruptible() as control, display(task, job, as_json) as shown:
        if on:
            from napari_fhn.engine.remote.far import work_at

            begun = work_at(on, task, job, control, resume=continued)  # with its log it brings home all of the network
        else:
            begun = kept(_here(task, job, control, continued, ranks), job, task, command=command, continued=continued)
        for update in begun:
            shown.show(update)
            if isinstance(update, Note | Done | Score):
                log.info("%s", updates.to_json(update))
            else:
                log.debug("%s", updates.to_json(update))
            if isinstance(update, Done):
                end = update
            if time.monotonic() - looked >= _LOOK_S:
                looked = time.monotonic()
                if gone():
                    control.stop.set()
    return end


def _here(task: str, job: Job, control: Control, resume: bool, ranks: Ranks | None) -> Iterator[Update]:
    # Here and nowhere else in the command line: torch takes seconds to import.
    from napari_fhn import training

    if task == "predict":
        return training.predict(job, control)
    return training.fit(job, control, resume=resume, **({} if ranks is None else {"ranks": ranks}))


def prepare_prediction(job: Job) -> None:
    """Make the file that a job predicts into where it is missing: a replayed job may have been copied without it.

    Raises
    ------
    JobError
        When the labels, which say how large it is, are missing too.
    """
    import numpy as np

    from napari_fhn.training.data.volume import open_array

    path = Path(job.prediction)
    if not path.exists():
        shape = open_array(job.labels).shape
        mapped.create(path, shape, np.uint8)


@contextmanager
def interruptible() -> Iterator[Control]:
    """Turn the first Ctrl-C into a request to stop; a second ends at once. What ends a process otherwise asks too."""
    control = Control(watched=False)

    def ask(_number: int, _frame: FrameType | None) -> None:
        if control.stop.is_set():
            raise KeyboardInterrupt
        control.stop.set()

    def leave(_number: int, _frame: FrameType | None) -> None:
        control.stop.set()

    before = signal.signal(signal.SIGINT, ask)
    # What ends a job of a cluster leaves it a while to keep what it has.
    ended = signal.signal(signal.SIGTERM, leave)
    try:
        yield control
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, ended)


def display(task: str, job: Job | None, as_json: bool) -> Display:
    """Return what shows updates: JSON, a bar on a terminal, else a line now and then."""
    if as_json:
        return _Json()
    if sys.stdout.isatty():
        try:
            return _bar(task, job)
        except ImportError:
            pass  # a machine with torch and numpy alone
    return _Lines(job)


def iou_line(score: Score, classes: tuple[str, ...]) -> str:
    """Return intersection over union, mean and by class, as one line."""
    parts = [f"{name} {number(value)}" for name, value in zip(classes, score.iou, strict=False)]
    return f"mean {number(score.mean)} ({', '.join(parts)})"


def last_line(score: Score, classes: tuple[str, ...]) -> str:
    """Return the last score of a training with what it was measured on, and the way to one that measures."""
    line = f"IoU on {score.on}: {iou_line(score, classes)}"
    return line if score.held_out else f"{line}. To measure it, hold labels out or leave them out in turn: see score."


def _shortly(score: Score) -> str:
    return "held out" if score.held_out else "on what it learns from"


class _Json:
    def __enter__(self) -> _Json:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, update: Update) -> None:
        if isinstance(update, Note | Done):
            update = replace(update, message=worded(update.message))
        print(updates.to_json(update), flush=True)


class _Lines:
    """A line now and then, for logs."""

    def __init__(self, job: Job | None) -> None:
        self._classes = () if job is None else job.classes
        self._said = 0
        self._score: Score | None = None

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, update: Update) -> None:
        if isinstance(update, Progress):
            part = update.step * _LINES // max(update.steps, 1)
            if part != self._said:
                self._said = part
                print(self._line(update), flush=True)
        elif isinstance(update, Score):
            if self._score is None or update.held_out or not self._score.held_out:
                self._score = update
        elif isinstance(update, Note | Done):
            print(worded(update.message), flush=True)
        if isinstance(update, Done) and self._score is not None:
            print(last_line(self._score, self._classes), flush=True)

    def _line(self, update: Progress) -> str:
        line = f"{update.task} {update.step}/{update.steps}"
        if update.loss is not None:
            line += f", loss {update.loss:.3f}"
        if self._score is not None:
            line += f", IoU {number(self._score.mean)} {_shortly(self._score)}"
        if left := time_left.words(update.seconds_left):
            line += f", {left}"
        return line


def _bar(task: str, job: Job | None) -> Display:
    from rich.progress import BarColumn, TaskID, TextColumn
    from rich.progress import Progress as Bars

    class Bar:
        """A rich progress bar with loss, IoU and time left."""

        def __init__(self) -> None:
            self._bars = Bars(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed}/{task.total}"),
                TextColumn("{task.fields[news]}"),
            )
            self._id: TaskID = self._bars.add_task(_DOING[task], total=None, news="")
            self._score: Score | None = None

        def __enter__(self) -> Bar:
            self._bars.__enter__()
            return self

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            self._bars.__exit__(kind, error, trace)

        def show(self, update: Update) -> None:
            if isinstance(update, Progress):
                self._bars.update(
                    self._id,
                    description=_DOING[update.task],
                    completed=update.step,
                    total=update.steps,
                    news=self._news(update),
                )
            elif isinstance(update, Score):
                if self._score is None or update.held_out or not self._score.held_out:
                    self._score = update
            elif isinstance(update, Note | Done):
                self._bars.console.print(worded(update.message), markup=False, highlight=False)
            if isinstance(update, Done) and self._score is not None:
                line = last_line(self._score, () if job is None else job.classes)
                self._bars.console.print(line, markup=False, highlight=False)

        def _news(self, update: Progress) -> str:
            parts = [] if update.loss is None else [f"loss {update.loss:.3f}"]
            if self._score is not None:
                parts.append(f"IoU {number(self._score.mean)} {_shortly(self._score)}")
            if left := time_left.words(update.seconds_left):
                parts.append(left)
            return "  ".join(parts)

    return Bar()
