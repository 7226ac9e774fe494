"""A session with a run whose prediction is known, made without training anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, LabelClass
from napari_fhn.network.architecture import levels
from napari_fhn.project import Project, Run, RunRecord, Session, SurveySet
from napari_fhn.training.files.digest import digest
from napari_fhn.training.job import Input, Job, Schedule
from napari_fhn.training.models import description
from napari_fhn.training.models.description import Description, Normalisation, WeightsFile
from napari_fhn.training.prediction import provenance
from napari_fhn.training.prediction.parts import Part
from napari_fhn.training.prediction.provenance import InputStamp, Provenance

COLORS = ("#ffcc00", "#336699", "#009e73")


def predicted(
    folder: Path,
    classes: np.ndarray,
    *,
    names: Sequence[str] = ("sand", "shale"),
    vertical: int | None = 2,
    surveys: SurveySet | None = None,
    held_out: Sequence[Box] = (),
    labels: np.ndarray | None = None,
    share: float = 1.0,
    outputs: bool = True,
) -> Run:
    """Make a run that has predicted these classes, with probabilities and entropy.

    ``share`` is how much of the first axis was predicted; of a survey that is given its copies are made too.
    """
    session = Session(folder)
    with session.writing("a test"):
        project = Project(session)
        table = ClassTable(tuple(LabelClass(k, *pair) for k, pair in enumerate(zip(names, COLORS, strict=False), 1)))
        session.set_classes(table)
        session.label_volume(classes.shape)[...] = 0 if labels is None else labels
        inputs = (Input(str(session.inputs / "none.npy")),)
        if surveys is not None:
            project.use(surveys)
            inputs = project.stage()
        place = session.runs.place()
        job = Job(
            inputs=inputs,
            labels=str(session.labels),
            classes=tuple(names),
            network=levels(2, 8, (2, 2), 1, context=0 if vertical is None else 1),
            schedule=Schedule(steps=2, block=(8, 32)),
            prediction=str(place / "prediction.npy"),
            model=str(place / "model"),
            vertical_axis=vertical,
            colors=COLORS[: len(names)],
            held_out=tuple(held_out),
            run=place.name,
        )
        made = RunRecord(
            place.name,
            f"Run {int(place.name[4:])}",
            "2026-01-02T03:04:05+00:00",
            "sections",
            2,
            classes=tuple(names),
            labels=digest(session.labels),
        )
        run = session.runs.begin(job, made, classes.shape)
        job.save(run.model / "job.json")
        sha = describe(job, run.model)
        predict(run, job, classes, sha, share)
        if outputs:
            sure = np.linspace(0.5, 1, classes.size).reshape(classes.shape)
            first = np.where(classes == 1, sure, 1 - sure)
            layers = [first, *[(1 - first) / (len(names) - 1)] * (len(names) - 1)]
            np.save(run.output("probabilities"), np.stack(layers).astype(np.float16))
            np.save(run.output("entropy"), (1 - sure).astype(np.float16))
        run = run.save(replace(run.record, state="finished"))
        session.runs.select(run)
    return run


def as_if_trained(folder: Path, which: str, classes: np.ndarray) -> Run:
    """Give a run that was only made ready a network and the prediction of all of the survey."""
    session = Session(folder)
    run, job = session.runs.get(which), session.runs.get(which).job()
    predict(run, job, classes, describe(job, run.model))
    job.save(run.model / "job.json")
    with session.writing("a test"):
        session.runs.select(session.runs.get(which))
    return session.runs.get(which)


def describe(job: Job, folder: Path, steps: int = 2) -> str:
    """Write a ``model.json`` without weights, and return its checksum."""
    return description.write(
        Description(
            WeightsFile("weights-0123456789abcdef.safetensors", "0" * 64),
            job.network,
            1,
            job.classes,
            Normalisation((0.0,), (1.0,)),
            job.framing,
            job.colors,
            steps=steps,
            label_counts=(1,) * len(job.classes),
        ),
        folder,
    )


def predict(run: Run, job: Job, classes: np.ndarray, sha: str, share: float = 1.0) -> None:
    """Write a prediction with what made it."""
    rows = round(share * classes.shape[0])
    values = classes.copy()
    values[rows:] = 0
    np.save(run.prediction, values)
    box = Box((0,) * classes.ndim, (rows, *classes.shape[1:]))
    stamps = tuple(InputStamp(item.name, item.stamp) for item in job.inputs)
    parts = (Part(box, 2, sha),) if rows else ()
    provenance.write(run.prediction, Provenance(run.id, classes.shape, job.classes, stamps, "", parts))
