"""A piece of work that is small enough to look at whole, and runs that nobody had to wait for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from napari_fhn import surveys
from napari_fhn.box import Box
from napari_fhn.network.architecture import levels
from napari_fhn.project import Project, Session, Settings, SurveySet
from napari_fhn.project.runs import jobs
from napari_fhn.training import Done, Schedule
from napari_fhn.training.models.description import Description, Normalisation, WeightsFile, write
from napari_fhn.training.models.transfer import STATE
from napari_fhn.training.prediction import provenance

SHAPE = (12, 10)


@dataclass(frozen=True)
class Work:
    """A session with a survey and labels."""

    project: Project
    file: Path

    @property
    def session(self) -> Session:
        return self.project.session

    @property
    def runs(self):
        return self.session.runs

    def begin(self, **given):
        return jobs.begin(self.project, small_settings(**given))

    def train(self, name="", steps=2, predict=True):
        """What a training leaves that has ended by itself, and a prediction after it."""
        begun = jobs.begin(self.project, small_settings(steps), name=name)
        trained(begun.run, begun.job, steps)
        run = self.runs.finish(begun.run, Done("train", False, 1.0, "Trained."))
        if predict:
            predicted(run, value=1)
        return run


def small_settings(steps: int = 2) -> Settings:
    return replace(
        Settings.of("map"), network=levels(2, 8, (2,), 1), schedule=Schedule(steps=steps, block=(8, 8)), device="cpu"
    )


def trained(run, job, steps=2, *, resumable=True) -> None:
    """Write a network as far as anybody looks who does not use it."""
    run.model.mkdir(exist_ok=True)
    weights = WeightsFile("weights-0123456789abcdef.safetensors", f"{steps:064x}")
    (run.model / weights.file).write_bytes(b"weights")
    description = Description(
        weights, job.network, 1, job.classes, Normalisation((0.0,), (1.0,)), job.framing, steps=steps
    )
    write(description, run.model)
    job.save(run.model / "job.json")
    if resumable:
        (run.model / STATE).write_bytes(b"state")


def predicted(run, value=1, box: Box | None = None, model: str | None = None) -> None:
    """Write a prediction and what made it, of all of the survey or of a box."""
    values = np.load(run.prediction, mmap_mode="r+")
    box = box or Box.whole(values.shape)
    values[box.slices] = value
    values.flush()
    found, job = run.description(), run.job()
    made = provenance.Provenance.of(job, values.shape, classes=job.classes, run=run.id, labels="")
    sha256 = found.sha256 if model is None else model
    provenance.write(run.prediction, replace(made, parts=(provenance.Part(box, found.steps, sha256),)))


def killed(at: int, changes: Sequence[tuple[Any, str]], action: Callable[[], object]) -> bool:
    """Do something in a process of its own that is killed before it makes its change number `at`.

    Parameters
    ----------
    at : int
        From 1.
    changes : sequence of (object, str)
        Functions that change what is on disk: a module or class, and a name in it.
    action : callable
        What is done.

    Returns
    -------
    bool
        False where it came to its end.
    """
    if not hasattr(os, "fork"):
        pytest.skip("processes cannot be forked here")
    left = at

    def dying(function):
        def called(*args, **given):
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **given)

        return called

    child = os.fork()
    if child == 0:
        code = 1
        try:
            for owner, name in changes:
                setattr(owner, name, dying(getattr(owner, name)))
            action()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    assert ended in (0, -signal.SIGKILL)
    return ended != 0


def opened(file: Path) -> xr.DataArray:
    return surveys.open(file, axes=("y", "x"))


@pytest.fixture
def survey_file(tmp_path) -> Path:
    path = tmp_path / "data" / "magnetics.npy"
    path.parent.mkdir()
    np.save(path, np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32))
    return path


@pytest.fixture
def work(tmp_path, survey_file) -> Work:
    project = Project(Session(tmp_path / "work"))
    project.session.acquire("a test")
    project.use(SurveySet.of({"magnetics": opened(survey_file)}))
    known = np.zeros(SHAPE, np.uint8)
    known[1, 1:4], known[9, 5:9], known[4, 4] = 1, 2, 1
    project.paint(known)
    yield Work(project, survey_file)
    project.session.release()
