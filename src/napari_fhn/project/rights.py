"""Whether one may write in the folder of a session, found out before anything is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from napari_fhn.project import layout
from napari_fhn.project.errors import ProjectError, SessionUnwritable
from napari_fhn.project.steps import VOLUMES

_FOLDERS = (layout.HISTORY, layout.RUNS, layout.INPUTS)


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
