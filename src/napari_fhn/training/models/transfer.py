"""What the folder of a model holds to begin with, and what of its job goes over to a new one."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from pathlib import Path

from napari_fhn import record
from napari_fhn.training.errors import JobError
from napari_fhn.training.files import removing
from napari_fhn.training.files.log import FILE as LOG
from napari_fhn.training.job import Job
from napari_fhn.training.models.description import FILE, Description, read

STATE = "training.safetensors"
"""The training that was put aside, in the folder of its model; see :mod:`~napari_fhn.training.models.suspended`."""

_LONGEST_NAME = 200
"""Letters that the name of a run's folder does not have."""


def can_resume(folder: str | Path) -> bool:
    """Tell whether a folder holds a training to go on with."""
    return (Path(folder) / STATE).is_file()


def model_folder(path: str | Path) -> Path:
    """Return the folder of a saved network.

    Parameters
    ----------
    path : path-like
        Itself, or a run, or a session, of which it is that of the current run.

    Raises
    ------
    JobError
        When no trained network is there, or one of several is to be chosen.
    """
    folder = Path(path)
    current = _current_run(folder)
    runs = [folder / "runs" / current] if current else []
    for place in (folder, *(run / "model" for run in runs), folder / "model"):
        if (place / FILE).is_file():
            return place
    others = sorted(place.parent for place in (folder / "runs").glob("*/model") if (place / FILE).is_file())
    if len(others) == 1:
        return others[0] / "model"
    if others:
        names = ", ".join(run.name for run in others)
        raise JobError(f"{folder} holds several trained networks ({names}): name the folder of one, {others[-1]}")
    raise JobError(f"{folder} holds no trained network: name the folder of a saved one, or a session with one")


def read_description(path: str | Path) -> Description:
    """Return what is known of a saved network, without torch and without its weights.

    Parameters
    ----------
    path : path-like
        As for :func:`model_folder`.

    Raises
    ------
    JobError
        When no trained network is there, or it cannot be read.
    """
    return read(model_folder(path))


def _current_run(session: Path) -> str:
    """Return the name of the run that a session is at, as far as its manifest can be read; empty where there is none.

    The manifest belongs to others, and may be newer than this: only what is asked for is looked at.
    """
    path = session / "session.json"
    try:
        manifest = record.parse(path.read_bytes()) if path.is_file() else None
    except (OSError, record.RecordError):
        return ""
    name = manifest.get("current_run") if isinstance(manifest, dict) else None
    # A name, and no way out of the session.
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return ""
    return name if name not in ("", ".", "..") and Path(name).name == name else ""


def saved_job(path: str | Path) -> Job:
    """Return the job that a saved network was trained by; it is named as for :func:`model_folder`.

    Raises
    ------
    JobError
        When no trained network is there, or its job cannot be read.
    """
    return Job.load(model_folder(path) / "job.json", trusted=True)


def copy_network(path: str | Path, target: Path) -> None:
    """Copy what is needed to use a saved network: nothing of the training that made it, and nothing of others.

    Raises
    ------
    JobError
        When no trained network is there.
    OSError
        When it cannot be written.
    """
    folder = model_folder(path)
    Path(target).mkdir(parents=True, exist_ok=True)
    for name in (FILE, *filter(None, [removing.named_weights(folder)]), "job.json", LOG):
        # What stands here may be anything, such as a device without an end.
        if (folder / name).is_file():
            shutil.copyfile(folder / name, Path(target) / name)
    # Its job names files relative to where it lies: seen from the copy they are elsewhere. One that cannot be read is
    # copied as it is, for whoever needs it to say so.
    with contextlib.suppress(JobError):
        job = Job.load(folder / "job.json", trusted=True)
        replace(job, model=str(Path(target).absolute())).save(target / "job.json")


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
