"""The sessions that this process has open in Python."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from napari_fhn.project import Session

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
def undoing(session: Session, read_only: bool, take_over: bool = False) -> Iterator[None]:
    """Become the one who writes in a session; where that which follows fails, all is as it was."""
    if read_only:
        yield
        return
    made, new = not session.folder.exists(), not session.exists
    session.acquire(PROGRAM, take_over=take_over)
    try:
        yield
    except BaseException:
        if new:
            session.clear()
        session.release()
        if made and session.folder.is_dir() and not any(session.folder.iterdir()):
            session.folder.rmdir()
        raise
