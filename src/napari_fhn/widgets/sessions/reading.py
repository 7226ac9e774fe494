"""A session read beside the window: its manifest, its surveys, how they are drawn; nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_fhn.project import Project, Session, SurveySet
from napari_fhn.project.data.opening import Reopened, reopen
from napari_fhn.widgets.data.placement import image_layer


class Missing(Exception):
    """A file is not where it was, and a person has not said yet where it is.

    Parameters
    ----------
    name : str
        Of the file.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


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
        What napari makes a layer of, for each survey that was found.
    """

    found: Reopened
    project: Project
    layers: Mapping[str, tuple[Any, dict[str, Any], str]]


def read(folder: Path, shown: Session | None, answers: Mapping[str, Path | None]) -> Read:
    """Read a session and open its surveys; may be called on any thread.

    Parameters
    ----------
    folder : Path
        Of the session.
    shown : Session or None
        The one that the desk shows, which may be this one.
    answers : mapping of str to Path or None
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

    def ask(name: str) -> Path | None:
        if name not in answers:
            raise Missing(name)
        return answers[name]

    found = reopen(session.manifest.surveys, session.folder, ask)
    if not found.surveys:
        return Read(found, Project(session), {})
    opened = [(entry.name, survey) for entry, survey in found.surveys if entry.role == "input"]
    whole = len(opened) == len(session.manifest.inputs)
    # Also one that is not whole is compared with the place of the labels.
    checked = Project(session, SurveySet.of(opened or [(entry.name, survey) for entry, survey in found.surveys]))
    layers = {entry.name: image_layer(survey, entry.name) for entry, survey in found.surveys}
    return Read(found, checked if whole and opened else Project(session), layers)
