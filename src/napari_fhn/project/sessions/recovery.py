"""What a session tells of itself where its manifest was damaged: out of its runs, its labels and its copies."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from napari_fhn import mapped
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.project.data import in_place
from napari_fhn.project.runs.run import Run, RunRecord, State, default_name, is_run, number_of
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.manifest import HeldOut, Manifest, SurveyEntry, refer
from napari_fhn.surveys.grid import Grid
from napari_fhn.training.data.stored import SUFFIX
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Input, Job
from napari_fhn.training.updates import Done


def recovered(folder: Path) -> Manifest:
    """Return the manifest that a session would have, as far as what lies beside it tells.

    It begins with what the manifest was when the session was last opened. A training since then tells more of classes,
    labels held out and settings; and where nobody knows what the manifest was, surveys are the copies that the newest
    training was made with.

    Parameters
    ----------
    folder : Path
        Of the session; nothing in it is changed.
    """
    runs = _runs(folder)
    before = Manifest.before(folder)
    manifest = before or Manifest()
    newest = max((number_of(run.id) for run in runs), default=0)
    trained = [run.id for run in runs if run.has_model]
    current = next(iter(trained), "")
    if newest <= manifest.runs_made and manifest.current_run in trained:
        current = manifest.current_run
    job = next((job for run in runs if (job := job_of(run)) is not None), None)
    if job is not None and (before is None or newest > before.runs_made):
        manifest = _told_by(job, manifest, folder)
    return replace(manifest, current_run=current, runs_made=max(newest, manifest.runs_made))


def _told_by(job: Job, manifest: Manifest, folder: Path) -> Manifest:
    """A manifest with what a training was told."""
    from napari_fhn.project.runs.settings import Settings

    shape = _shape(layout.array_in(folder, layout.LABELS))
    copies = tuple(entry for item in job.inputs if (entry := _entry(folder, item, job)) is not None)
    manifest = replace(
        manifest,
        surveys=manifest.surveys or copies,
        vertical_axis=job.vertical_axis,
        settings=Settings.of_job(job).to_dict() if job.recipe else manifest.settings,
        held_out=HeldOut(len(job.held_out) if job.held_out else None, job.held_out),
    )
    if manifest.grid is None and shape is not None and len(job.axes) == len(shape):
        manifest = replace(manifest, grid=Grid.from_axes(job.axes, shape))
    with contextlib.suppress(LabelError):
        manifest = manifest.with_table(ClassTable.of_names(job.classes, job.colors, job.codes))
    return manifest


def run_recovered(folder: Path) -> RunRecord:
    """Return how a run came about and ended, as far as its job and its log tell.

    Parameters
    ----------
    folder : Path
        Of the run; nothing in it is changed.
    """
    run = Run(folder, RunRecord(folder.name, default_name(folder.name), state="cut off"))
    job = job_of(run)
    if job is None:
        return run.record
    return told_of(run, job)[0]


def told_of(run: Run, job: Job) -> tuple[RunRecord, bool]:
    """Return the record of a run with what its job and its log say, and whether the last it did was a whole prediction.

    Parameters
    ----------
    run : Run
        With what is known of it otherwise.
    job : Job
        That it does.
    """
    said = job.schedule
    told = replace(run.record, recipe=job.recipe, steps=said.steps, seed=said.seed, classes=job.classes)
    whole = False
    for entry in run.log():
        done = next((update for update in reversed(entry.updates) if isinstance(update, Done)), None)
        ended = done is not None and not done.stopped
        whole = entry.task == "predict" and ended
        if entry.task == "train":
            state: State = "finished" if ended else "stopped"
            told = replace(told, created=entry.began, command=entry.command, state=state)
    return told, whole


def job_of(run: Run) -> Job | None:
    """Return the job of a run, or the copy of it that its network keeps; None where neither can be read."""
    for path in (run.folder / layout.JOB, run.model / layout.JOB):
        with contextlib.suppress(JobError):
            return Job.load(path)
    return None


def _runs(folder: Path) -> list[Run]:
    """The runs, the newest first."""
    top = folder / layout.RUNS
    found = [path for path in (top.iterdir() if top.is_dir() else ()) if is_run(path)]
    return [Run(path, RunRecord(path.name, "")) for path in sorted(found, key=lambda one: -number_of(one.name))]


def _entry(folder: Path, item: Input, job: Job) -> SurveyEntry | None:
    """A survey, of which nothing is at hand but its copy."""
    path = Path(item.path)
    if item.attribute or path.parent != folder / layout.INPUTS:
        return None
    shape = _shape(path)
    if shape is None:
        return None
    axes = [axis.name for axis in job.axes]
    cube = job.map_axis is not None
    if item.channel_axis is not None:
        axes.insert(item.channel_axis, "band")
    return SurveyEntry(
        item.name or path.stem,
        refer(path, folder),
        {"axes": axes} if len(axes) == len(shape) else {},
        channels=1 if item.channel_axis is None else shape[item.channel_axis],
        staged=path.relative_to(folder).as_posix(),
        content=item.stamp,
        cube=cube,
    )


def _shape(path: Path) -> tuple[int, ...] | None:
    try:
        return in_place.read(path).shape if path.suffix == SUFFIX else mapped.header(path)[0]
    except (OSError, ValueError):
        return None
