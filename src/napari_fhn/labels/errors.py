"""The errors and the one warning of this room."""

from __future__ import annotations

from pathlib import Path

from napari_fhn.keys import hidden
from napari_fhn.sentence import in_one_line


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
        # What files hold stands in it, line ends and all.
        self.what = what = in_one_line(what)
        self.way_out = way_out = in_one_line(way_out)
        self.path = None if path is None else Path(hidden(str(path)))
        self.line = line
        place = (
            "" if self.path is None else in_one_line(self.path.name) + ("" if line is None else f", line {line}") + ": "
        )
        super().__init__(f"{place}{what.rstrip('.')}." + (f" {way_out.rstrip('.')}." if way_out else ""))


class Undeclared(LabelError):
    """A unit, sign, datum or name that the file does not tell and that is never guessed.

    Parameters
    ----------
    what, way_out, path, line
        As in `LabelError`.
    option : str
        The reader's argument that takes the answer, e.g. ``"units"`` or ``"kb_m"``.
    choices : tuple of str
        The possible answers; empty where it is a number.
    role : str
        The role whose unit is asked for, where the option is ``"units"``.
    """

    def __init__(
        self,
        what: str,
        way_out: str = "",
        *,
        option: str,
        choices: tuple[str, ...] = (),
        role: str = "",
        path: str | Path | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(what, way_out, path=path, line=line)
        self.option = option
        self.choices = choices
        self.role = role


class LabelWarning(UserWarning):
    """What was left out, or taken for granted, and why."""
