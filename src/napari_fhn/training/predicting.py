"""Predicting a whole survey with a model that is on disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from napari_fhn.box import Box
from napari_fhn.network.hyperbolic import HyperbolicNetwork, Precision
from napari_fhn.training import earlier, provenance, speed
from napari_fhn.training import journal as journals
from napari_fhn.training import model as models
from napari_fhn.training.combination.opening import least_reach, open_combiner
from napari_fhn.training.combination.settings import NETWORK, Combination, FactorWeight, Found
from napari_fhn.training.combination.weighing import PENALTY, known_order
from napari_fhn.training.control import Control
from napari_fhn.training.device import choose_device
from napari_fhn.training.digest import digest
from napari_fhn.training.frame import Frame
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.journal import Journal
from napari_fhn.training.labelled import LabelFile
from napari_fhn.training.parts import Part, added
from napari_fhn.training.predictor import Predictor
from napari_fhn.training.provenance import Provenance
from napari_fhn.training.recorder import Recorder
from napari_fhn.training.time_left import TimeLeft
from napari_fhn.training.updates import BoxChanged, Done, Note, Progress, Update
from napari_fhn.training.volume import Volume

_NETWORK_ALONE = Found((FactorWeight(NETWORK, 1.0, 0.0),))


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
    device = choose_device(job.device)
    model = models.load(job.model)
    volume = Volume(job.inputs, model.normalisation, model.framing.map_axis)
    model.network.to(device).eval()
    precision: Precision = "float32"
    if isinstance(model.network, HyperbolicNetwork):
        precision = speed.precision(job.schedule.precision, model.network.architecture, job.schedule.block, device)
        model.network.precision = precision
    frame = Frame(volume, model.network.architecture, model.framing)
    wanted, combination = job.combination, model.combination
    known: LabelFile | None = None
    # Of a survey on which nothing was ever labelled there is no such file: what is carried from labels is missing then.
    if model.framing.neighbours or (wanted is not None and Path(job.labels).exists()):
        known = LabelFile(
            job.labels,
            frame.shape,
            len(model.classes),
            job.held_out,
            job.ignored,
            frame.present_at,
            newer=True,
        )
        if known.unknown:
            yield Note(f"Label {known.unknown} is of no class of the network: it is left out until you train again.")
        frame.know(known)
    predictor = Predictor(model.network, frame, job, device)
    if wanted is not None:
        found = _insisted(combination or _NETWORK_ALONE, wanted, frame, known)
        predictor.combiner, notes = open_combiner(job, frame, known, found)
        yield from map(Note, notes)
    combiner = predictor.combiner
    made_of = () if combiner is None else (*combiner.heard, *combiner.found.finishes)
    speaks = model.framing.neighbours or (combiner is not None and bool(combiner.heard))
    journal = Journal(
        journals.journal_path(job),
        journals.identity(job, model.sha256, labels=speaks, made_of=made_of, precision=precision),
        predictor.flush,
    )
    told = digest(job.labels) if speaks else ""
    recorder = predictor.recorder = _recorder(job, model, predictor, journal, made_of, told)
    if journal.plan is not None:
        yield Note("The prediction goes on where it was interrupted.")
    time_left = TimeLeft()
    resumed = journal.plan is not None
    with speed.settled(device):
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
    stopped = control.stop.is_set()
    seconds = time.monotonic() - started
    if stopped:
        words = "Prediction stopped; it goes on from there when you predict again"
        if earlier.path_of(job.prediction).is_file():
            words += ", and until it is whole the one before can be taken back"
    else:
        words = "The whole survey is predicted"
        recorder.whole()
        recorder.flush()
        journals.discard(job)
        earlier.forget_prediction(job.prediction)
    yield Done("predict", stopped, seconds, f"{words} ({seconds:.0f} s).", model.steps)


def _insisted(found: Found, wanted: Combination, frame: Frame, labels: LabelFile | None) -> Found:
    """Return what was found with what a person wants, whatever was found: without this, and with the least of that."""
    found = found.heeding(wanted)
    if wanted.smoothing == "on" and not found.reach:
        found = replace(found, reach=least_reach(frame))
    if wanted.order == "on" and not found.order and labels is not None and frame.map_axis is None:
        order = known_order(labels, frame.vertical_axis, wanted)
        found = found if order is None else replace(found, order=order, penalty=PENALTY)
    return found


def _recorder(
    job: Job, model: models.Model, predictor: Predictor, journal: Journal, factors: tuple[str, ...], told: str
) -> Recorder:
    """Return what writes down a prediction, with what stays of the one that is there."""
    made = Provenance.of(
        job,
        predictor.shape,
        classes=model.classes,
        run=model.run or job.run,
        labels=model.labels,
        factors=factors,
        told=told,
    )
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
