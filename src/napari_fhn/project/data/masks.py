"""Masks that say where a class does not occur: brought onto the grid of the survey, and kept in the session."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_fhn import mapped
from napari_fhn.project.data.standing_in import not_at_hand
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.runs.settings import Settings
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.session import Session
from napari_fhn.surveys import reaching, read_mask
from napari_fhn.surveys.remote.addresses import path_of, url_of
from napari_fhn.training.objective import Absence

_LONGEST = 40
_SHORT = 8


def kept(session: Session) -> set[Path]:
    """Return the masks that a session holds."""
    return set((session.folder / layout.MASKS).glob("*.npy"))


def placed(session: Session, surveys: SurveySet | None, settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Return settings whose masks lie in the session, on the grid of its surveys, so that both can be moved.

    Parameters
    ----------
    session : Session
        Written to.
    surveys : SurveySet or None
        On whose grid; where they are not at hand only masks that the session has already can be used.
    settings : Settings
        With absences that name files of any kind that is read.

    Returns
    -------
    Settings
    tuple of str
        What was done to masks to bring them there.

    Raises
    ------
    ProjectError
        When a mask is no longer there, or no survey is at hand to bring it onto.
    SurveyError
        When it lies elsewhere or cannot be read.
    """
    objective = settings.schedule.objective
    words: list[str] = []
    terms = []
    for term in objective.knowledge:
        if isinstance(term, Absence) and term.mask is not None:
            path, said = in_session(session, surveys, path_of(term.mask))
            words += [said] if said else []
            term = replace(term, mask=str(path))
        terms.append(term)
    objective = replace(objective, knowledge=tuple(terms))
    return replace(settings, schedule=replace(settings.schedule, objective=objective)), tuple(words)


def in_session(session: Session, surveys: SurveySet | None, path: Path) -> tuple[Path, str]:
    """Return where a mask lies in a session, brought onto its surveys where it lies elsewhere, and words about that."""
    folder = session.folder / layout.MASKS
    moved = not path.exists() or path.parent.name == layout.MASKS
    if moved and (folder / path.name).is_file():
        path = folder / path.name  # the session was moved or copied since: this is its own
    if path.parent == folder and path.is_file():
        return path, ""
    url = url_of(path)
    if url is not None and not reaching.knows_address(url):
        # Jobs and sessions name masks too, and may be somebody else's.
        raise ProjectError("the mask is at an address that nobody here has named", "Name it with --absent", path=path)
    if url is None and not path.exists():
        raise ProjectError("the mask is not there", "Check its name", path=path)
    if surveys is None:
        raise ProjectError(
            f"{not_at_hand(session)}, and the mask cannot be laid on them", "Open them first", path=session.folder
        )
    found = read_mask(path, surveys.first)
    values = np.ascontiguousarray(np.asarray(found.values, np.uint8))
    digest = hashlib.sha256(values.tobytes()).hexdigest()[:_SHORT]
    target = folder / f"{path.stem[:_LONGEST]}-{digest}.npy"
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            mapped.save(target, values)
        except OSError as error:
            raise ProjectError(
                f"the mask cannot be kept with the session ({error.strerror})", "Make room there", path=target
            ) from error
    return target, found.words
