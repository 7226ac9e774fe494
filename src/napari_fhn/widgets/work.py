"""The way of one piece of work: survey copied, process told, news heard, state written."""

from __future__ import annotations

import contextlib
import shutil
import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QTimer

from napari_fhn import labels
from napari_fhn.box import Box
from napari_fhn.engine import Engine
from napari_fhn.network.comparison import map_axis
from napari_fhn.session import survey_axes
from napari_fhn.training import BoxChanged, Device, Done, Failed, Job, JobError, Note, Progress, Update, log
from napari_fhn.training.transfer import STATE
from napari_fhn.widgets import garbage, view
from napari_fhn.widgets.network.measured import Speed
from napari_fhn.widgets.running.beginning import NEW, Beginning

if TYPE_CHECKING:
    from napari_fhn.widgets.desk import Desk

_UNNAMED = "#808080"
"""Colour of values below the largest that are no class."""

POLL_MS = 50
"""How often the news of the training process are read."""

SHOW_SECONDS = 1.0
"""How often numbers and curves in the dock follow them. Whatever changes, Qt puts the whole window together anew,
canvas and all: without a graphics card that takes a core for 20 to 60 ms, away from training and from the hand."""


@dataclass(frozen=True)
class _Prepared:
    job: Job
    prediction: NDArray[np.uint8]
    resume: bool
    told: tuple[Update, ...]
    """What the training that goes on said before."""


class _Cancelled(Exception):
    """The person pressed Stop while the survey was being copied; never leaves this module."""


