"""The sessions that this process has open in Python."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from napari_fhn.project import Session, SessionUnwritable
from napari_fhn.project.sessions import damage

PROGRAM = "Python"
"""What the lock of a session calls it."""

OPEN: weakref.WeakValueDictionary[Path, Any] = weakref.WeakValueDictionary()
"""The work in each of them: a cell of a notebook is run again without closing it."""


def let_go(session: Session, own: tempfile.TemporaryDirectory[str] | None) -> None:
    """Let others write in a session, and remove the temporary folder that it lies in."""
    session.release()
    if own is not None:
        own.cleanup()


@contextmanager
def undoing(session: Session, read_only: bool, take_over: bool = False) -> Iterator[bool]:
    """Become the one who writes in a session; where that which follows fails, all is as it was.

    Yields
    ------
    bool
        Whether one may write; not where it is to be looked at only, or can be no more than that, which is noted.
    """
    made, new = not session.folder.exists(), not session.exists
    try:
        if not read_only:
            session.acquire(PROGRAM, take_over=take_over)
    except SessionUnwritable as error:
        if new:
            raise
        session.notes.append(f"{error.why}: it was opened to look at only.")
        read_only = True
    session.only_look = read_only
    if read_only:
        session.notes += damage.found(session.folder)  # a writer puts it aside, and says so
        yield False
        return
    try:
        yield True
    except BaseException:
        if new:
            session.clear()
        session.release()
        if made and session.folder.is_dir() and not any(session.folder.iterdir()):
            session.folder.rmdir()
        raise
