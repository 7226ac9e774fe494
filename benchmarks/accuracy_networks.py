"""Networks trained by the project's own ``fit``, as a job that the dock or the command line would build too."""

from __future__ import annotations

import json
import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from accuracy_answers import Answer, Settings
from accuracy_data import Task
from accuracy_kept import fold
from accuracy_memory import within_memory
from accuracy_scores import scored
from napari_fhn import labels
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.equivalent import equivalent_unet, slim_resnet
from napari_fhn.network.language import parse, write
from napari_fhn.project import HeldOut, Project, Session, SurveySet
from napari_fhn.project import Settings as JobSettings
from napari_fhn.project.data import dips
from napari_fhn.project.runs import jobs, planning
from napari_fhn.report.writing import write as write_report
from napari_fhn.training import Control, Job, Note, Progress, fit, predict
from napari_fhn.training.choice import RecipeChoice
from napari_fhn.training.combination.settings import is_taught
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.pseudo_labels import PROBABILITIES, SHARE
from napari_fhn.training.models import model

_PROBE = 0.1
"""Share of the budget in which the duration of a step is measured; it is part of the budget."""


def network(
    task: Task, settings: Settings, *, kind: str = "hyperbolic", equal_memory: bool = False, alone: bool = False
) -> Answer:
    """Train as a recipe says, for as many steps as the budget allows, and predict everything.

    Parameters
    ----------
    task : Task
        What to learn from what.
    settings : Settings
        Budget and overrides; see :func:`job_of`.
    kind : {"hyperbolic", "resnet", "unet"}
        The recipe's network, or one that compares with it: its levels and steps in another kind of network.
    equal_memory : bool
        Whether its blocks are halved until a training step keeps no more than the hyperbolic one is forecast to need.

    alone : bool
        Whether the prediction is made of the network and nothing else.

    Returns
    -------
    Answer
        With the steps made and the number of weights among its details.
    """
    answer = Answer()
    with tempfile.TemporaryDirectory() as folder:
        job, recipe = job_of(task, Project(Session(folder)), settings.overrides)
        if kind != "hyperbolic":
            ours, job = job, replace(job, network=_compared(kind, job.network))
            job = within_memory(job, ours) if equal_memory else job
        if alone:
            job = replace(job, combination=None)
        if settings.probabilities:
            job = replace(job, outputs=("probabilities",))
        notes: list[str] = []
        with answer.timed("train"):
            end = time.process_time() + settings.budget
            find_structure(job)
            steps = job.schedule.steps if _names_steps(settings.overrides) else affordable_steps(job, end)
            job = replace(job, schedule=replace(job.schedule, steps=steps))
            made = _train(job, None if _names_steps(settings.overrides) else end, notes)
        with answer.timed("predict"):
            for _ in predict(job):
                pass
        answer.prediction = np.load(job.prediction)
        if settings.probabilities:
            answer.probabilities = np.load(job.output_path("probabilities"))
        if settings.report:
            run = Path(job.prediction).parent
            job.save(run / "job.json")
            write_report(run, settings.report, task.truth)
        trained = model.load(job.model).network
        answer.details = {
            "recipe": recipe,
            "steps": made,
            "steps_planned": steps,
            "weights": sum(parameter.numel() for parameter in trained.parameters()),
            "network": job.network.kind,
            "layers": write(job.network) if isinstance(job.network, Architecture) else None,
            "learning_rate": job.schedule.learning_rate,
            "channels": trained.architecture.channels,
            "block": job.schedule.block,
            "batch": job.schedule.batch,
            "notes": notes,
            **_made_of(task, job),
        }
    return answer


def _made_of(task: Task, job: Job) -> dict[str, Any]:
    """Return how much each factor of a prediction counts, and how good it is alone: mean IoU where it is tested."""
    found = model.load(job.model).combination
    if found is None:
        return {}
    alone = {name: np.load(path) for name, path in job.factor_paths.items() if path.exists()}
    return {
        "shares": {one.name: round(share, 3) for one, share in zip(found.factors, found.shares, strict=True)},
        "alone": {name: round(scored(task, said)["mean_iou"], 4) for name, said in alone.items()},
        "reach": found.reach,
        "order": found.order,
        "left_out": found.bodies,
    }


