"""The reader contribution: which of the files that napari asks about are surveys.

It is asked about every file of a suffix that the manifest names, and looks at the first bytes before any library that
reads surveys is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari_fhn.first_look import from_the_ground


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[tuple[Any, ...]]] | None:
    """Return a reader for surveys, None for everything else.

    Parameters
    ----------
    path : str or sequence of str
        What is to be opened; all files of a sequence must be surveys.
    """
    paths = [path] if isinstance(path, str) else list(path)
    if not paths or not all(from_the_ground(Path(one)) for one in paths):
        return None
    from napari_fhn.widgets.data import reader  # with all that reads surveys

    return reader.get_reader(path)
