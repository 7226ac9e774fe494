"""A copy of a session's folder, file by file, with word of how far it is; all of it or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from napari_fhn.project.sessions.lock import FILE as LOCK

_LEFT = shutil.ignore_patterns("*.part*", LOCK, "*.deleted")
_PIECE = 1 << 24
"""Bytes between two words."""


def copy(source: Path, target: Path, told: Callable[[float], None] = lambda share: None) -> None:
    """Copy the folder of a session, without its lock and what is not whole.

    Parameters
    ----------
    source : Path
        Folder of the session.
    target : Path
        An empty folder, which is there.
    told : callable
        Called with the share that is copied, now and then; where it raises, what was copied is taken away again.

    Raises
    ------
    OSError
        When it cannot be copied; the target is empty again.
    """
    files = list(_files(source))
    total, copied = sum(path.stat().st_size for path in files) or 1, 0
    made: list[Path] = []
    try:
        for path in files:
            there = target / path.relative_to(source)
            there.parent.mkdir(parents=True, exist_ok=True)
            made.append(there)
            with path.open("rb") as read, there.open("xb") as written:
                while piece := read.read(_PIECE):
                    told(min(copied / total, 1.0))
                    written.write(piece)
                    copied += len(piece)
            shutil.copystat(path, there)
    except BaseException:
        for one in made:
            one.unlink(missing_ok=True)
        for folder in sorted(
            {parent for one in made for parent in one.parents if target in parent.parents}, reverse=True
        ):
            folder.rmdir()
        raise


def _files(folder: Path) -> Iterator[Path]:
    """Yield what is copied; links are copied as what they lead to, as far as that is a file."""
    for place, folders, names in os.walk(folder):
        left = _LEFT(place, [*folders, *names])
        folders[:] = sorted(name for name in folders if name not in left)
        yield from (path for name in sorted(names) if name not in left and (path := Path(place, name)).is_file())
