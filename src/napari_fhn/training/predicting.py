"""Predicting a whole survey with a model that is on disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from napari_fhn import mapped
from napari_fhn.box import Box
from napari_fhn.training.combination.preparing import Awaited
from napari_fhn.training.control import Control
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.machine import speed
from napari_fhn.training.machine.time_left import TimeLeft
from napari_fhn.training.models import earlier
from napari_fhn.training.prediction import journal as journals
from napari_fhn.training.prediction import provenance
from napari_fhn.training.prediction.journal import Journal
from napari_fhn.training.prediction.parts import Part, added
from napari_fhn.training.prediction.predictor import Predictor
from napari_fhn.training.prediction.ready import Ready
from napari_fhn.training.prediction.recorder import Recorder
from napari_fhn.training.updates import BoxChanged, Done, Note, Progress, Update

_TICK = 0.2
"""Seconds between two looks at whether to stop."""


def predict(job: Job, control: Control | None = None) -> Iterator[Update]:
    """Predict the whole survey with the model of a job.

    A prediction that was stopped, or whose process died, goes on where it was when the same is asked for again.

    Parameters
    ----------
    job : Job
        Its ``model`` folder holds a trained network.
    control : Control, optional
        To stop, and to say what is in view.

    Yields
    ------
    Update
        Progress, BoxChanged and Note, at the end Done.

    Raises
    ------
    JobError
        When the model or the files do not fit; the message says which.
    """
    control = control or Control()
    started = time.monotonic()
    ready = Ready.of(job)
    yield from map(Note, ready.notes)
    model = ready.model
    predictor = Predictor(model.network, ready.frame, job, ready.device)
    predictor.combiner = ready.combiner
    asked = journals.identity(job, model.sha256, labels=ready.speaks, made_of=ready.made_of, precision=ready.precision)
    journal = Journal(journals.journal_path(job), asked, predictor.flush)
    recorder = predictor.recorder = _recorder(ready, predictor, journal)
    if journal.plan is not None:
        yield Note("The prediction goes on where it was interrupted.")
    time_left = TimeLeft()
    resumed = journal.plan is not None
    with speed.settled(ready.device):
        yield from _structure(predictor, control)
        for box, share in predictor.everything(journal, control):
            for note in predictor.notes():
                yield Note(note)
            if predictor.cleared:
                predictor.cleared = False
                yield BoxChanged(Box.whole(predictor.shape), 0)
            yield BoxChanged(box, 0)
            if resumed:  # what was done before took no time of this program
                time_left.from_there(share)
                resumed = False
            else:
                time_left.made(share)
            yield Progress("predict", round(100 * share), 100, seconds_left=time_left.left(1 - share))
    predictor.outputs.pack()
    stopped = control.stop.is_set()
    seconds = time.monotonic() - started
    if stopped:
        words = "Prediction stopped; it goes on from there when you predict again"
        if mapped.is_there(earlier.path_of(job.prediction)):
            words += ", and until it is whole the one before can be taken back"
    else:
        words = "The whole survey is predicted"
        recorder.whole()
        recorder.flush()
        journals.discard(job)
        earlier.forget_prediction(job.prediction)
    yield Done("predict", stopped, seconds, f"{words} ({seconds:.0f} s).", model.steps)


def _structure(predictor: Predictor, control: Control) -> Iterator[Update]:
    """Find what has to be known of the data first, where that takes long, for as long as nobody stops it."""
    structure = Awaited(None if predictor.combiner is None else predictor.combiner.preparing)
    try:
        while structure.pending and not control.stop.is_set():
            yield from map(Note, structure.wait(_TICK))
            control.wait_while_paused()
    finally:
        structure.end()


def _recorder(ready: Ready, predictor: Predictor, journal: Journal) -> Recorder:
    """Return what writes down a prediction, with what stays of the one that is there."""
    job, model, made = ready.job, ready.model, ready.provenance()
    parts: list[Part] = []
    try:
        before = provenance.read(job.prediction)
    except JobError:  # what cannot be read is of nobody
        before = None
    if before is not None and before.tidied is not None:
        journal.forget()  # half of a prediction tidied and half not would be neither
    elif before is not None and replace(before, parts=(), program="", written="") == replace(made, program=""):
        parts += [part for part in before.parts if part.model == model.sha256 and not part.half]
    # After a kill the journal may know more; it never knows less.
    predictor.replaces = before is not None and before.complete and not parts and journal.plan is None
    for part in predictor.finished_parts(journal, model.steps, model.sha256):
        parts = added(parts, part)
    made = replace(made, parts=tuple(parts))
    return Recorder(job.prediction, made, predictor.flush, step=model.steps, model=model.sha256)
