"""Records that cannot be read, put aside so that the next one that is written does not replace them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

ASIDE = ".damaged"
"""Put behind the name of what was set aside; a number follows where there are several."""


def set_aside(path: Path, *, stays: bool = False) -> Path:
    """Give a record that cannot be read another name, so that the next one does not replace it.

    Parameters
    ----------
    path : Path
        Of the record.
    stays : bool
        Let it have its own name too until it is replaced, where the disk knows files of two names: whatever happens in
        between, the name is there.

    Returns
    -------
    Path
        Where it is kept; `path` itself in a folder that may only be read, where nothing will replace it.
    """
    aside = path.with_name(path.name + ASIDE)
    number = 2
    while os.path.lexists(aside):
        if _same(path, aside):
            break
        aside, number = path.with_name(f"{path.name}{ASIDE}-{number}"), number + 1
    try:
        if _same(path, aside):
            if not stays:
                path.unlink()
        elif not (stays and _linked(path, aside)):
            path.rename(aside)
    except OSError:
        return path
    settle(path.parent)
    return aside


def _linked(path: Path, aside: Path) -> bool:
    if path.is_symlink():
        return False  # what it leads to is replaced, and not the link
    try:
        os.link(path, aside)
    except OSError:  # folders, and disks that know no links
        return False
    return True


def _same(path: Path, aside: Path) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.lstat(aside))
    except OSError:
        return False


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
