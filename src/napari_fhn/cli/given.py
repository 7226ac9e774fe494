"""What was given on the command line, as a piece of work with a training that is ready to be done."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from napari_fhn.cli.known import answering, is_given, knowledge, legend, said
from napari_fhn.cli.maps import open_together
from napari_fhn.cli.objective import with_objective
from napari_fhn.cli.options import UsageError
from napari_fhn.cli.reading import reading
from napari_fhn.cli.sessions import existing, opened, place, say, speak_of_job, told
from napari_fhn.labels import LabelError, Question, collect_warnings
from napari_fhn.project import NEW, Beginning, Begun, HeldOut, Project, Session, Settings
from napari_fhn.project.data import samples
from napari_fhn.project.data.backbones import BACKBONE, trust_all
from napari_fhn.project.runs import jobs, planning
from napari_fhn.project.runs.attempt import attempt
from napari_fhn.project.runs.typed import settings_of
from napari_fhn.project.sessions.manifest import StackedMap
from napari_fhn.surveys import SurveyError
from napari_fhn.training.job import Job, JobError

_PROGRAM = "napari-fhn train"


@dataclass(frozen=True)
class Prepared:
    """A training that is ready.

    Parameters
    ----------
    project : Project
        In whose session it is done.
    begun : Begun
        The run and the job.
    truth : str or None
        True classes to score it with, as they were named.
    why : str
        Why its settings are what they are; empty where the person said them.
    """

    project: Project
    begun: Begun
    truth: str | None = None
    why: str = ""


@contextmanager
def preparing(options: argparse.Namespace) -> Iterator[Prepared]:
    """Make a training ready, and be the only one who writes in its session until it has ended.

    Where no run comes of it, the session is afterwards as it was.

    Parameters
    ----------
    options : argparse.Namespace
        Of ``napari-fhn train``.

    Yields
    ------
    Prepared

    Raises
    ------
    SurveyError, LabelError, JobError, ProjectError
        With what is wrong and the way out.
    """
    truth = _with_sample(options)
    project, stacks = _project(options)
    project.stays = options.stays
    with project.session.writing(_PROGRAM, take_over=options.take_over):
        say(project.session.notes)
        with attempt(project.session):
            if options.resume:
                yield Prepared(project, _resumed(project, options), truth)
            elif options.job is not None:
                yield Prepared(project, _again(project, options), truth)
            else:
                begun, why = _anew(project, options, stacks)
                yield Prepared(project, begun, truth, why)


@contextmanager
def labelled(options: argparse.Namespace, program: str) -> Iterator[Project]:
    """Yield a piece of work with its labels, and be the only one who writes in its session meanwhile.

    Parameters
    ----------
    options : argparse.Namespace
        Which survey and session, and what is known.
    program : str
        Who writes.

    Yields
    ------
    Project

    Raises
    ------
    SurveyError, LabelError, JobError, ProjectError
        With what is wrong and the way out; where the session is new, nothing is left of it then.
    """
    _with_sample(options)
    project, stacks = _project(options, program)
    with project.session.writing(program, take_over=options.take_over):
        say(project.session.notes)
        with attempt(project.session, of_a_run=False):
            _take(project, options, stacks)
            yield project


def _project(options: argparse.Namespace, program: str = _PROGRAM) -> tuple[Project, dict[str, tuple[StackedMap, ...]]]:
    """The piece of work: the surveys that were named, in a session of now, or those of a session of before."""
    if options.surveys:
        files = samples.survey_files(options.surveys)
        together = open_together(files, options)
        session = Session(options.session or Path(f"{files[0].stem}.fhn"))
        if session.exists:
            session = existing(session.folder, program)
        return Project(session, together.surveys), together.stacks(session.folder)
    if reading(options) or options.categorical or options.map_field:
        raise UsageError("how a survey is read goes with the survey: name it too")
    folder, _ = place(options)
    if folder is None:
        raise JobError("name a survey to train on, a --session that has one, or a saved job with --job")
    return opened(existing(folder, program)), {}


def _anew(
    project: Project, options: argparse.Namespace, stacks: dict[str, tuple[StackedMap, ...]]
) -> tuple[Begun, str]:
    """Begin a new run: with what was said, and, where no survey was named, else with what the session remembers."""
    session, remembers = project.session, not options.surveys
    _take(project, options, stacks)
    held_out = HeldOut.asked(options.hold_out, options.blocks, session.manifest.held_out if remembers else None)
    settings, why = planning.plan(
        project,
        options.recipe or "",
        start_from=options.start_from,
        base=project.settings if remembers else None,
        held_out=held_out,
        steps=options.steps,
        seed=options.seed,
        device=options.device,
        memory=options.memory,
        network=options.network,
    )
    settings = settings.with_parts(*settings_of(options.said))
    settings = with_objective(settings, options, project.shape)
    finishes = options.smoothing, options.layer_order, options.snapping
    settings = planning.combined(project, settings, options.factors, *finishes)
    settings = _with_attributes(settings, options)
    beginning = NEW if options.start_from is None else Beginning(network=options.start_from)
    return _begin(project, options, settings, beginning, held_out), why


def _take(project: Project, options: argparse.Namespace, stacks: dict[str, tuple[StackedMap, ...]]) -> None:
    """Use the surveys that were named, and make labels of what is known of them."""
    session, chosen = project.session, options.vertical_axis
    if project.surveys is not None and (options.surveys or chosen is not None):
        project.surveys.check_vertical(chosen)
        project.use(
            project.surveys,
            vertical_axis=session.manifest.vertical_axis if chosen is None else chosen,
            stacks=stacks or _known_stacks(session),
        )
    _label(project, options)


def _with_attributes(settings: Settings, options: argparse.Namespace) -> Settings:
    """Return settings with the attributes, and the networks of others, that were named."""
    named = [f"{BACKBONE}:{file}" for file in options.backbone]
    if options.attributes is None and not named:
        return settings
    return settings.with_attributes([*(options.attributes or ()), *named])


def _again(project: Project, options: argparse.Namespace) -> Begun:
    """Begin a new run as a saved job says, with what else was said."""
    job = Job.load(options.job, trusted=True)  # none of what it writes is
    start_from = options.start_from
    if start_from is None and job.start_from is not None and Path(job.start_from).exists():
        start_from = Path(job.start_from)
    settings = _with_numbers(Settings.of_job(job), options)
    beginning = NEW if start_from is None else Beginning(network=start_from)
    return _begin(project, options, settings, beginning, HeldOut(len(job.held_out), job.held_out))


def _resumed(project: Project, options: argparse.Namespace) -> Begun:
    """Let a run go on, with more steps or on another device where that was said."""
    _, named = place(options)
    run = jobs.to_resume(project, named or "")
    job = run.job()
    settings = _with_numbers(Settings.of_job(job), options)
    held_out = HeldOut(len(job.held_out), job.held_out)
    return _begin(project, options, settings, Beginning(resume=True, run=run.id), held_out)


def _begin(
    project: Project, options: argparse.Namespace, settings: Settings, beginning: Beginning, held_out: HeldOut
) -> Begun:
    if options.trust_backbone:
        trust_all(settings.attributes)
    begun = jobs.begin(
        project,
        settings,
        beginning,
        held_out=held_out,
        command=options.typed,
        name=options.name or "",
        progress=told("Copying the survey"),
    )
    speak_of_job(begun.job)
    say(begun.notes)
    return begun


def _with_numbers(settings: Settings, options: argparse.Namespace) -> Settings:
    said = {name: getattr(options, name) for name in ("device", "memory") if getattr(options, name) is not None}
    return replace(settings, **said).with_numbers(steps=options.steps, seed=options.seed)


def _label(project: Project, options: argparse.Namespace) -> None:
    """Make labels of the files that were given; those that are in the session stay where none are."""
    if (options.wells is None) != (options.tops is None) and not options.known:
        raise LabelError("--wells and --tops go together", "Give both")
    answers = said(options).answers
    if answers and not is_given(options):
        option = f"--{answers[0].replace('_', '-')}"
        raise UsageError(f"{option} is about files of what is known, and none is given: name one, or leave it out")
    session = project.session
    table = legend(options)
    if is_given(options):
        survey = project.needed("Name the survey too").first
        known, words = collect_warnings(lambda: knowledge(options, table, survey))
        say(words)
        try:
            say(project.label(known.sources, table))
        except Question as question:
            raise answering(question, known.sources) from question
    elif table is not None:
        session.set_classes(table)
    if not session.has_labels or not session.known().any():
        raise LabelError(
            "nothing is labelled",
            "Give --labels, --points, --las, --horizon, --polygons, or --wells with --tops; --known takes any of them",
            path=session.folder,
        )


def _known_stacks(session: Session) -> dict[str, tuple[StackedMap, ...]]:
    return {entry.name: entry.stack for entry in session.manifest.surveys if entry.stack}


def _with_sample(options: argparse.Namespace) -> str | None:
    """Fill in what belongs to a bundled sample and was not given; return the truth that was named, or is its own."""
    truth: str | None = options.truth
    named = [name for name in options.surveys if samples.is_sample(name)]
    if not named:
        return truth
    if len(options.surveys) > 1:
        raise SurveyError(named[0], "a sample is trained on alone", "Leave the other surveys out")
    sample = samples.sample(named[0])
    options.classes = options.classes or sample.classes
    if said(options).helps_only:
        options.wells, options.tops, options.points = sample.wells, sample.tops, sample.points
    return truth or named[0]
