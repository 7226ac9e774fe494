"""Of which files a stack of maps was made: noted beside it, so that those who open the files again find the stack."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_fhn import record

_KIND = "sources of a stack"
_VERSION = 1


@dataclass(frozen=True)
class _Sources:
    files: tuple[str, ...]


def note(stack: Path, files: Sequence[str]) -> None:
    """Note of which files a stack was made, where all of its maps are from files.

    A disk that refuses is no reason to complain.

    Parameters
    ----------
    stack : Path
        The file of the stack.
    files : sequence of str
        Its rasters, as they were opened; one that is from no file is "", and could not be told from any other such.
    """
    if not all(files):
        return
    with contextlib.suppress(OSError, record.RecordError):
        record.write(_beside(stack), _KIND, _VERSION, record.encode(_Sources(tuple(files))))


def noted(stack: Path) -> tuple[str, ...]:
    """Return the files of which a stack was made; none where nothing was noted, or it is no stack."""
    if not _beside(stack).is_file():
        return ()
    try:
        return record.decode(_Sources, record.read(_beside(stack), _KIND, _VERSION)).files
    except (OSError, record.RecordError):
        return ()


def _beside(stack: Path) -> Path:
    return stack.with_name(f"{stack.name}.sources.json")
