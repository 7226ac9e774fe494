"""The one error of this room."""

from __future__ import annotations

from pathlib import Path

from napari_fhn.sentence import in_one_line


class VectorError(ValueError):
    """A file of shapes that cannot be read or drawn.

    Parameters
    ----------
    path : Path
        The file.
    what, way_out : str
        What is wrong, and what can be done about it.
    layers : tuple of str
        Where one of several layers must be said: their names.
    """

    def __init__(self, path: Path, what: str, way_out: str, *, layers: tuple[str, ...] = ()) -> None:
        what = in_one_line(what)
        super().__init__(f"{in_one_line(path.name)}: {what}. {way_out}.")
        self.path, self.what, self.way_out, self.layers = path, what, way_out, layers


def short(error: BaseException) -> str:
    """Return what a library says, in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
