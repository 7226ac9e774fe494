"""Which sessions were open on this machine lately: a list of folders, with the survey that each is of."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from napari_fhn import record
from napari_fhn.clock import now
from napari_fhn.leftovers import sweep_beside
from napari_fhn.record import set_aside

FILE = "recent.json"
_KIND = "recent sessions"
_VERSION = 1
_MOST = 40
"""Sessions that are remembered; the one that was open longest ago is forgotten first."""


@dataclass(frozen=True)
class RecentSession:
    """A session that was open here.

    Parameters
    ----------
    folder : str
        Where it lay then.
    survey : str
        File of its first survey; empty where that came from none.
    opened : str
        When it was opened last, in UTC, ISO 8601.
    """

    folder: str
    survey: str = ""
    opened: str = ""

    @property
    def path(self) -> Path:
        """Its folder."""
        return Path(self.folder)


@dataclass(frozen=True)
class _Recent:
    sessions: tuple[RecentSession, ...] = ()


class RecentSessions:
    """Remembers sessions, in a file of this machine.

    Parameters
    ----------
    path : Path
        The file; one that is missing holds nothing, one that is damaged is put aside. A disk that refuses is no reason
        to complain: a session that is not listed can be opened by its folder.

    Examples
    --------
    >>> import tempfile
    >>> recent = RecentSessions(Path(tempfile.mkdtemp()) / FILE)
    >>> recent.opened(Path("/surveys/north"), "/data/north.sgy")
    >>> [one.folder for one in recent.all()]
    ['/surveys/north']
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> tuple[RecentSession, ...]:
        """Return those that are remembered, the last opened first."""
        if not self._path.exists():
            return ()
        try:
            return record.decode(_Recent, record.read(self._path, _KIND, _VERSION)).sessions
        except record.RecordError:
            set_aside(self._path)
            return ()
        except OSError:
            return ()

    def of_survey(self, survey: str) -> tuple[Path, ...]:
        """Return the folders of sessions of a survey that are still there, the last opened first."""
        return tuple(one.path for one in self.all() if survey and one.survey == survey and one.path.is_dir())

    def opened(self, folder: Path, survey: str) -> None:
        """Remember that a session of a survey is open now."""
        others = [one for one in self.all() if one.folder != str(folder)]
        self._write((RecentSession(str(folder), survey, now()), *others))

    def moved(self, before: Path, after: Path) -> None:
        """Remember where a session is that was not found any more."""
        others = [one for one in self.all() if one.folder != str(after)]
        self._write(tuple(replace(one, folder=str(after)) if one.folder == str(before) else one for one in others))

    def forget(self, folder: Path) -> None:
        """List a session no more; its folder stays as it is."""
        self._write(tuple(one for one in self.all() if one.folder != str(folder)))

    def _write(self, sessions: tuple[RecentSession, ...]) -> None:
        with contextlib.suppress(OSError, record.RecordError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            record.write(self._path, _KIND, _VERSION, record.encode(_Recent(sessions[:_MOST])))
            sweep_beside(self._path)
