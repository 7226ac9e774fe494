"""What is wrong with a record, in a sentence that names file and field."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEEPEST = 100
"""Lists and mappings within each other; a deeper record is something else."""

_SHOWN = 60


class RecordError(ValueError):
    """Something that was written, or is to be, is not what it should be.

    Parameters
    ----------
    what : str
        What is wrong, with the field that it is wrong with.
    path : path-like or None
        Of the file; None where it came from somewhere else.
    way_out : str
        What to do about it.

    Attributes
    ----------
    what, path, way_out
        As given.
    """

    def __init__(self, what: str, path: str | os.PathLike[str] | None = None, way_out: str = "") -> None:
        self.what = what
        self.path = None if path is None else Path(path)
        self.way_out = way_out
        sentence = what if self.path is None else f"{self.path}: {what}"
        super().__init__(f"{sentence}. {way_out}" if way_out else sentence)

    def of(self, path: str | os.PathLike[str]) -> RecordError:
        """Return the same error with the file that it is about."""
        return type(self)(self.what, path, self.way_out)


class NewerRecord(RecordError):
    """A record that a later version of the program wrote: whole, and not to be replaced."""


def too_deep() -> RecordError:
    """Return the error of what is nested deeper than a record is."""
    return RecordError(f"it is nested more than {DEEPEST} deep", None, "It is another kind of file, or was damaged")


def in_words(data: Any) -> str:
    """Return a value in words, however long or deep it is."""
    if isinstance(data, Mapping):
        return "names and values"
    if isinstance(data, list | tuple):
        return f"a list of {len(data)}"
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, int) and abs(data) > 10**_SHOWN:
        return "a huge number"
    text = repr(data[:_SHOWN] if isinstance(data, str) else data)
    return f"{text[:_SHOWN]}…" if len(text) > _SHOWN + 2 else text
