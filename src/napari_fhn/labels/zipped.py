"""A zip of what is known, opened as `napari_fhn.zipped` does, with what is wrong in the words of labels."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_fhn import zipped
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.tables.text import look


@contextmanager
def opened(path: Path, what: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What it should be, for sentences: "workbook".

    Raises
    ------
    LabelError
        When it is missing, damaged, locked, or holds too many parts; also for what goes wrong while it is open.
    """
    look(path)
    try:
        with zipped.opened(path, what) as archive:
            yield archive
    except zipped.ZipError as error:
        raise LabelError(error.what, error.way_out, path=path) from error
