"""What was fetched whole lies in the user's cache: how much that is, and how it goes again.

Of each address the version that was used last stays until a person clears it. An earlier version goes by itself once
nobody has used it for a week, with the next fetch of that address: until then somebody may be reading it.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from napari_fhn import record
from napari_fhn.surveys.remote import fetching

#: Days after which an earlier version goes.
DAYS = 7
#: Name under which a folder goes, so that nobody takes half of it for the whole.
_GOING = ".going"


@dataclass(frozen=True)
class Fetched:
    """One version of what lies at an address, or the beginning of it.

    Parameters
    ----------
    address : str
        Where it is from; empty for what did not come to its end.
    folder : Path
        Where it lies.
    size : int
        In bytes, of all files in the folder.
    used : datetime.datetime
        When it was used last, by the clock of this machine.
    old : bool
        Whether a later version of the same is there, or it was never whole.
    """

    address: str
    folder: Path
    size: int
    used: datetime.datetime
    old: bool


def fetched() -> list[Fetched]:
    """Return what lies in the cache, the last used first."""
    found = []
    for of in _folders(fetching.folder()):
        latest = True
        for one in sorted(_folders(of), key=_used, reverse=True):
            address = _address(one)
            size = sum(_size(path) for path in one.iterdir())
            used = datetime.datetime.fromtimestamp(_used(one))
            found.append(Fetched(address, one, size, used, old=not address or not latest))
            latest = latest and not address
    return sorted(found, key=lambda one: one.used, reverse=True)


def clear(*, old: bool) -> int:
    """Remove what was fetched.

    Parameters
    ----------
    old : bool
        Only earlier versions, and what did not come to its end.

    Returns
    -------
    int
        Bytes that are free now. What is needed again is fetched again.
    """
    freed = 0
    for one in fetched():
        if (one.old or not old) and _remove(one.folder):
            freed += one.size
    return freed


def forget_earlier(place: Path) -> None:
    """Remove earlier versions of what was fetched that nobody has used for `DAYS`.

    Parameters
    ----------
    place : Path
        The file that is used now.
    """
    limit = datetime.datetime.now().timestamp() - DAYS * 86400
    for one in _folders(place.parent.parent):
        if one != place.parent and _address(one) and _used(one) < limit:
            _remove(one)


def _folders(of: Path) -> list[Path]:
    try:
        return [one for one in of.iterdir() if one.is_dir() and not one.is_symlink()]
    except OSError:
        return []


def _address(folder: Path) -> str:
    try:
        return str(record.read(folder / fetching.ABOUT, fetching.KIND, fetching.VERSION).get("address", ""))
    except (OSError, record.RecordError):
        return ""


def _used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove(folder: Path) -> bool:
    going = folder.with_name(folder.name + _GOING)
    try:
        os.replace(folder, going)
    except OSError:
        return False  # somebody reads it, on a system that keeps such files
    shutil.rmtree(going, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()  # where it was the last one
    return True
