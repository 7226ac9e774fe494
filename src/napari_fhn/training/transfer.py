"""What the folder of a model holds to begin with, and what of its job goes over to a new one."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job

STATE = "training.safetensors"
"""The training that was put aside, in the folder of its model; see :mod:`~napari_fhn.training.suspended`."""

_OF_THE_TRAINING = (STATE, "checkpoints")
"""What in the folder of a model belongs to the training that made it."""


def can_resume(folder: str | Path) -> bool:
    """Tell whether a folder holds a training to go on with."""
    return (Path(folder) / STATE).is_file()


def model_folder(path: str | Path) -> Path:
    """Return the folder of a saved network: itself, or the one in a session that is named instead.

    Raises
    ------
    JobError
        When no trained network is there.
    """
    folder = Path(path)
    for place in (folder, folder / "model"):
        if (place / "model.json").is_file():
            return place
    raise JobError(f"{folder} holds no trained network: name the folder of a saved one, or a session with one")


def saved_job(path: str | Path) -> Job:
    """Return the job that a saved network was trained by; it is named as for :func:`model_folder`.

    Raises
    ------
    JobError
        When no trained network is there, or its job cannot be read.
    """
    return Job.load(model_folder(path) / "job.json")


def copy_network(path: str | Path, target: Path) -> None:
    """Copy what is needed to use a saved network, and nothing of the training that made it.

    Raises
    ------
    JobError
        When no trained network is there.
    OSError
        When it cannot be written.
    """
    shutil.copytree(model_folder(path), target, ignore=shutil.ignore_patterns(*_OF_THE_TRAINING), dirs_exist_ok=True)


def beginning_with(job: Job, path: str | Path, *, as_it_was: bool = True) -> Job:
    """Return a job that begins with the weights of a saved network.

    Parameters
    ----------
    job : Job
        The data, labels and classes of now.
    path : path-like
        Of the saved network, or of a session with one.
    as_it_was : bool
        Take over its architecture, its schedule and what it was told beside the data too: without them its weights
        hardly fit. What is minimised stays that of `job`, as it names classes.

    Returns
    -------
    Job

    Raises
    ------
    JobError
        When no trained network is there, or what it was trained by cannot be read.
    """
    folder = model_folder(path)
    job = replace(job, start_from=str(folder))
    if not as_it_was:
        return job
    saved = saved_job(folder)
    return replace(
        job,
        network=saved.network,
        schedule=replace(saved.schedule, objective=job.schedule.objective),
        neighbours=saved.neighbours,
        position=saved.position,
        map_axis=saved.map_axis,
    )