def job_of(task: Task, project: Project, overrides: Sequence[str]) -> tuple[Job, str]:
    """Build the job of a task as every face does, with the recipe that it chooses, and change what is overridden.

    Parameters
    ----------
    task : Task
        What is learnt from what.
    project : Project
        Where.
    overrides : sequence of str
        ``recipe=NAME``; ``held_out=N`` bodies kept for validation; ``fold=K/N``, one in N bodies kept;
        ``network=WORDS``, the layers of the hyperbolic network in the language of architectures; else a part of the job
        and its value in JSON, such as ``schedule.block=[64,64]`` or ``network.h=0.5``.

    Returns
    -------
    job : Job
    recipe : str
        Its name.
    """
    told = dict(text.split("=", 1) for text in overrides)
    axes = ("inline", "crossline", "twt")[-task.labels.ndim :] if task.vertical_axis is not None else ("y", "x")
    project.use(
        SurveySet.of(
            [(f"{task.dataset} {n}", xr.DataArray(array, dims=("band", *axes))) for n, array in enumerate(task.inputs)]
        )
    )
    project.paint(task.labels, replace_labels=True)
    project.session.set_classes(ClassTable(()).including(task.classes))
    held_out: list[Box] = []
    if "held_out" in told:
        held_out = labels.hold_out(
            task.labels,
            int(told.pop("held_out")),
            task.vertical_axis,
            task.seed,
            labels.candidates(task.labels, task.vertical_axis),
        )
    if "fold" in told:
        number, of = map(int, told.pop("fold").split("/"))
        file = LabelFile(str(project.session.labels), task.labels.shape, len(task.classes))
        bodies, left_out = fold(file, task.vertical_axis, number, of)
        held_out = bodies.boxes(left_out, task.labels.shape)
    recipe = told.pop("recipe", None)
    chosen = RecipeChoice(recipe, "") if recipe else planning.choose_recipe(project, held_out=held_out)
    settings = replace(JobSettings.suggested(chosen).with_numbers(seed=task.seed), device="cpu")
    job = jobs.begin(project, settings, held_out=HeldOut(boxes=tuple(held_out))).job
    if "network" in told:
        words = parse(told.pop("network"))
        job = replace(job, network=replace(job.network, channels=words.channels, layers=words.layers))
    data = job.to_dict()
    for place, text in told.items():
        *outer, last = place.split(".")
        part: Any = data
        for name in outer:
            part = part[name]
        if last not in part:
            raise ValueError(f"a job has no part {place!r}")
        try:
            part[last] = json.loads(text)
        except ValueError:
            part[last] = text  # a word may stand without its quotes
    return Job.from_dict(data), chosen.name


def find_structure(job: Job) -> None:
    """Find the dips that a prediction needs, which a training would beside its steps: so that these can be timed."""
    vertical = job.vertical_axis
    if vertical is not None and job.combination is not None and job.combination.folder:
        for _ in dips.dips_of(job.inputs, vertical, job.combination.folder).fill():
            pass


def affordable_steps(job: Job, end: float) -> int:
    """Make a few steps that nobody keeps, and return how many fit between now and an end in CPU time.

    Parameters
    ----------
    job : Job
        What to train.
    end : float
        In seconds of ``time.process_time``.

    Returns
    -------
    int
        Steps with what ``fit`` does between them: predictions of the view, scores.
    """
    began = time.process_time()
    until = began + _PROBE * (end - began)
    control, times = Control(watched=False), [began]
    probe = replace(job, schedule=replace(job.schedule, steps=100_000), model=f"{job.model}-probe")
    for update in fit(probe, control):
        if isinstance(update, Progress):
            times.append(time.process_time())
            # The first step allocates, and is not counted.
            if len(times) > 3 and times[-1] > until:
                control.stop.set()
    steps = [later - earlier for earlier, later in pairwise(times[1:])]
    left = end - time.process_time()
    # Some too many do no harm: training ends with its time, and at the end of the schedule its rate is next to nothing.
    affordable = left / (1.05 * statistics.median(steps))
    if is_taught(job):  # some of the time goes into pseudo-labels, about as much as steps of as many voxels take
        shape = np.load(job.labels, mmap_mode="r").shape
        *traces, samples = job.schedule.block
        seen = job.schedule.batch * math.prod(traces) * min(samples, shape[-1])
        tile = min(math.prod(shape), PROBABILITIES // len(job.classes))
        affordable = max(affordable - tile / seen, affordable / (1 + 1 / SHARE))
    return max(1, round(affordable))


def _train(job: Job, end: float | None, notes: list[str]) -> int:
    """Train until the job is done or the time is up; return the steps made."""
    control, made = Control(watched=False), 0
    for update in fit(job, control):
        if isinstance(update, Progress):
            made = update.step
            if end is not None and time.process_time() > end:
                control.stop.set()
        elif isinstance(update, Note):
            notes.append(update.message)
    return made


def _names_steps(overrides: Sequence[str]) -> bool:
    return any(text.startswith("schedule.steps=") for text in overrides)


def _compared(kind: str, ours: Any) -> Any:
    """Return a network of another kind with the levels of ours, reading classes at the resolution of its input."""
    if not isinstance(ours, Architecture):
        raise ValueError(f"a {ours.kind} network is compared with a hyperbolic one, not with another")
    return equivalent_unet(ours) if kind == "unet" else slim_resnet(ours)
