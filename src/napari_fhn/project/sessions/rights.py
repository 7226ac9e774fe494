"""Where a session may lie and whether one may write there, found out before anything is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from napari_fhn.project.errors import ProjectError, SessionUnwritable
from napari_fhn.project.sessions import layout
from napari_fhn.project.undo.steps import VOLUMES
from napari_fhn.sentence import counted
from napari_fhn.surveys.remote.addresses import url_of

_FOLDERS = (layout.HISTORY, layout.RUNS, layout.INPUTS)


def here(folder: str | Path) -> Path:
    """Return the folder of a session, absolute.

    Raises
    ------
    ProjectError
        When it is an address: a folder of that name would be made on this machine.
    """
    url = url_of(folder)
    if url is not None:
        raise ProjectError(
            "a session is a folder of this machine, and this is an address",
            "Name a folder; surveys in it may lie anywhere",
            path=url,
        )
    return Path(folder).absolute()


def make(folder: Path) -> None:
    """Make the folder of a session where there is none.

    Raises
    ------
    ProjectError
        When it cannot be made; the message names the part of its path that is in the way.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        there = next((one for one in (folder, *folder.parents) if os.path.lexists(one)), folder)
        raise ProjectError(
            f"no folder can be made there: {reason} ({there})", "Name another folder for the session", path=folder
        ) from error


def check(folder: Path) -> None:
    """Look whether what is written in place, and the folders where something new comes, may be written.

    Records are replaced, which the folder alone decides; somebody else's labels in a folder for all are mapped.

    Raises
    ------
    SessionUnwritable
        When one of them may not.
    """
    for name in (*VOLUMES.values(), *_FOLDERS):
        path = folder / name
        if path.exists() and not os.access(path, os.W_OK):
            raise SessionUnwritable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def own(folder: Path) -> list[str]:
    """Make files of a session its own where they have other names on the disk, as those of a backup do.

    Returns
    -------
    list of str
        What a person should know of it.

    Raises
    ------
    ProjectError
        When they cannot be copied.
    """
    try:
        count = layout.unshare(folder)
    except OSError as error:
        raise ProjectError(
            f"files in it have other names on the disk, and cannot be copied ({error.strerror or error})",
            "Copy the session, and open the copy",
            path=folder,
        ) from error
    if not count:
        return []
    return [
        f"{counted(count, 'files')} of the session had another name on the disk, as in a backup: here "
        "they are copies now, "
        "and what is written leaves the others as they are."
    ]
