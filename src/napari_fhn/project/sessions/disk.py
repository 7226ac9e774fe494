"""How much room files take."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def size_of(path: Path) -> int:
    """Return the bytes that a file, or all that is in a folder, takes on its disk; holes take none.

    Parameters
    ----------
    path : Path
        Existing or not: what is not there takes none.
    """
    if not path.is_dir():
        return _taken(path)
    return sum(_taken(Path(place, name)) for place, _, files in os.walk(path) for name in files)


def _taken(path: Path) -> int:
    with contextlib.suppress(OSError):
        found = path.lstat()
        blocks = getattr(found, "st_blocks", None)
        return found.st_size if blocks is None else 512 * int(blocks)
    return 0


def identity(folder: Path) -> tuple[int, int] | None:
    """Return which folder lies at a path, whatever it is called; None for none, or on a disk that does not answer."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
