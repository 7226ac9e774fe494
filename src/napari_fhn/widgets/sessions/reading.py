"""A session read beside the window: its manifest, its surveys, how they are drawn; nothing is changed."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_fhn.project import Project, Session, SurveySet
from napari_fhn.project.data import standing_in
from napari_fhn.project.data.opening import Reopened, reopen
from napari_fhn.project.sessions.manifest import FileReference
from napari_fhn.widgets.data.placement import image_layer

_AGAIN = "to name its new place, open the session again"


class Left(enum.Enum):
    """A person has not said where a file is, and wants to open nothing without it."""

    ALONE = "alone"


Ask = Callable[[FileReference], Path | Left | None]
"""Asks a person where a file is now; None for "go on without it"."""


class Missing(Exception):
    """A file is not where it was, and a person has not said yet where it is.

    Parameters
    ----------
    file : FileReference
        As the session refers to it.
    """

    def __init__(self, file: FileReference) -> None:
        super().__init__(file.name)
        self.file = file


@dataclass(frozen=True, eq=False)
class Read:
    """What was read.

    Parameters
    ----------
    found : Reopened
        Surveys, and files that nobody has found.
    project : Project
        The piece of work, without its surveys where not all inputs were found.
    layers : mapping of str to tuple
        What napari makes a layer of, for each survey that was found, and for what stands in for an input that was not.
    """

    found: Reopened
    project: Project
    layers: Mapping[str, tuple[Any, dict[str, Any], str]]

    @property
    def lost(self) -> str:
        """What is said of files that were not found; empty where all were."""
        return " ".join(standing_in.said(self.project.session, self.found.lost, _AGAIN))


def read(folder: Path, shown: Session | None, answers: Mapping[FileReference, Path | None]) -> Read:
    """Read a session and open its surveys; may be called on any thread.

    Parameters
    ----------
    folder : Path
        Of the session.
    shown : Session or None
        The one that the desk shows, which may be this one.
    answers : mapping of FileReference to Path or None
        Where files are that are not where they were; None for those that a person does without.

    Raises
    ------
    Missing
        When a file is neither found nor among the answers.
    ProjectError, SurveyError, RecordError, OSError
        When it cannot be read.
    """
    same = shown is not None and shown.folder == Path(folder).absolute()
    session = shown if same and shown is not None else Session.existing(folder)

    def ask(file: FileReference) -> Path | None:
        if file not in answers:
            raise Missing(file)
        return answers[file]

    manifest = session.manifest
    found = reopen(manifest.surveys, session.folder, ask)
    surveys = {entry.name: survey for entry, survey in found.surveys}
    for entry in manifest.inputs:
        survey = None if entry.name in surveys else standing_in.stand_in(session, entry)
        if survey is not None:
            surveys[entry.name] = survey
    if not surveys:
        return Read(found, Project(session), {})
    opened = [(entry.name, surveys[entry.name]) for entry in manifest.inputs if entry.name in surveys]
    whole = len(opened) == len(manifest.inputs)
    # Also one that is not whole is compared with the place of the labels.
    checked = Project(session, SurveySet.of(opened or list(surveys.items())))
    names = dict.fromkeys((*(entry.name for entry in manifest.surveys), *surveys))
    layers = {name: image_layer(surveys[name], name) for name in names if name in surveys}
    return Read(found, checked if whole and opened else Project(session), layers)