class Work:
    """Trains and predicts for a desk.

    Parameters
    ----------
    desk : Desk
        Whose survey, labels and state it works with.
    engine : Engine
        The process.
    """

    def __init__(self, desk: Desk, engine: Engine) -> None:
        self._desk = desk
        self._engine = engine
        self._repainter = view.Repainter(desk.viewer)
        self._cancel = self._leaving = False
        self._copied = 0.0
        self._began = 0.0
        self._first: float | None = None
        self._latest: Progress | None = None
        self._developed = False
        self._show_at = 0.0
        self._timer = QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._timer.start()
        desk.state.events.task.connect(garbage.follow)

    def begin(self, task: str, beginning: Beginning = NEW) -> None:
        """Begin to train or to predict: copy the survey on a thread, then tell the process.

        Parameters
        ----------
        task : {"train", "predict"}
            Which of them. Nothing happens while other work is under way.
        beginning : Beginning
            Of a training.
        """
        material, session, book = self._desk.data.material, self._desk.session, self._desk.book
        if self._desk.state.task is not None:
            return
        if material is None or session is None or book.layer is None:
            self._desk.words.fail("Make a label layer first, and paint or load what is known.")
            return
        settings = self._desk.planning.state.settings
        assert settings is not None  # there is one as soon as there are data
        table, device = book.state.classes, self._desk.planning.state.device
        outputs = self._desk.overlays.outputs()
        held_out = book.state.held_out if task == "train" else 0
        held = book.state.held
        vertical, values = self._desk.data.vertical, book.layer.data
        self._cancel, self._leaving, self._copied = False, False, 0.0
        self._began, self._first = time.monotonic(), None
        self._desk.words.note = ""
        self._desk.state.task = "prepare"
        self._desk.state.share, self._desk.state.seconds_left = 0.0, None
        self._desk.words.say("Copying the survey into the session ...")

        def copied(share: float) -> None:
            # On the other thread: nothing but a number may be touched here.
            self._copied = share
            if self._cancel:
                raise _Cancelled

        def prepare() -> _Prepared:
            if task == "train" and len(labels.volume.count(values)) < 2:
                raise JobError("Label at least two classes before training: paint some voxels of each, or load wells.")
            inputs = [
                session.stage_survey(name, survey, cube=map_axis(settings.network) is not None, progress=copied)
                for name, survey in zip(material.names, material.surveys, strict=True)
            ]
            bodies = list(held or labels.hold_out(values, held_out, vertical)) if held_out else []
            prediction = session.prediction_volume(material.shape)
            if task == "train" and not beginning.resume:
                # What is seen from here on comes from the network being trained, and from no other.
                prediction[...] = 0
            named = dict(zip(table.values, table.names, strict=True))
            names = [named.get(v, f"class {v}") for v in range(1, max(table.values) + 1)]
            colored = dict(zip(table.values, (entry.color for entry in table), strict=True))
            job = session.job(
                inputs,
                names,
                settings.recipe,
                vertical_axis=vertical,
                held_out=bodies,
                device=device,
                colors=[colored.get(value, _UNNAMED) for value in range(1, len(names) + 1)],
                axes=survey_axes(material.first),
            )
            job = beginning.applied_to(replace(settings.applied_to(job), outputs=outputs), session)
            told = log.training(log.read(session.model)) if beginning.resume else ()
            if task == "train":
                job.save(session.folder / "job.json")
            return _Prepared(job, prediction, beginning.resume, told)

        self._desk.background.run(prepare, lambda made: self._start(task, made), self._unprepared)

    def stop(self) -> None:
        """Stop within a second, whatever is under way."""
        self._cancel = self._leaving = True
        self._engine.stop()
        if self._desk.state.task is not None:
            self._desk.words.say("Stopping ...")

    def pause_or_resume(self) -> None:
        """Let the work under way wait, or go on."""
        state = self._desk.state
        if state.task not in ("train", "predict") or self._leaving:
            return
        state.waiting = not state.waiting
        if state.waiting:
            self._engine.pause()
            self._desk.words.say("Pausing ...")
        else:
            self._engine.resume()
            self._desk.words.say("Going on ...")

    def revert(self, step: int) -> None:
        """Go back to the checkpoint of a step: while training it goes on from there, later it is what predicts."""
        desk = self._desk
        point = next((point for point in desk.history.checkpoints if point.step == step), None)
        if point is None or desk.session is None or desk.state.task not in (None, "train"):
            return
        if desk.state.task == "train":
            self._engine.revert(step)
            desk.words.say(f"Going back to step {step} ...")
            return
        model = desk.session.model
        try:
            for path in Path(point.path).iterdir():
                shutil.copy2(path, model)
            (model / STATE).unlink(missing_ok=True)  # what would go on is the network of another step
        except OSError as error:
            desk.words.fail(f"The network of step {step} could not be taken: {error}.")
            return
        desk.words.say(f"From now on the network of step {step} predicts. Press Predict to see it.")

    def close(self) -> None:
        """Hear no more news."""
        self._cancel = True
        garbage.follow(None)
        # At the end of the program Qt may have deleted the timer already.
        with contextlib.suppress(RuntimeError):
            self._timer.stop()

    def _start(self, task: str, prepared: _Prepared) -> None:
        if self._cancel:
            self._unprepared(_Cancelled())
            return
        self._desk.prediction.show(prepared.prediction)
        if task == "train":
            self._desk.history.clear()
            for update in prepared.told:
                self._desk.history.hear(update)
        self._desk.look()
        self._desk.state.share = 0.0
        self._desk.state.task = task
        if task == "train":
            self._engine.train(prepared.job, resume=prepared.resume)
            self._desk.words.say("Waiting for the training process to load its libraries ...")
        else:
            self._engine.predict(prepared.job)
            self._desk.words.say("Loading the network ...")

    def _unprepared(self, error: BaseException) -> None:
        self._desk.state.task = None
        if isinstance(error, _Cancelled):
            self._desk.words.say("Stopped before training began.")
        else:
            self._desk.words.fail(str(error), "".join(traceback.format_exception(error)))

    def _poll(self) -> None:
        for update in self._engine.poll():
            self._developed |= self._desk.history.hear(update)
            self._hear(update)
        self._repaint()
        if time.monotonic() >= self._show_at:
            self._show()

    def _show(self) -> None:
        """Let numbers and curves follow what was heard."""
        self._show_at = time.monotonic() + SHOW_SECONDS
        state, latest = self._desk.state, self._latest
        if state.task == "prepare":
            state.share = self._copied
        if latest is not None and state.task is not None and not self._leaving:
            state.share = latest.step / max(latest.steps, 1)
            state.seconds_left = latest.seconds_left
            if not state.waiting:
                self._desk.words.say(_progress(latest))
        self._latest = None
        if self._developed:
            self._developed = False
            self._desk.history.changed.emit()

    def _hear(self, update: Update) -> None:
        state = self._desk.state
        match update:
            case Progress():
                self._latest = update
            case BoxChanged():
                self._box_changed(update.box)
            case Device():
                self._desk.planning.hear(update)
            case Note() if state.waiting:
                self._show()  # a pause shows all that was made before it
                learnt = " What you paint meanwhile is learnt when you resume." if state.task == "train" else ""
                self._desk.words.say(update.message + learnt)
            case Note():
                self._desk.words.note = update.message
            case Done():
                self._show()
                self._done(update)
            case Failed():
                self._show()
                state.task, state.waiting = None, False
                self._desk.words.fail(update.message, update.detail)

    def _box_changed(self, box: Box) -> None:
        if self._desk.prediction.layer is not None:
            self._repainter.changed(box, self._desk.prediction.layer)

    def _repaint(self, *, now: bool = False) -> bool:
        layer = self._desk.prediction.layer
        if layer is None or not self._repainter.repaint([layer, *self._desk.overlays.layers.values()], now=now):
            return False
        now_s = time.monotonic()
        if self._first is None:
            self._first = now_s - self._began
        self._desk.painted.emit(now_s)
        return True

    def _done(self, update: Done) -> None:
        state = self._desk.state
        state.task, state.waiting = None, False
        state.seconds_left = None
        state.share = state.share if update.stopped else 1.0
        if self._desk.session is not None:
            state.has_model = (self._desk.session.model / "job.json").is_file()
            state.has_prediction = self._desk.session.prediction.is_file()
        if update.task == "train" and self._first is not None and self._desk.history.seconds:
            step = float(np.nanmedian(self._desk.history.seconds))
            self._desk.planning.remember(Speed(step, self._first))
        self._desk.overlays.renew()
        self._repaint(now=True)
        more = " Predict fills in the whole survey." if update.task == "train" else ""
        self._desk.words.say(update.message + more)


def _progress(update: Progress) -> str:
    if update.task == "train":
        loss = f", loss {update.loss:.2f}" if update.loss is not None else ""
        return f"Training: step {update.step} of {update.steps}{loss}."
    return f"Predicting the whole survey: {update.step} of {update.steps}."
