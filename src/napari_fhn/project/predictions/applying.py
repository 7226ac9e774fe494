"""A trained network on another survey than it was trained on: checked in words, and nothing has to be labelled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from napari_fhn.clock import now
from napari_fhn.labels import ClassTable
from napari_fhn.network.comparison import map_axis
from napari_fhn.project.data import attributes
from napari_fhn.project.data.facts import facts_of
from napari_fhn.project.data.standing_in import check_at_hand
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.project import Project, Stacks, Told
from napari_fhn.project.runs.assembler import survey_axes
from napari_fhn.project.runs.attempt import attempt
from napari_fhn.project.runs.beginning import network_folder
from napari_fhn.project.runs.run import Run, RunRecord
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.session import Session
from napari_fhn.sentence import begun
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.job import Job
from napari_fhn.training.models.applying import Target, check_applies
from napari_fhn.training.models.description import Description
from napari_fhn.training.models.description import read as read_description
from napari_fhn.training.models.transfer import copy_network

_NORMALISED = "The survey is scaled as the one that the network was trained on was."

_OTHER_CLASSES = "The labels of this survey are of other classes than the network's: nothing is predicted from them."


@dataclass(frozen=True)
class Applied:
    """A network that is ready to predict another survey.

    Parameters
    ----------
    project : Project
        With the survey.
    run : Run
        Holds a copy of the network; its prediction is empty yet.
    notes : tuple of str
        What a person should know: what makes the prediction doubtful, and how the values are scaled.
    """

    project: Project
    run: Run
    notes: tuple[str, ...] = ()


def check(
    surveys: SurveySet, network: str | Path, *, vertical_axis: int | None = None, labelled: bool = False
) -> tuple[str, ...]:
    """Say whether a network can be applied to surveys, before anything is copied.

    Parameters
    ----------
    surveys : SurveySet
        Opened.
    network : path-like
        Folder of a network, of a run, or a session.
    vertical_axis : int, optional
        Of surveys that do not name their axes.
    labelled : bool
        Whether there are labels on them.

    Returns
    -------
    tuple of str
        What makes it doubtful, in sentences.

    Raises
    ------
    JobError
        When there is no network, or it cannot be applied; the message says why.
    """
    folder = network_folder(network)
    description = read_description(folder)
    derived = Job.load(folder / layout.JOB, trusted=True).attributes if (folder / layout.JOB).is_file() else ()
    return _sentences(check_applies(*_both(description, surveys, vertical_axis, labelled, derived)).insist())


@contextmanager
def applying(
    session: Session,
    surveys: SurveySet,
    network: str | Path,
    *,
    vertical_axis: int | None = None,
    stacks: Stacks | None = None,
    name: str = "",
    command: str = "",
    stays: bool | None = None,
    progress: Told | None = None,
) -> Iterator[Applied]:
    """Make a trained network ready to predict other surveys, as a run of a session of theirs.

    The session must be the caller's to write in. When nothing was predicted inside, it is afterwards as it was.

    Parameters
    ----------
    session : Session
        New, or one about these surveys.
    surveys : SurveySet
        Opened.
    network : path-like
        Folder of a network, of a run, or a session: the network of its current run.
    vertical_axis : int, optional
        Of surveys that do not name their axes.
    stacks : mapping, optional
        As in `Project.use`.
    name, command
        Of the run, as in `jobs.begin`.
    stays : bool, optional
        As in `Project`.
    progress : callable, optional
        Told how much of the copying is done; what it raises ends it.

    Yields
    ------
    Applied
        `jobs.prediction_job` of its run predicts.

    Raises
    ------
    JobError
        When there is no network, or it cannot be applied to these surveys; the message says why.
    ProjectError
        When the session is about other surveys.
    """
    check_at_hand(surveys.surveys)
    folder = network_folder(network)
    description = read_description(folder)
    _check_its_own(session, surveys)
    project = Project(session, surveys)
    project.stays = stays
    labelled = session.has_labels and bool(session.known().any())
    others = labelled and _other_classes(session, description)
    labelled = labelled and not others
    with attempt(session):
        chosen = session.manifest.vertical_axis if vertical_axis is None else vertical_axis
        saved = Job.load(folder / layout.JOB, trusted=True)
        doubts = check_applies(*_both(description, surveys, chosen, labelled, saved.attributes)).insist()
        if not session.manifest.inputs:
            project.use(surveys, vertical_axis=chosen, stacks=stacks)
        if session.classes is None:
            session.set_classes(classes_of(description))
        staged = project.stage(cube=map_axis(saved.network) is not None, progress=progress)
        inputs = attributes.of_network(project, staged, saved, progress)
        fitted = Volume(inputs, bands=saved.map_axis).normalisation
        doubts = (
            check_applies(*_both(description, surveys, chosen, labelled, saved.attributes, fitted)).insist() or doubts
        )
        notes = [*_sentences(doubts), _NORMALISED, *attributes.of_its_survey(staged, saved)]
        if others and saved.combination is not None:
            saved = replace(saved, combination=replace(saved.combination, factors=()))
            notes.append(_OTHER_CLASSES)
        run = _begun(project, folder, description, replace(saved, inputs=inputs), name, command)
        before = session.manifest.current_run
        try:
            yield Applied(project, run, tuple(notes))
        finally:
            _finish(session, run, before)


def _begun(project: Project, folder: Path, description: Description, saved: Job, name: str, command: str) -> Run:
    """Make the run that holds the network."""
    assert project.surveys is not None
    session = project.session
    place = session.runs.place()
    job = replace(
        saved,
        labels=str(session.labels),
        weights=None,
        prediction=str(layout.array_in(place, layout.PREDICTION, project.shape)),
        model=str(place / layout.MODEL),
        vertical_axis=project.vertical_axis,
        held_out=(),
        ignored=(),
        start_from=None,
        axes=survey_axes(project.surveys.first),
        device="auto",
        memory=None,
        outputs=(),
        run=place.name,
    )
    begun_with = session.runs.begun_with(folder)
    made = RunRecord(
        place.name,
        session.runs.free_name(name or f"Network of {begun_with}"),
        now(),
        saved.recipe,
        description.steps,
        saved.schedule.seed,
        "",
        description.classes,
        begun_with,
        command,
    )
    run = session.runs.begin(job, made, project.shape)
    copy_network(folder, run.model)
    job.save(run.model / layout.JOB)
    return run.save(replace(made, state="finished", message="A network that was trained elsewhere."))


def _finish(session: Session, run: Run, before: str) -> None:
    """Let the run be the current one where it has predicted anything, and else be gone."""
    if run.has_prediction:
        session.runs.select(run)
        return
    session.change(current_run=before)
    session.runs.discard(run)


def _check_its_own(session: Session, surveys: SurveySet) -> None:
    """Refuse a session that is about other surveys: these would take their place in it."""
    inputs = session.manifest.inputs
    if inputs and tuple(entry.name for entry in inputs) != surveys.names:
        raise ProjectError(
            f"it is about {', '.join(entry.name for entry in inputs)} and not about {', '.join(surveys.names)}",
            "Use another --session",
            path=session.folder,
        )


def _both(
    description: Description,
    surveys: SurveySet,
    vertical_axis: int | None,
    labelled: bool,
    derived: tuple[str, ...],
    normalisation: object = None,
) -> tuple[Description, Target]:
    """The network and the survey, with the attributes that the network takes, as the check wants them."""
    axes, shape, channels = survey_axes(surveys.first), surveys.shape, surveys.channels
    if description.framing.map_axis is not None:
        # Bands are an axis of space there, and each survey is one channel.
        shape, channels, axes = surveys.cube or shape, len(surveys.surveys), ()
        description = replace(description, axes=())
    vertical = surveys.vertical(vertical_axis)
    channels += attributes.channels(derived, facts_of(surveys, vertical_axis)) if derived else 0
    # What a single survey is called says nothing, whatever is derived from it.
    alone = len(surveys.names) == 1 and len(description.inputs) == 1 + len(derived)
    names = (*(description.inputs[:1] if alone and derived else surveys.names), *derived)
    return description, Target(channels, shape, vertical, axes, names, normalisation, labelled)  # type: ignore[arg-type]


def _other_classes(session: Session, description: Description) -> bool:
    """Tell whether what is labelled in a session has other names than the classes of a network."""
    named = {one.value: one.name for one in session.classes or ()}
    both = [(name, named[value]) for value, name in enumerate(description.classes, 1) if value in named]
    return any(one.casefold() != other.casefold() for one, other in both)


def classes_of(description: Description) -> ClassTable:
    """Return the classes of a network as a table, with the colours that go with them."""
    return ClassTable.of_names(description.classes, description.colors, description.codes)


def _sentences(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{begun(one).rstrip('.')}." for one in words)
