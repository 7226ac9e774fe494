"""Training: random blocks that hold labels, a partial loss over labelled voxels, predictions of the view on the way."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_fhn.box import Box
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.build import SegmentationNetwork, build
from napari_fhn.network.convolution import bfloat16_pays
from napari_fhn.network.hyperbolic import HyperbolicNetwork, Precision
from napari_fhn.training import model as models
from napari_fhn.training.annotations import Annotations
from napari_fhn.training.batch import Batch
from napari_fhn.training.blocks import Blocks
from napari_fhn.training.control import Control, Focus
from napari_fhn.training.criterion import Criterion
from napari_fhn.training.device import choose_device
from napari_fhn.training.frame import Frame
from napari_fhn.training.guard import Guard
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.labelled import LabelFile
from napari_fhn.training.predictor import Predictor
from napari_fhn.training.score import confusion, intersection_over_union
from napari_fhn.training.updates import BoxChanged, Done, Note, Progress, Score, Update
from napari_fhn.training.volume import Volume

_FIRST_LOOK = 1.5
"""Seconds of training before the first prediction of the view."""

_LOOK_SHARE = 0.2
"""Share of the time that goes into predictions while training."""

_SCORE_SHARE = 0.05
"""Share of the time that goes into scoring what is held out."""

_SAVE_EVERY = 10.0
"""Seconds between saved weights: the most that a killed process loses."""

_GRADIENT_NORM = 1.0


def fit(job: Job, control: Control | None = None) -> Iterator[Update]:
    """Train a network as a job says.

    Parameters
    ----------
    job : Job
        What to train on what. Its prediction file is written while training runs, its model folder too.
    control : Control, optional
        To stop, and to say what is in view.

    Yields
    ------
    Update
        Progress after every step; BoxChanged, Score and Note as they come; Done at the end.

    Raises
    ------
    JobError
        When the job does not fit its files; the message says what to change.
    """
    control = control or Control()
    started = time.monotonic()
    torch.manual_seed(job.schedule.seed)
    device = choose_device(job.device)
    volume = Volume(job.inputs)
    architecture = job.network
    if any(level < 0 for level in architecture.output_levels):
        raise JobError(
            "the network's output is finer than the labels: end it at the level of the input or a coarser one"
        )
    frame = Frame(volume, architecture, job.framing)
    labels = LabelFile(job.labels, frame.shape, len(job.classes), job.held_out, job.ignored, frame.present_at)
    frame.know(labels)
    present = np.flatnonzero(labels.counts)
    if len(present) < 2:
        raise JobError("label at least two classes before training: paint some voxels of each, or load wells")
    missing = [name for k, name in enumerate(job.classes) if not labels.counts[k]]
    if missing:
        yield Note(f"Nothing is labelled yet as {', '.join(missing)}: the network cannot find what it was never shown.")
    needed = frame.channels
    if isinstance(architecture, Architecture):
        needed *= 2 ** (architecture.dimensions * architecture.haar_lift)
    if needed > architecture.channels:
        architecture = replace(architecture, channels=-(-needed // 8) * 8)
        yield Note(
            f"The data have {frame.channels} channels; the network's state was widened to {architecture.channels}."
        )
    generator = torch.Generator().manual_seed(job.schedule.seed)
    network = build(architecture, frame.channels, len(job.classes), generator).to(device)
    if isinstance(network, HyperbolicNetwork):
        network.precision = _precision(job.schedule.precision, architecture.dimensions, device)
    criterion = Criterion(job.schedule.objective, job.classes, frame.vertical_of_scores)
    guard = Guard(network)
    annotations = Annotations(frame, labels, job.schedule.objective, job.weights, job.ignored)
    blocks = Blocks(frame, labels, job.schedule, annotations)
    predictor = Predictor(network, frame, job.prediction, device)
    model = models.Model.of(job, network, volume.normalisation)
    optimiser = torch.optim.AdamW(network.parameter_groups(job.schedule.learning_rate, job.schedule.weight_decay))
    steps = job.schedule.steps
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: 0.5 * (1 + math.cos(math.pi * s / steps)))
    seen = np.zeros((len(job.classes) + 1,) * 2)
    view = _View(predictor, control)
    saved = time.monotonic()
    score_due = 0.0
    step = 0
    waiting = told = False
    while step < steps and not control.stop.is_set():
        if control.pause.is_set():
            yield Note(f"Training is paused after step {step}.")
            control.wait_while_paused()
            continue
        began = time.monotonic()
        batch = None  # the last block goes before the next one comes
        batch = blocks.draw(control.focus)
        if batch is None:
            if not waiting:
                yield Note("The labels are gone: training waits until something is labelled.")
            waiting = True
            control.stop.wait(0.2)
            continue
        waiting = False
        if labels.unknown and not told:
            told = True
            yield Note(f"Label {labels.unknown} is new: it is left out until you train again.")
        network.train()
        terms, counts, refusal = _step(network, optimiser, guard, criterion, batch.to(device), labels)
        if refusal is None:
            rate.step()
        else:
            yield Note(refusal)
        step += 1
        seen *= 0.9
        seen += counts
        now = time.monotonic()
        left = (now - started) / step * (steps - step)
        loss = sum(terms.values())
        several = terms if len(terms) > 1 else {}
        yield Progress("train", step, steps, left, loss, now - began, guard.error, terms=several)
        if now - saved > _SAVE_EVERY:
            models.save(model, job.model)
            saved = now
        if now - started > _FIRST_LOOK:
            looked = view.renew(step)
            changed = next(looked, None)
            if changed is not None:
                yield changed
                yield from looked
                yield Score(step, False, _iou(seen))
            if job.held_out and time.monotonic() > score_due:
                began = time.monotonic()
                held = _held_out(predictor, labels)
                yield Score(step, True, _iou(held))
                score_due = time.monotonic() + (time.monotonic() - began) * (1 / _SCORE_SHARE - 1)
    models.save(model, job.model)
    job.save(f"{job.model}/job.json")
    if not control.stop.is_set():
        yield from view.renew(step, anyway=True)
        if job.held_out:
            yield Score(step, True, _iou(_held_out(predictor, labels)))
    seconds = time.monotonic() - started
    words = f"Stopped after {step} of {steps} steps" if step < steps else f"Trained {steps} steps"
    yield Done("train", step < steps, seconds, f"{words} in {seconds:.0f} s; the network is saved.")


def _precision(wanted: str, dimensions: int, device: torch.device) -> Precision:
    fast = wanted == "bfloat16" or (wanted == "auto" and bfloat16_pays(dimensions, device))
    return "bfloat16" if fast else "float32"


def _step(
    network: SegmentationNetwork,
    optimiser: torch.optim.Optimizer,
    guard: Guard,
    criterion: Criterion,
    batch: Batch,
    labels: LabelFile,
) -> tuple[dict[str, float], NDArray[np.int64], str | None]:
    """Make one step; return the terms of its loss, the confusion on its labels, and why it was refused, if it was."""
    optimiser.zero_grad(set_to_none=True)
    scores = network.scores(batch.data)
    terms = criterion.terms(scores, batch, labels.counts)
    loss = torch.stack(list(terms.values())).sum()
    counts = confusion(_classes(scores), batch.labels.cpu().numpy(), labels.classes)
    value = loss.item()
    if math.isfinite(value):
        loss.backward()  # type: ignore[no-untyped-call]
    refusal = guard.refusal(value)
    if refusal is None:
        torch.nn.utils.clip_grad_norm_(network.parameters(), _GRADIENT_NORM)
        optimiser.step()
    return {name: term.item() for name, term in terms.items()}, counts, refusal


class _View:
    """Predicts what is in view while training runs, and the rest of the survey a section at a time."""

    def __init__(self, predictor: Predictor, control: Control) -> None:
        self.predictor = predictor
        self.control = control
        self._last_focus: Focus | None = None
        self._next_look = 0.0
        self._sweep = 0

    def renew(self, step: int, anyway: bool = False) -> Iterator[Update]:
        """Predict the view where it is due: when it moved, or when its share of the time allows."""
        focus = self.control.focus
        began = time.monotonic()
        if not anyway and focus == self._last_focus and began < self._next_look:
            return
        self._last_focus = focus
        for box in self._boxes(focus):
            yield BoxChanged(box, step)
        now = time.monotonic()
        self._next_look = now + (now - began) * (1 / _LOOK_SHARE - 1)

    def _boxes(self, focus: Focus | None) -> Iterator[Box]:
        predictor = self.predictor
        if len(predictor.shape) == 2:
            yield from predictor.section(Focus(0, 0), self.control)
        elif focus is not None and predictor.can_section(focus):
            yield from predictor.section(focus, self.control)
        else:
            # A time slice crosses every section, and without a viewer nothing is in view: spread a few over the survey.
            axis = predictor.frame.sections[0] if predictor.frame.sections else 0
            size = predictor.shape[axis]
            for _ in range(4):
                yield from predictor.section(Focus(axis, self._sweep), self.control)
                # The golden section leaves no large gap at any time.
                self._sweep = (self._sweep + max(1, round(size * 0.382))) % size


def _classes(scores: Tensor) -> np.ndarray:
    return scores.detach().argmax(1).cpu().numpy() + 1


def _iou(matrix: np.ndarray) -> tuple[float | None, ...]:
    # One well rarely meets every class: a class that is not among the labels says nothing, wherever it was predicted.
    occurs = matrix[1:].sum(axis=1) > 0
    values = intersection_over_union(matrix)
    return tuple(float(v) if known else None for v, known in zip(values, occurs, strict=True))


def _held_out(predictor: Predictor, labels: LabelFile) -> np.ndarray:
    """Return the confusion over the labels held out, on one section or block through each body."""
    total = np.zeros((labels.classes + 1,) * 2, np.int64)
    for body in labels.held_out:
        start, stop = list(body.start), list(body.stop)
        across = predictor.frame.sections[0] if predictor.frame.sections else None
        if across is not None:
            start[across] = (body.start[across] + body.stop[across]) // 2
            stop[across] = start[across] + 1
        # With surroundings: the network reads a body from what lies around it.
        for axis, size in enumerate(predictor.shape):
            if axis != across:
                start[axis], stop[axis] = max(0, start[axis] - 32), min(size, stop[axis] + 32)
        region = Box(tuple(start), tuple(stop))
        truth = np.zeros(region.shape, np.uint8)
        inside = Box(
            tuple(max(a, b) for a, b in zip(body.start, start, strict=True)),
            tuple(min(a, b) for a, b in zip(body.stop, stop, strict=True)),
        )
        target = tuple(slice(a - o, b - o) for a, b, o in zip(inside.start, inside.stop, start, strict=True))
        truth[target] = labels.truth(inside)
        total += confusion(predictor.classes(region, across), truth, labels.classes)
    return total
