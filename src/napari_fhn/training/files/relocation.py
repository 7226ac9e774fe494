"""Where the files of a saved job are: named relative to it as far as they lie together, and found again when moved."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import Protocol

_ABOVE = 3
"""Folders above that of a saved job where what lies together with it may begin: in a session ``runs/run-001/model``."""


class Named(Protocol):
    """A job, of which only the names of its files matter here."""

    @property
    def labels(self) -> str: ...  # noqa: D102

    @property
    def prediction(self) -> str: ...  # noqa: D102

    @property
    def model(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Together:
    """The files that lie together with a job, and are named relative to it.

    Parameters
    ----------
    folder : Path
        Of the file of the job.
    top : Path
        What lies in here lies together.
    """

    folder: Path
    top: Path

    @classmethod
    def of(cls, job: Named, folder: Path) -> Together:
        """Return them for a job that is saved in a folder."""
        own = [os.path.abspath(path) for path in (job.labels, job.prediction, job.model)]
        with contextlib.suppress(ValueError):  # on several drives
            top = Path(os.path.commonpath(own))
            if top in (folder, *folder.parents[:_ABOVE]) and top != Path(top.anchor):
                return cls(folder, top)
        return cls(folder, folder)

    def relative(self, path: str) -> str:
        """Return a path as the file of the job names it."""
        whole = Path(os.path.abspath(path))
        if whole == self.top or self.top in whole.parents:
            return Path(os.path.relpath(whole, self.folder)).as_posix()
        return str(whole)


@dataclass(frozen=True)
class Moved:
    """The files of a job from before jobs named them relative to themselves.

    Such a job lies in the folder of a session, or in one that the session holds, and names the session's files as they
    were then. Where the session lies elsewhere now (moved, copied, renamed), they are those beside the job; the ones
    that were outside of the session are as they were.

    Parameters
    ----------
    top : PurePath or None
        The session then; None where the job was of none.
    places : tuple of Path
        The session now, and where else its files may be.
    """

    top: PurePath | None
    places: tuple[Path, ...]

    @classmethod
    def of(cls, job: Named, folder: Path) -> Moved:
        """Return them for a job that was read from a folder."""
        top = _pure(job.prediction).parent
        own = [_pure(path) for path in (job.labels, job.model)]
        if not top.is_absolute() or not all(top in path.parents for path in own):
            return cls(None, (folder,))
        above = (folder, *folder.parents[:_ABOVE])
        names = [path.relative_to(top) for path in (*own, _pure(job.prediction))]
        home = next((place for name in names for place in above if (place / name).exists()), None)
        return cls(top, () if home is None else (home, *(place for place in above if place != home)))

    def found(self, path: str) -> str:
        """Return where a file is now."""
        was = _pure(path)
        if self.top is None:
            beside = Path(resolving(self.places[0])(path))
            return str(beside) if beside.exists() or was.is_absolute() else os.path.abspath(path)
        if self.top not in was.parents or not self.places:
            return path
        inside = was.relative_to(self.top)
        for name in (inside, was.name):
            for place in self.places:
                if (place / name).exists():
                    return str(place / name)
        return str(self.places[0] / inside)  # it is not there yet


def _pure(path: str) -> PurePath:
    """Return a path that may have been written on another system."""
    windows = PureWindowsPath(path)
    return windows if windows.drive and windows.is_absolute() else PurePath(path)


def resolving(folder: Path) -> Callable[[str], str]:
    """Return what makes a path lead from the root of the disk that is written relative to a folder."""

    def resolved(path: str) -> str:
        return path if _pure(path).is_absolute() else os.path.normpath(folder / path)

    return resolved
