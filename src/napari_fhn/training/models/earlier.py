"""What was there before is kept until what takes its place has earned it: an earlier network, a whole prediction."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from dataclasses import replace
from pathlib import Path

from napari_fhn import mapped
from napari_fhn.sentence import counted
from napari_fhn.training.errors import JobError
from napari_fhn.training.files import inside, removing
from napari_fhn.training.job import Job
from napari_fhn.training.models.description import FILE, read
from napari_fhn.training.models.transfer import STATE, copy_network
from napari_fhn.training.prediction import provenance

_PREDICTION = "prediction"


def keep_network(job: Job) -> tuple[str, ...]:
    """Keep the network that a job is about to train anew in place of, with its prediction, in a folder beside it.

    Parameters
    ----------
    job : Job
        Its first step is made.

    Returns
    -------
    tuple of str
        Where it is, in a sentence; none where there was no network.

    Raises
    ------
    JobError
        When there is no room for it; all is as it was then.
    """
    model = Path(job.model)
    if not (model / FILE).is_file():
        (model / STATE).unlink(missing_ok=True)  # whoever goes on must not take up the training before
        return ()
    names = (model.with_name(f"{model.name}-before-{number}") for number in itertools.count(1))
    target = next(name for name in names if not os.path.lexists(name))
    part = target.with_name(f".{target.name}.part")
    try:
        _discard(part)
        copy_network(model, part / "model")
        kept = _with_prediction(job, part)
        part.rename(target)
        _as_a_job(job, target)
    except (OSError, JobError) as error:
        _discard(part)
        raise JobError(
            f"the network that is in {model} cannot be kept ({error}): move it away, or make room"
        ) from error
    # What only goes on with it, or goes back in it, takes room and is moved: the next one must not take it up.
    for name in (STATE, removing.CHECKPOINTS):
        if (model / name).exists() and not (model / name).is_symlink():
            (model / name).rename(target / "model" / name)
    with contextlib.suppress(JobError):
        steps = f" of {counted(read(target / 'model').steps, 'steps')}"
        beside = ", with its prediction" if kept else ""
        return (f"The network{steps} that was there is kept in {target}{beside}.",)
    return (f"What was there is kept in {target}.",)


def keep_prediction(prediction: str | Path) -> None:
    """Keep a whole prediction while another takes its place, so that it can be taken back until that is whole.

    Raises
    ------
    OSError
        When there is no room for it; nothing is left of the copy then.
    """
    prediction = Path(prediction)
    kept = path_of(prediction)
    mapped.copy(prediction, kept)
    _copied(provenance.path_of(prediction), provenance.path_of(kept))


def path_of(prediction: str | Path) -> Path:
    """Return where the whole prediction lies that another one takes the place of, while there is one."""
    prediction = Path(prediction)
    return inside.beside(prediction, "before")


def forget_prediction(prediction: str | Path) -> None:
    """Remove it: the new one is whole."""
    kept = path_of(prediction)
    removing.files([provenance.path_of(kept), kept])


def _with_prediction(job: Job, folder: Path) -> bool:
    """Copy what the network has predicted of everything, as far as there is room: it can be predicted again."""
    source = Path(job.prediction)
    try:
        made = provenance.read(source)
    except JobError:
        return False
    if made is None or not made.complete or not mapped.is_there(source):
        return False
    target = folder / f"{_PREDICTION}{source.suffix}"
    try:
        mapped.copy(source, target)
        provenance.write(target, made)
    except OSError:
        removing.prediction(target)
        return False
    return True


def _as_a_job(job: Job, folder: Path) -> None:
    """Let the job of the network predict where it is kept."""
    with contextlib.suppress(JobError):
        job = Job.load(folder / "model" / "job.json", trusted=True)
    job = replace(
        job,
        model=str(folder / "model"),
        prediction=str(folder / f"{_PREDICTION}{Path(job.prediction).suffix}"),
        start_from=None,
    )
    for path in (folder / "job.json", folder / "model" / "job.json"):
        job.save(path)


def _copied(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def _discard(folder: Path) -> None:
    if folder.is_dir():
        removing.files([folder / "job.json"])
        removing.trial(folder)
