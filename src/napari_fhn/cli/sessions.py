"""Which session, and which of its runs, a command is about; or a job that lies in no session."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn.cli.options import UsageError
from napari_fhn.cli.saying import say as say  # what is about sessions is said through them, too
from napari_fhn.cli.saying import speak_of
from napari_fhn.cli.saying import told as told
from napari_fhn.sentence import cell
from napari_fhn.training.job import Job, JobError

if TYPE_CHECKING:
    from napari_fhn.project import Project, Run, Session

_MANIFEST = "session.json"
_DEEPEST = 3
"""Folders between the job beside a network and its session."""


@dataclass(frozen=True)
class Asked:
    """What a command is about.

    Parameters
    ----------
    job : Job
        Of the run, or the one that was named.
    session : Session or None
        Whose run it is; None for a job of no session.
    run : Run or None
        The run.
    """

    job: Job
    session: Session | None = None
    run: Run | None = None


def asked(options: argparse.Namespace) -> Asked:
    """Return what ``--session`` with ``--run``, or ``--job``, names.

    Raises
    ------
    UsageError
        When neither or both are given.
    JobError, ProjectError
        When what is named is not there.
    """
    folder, name = place(options)
    if folder is None:
        return Asked(loaded(options))
    session = existing(folder, f"napari-fhn {options.command}")
    run = run_of(session, name)
    job = run.job()
    speak_of_job(job)
    return Asked(job, session, run)


def loaded(options: argparse.Namespace) -> Job:
    """Return the job of ``--job`` that lies in no session, and choose the words for what it is about.

    Raises
    ------
    JobError
        When it cannot be read.
    """
    job = Job.load(options.job, trusted=options.trust_job)
    speak_of_job(job)
    return job


def place(options: argparse.Namespace) -> tuple[Path | None, str | None]:
    """Return the session and the run that are named; no session for a job that lies in none.

    Raises
    ------
    UsageError
        When neither or both of ``--session`` and ``--job`` are given, or a run of no session.
    JobError
        When the job cannot be read.
    """
    if options.session is None and options.job is None:
        raise JobError("name the session with --session, or a saved job with --job")
    if options.session is not None and options.job is not None:
        raise UsageError("--job names the work by itself: leave --session out")
    if options.session is not None:
        return options.session, options.run_name
    folder = session_around(options.job)
    if options.run_name is not None:
        raise UsageError("--run goes with --session")
    # Who names a job means this one, and not the copy that a session takes in place of a damaged one.
    Job.load(options.job, trusted=True)
    return folder, None if folder is None else run_around(options.job, folder)


def session_around(job: Path) -> Path | None:
    """Return the session in which the file of a job lies; None where it lies in none.

    By the name of the manifest alone: a machine that only trains has none of the libraries that read surveys.
    """
    for path in (os.path.abspath(job), os.path.realpath(job)):  # by the way that was named, else where that leads
        folder = Path(path).parent
        for one in (folder, *folder.parents[:_DEEPEST]):
            if (one / _MANIFEST).is_file():
                return one
    return None


def run_around(job: Path, session: Path) -> str | None:
    """Return the run in whose folder the file of a job lies; None for one that lies in none."""
    named = Path(os.path.abspath(job))
    parts = (named if named.is_relative_to(session) else Path(os.path.realpath(job))).relative_to(session).parts
    return parts[1] if len(parts) > 2 and parts[0] == "runs" else None


def existing(folder: Path, program: str) -> Session:
    """Return the session in a folder; one of an earlier version, or with damaged records, is put right first.

    Raises
    ------
    ProjectError
        When there is none, or it is of a later version.
    OnlyToLook
        When it has to be brought up to date while somebody works in it, or nothing can be written there.
    """
    from napari_fhn.project import OnlyToLook, Session
    from napari_fhn.project.sessions import damage, layout

    session = Session.existing(folder)
    damaged = damage.found(session.folder)
    if damaged or not layout.has_manifest(session.folder):
        try:
            with session.writing(program):
                say(session.notes)
                session.notes.clear()  # said
        except OnlyToLook:
            if not layout.has_manifest(session.folder):
                raise
            say(damaged)  # and whoever works in it was told when it was opened
    return session


def opened(session: Session, run: Run | None = None) -> Project:
    """Return a session with its surveys, and say which of them are not at hand; of a run in the words for that."""
    from napari_fhn.project import Project
    from napari_fhn.project.data import standing_in

    project = Project.open(session.folder)
    if run is not None:
        speak_of_job(run.job())
    elif project.surveys is not None:
        _speak_of(session, len(project.surveys.shape), project.vertical_axis)
    else:
        speak_of_session(session)
    say(standing_in.said(session, project.lost))
    return project


def speak_of_session(session: Session) -> None:
    """Choose the words for what is labelled in a session, without its surveys."""
    if session.has_labels:
        _speak_of(session, session.known().ndim, session.manifest.vertical_axis)


def _speak_of(session: Session, dimensions: int, vertical: int | None) -> None:
    read_from_cubes = any(entry.cube for entry in session.manifest.inputs)  # what is labelled is a map then
    speak_of(cell(dimensions, None if read_from_cubes else vertical))


def speak_of_job(job: Job) -> None:
    """Choose the words for what a job, wherever it was loaded from, is about."""
    from napari_fhn.training.data.volume import cell_of

    speak_of(cell_of(job))


def run_of(session: Session, name: str | None) -> Run:
    """Return a run by its name; without one the current run, or the newest where none has become that yet.

    Raises
    ------
    ProjectError
        When there is none.
    """
    from napari_fhn.project import ProjectError

    if name is not None:
        return session.runs.get(name)
    runs = session.runs.all()
    found = session.runs.current or (runs[-1] if runs else None)
    if found is None:
        raise ProjectError("nothing was trained in it yet", "Train first", path=session.folder)
    return found
