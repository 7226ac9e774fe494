"""The one error and the one warning of this room."""

from __future__ import annotations

from pathlib import Path


class LabelError(ValueError):
    """Labels that cannot be read, written or burnt, in a sentence with the way out.

    Parameters
    ----------
    what : str
        What is wrong.
    way_out : str, optional
        What the person can do about it.
    path : str or Path, optional
        The file, and
    line : int, optional
        the line in it, counted from 1; they lead the message.
    """

    def __init__(
        self, what: str, way_out: str = "", *, path: str | Path | None = None, line: int | None = None
    ) -> None:
        self.what = what
        self.way_out = way_out
        self.path = None if path is None else Path(path)
        self.line = line
        place = "" if self.path is None else self.path.name + ("" if line is None else f", line {line}") + ": "
        super().__init__(f"{place}{what.rstrip('.')}." + (f" {way_out.rstrip('.')}." if way_out else ""))


class LabelWarning(UserWarning):
    """Labels that were left out, and why."""
