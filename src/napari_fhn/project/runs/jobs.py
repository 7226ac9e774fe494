"""What a project hands to `fit` and `predict`: everything made ready, and checked before anything is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_fhn.clock import now
from napari_fhn.network.comparison import map_axis
from napari_fhn.project.data import attributes, masks
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.predictions import kept_predictions
from napari_fhn.project.project import Project, Told
from napari_fhn.project.runs.assembler import assemble, check_labels, held_out_boxes, survey_axes
from napari_fhn.project.runs.beginning import NEW, Beginning, network_folder
from napari_fhn.project.runs.fitting import check
from napari_fhn.project.runs.run import Run, RunRecord, default_name, ready_prediction
from napari_fhn.project.runs.settings import Settings
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.manifest import HeldOut
from napari_fhn.project.sessions.session import Session
from napari_fhn.sentence import counted
from napari_fhn.training.combination.said import insisting
from napari_fhn.training.combination.settings import Choice, Combination
from napari_fhn.training.data import stored
from napari_fhn.training.errors import JobError
from napari_fhn.training.files import log
from napari_fhn.training.files.digest import digest
from napari_fhn.training.job import Input, Job, Output
from napari_fhn.training.models.transfer import saved_job
from napari_fhn.training.updates import Update


@dataclass(frozen=True)
class Begun:
    """A training that is ready to be handed to `fit`.

    Parameters
    ----------
    run : Run
        Where what it makes will lie.
    job : Job
        What to do.
    resume : bool
        Whether it goes on with what is in the run.
    told : tuple of Update
        What it said before, where it goes on.
    notes : tuple of str
        What a person should know.
    """

    run: Run
    job: Job
    resume: bool = False
    told: tuple[Update, ...] = ()
    notes: tuple[str, ...] = ()


def begin(
    project: Project,
    settings: Settings,
    beginning: Beginning = NEW,
    *,
    held_out: HeldOut | None = None,
    command: str = "",
    name: str = "",
    progress: Told | None = None,
) -> Begun:
    """Make everything ready for a training: survey copied, job assembled, run made.

    What can fail fails before anything that a person has is touched; the runs there are stay as they are.

    Parameters
    ----------
    project : Project
        The work.
    settings : Settings
        What a person chose, or the recipe's.
    beginning : Beginning
        Where the first weights come from.
    held_out : HeldOut, optional
        Labels kept for the score; those of the manifest when absent.
    command : str
        As it was typed.
    name : str
        Of the run; ``Run N`` when empty.
    progress : callable, optional
        Told how much of the copying is done; what it raises ends it.

    Returns
    -------
    Begun

    Raises
    ------
    JobError, ProjectError, LabelError
        When something is missing or does not go together; the message says what to change.
    """
    session, runs = project.session, project.session.runs
    name = runs.checked_name(name) if name else ""
    known, table, vertical = session.known(), project.classes, project.vertical_axis
    check_labels(known, table)
    wanted = session.manifest.held_out if held_out is None else held_out
    boxes, few = held_out_boxes(known, wanted, vertical, settings.schedule.seed)
    goes_on = to_resume(project, beginning.run) if beginning.resume else None
    if goes_on is not None and goes_on.step >= settings.schedule.steps:
        raise JobError(
            f"all {counted(settings.schedule.steps, 'steps')} of '{goes_on.name}' are done: give it more "
            "of them to go on, or "
            "train anew"
        )
    if goes_on is None and project.surveys is not None:
        check(settings, project.surveys, vertical)
    settings, notes = masks.placed(session, project.surveys, settings)
    folder = runs.place() if goes_on is None else goes_on.folder
    staged = project.stage(cube=map_axis(settings.network) is not None, progress=progress)
    notes = (*notes, *copied_anyway(project, staged))
    if goes_on is not None:
        staged = attributes.of_network(project, staged, goes_on.job(), progress)
    else:
        learnt, seed = _learnt(beginning), settings.schedule.seed
        added = attributes.add(
            project, staged, settings.attributes, learnt=learnt, held_out=boxes, seed=seed, progress=progress
        )
        staged, notes = added.inputs, (*notes, *added.words)
    copy = folder / layout.BEGUN_WITH

    def job(start_from: Path | None) -> Job:
        return assemble(
            folder,
            staged,
            session.labels,
            table,
            settings,
            run=folder.name,
            vertical_axis=vertical,
            held_out=boxes,
            axes=() if project.surveys is None else survey_axes(project.surveys.first),
            weights=session.weights,
            start_from=start_from,
            shape=project.shape,
        )

    begins_with = copy.is_dir() if goes_on is not None else beginning.network is not None
    ready = job(copy if begins_with else None)  # says what cannot be, before anything is made
    notes = (*notes, few) if few else notes
    if goes_on is not None:
        kept = kept_predictions.keep_whole(session, goes_on)
        notes = (*notes, kept) if kept else notes
        run = runs.resume(goes_on, ready)
        return Begun(run, ready, True, log.training(run.log()), notes)
    made = RunRecord(
        folder.name,
        name or runs.free_name(default_name(folder.name)),
        now(),
        settings.recipe,
        settings.schedule.steps,
        settings.schedule.seed,
        digest(session.labels),
        ready.classes,
        "" if beginning.network is None else runs.begun_with(beginning.network),
        command,
    )
    run = runs.begin(ready, made, project.shape, beginning.network)
    # What was chosen is what the next training begins with, whichever face asks for it.
    session.change(settings=settings.to_dict(), held_out=wanted)
    return Begun(run, ready, notes=notes)


def copied_anyway(project: Project, inputs: Sequence[Input]) -> tuple[str, ...]:
    """Say which surveys could not be read where they lie, though that was asked for.

    Parameters
    ----------
    project : Project
        That was asked.
    inputs : sequence of Input
        What a job of its reads.
    """
    if not project.stays or project.surveys is None:
        return ()
    names = [item.name for item in inputs if not item.attribute and not item.path.endswith(stored.SUFFIX)]
    if not names:
        return ()
    words = f"{', '.join(names)} {'were' if len(names) > 1 else 'was'} copied: only surveys in blocks (bricks, Zarr, "
    return (words + "MDIO, OpenVDS) are read where they lie; 'napari-fhn brick' makes such a copy.",)


def _learnt(beginning: Beginning) -> tuple[Input, ...]:
    """Return the inputs that the first weights were learnt from; none for new weights."""
    if beginning.network is None:
        return ()
    try:
        return saved_job(network_folder(beginning.network)).inputs
    except JobError:
        return ()  # the network is looked at again where it is taken, and that says what is wrong with it


def to_resume(project: Project, which: str = "") -> Run:
    """Return the run whose training can go on: the one that is named, else the newest.

    Raises
    ------
    ProjectError
        When there is none.
    """
    run = project.session.runs.get(which) if which else project.session.runs.to_resume()
    if run is None or not run.can_resume:
        raise ProjectError("there is no training to go on with", "Train anew", path=project.session.folder)
    return run


def prediction_job(
    project: Project,
    run: Run,
    *,
    outputs: Sequence[Output] | None = None,
    flips: bool | None = None,
    device: str | None = None,
    memory: int | None = None,
    network_alone: bool = False,
    smoothing: Choice | None = None,
    order: Choice | None = None,
    snapping: Choice | None = None,
    progress: Told | None = None,
) -> Job:
    """Return the job that predicts the whole survey with the network of a run.

    Parameters
    ----------
    project : Project
        The work.
    run : Run
        With a network.
    outputs, flips, device, memory
        Other than those of its training, as in `Job`.
    network_alone : bool
        Predict with the network and nothing else that it was combined with.
    smoothing, order, snapping : {"auto", "on", "off"}, optional
        Other than those of its training; ``"off"`` leaves out what the labels were found to want.
    progress : callable, optional
        Told how much of the copying is done, where a survey has to be copied again.

    Raises
    ------
    JobError, ProjectError
        When its files are not there, or the data do not go with the network.
    """
    job = _of_network(run)
    staged = project.stage(cube=job.map_axis is not None, progress=progress)
    staged = attributes.of_network(project, staged, job, progress)
    ready_prediction(run, project.shape)
    job = replace(job, inputs=staged)
    given = {"outputs": outputs, "flips": flips, "device": device, "memory": memory}
    return _asked(project.session, run, job, given, network_alone, smoothing, order, snapping)


def task_job(
    session: Session,
    run: Run,
    *,
    outputs: Sequence[Output] | None = None,
    flips: bool | None = None,
    device: str | None = None,
    memory: int | None = None,
    network_alone: bool = False,
    smoothing: Choice | None = None,
    order: Choice | None = None,
    snapping: Choice | None = None,
) -> Job:
    """Return the job of which a task predicts some shards: what is copied already is read, and nothing is written.

    Parameters
    ----------
    session : Session
        That holds the run; it need not be one's own to write in.
    run, outputs, flips, device, memory, network_alone, smoothing, order, snapping
        As in `prediction_job`.

    Raises
    ------
    JobError
        When what was copied for the training is gone.
    """
    job = _of_network(run)
    gone = [item.path for item in job.inputs if not Path(item.path).is_file()]
    if gone:
        raise JobError(f"{gone[0]} is not there any more: predict once without --task, which makes it again")
    given = {"outputs": outputs, "flips": flips, "device": device, "memory": memory}
    return _asked(session, run, job, given, network_alone, smoothing, order, snapping)


def heeded(run: Run, wanted: Combination | None) -> dict[str, Any]:
    """Return smoothing, order and snapping of settings as far as they mean something to the network of a run.

    Settings are those of the next training, which may be of other data, or of a network of another kind.

    Parameters
    ----------
    run : Run
        That predicts.
    wanted : Combination or None
        Of the settings.

    Raises
    ------
    JobError
        When the run's job cannot be read.
    """
    job = _of_network(run)
    if wanted is None or job.map_axis is not None:
        return {}
    found: dict[str, Any] = {"smoothing": wanted.smoothing}
    return found if job.vertical_axis is None else found | {"order": wanted.order, "snapping": wanted.snapping}


def _of_network(run: Run) -> Job:
    of_model = run.model / layout.JOB
    return run.own(Job.load(of_model, trusted=True)) if of_model.is_file() else run.job()


def _asked(
    session: Session,
    run: Run,
    job: Job,
    given: dict[str, Any],
    network_alone: bool,
    smoothing: Choice | None,
    order: Choice | None,
    snapping: Choice | None,
) -> Job:
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if changes.get("outputs") is not None:
        changes["outputs"] = tuple(changes["outputs"])
    said = {"--smoothing": smoothing, "--layer-order": order, "--snapping": snapping}
    if network_alone and "on" in said.values():
        option = next(name for name, choice in said.items() if choice == "on")
        raise JobError(f"the network alone is to predict, and nothing else: leave {option} out")
    combination = None if network_alone else insisting(job.combination, smoothing, order, snapping, job)
    if combination is not None:
        combination = replace(combination, folder=str(session.folder / layout.STRUCTURE))
    return replace(
        job,
        labels=str(session.labels),
        prediction=str(run.prediction),
        model=str(run.model),
        run=run.id,
        combination=combination,
        **changes,
    )
