"""Where sessions lie on this machine, and which there are, the last opened first."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from napari_fhn.project.errors import ProjectError
from napari_fhn.project.sessions import damage, layout
from napari_fhn.project.sessions.outline import Outline
from napari_fhn.project.sessions.recent import RecentSessions
from napari_fhn.project.sessions.session import Session
from napari_fhn.sentence import in_one_line

VARIABLE = "NAPARI_FHN_SESSIONS"
DOCUMENTS = "FHN sessions"
"""Folder among the person's documents where sessions lie of which nobody says otherwise."""


@dataclass(frozen=True)
class Entry:
    """A session of the list.

    Parameters
    ----------
    folder : Path
        Where it lies, or lay.
    outline : Outline or None
        What it holds; None where it is not found, or cannot be read.
    survey : str
        File of its first survey, as it was when it was open here last; empty where nobody knows.
    """

    folder: Path
    outline: Outline | None
    survey: str = ""

    @property
    def called(self) -> str:
        """What a person knows it by: its surveys, or the file of the first of them; else its folder."""
        named = "" if self.outline is None else self.outline.survey
        return named or Path(self.survey).stem or self.folder.name

    @property
    def gone(self) -> bool:
        """Whether it is not there any more; what is there, or may be, is such that it cannot be read."""
        if self.outline is not None:
            return False
        try:
            os.listdir(self.folder)  # a folder that may not be looked into holds what it held, for all that is known
            return not layout.is_session(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False

    @property
    def why_not(self) -> str:
        """Why nothing is told of it, as a part of a sentence; empty where something is."""
        if self.outline is not None:
            return ""
        if self.gone:
            return "not there any more"
        try:
            os.listdir(self.folder)
            Session(self.folder).manifest  # noqa: B018  (read for what is wrong with it)
        except ProjectError as error:
            return in_one_line(error.what)
        except OSError as error:
            return f"it cannot be read: {error.strerror or error}"
        return "it cannot be read"

    @property
    def damaged(self) -> list[str]:
        """What cannot be read in it, a sentence each; looked for when it is asked for."""
        return [] if self.outline is None else damage.found(self.folder)


def program_folder(said: Path | None = None) -> Path:
    """Return the folder for what the program keeps for itself: the list of sessions, copies in bricks, speeds, logs.

    Parameters
    ----------
    said : Path, optional
        Where a person has said that it is; without it ``$NAPARI_FHN_SESSIONS``, else ``sessions`` in the platform's
        folder for user data, where earlier versions kept sessions too.
    """
    return _given() or said or Path(platformdirs.user_data_dir("napari-fhn", False)) / "sessions"


def sessions_folder(said: Path | None = None) -> Path:
    """Return the folder for new sessions.

    Parameters
    ----------
    said : Path, optional
        Where a person has said that it is; without it ``$NAPARI_FHN_SESSIONS``, else one among the person's documents,
        where it is seen and backed up; where a machine has no such place, :func:`program_folder`.
    """
    named = _given() or said
    if named is not None:
        return named
    documents = Path(platformdirs.user_documents_dir())
    home = documents if documents.is_dir() else documents.parent
    return documents / DOCUMENTS if os.access(home, os.W_OK) else program_folder()


def listed(recent: RecentSessions, folders: Iterable[Path], most: int) -> tuple[Entry, ...]:
    """Return sessions: those that were open lately, then others that lie in some folders, the last changed first.

    Parameters
    ----------
    recent : RecentSessions
        Those that were open on this machine.
    folders : iterable of Path
        Where sessions lie that may never have been open here.
    most : int
        How many, at most.
    """
    known = {one.path: one.survey for one in recent.all()}
    known |= {folder: "" for folder in _lying_about(folders) if folder not in known}
    return tuple(Entry(folder, Outline.of(folder), survey) for folder, survey in list(known.items())[:most])


def _given() -> Path | None:
    given = os.environ.get(VARIABLE)
    return Path(given).expanduser() if given else None


def _lying_about(folders: Iterable[Path]) -> list[Path]:
    found = []
    for place in folders:
        with contextlib.suppress(OSError):
            found += [folder for folder in place.iterdir() if _holds_one(folder)]
    return sorted(found, key=_changed, reverse=True)


def _holds_one(folder: Path) -> bool:
    """Whether a session lies in a folder; of one that may not be looked into nobody knows, and others are listed."""
    try:
        return layout.has_manifest(folder)
    except OSError:
        return False


def _changed(folder: Path) -> float:
    try:
        return (folder / "session.json").stat().st_mtime
    except OSError:
        return 0.0
