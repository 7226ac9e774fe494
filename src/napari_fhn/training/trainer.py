"""Training: random blocks that hold labels, a partial loss over labelled voxels, predictions of the view on the way."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from napari_fhn.box import Box
from napari_fhn.training import ending
from napari_fhn.training.combination.learning import Combining
from napari_fhn.training.control import Control
from napari_fhn.training.distributed import following
from napari_fhn.training.distributed.company import NothingLabelled
from napari_fhn.training.distributed.ranks import ALONE, RankLost, Ranks
from napari_fhn.training.files.keeping import NETWORK, Keeping
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.machine.device import memory_held
from napari_fhn.training.machine.memory import is_out_of_memory
from napari_fhn.training.models import description, earlier, suspended
from napari_fhn.training.models import model as models
from napari_fhn.training.models.checkpoints import Checkpoints
from napari_fhn.training.prediction import journal as journals
from napari_fhn.training.prediction import provenance
from napari_fhn.training.prediction.live import Live
from napari_fhn.training.prediction.recorder import Recorder
from napari_fhn.training.prediction.resting import Resting
from napari_fhn.training.scores.scoring import Scoring
from napari_fhn.training.steps.learner import Outcome
from napari_fhn.training.steps.pace import Pace
from napari_fhn.training.steps.stepping import Stepping
from napari_fhn.training.updates import BoxChanged, Done, Note, Progress, Update

_SAVE_EVERY = 10.0
"""Seconds between saved weights: the most that a killed process loses."""

_RECENT = 20
"""Steps whose losses tell how training goes."""

_NOTHING_LABELLED = 0.2
"""Seconds between two looks at labels that are gone."""

_VIEW, _SCORE, _WEIGHING = "view", "score", "weighing"
"""What is expected after the last step, or once in between."""


def fit(job: Job, control: Control | None = None, *, resume: bool = False, ranks: Ranks = ALONE) -> Iterator[Update]:
    """Train a network as a job says.

    Parameters
    ----------
    job : Job
        What to train on what. Its prediction file is written while training runs, its model folder too.
    control : Control, optional
        To stop, to pause, to go back, and to say what is in view.
    resume : bool
        Go on with the training that the job's model folder holds, from its last step to the last one of the job. On
        the processor, with the labels and the schedule as they were, the weights then are bit for bit those of a
        training that was never interrupted.
    ranks : Ranks
        The processes that train together, see :func:`~napari_fhn.training.distributed.ranks.join`; this is the first
        of them.

    Yields
    ------
    Update
        Progress after every step; BoxChanged, Score, Checkpoint and Note as they come; Done at the end.

    Raises
    ------
    JobError
        When the job does not fit its files, or there is nothing to go on with; the message says what to change.
    """
    control = control or Control()
    following.lead(job, ranks, resume=resume)
    training = _Training(job, control, suspended.load(job.model) if resume else None, ranks)
    try:
        yield from map(Note, training.setup.notes)
        yield from training.answer()
        with training.setup.device_settled():
            while training.goes_on:
                if control.pause.is_set():
                    yield from training.resting.pause(training.step, looks=training.begun)
                elif control.revert is not None:
                    yield from training.go_back(control.revert)
                    control.revert = None
                elif training.behind:
                    yield from training.catch_up()
                else:
                    began = time.monotonic()
                    if (yield from training.learn()):
                        yield from training.tell(time.monotonic() - began)
                        yield from training.look()
    except RankLost as lost:
        raise training.kept_after(lost) from lost
    except BaseException:
        training.combining.structure.end()
        raise
    finally:
        training.stepping.end()
    yield from training.finish()


class _Training:
    """One call of :func:`fit`."""

    def __init__(self, job: Job, control: Control, state: dict[str, Any] | None, ranks: Ranks) -> None:
        self.job = job
        self.control = control
        self._recorder: Recorder
        self.stepping = Stepping(job, ranks, state)
        self.setup, self.labels, self.learner = self.stepping.setup, self.stepping.labels, self.stepping.learner
        self.live = Live(self.setup.predictor, control)
        before = None if state or job.start_from is None else description.read(job.start_from)
        self.combining = Combining(job, self.setup.predictor, self.labels, before, self.setup.blocks.pseudo)
        self.scoring = Scoring(job, self.setup.predictor, self.labels)
        self.keeping = Keeping(job.model)
        self.checkpoints = Checkpoints(job.model, job.schedule.steps, () if state is None else state["checkpoints"])
        self.step = 0
        self._losses: deque[float] = deque(maxlen=_RECENT)
        self._outcome: Outcome | None = None
        self._waiting = self._told_unknown = False
        self._saved = time.monotonic()
        self._pace = Pace()
        self.resting = Resting(control, self.live, self.combining, self.stepping, self._pace)
        self._resumes = state is not None
        self.begun = self.behind = False
        if state is not None:
            self._resume(state)
        else:
            self.setup.notes += self.combining.notes
        self._begun_at = self.step
        self._answered: list[Box] = []
        self._labels_seen = self.labels.version

    @property
    def goes_on(self) -> bool:
        """Whether there are steps to make."""
        learnt = self.learnt and not self.combining.waits  # what is hidden is to be learnt yet
        more = (self.step < self.job.schedule.steps and not self.scoring.best.given_up and not learnt) or self.behind
        return more and not self.control.stop.is_set()

    @property
    def learnt(self) -> bool:
        """Whether the losses of the last steps say that nothing is left to learn."""
        enough = self.job.schedule.enough
        return enough > 0 and len(self._losses) == _RECENT and median(self._losses) < enough

    def answer(self) -> Iterator[Update]:
        """Say what is known of the view before the first step, where nothing was predicted yet."""
        if self._resumes or not self.control.watched or provenance.path_of(self.job.prediction).exists():
            return
        shape = self.setup.predictor.shape
        for box in self.combining.first_answer(self.control.in_view(shape), self.control.place_in(shape)):
            self._answered.append(box)
            yield BoxChanged(box, 0)

    def begin(self) -> Iterator[Update]:
        """With the first step take the place of what is there; until then a folder is as it was."""
        if self.begun:
            return
        self.begun = True
        if not self._resumes:
            yield from map(Note, earlier.keep_network(self.job))
        journals.discard(self.job)
        self.checkpoints.begin()
        predictor = self.setup.predictor
        heard = () if predictor.combiner is None else predictor.combiner.heard
        self._recorder = predictor.recorder = Recorder.of_training(
            self.job, predictor.shape, self.setup.model.labels, heard, predictor.flush, self.step, goes_on=self._resumes
        )
        for box in self._answered:  # by what is known without the network
            self._recorder.add(box)
        if self._recorder.begin(predictor.outputs.clear):
            yield BoxChanged(Box.whole(predictor.shape), self.step)

    def catch_up(self) -> Iterator[Update]:
        """Wait a little for what is to be known of the data, then do what had to wait for it after a step."""
        yield from self.begin()
        self.stepping.wait()
        yield from self.resting.wait(self.step)
        if not self.combining.structure.pending:
            yield from self.look()

    def go_back(self, step: int) -> Iterator[Update]:
        """Go on from the weights of an earlier step."""
        try:
            yield Note(self.checkpoints.go_back(self.setup.model, step))
        except LookupError as error:
            yield Note(error.args[0])
            return
        yield from self.begin()
        self._now(step)
        self.behind = False
        self.stepping.restart()
        self.scoring.forget()
        self.combining.as_after(step, goes_on=True)
        self._losses.clear()
        yield from self.live.look(step)

    def learn(self) -> Generator[Update, None, bool]:
        """Make a step; False when there was nothing to learn from, or no room for it."""
        short = False
        try:
            # With more than the network in it, a prediction of the whole survey says more than that of a block.
            show = self.control.watched and self.combining.combiner is None
            focus = self.control.in_view(self.setup.predictor.shape)
            self._outcome = self.stepping.make(self.step, read=self._reads, show=show, focus=focus)
            self._waiting = False
            return True
        except NothingLabelled:
            pass
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            short = True
        if short:  # outside of the handler, whose error held on to the arrays of the step
            yield Note(self.stepping.shrink())
        elif self.combining.waits:  # what is left to learn from is hidden
            self.combining.finish()
        else:
            if not self._waiting:
                self._waiting = True
                yield Note("The labels are gone: training waits until something is labelled.")
            self.control.stop.wait(_NOTHING_LABELLED)
        return False

    @property
    def _reads(self) -> bool:
        """Whether to wait for what comes of the next step: now and then, and where somebody needs to know."""
        last = self.step + 1 == self.job.schedule.steps
        return self._pace.due or last or self.checkpoints.due(self.step + 1)

    def tell(self, seconds: float) -> Iterator[Update]:
        """Say what came of a step, as far as that is known."""
        outcome = self._outcome
        self._pace.stepped(seconds)
        if outcome is None:
            yield from self.begin()
            self._now(self.step + 1)
            return
        if self.labels.unknown and not self._told_unknown:
            self._told_unknown = True
            yield Note(f"Label {self.labels.unknown} is new: it is left out until you train again.")
        if outcome.refusal is not None:
            yield Note(outcome.refusal)
        yield from self.begin()
        self._now(self.step + 1)
        self._losses.extend(outcome.losses)
        if outcome.classes is not None:
            yield from self.live.take(self.setup.blocks.back(outcome.classes), self.step)
        self.scoring.see(outcome)
        steps = self.job.schedule.steps
        left = self._pace.left(self.step - self._begun_at, steps - self.step)
        terms: dict[str, float | None] = {**outcome.terms} if len(outcome.terms) > 1 else {}
        seen = (self.learner.guard.error, memory_held(self.setup.device), terms, self.learner.guard.keeps)
        yield Progress("train", self.step, steps, left, outcome.loss, self._pace.read(), *seen)

    def _now(self, step: int) -> None:
        self.step = self._recorder.step = step

    def look(self) -> Iterator[Update]:
        """Between two steps: predict the view, score, keep; each when it is due."""
        scores = self.scoring.best.patience and self.scoring.is_due(self.step, 0.0)
        lacks = self.combining.lacks(self.step, learnt=self.learnt)
        self.behind = lacks or bool(scores and self.combining.structure.pending)
        if self.behind:  # what follows must not depend on how fast that is found
            return
        due = time.monotonic() - self._saved > _SAVE_EVERY
        with self.learner.average.in_network():
            waited, began = self.combining.waits, time.monotonic()
            said = self.combining.after(self.step, learnt=self.learnt)
            if waited and not self.combining.waits:  # which comes once
                self._pace.waited(time.monotonic() - began)
                self._pace.time_left.passed(_WEIGHING)
            yield from map(Note, said)
            if self.control.watched:
                for box in self.combining.go_on_answering():
                    self._recorder.add(box)
                    yield BoxChanged(box, self.step)
            if self.labels.version != self._labels_seen:
                self._labels_seen = self.labels.version
                self.live.again()
            if self.live.due:
                began = time.monotonic()
                yield from self.combining.listening(self.live.look(self.step))
                self._expect(_VIEW, (time.monotonic() - began) / self.live.share)
                yield self.scoring.learnt_from(self.step)
            if self.scoring.is_due(self.step, self._pace.running):
                began = time.monotonic()
                yield self.scoring.held_out(self.step)
                self._expect(_SCORE, time.monotonic() - began)
                self.scoring.took(time.monotonic() - began)
            if self.checkpoints.due(self.step):
                now = (self._model(), self.step, median(self._losses), self.scoring.mean_held_out)
                if kept := self.keeping.attempt("a checkpoint", lambda: self.checkpoints.keep(*now)):
                    yield kept
            if waited and not self.combining.waits:
                self._losses.clear()  # with all labels it is another task, which may not be learnt yet
            if due:
                self._save()
        if due:
            self._suspend()
        self.keeping.attempt("what made the prediction", self._recorder.look)
        yield from map(Note, self.keeping.notes())

    def kept_after(self, lost: RankLost) -> JobError:
        """Keep what was learnt before another process was lost, and return the error that says so."""
        if not self.begun:
            return lost
        self._suspend()
        with self.learner.average.in_network():
            self._save()
        return JobError(f"{lost}: what was learnt in {self.step} steps is kept, and --resume goes on from there")

    def _expect(self, stage: str, seconds: float) -> None:
        """Foretell by what it took now what comes once more: the last view and score, and the weighing of factors."""
        self._pace.time_left.expect(stage, seconds)
        if stage is _VIEW and self.combining.waits:
            self._pace.time_left.expect(_WEIGHING, seconds)

    def finish(self) -> Iterator[Update]:
        """Keep what was learnt, predict the view once more, and say how it ended."""
        if not self.begun:
            self.combining.finish(early=True)
            words = "Stopped before the first step: nothing was trained, and all is as it was."
            yield Done("train", True, self._pace.running, words, self._begun_at)
            return
        best = self.scoring.best
        awaits = (self.control.watched or self.job.held_out) and self.combining.structure
        while awaits and awaits.pending and not self.control.stop.is_set():
            yield from self.resting.wait(self.step)
        self._suspend()  # before the average takes the place of the weights that learn
        self.combining.finish(early=True)
        self.learner.average.finish()
        if 0 < best.step < self.step and best.restore(self.combining.as_after):
            yield Note(f"The held-out labels were predicted best after step {best.step}: that network is kept.")
        self._save()
        yield self.scoring.learnt_from(self.step)  # those before were told of when the clock said so
        if not self.control.stop.is_set():
            yield from self.live.look(self.step, whole=True)
            if self.job.held_out:
                yield self.scoring.held_out(self.step)
                self._save()
        yield from map(Note, self.keeping.saved(self._save_in, self.step, self.control))
        self.keeping.attempt("what made the prediction", self._recorder.flush)
        self.live.predictor.outputs.pack()
        steps, seconds = self.job.schedule.steps, self._pace.running
        stopped = self.step < steps and not best.given_up and not self.learnt
        words = ending.words(self.step, steps, stopped=stopped, given_up=best.given_up)
        yield Done("train", stopped, seconds, f"{words} in {seconds:.0f} s; the network is saved.", self.step)

    def _model(self) -> models.Model:
        seen, counts, found = self.scoring.scores(self.step), tuple(map(int, self.labels.counts)), self.combining.found
        return replace(self.setup.model, steps=self.step, label_counts=counts, scores=seen, combination=found)

    def _save(self) -> None:
        self.keeping.attempt(NETWORK, lambda: self._save_in(Path(self.job.model)))
        self._saved = time.monotonic()

    def _save_in(self, folder: Path) -> None:
        models.save(self._model(), folder)
        self.setup.settled(self.job).save(folder / "job.json")

    def _suspend(self) -> None:
        self.keeping.attempt("what it takes to go on later", lambda: suspended.save(self._state(), self.job.model))

    def _state(self) -> dict[str, Any]:
        return {
            "of": suspended.kind(self.job),
            "step": self.step,
            "channels": self.setup.network.input_channels,
            "learner": self.learner.state(),
            "blocks": self.setup.blocks.state(),
            "combining": self.combining.state(),
            "losses": list(self._losses),
            **self.scoring.state(),
            "checkpoints": self.checkpoints.steps,
            "behind": self.behind,
            "torch": torch.get_rng_state(),
        }

    def _resume(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        with suspended.taken_over(self.job.model):
            suspended.check_alike(state, self.scoring.state() | {"combining": self.combining.state()})
            self.scoring.resume(state)
            if "combining" in state:
                self.combining.resume(state["combining"])
            self._losses.extend(state["losses"])
            self.behind = state.get("behind", False) is True
        if self.learnt:  # whoever goes on wants more steps
            self._losses.clear()
        self.setup.notes.append(f"Training goes on after step {self.step}.")
