"""Two folders that trade names in one step, where the system can do that: at no moment is a name without its folder."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_HERE = -100
_EXCHANGE = 2


def swap(one: Path, other: Path) -> bool:
    """Let two files or folders of one disk trade names.

    Returns
    -------
    bool
        False where the system, or the disk, cannot do it; nothing has happened then.
    """
    system: str = sys.platform
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if system.startswith("linux"):
            return not library.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
        if system == "darwin":
            return not library.renamex_np(os.fsencode(one), os.fsencode(other), _EXCHANGE)
    except (OSError, AttributeError, TypeError):
        pass
    return False


def put_in_place(new: Path, target: Path, aside: Path) -> None:
    """Give a folder the name of another one, which then lies elsewhere.

    Parameters
    ----------
    new : Path
        Whole, and on the disk.
    target : Path
        Its name from now on; what is there must be a folder, or nothing.
    aside : Path
        Where the old one goes in between, where names cannot be traded: a process killed just then leaves it there.

    Raises
    ------
    OSError
        When it cannot be moved; the old one has its name then.
    """
    if not os.path.lexists(target):
        os.replace(new, target)
    elif not swap(new, target):
        os.replace(target, aside)
        try:
            os.replace(new, target)
        except OSError:
            os.replace(aside, target)
            raise
