"""The way of one training or prediction: project asked, process told, its end written down."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from psygnal import Signal

from napari_fhn.engine.remote.either import EitherEngine
from napari_fhn.labels import LabelError
from napari_fhn.project import NEW, Beginning, Project, ProjectError, Run
from napari_fhn.project.predictions.applying import applying
from napari_fhn.project.runs import jobs
from napari_fhn.project.runs.speeds import Speed
from napari_fhn.surveys import SurveyError
from napari_fhn.training import Done, Failed, Job, JobError, Update
from napari_fhn.training.files import log
from napari_fhn.widgets import garbage
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.messages import sentence
from napari_fhn.widgets.network.planning import Planning
from napari_fhn.widgets.running.news import News, Shown
from napari_fhn.widgets.state import Activity

Task = Literal["train", "predict"]


def _nothing() -> None:
    """Let go of nothing."""


@dataclass(frozen=True)
class _Prepared:
    run: Run
    job: Job
    resume: bool = False
    told: tuple[Update, ...] = ()
    """What the training that goes on said before."""
    notes: tuple[str, ...] = ()
    release: Callable[[], None] = _nothing
    """Called when the process has ended, or will not begin."""


class _Cancelled(Exception):
    """The person pressed Stop while the survey was being copied; never leaves this module."""


class Work:
    """Trains and predicts in a process of its own.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    engine : EitherEngine
        The process, here or elsewhere.
    book : LabelBook
        What is held out, and which classes there are.
    planning : Planning
        The settings.
    shown : Shown
        Where the news are shown.

    Attributes
    ----------
    painted : Signal
        Emitted with the time (``time.monotonic``) when a change of the prediction in view has been handed to the
        canvas.
    begun : Signal
        Emitted when the process is about to be told what to do.
    """

    painted = Signal(float)
    begun = Signal()

    def __init__(
        self, context: DeskContext, engine: EitherEngine, book: LabelBook, planning: Planning, shown: Shown
    ) -> None:
        self._context = context
        self._state = context.state
        self._messages = context.messages
        self._engine = engine
        self._book = book
        self._planning = planning
        self._shown = shown
        self._news = News(context, engine, planning, shown, ended=self._over, painted=self.painted.emit)
        self._task: Task = "train"
        self._run: Run | None = None
        self._release: Callable[[], None] = _nothing
        self._cancel = False
        context.state.events.activity.connect(garbage.follow)
        context.project.runs_changed.connect(self._runs_changed)

    def train(self, beginning: Beginning = NEW) -> None:
        """Begin a training: a run of its own, or one that was stopped goes on.

        Parameters
        ----------
        beginning : Beginning
            Where the first weights come from.
        """
        project, planning, book = self._may_begin(), self._planning, self._book
        settings = planning.state.settings
        if project is None or settings is None or not planning.may_run(settings.attributes):
            return
        project.stays = planning.state.stays
        # Classes that nobody named are those that are seen.
        self._context.project.change("The classes", lambda session: session.set_classes(book.state.classes))
        settings = replace(settings, device=planning.state.device, outputs=self._shown.overlays.outputs())
        held_out = book.held_out()

        def prepare() -> _Prepared:
            made = jobs.begin(project, settings, beginning, held_out=held_out, progress=self._copying)
            return _Prepared(made.run, made.job, made.resume, made.told, made.notes)

        self._begin("train", prepare)

    def predict(self) -> None:
        """Predict the whole survey with the network of the current run."""
        project, planning = self._may_begin(), self._planning
        settings = planning.state.settings
        if project is None or settings is None:
            return
        project.stays = planning.state.stays
        outputs, device, wanted = self._shown.overlays.outputs(), planning.state.device, settings.combination

        def prepare() -> _Prepared:
            run = project.session.runs.trained()
            job = jobs.prediction_job(
                project,
                run,
                outputs=outputs,
                flips=settings.flips,
                device=device,
                memory=settings.memory,
                progress=self._copying,
                **jobs.heeded(run, wanted),
            )
            return _Prepared(run, job, notes=jobs.copied_anyway(project, job.inputs))

        self._begin("predict", prepare)

    def apply(self, network: Path) -> None:
        """Predict the ticked survey with a network that was trained on another one, as a run of its own.

        Parameters
        ----------
        network : Path
            Folder of the network, or of a run or a session with one.
        """
        project, material = self._may_begin(), self._context.data.material
        if project is None or material is None:
            return
        outputs, device = self._shown.overlays.outputs(), self._planning.state.device
        surveys, vertical = material.surveys, self._context.data.vertical
        stays, copying = self._planning.state.stays, self._copying

        def prepare() -> _Prepared:
            with contextlib.ExitStack() as stack:
                begun = applying(
                    project.session, surveys, network, vertical_axis=vertical, stays=stays, progress=copying
                )
                made = stack.enter_context(begun)
                job = jobs.prediction_job(made.project, made.run, outputs=outputs, device=device)
                notes = (*made.notes, *jobs.copied_anyway(made.project, job.inputs))
                # From here on it is let go of when the process has ended.
                return _Prepared(made.run, job, notes=notes, release=stack.pop_all().close)

        self._begin("predict", prepare)

    def stop(self) -> None:
        """Stop within a second, whatever is under way."""
        self._cancel = True
        self._engine.stop()
        if self._state.activity.can_stop:
            self._state.become(Activity.STOPPING)
            self._messages.say("Stopping …")

    def pause_or_resume(self) -> None:
        """Let the work under way wait, or go on."""
        if not self._state.activity.can_pause:
            return
        self._state.become(self._state.activity.toggled)
        if self._state.activity.paused:
            self._engine.pause()
            self._messages.say("Pausing …")
        else:
            self._engine.resume()
            self._messages.say("Going on …")

    def revert(self, step: int) -> None:
        """Go back to the checkpoint of a step: while training it goes on from there, later it is what predicts."""
        history, activity = self._shown.history, self._state.activity
        point = next((point for point in history.checkpoints if point.step == step), None)
        if point is None or not (activity.idle or activity.training):
            return
        if activity.training:
            self._engine.revert(step)
            self._messages.say(f"Going back to step {step} …")
            return
        run = self._context.project.current
        if run is None or not self._context.project.writable:
            return
        try:
            self._context.project.at_step(run, step)
        except (ProjectError, JobError, OSError) as error:
            self._messages.fail(sentence(error))
            return
        self._messages.say(
            f"From now on the network of step {step} predicts, as a run of its own. Press Predict to see it."
        )

    def close(self) -> None:
        """End the process, and hear no more news; a training under way is cut off, and listed as such."""
        self._cancel = True
        garbage.follow(Activity.IDLE)
        self._news.close()
        self._engine.close()
        if self._run is not None:
            self._let_go()
            self._context.project.ended(self._run, None, trained=self._task == "train")
            self._run = None

    def _may_begin(self) -> Project | None:
        project = self._context.project
        if not self._state.activity.idle:
            return None
        if project.project is None or self._book.layer is None:
            self._messages.fail("Make a label layer first, and paint or load what is known.")
            return None
        if not project.writable:
            self._messages.fail(f"{project.why}: here it can only be looked at.")
            return None
        return project.project

    def _begin(self, task: Task, prepare: Callable[[], _Prepared]) -> None:
        self._task = task
        self._cancel = False
        self._news.begin()
        self._state.become(Activity.PREPARING)
        self._state.share, self._state.seconds_left = 0.0, None
        self._messages.say("Copying the survey into the session …")
        self._context.background.run(prepare, self._start, self._unprepared)

    def _copying(self, share: float) -> None:
        # On the other thread: nothing but a number may be touched here.
        self._news.copied = share
        if self._cancel:
            raise _Cancelled

    def _start(self, prepared: _Prepared) -> None:
        train, project = self._task == "train", self._context.project
        if self._cancel:
            prepared.release()
            project.ended(prepared.run, None, trained=train)
            self._unprepared(_Cancelled())
            return
        self._run, self._release = prepared.run, prepared.release
        self._book.take_classes()
        project.begun(prepared.run)
        if train:
            self._shown.history.replay(prepared.told, prepared.run.folder)
        self.begun.emit()
        self._state.share = 0.0
        self._state.become(Activity.TRAINING if train else Activity.PREDICTING)
        for note in prepared.notes:
            self._messages.say(note, note=True)
        self._engine.on = self._planning.state.on
        if train:
            self._engine.train(prepared.job, resume=prepared.resume)
            self._messages.say("Waiting for the training process to load its libraries …")
        else:
            self._engine.predict(prepared.job)
            self._messages.say("Loading the network …")

    def _unprepared(self, error: BaseException) -> None:
        self._state.become(Activity.IDLE)
        if isinstance(error, _Cancelled):
            self._messages.say("Stopped before it began.")
            return
        known = isinstance(error, JobError | ProjectError | SurveyError | LabelError)
        self._messages.fail(sentence(error), "" if known else "".join(traceback.format_exception(error)))

    def _over(self, end: Done | Failed) -> None:
        """Take in that the process has done what it was told, or could not."""
        if isinstance(end, Done):
            self._done(end)
            return
        self._ended(end)
        self._messages.fail(end.message, end.detail)

    def _ended(self, end: Done | Failed) -> None:
        run, self._run = self._run, None
        self._let_go()
        if run is not None:
            self._context.project.ended(run, end, trained=self._task == "train")
        self._state.seconds_left = None
        self._state.become(Activity.IDLE)

    def _let_go(self) -> None:
        release, self._release = self._release, _nothing
        try:
            release()
        except (ProjectError, OSError) as error:
            self._messages.say(f"What became of it could not be written: {error}", note=True)

    def _done(self, update: Done) -> None:
        self._ended(update)
        self._state.share = self._state.share if update.stopped else 1.0
        history = self._shown.history
        if update.task == "train" and self._news.first is not None and history.seconds:
            self._planning.remember(Speed(float(np.nanmedian(history.seconds)), self._news.first))
        self._news.repaint(now=True)
        trained = update.task == "train" and self._context.project.has_model
        self._messages.say(update.message + (" Predict fills in the whole survey." if trained else ""))

    def _runs_changed(self) -> None:
        """Show the curves of the run whose prediction is shown."""
        run, history = self._context.project.shown, self._shown.history
        if self._run is None and (None if run is None else run.folder) != history.of:
            history.replay(() if run is None else log.training(run.log()), None if run is None else run.folder)
