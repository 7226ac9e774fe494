"""The errors of this room."""

from __future__ import annotations

from pathlib import Path

from napari_fhn.keys import hidden
from napari_fhn.regular import as_typed


class ProjectError(ValueError):
    """A piece of work that cannot be opened, changed or added to, in a sentence with the way out.

    Parameters
    ----------
    what : str
        What is wrong.
    way_out : str, optional
        What the person can do about it.
    path : str or Path, optional
        The file or folder; it leads the message.
    """

    def __init__(self, what: str, way_out: str = "", *, path: str | Path | None = None) -> None:
        self.what = what
        self.way_out = way_out
        self.path = None if path is None else Path(hidden(str(path)))
        place = "" if self.path is None else f"{as_typed(self.path)}: "
        super().__init__(f"{place}{what.rstrip('.')}." + (f" {way_out.rstrip('.')}." if way_out else ""))


class OnlyToLook(ProjectError):
    """One cannot write in the session now; it can be looked at.

    Attributes
    ----------
    why : str
        The reason, as a sentence begins with it: ``"Nothing can be written in this session (...)"``.
    """

    why = "Nothing can be written in this session"


class SessionInUse(OnlyToLook):
    """Somebody else writes in the session: it can be looked at, or taken over.

    Parameters
    ----------
    path : Path
        Folder of the session.
    who : str
        Program, process, host and time, in words.
    """

    def __init__(self, path: Path, who: str) -> None:
        self.who = who
        self.why = f"{who} is working in this session"
        super().__init__(
            f"{who} is working in it",
            "Close it there, wait until it is done, work in a copy of the folder, or take it over (--take-over, "
            "take_over=True)",
            path=path,
        )


class SessionUnwritable(OnlyToLook):
    """The disk, its rights or its room let nobody write in the session.

    Parameters
    ----------
    path : Path
        Folder of the session, or the file in it that cannot be written.
    error : OSError
        What the system says.
    """

    def __init__(self, path: Path, error: OSError) -> None:
        reason = error.strerror or str(error)
        self.why = f"Nothing can be written in this session ({reason})"
        super().__init__(
            f"nothing can be written in it ({reason})",
            "It can be looked at; to work in it copy the folder, or make room or ask for the right to write",
            path=path,
        )


class NeedsConsent(ProjectError):
    """Something that is done only when it is asked for in so many words, such as to export half a prediction.

    Parameters
    ----------
    what, way_out, path
        As in `ProjectError`.
    consent : str
        Name of the consent, as the faces ask for it: ``"partial"`` or ``"stale"``.
    """

    def __init__(self, what: str, way_out: str = "", *, consent: str, path: str | Path | None = None) -> None:
        super().__init__(what, way_out, path=path)
        self.consent = consent
