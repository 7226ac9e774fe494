"""Records that cannot be read, put aside so that the next one that is written does not replace them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_SET_ASIDE = ".damaged"


def set_aside(path: Path) -> Path:
    """Rename a record that cannot be read, so that the next one does not replace it; return where it is now."""
    aside = path.with_name(path.name + _SET_ASIDE)
    number = 2
    while os.path.lexists(aside):
        aside, number = path.with_name(f"{path.name}{_SET_ASIDE}-{number}"), number + 1
    try:
        path.rename(aside)
    except OSError:
        return path  # a folder that may only be read: nothing will replace it there
    settle(path.parent)
    return aside


def settle(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system knows how."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # some network disks do not
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
