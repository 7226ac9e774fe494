"""The one error of this room."""

from __future__ import annotations

from pathlib import Path

from napari_fhn.keys import hidden
from napari_fhn.sentence import in_one_line

GONE = "it is not there any more"
"""What is said of a survey that was there when it was opened."""

BRING_BACK = "Bring it back: it is read again then"


class SurveyError(ValueError):
    """A survey file that cannot be read or written, in a sentence a geoscientist can act on.

    Parameters
    ----------
    path : str or Path
        The file the sentence is about; its name leads the message.
    what : str
        What is wrong and where (byte, trace or line).
    way_out : str, optional
        What the person can do about it.
    """

    def __init__(self, path: str | Path, what: str, way_out: str = "") -> None:
        self.path = Path(hidden(str(path)))
        # What files hold stands in it, line ends and all.
        self.what = what = in_one_line(what)
        self.way_out = way_out = in_one_line(way_out)
        message = f"{in_one_line(self.path.name)}: {what.rstrip('.')}."
        super().__init__(f"{message} {way_out.rstrip('.')}." if way_out else message)

    def __reduce__(self) -> tuple[type[SurveyError], tuple[str, str, str]]:
        # The message is composed, so the default pickling (by message) would call __init__ wrongly.
        return type(self), (str(self.path), self.what, self.way_out)
