"""Where a stack of maps is kept, and of which files it was made.

The files are noted beside it, so that those who open them again find the stack.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from napari_fhn import record, surveys
from napari_fhn.leftovers import sweep_beside
from napari_fhn.surveys.maps import difference, grid_of

_KIND = "sources of a stack"
_VERSION = 1
_NOTED = ".sources.json"
_NAMED, _LONGEST, _BYTES = 3, 24, 48
"""Maps that the name of a stack names, letters of each, and their bytes: a file's name has 255 of them at most."""


@dataclass(frozen=True)
class _Sources:
    files: tuple[str, ...]


def called(names: Sequence[str]) -> str:
    """Return what a stack of maps is called, by the names that a person knows: it is a file, a layer and a survey.

    Parameters
    ----------
    names : sequence of str
        Of the maps, in their order.

    Examples
    --------
    >>> called(["gravity", "geology (ROCK)"]), called(["a/b", "c", "d", "e", "f"])
    ('gravity and geology (ROCK)', 'a b, c, d and 2 more')
    >>> called(["magnetics_total_field_reduced_to_the_pole", "gravity"])
    'magnetics_total_field_re and gravity'
    """
    plain = [" ".join(re.sub(r"[^\w ().+-]+", " ", name).split()).strip(". ") or "map" for name in names]
    short = [name[:_LONGEST].encode()[:_BYTES].decode(errors="ignore").rstrip() for name in plain]
    if len(short) > _NAMED + 1:
        return f"{', '.join(short[:_NAMED])} and {len(short) - _NAMED} more"
    return f"{', '.join(short[:-1])} and {short[-1]}" if len(short) > 1 else f"stack of {short[0]}"


def file_of(
    folder: Path,
    stacked: xr.DataArray,
    names: Sequence[str],
    check: Callable[[], None] = lambda: None,
    files: Sequence[str] = (),
) -> tuple[Path, bool]:
    """Return the file of a stack, and whether it is there: none is replaced, as a session may refer to it.

    Names tell little of maps that are from no file, of files that have changed, and of grids of one size; so values and
    their place decide.

    Parameters
    ----------
    folder : Path
        Where stacks are kept.
    stacked : xarray.DataArray
        As :func:`napari_fhn.surveys.maps.stack` gives it.
    names : sequence of str
        What a person calls its maps.
    check : callable, optional
        Called before each band is compared; raises where nobody waits for it any more.
    files : sequence of str, optional
        Its rasters, as they were opened: a stack of just these is found whatever it is called, as its layers may have
        had other names when it was made, and an earlier version called it otherwise.
    """
    alike = [one for one in _noted_in(folder) if files and all(files) and noted(one) == tuple(files)]
    same = next((one for one in alike if _holds(one, stacked, check)), None)
    if same is not None:
        return same, True
    first = folder / f"{called(names)}.tif"
    numbered = (first.with_stem(f"{first.stem} {number}") for number in itertools.count(2))
    path = next(
        one for one in itertools.chain([first], numbered) if not os.path.lexists(one) or _holds(one, stacked, check)
    )
    return path, os.path.lexists(path)


def _holds(path: Path, stacked: xr.DataArray, check: Callable[[], None]) -> bool:
    """Whether a file holds just these values at just this place."""
    try:
        kept = surveys.open(path)
        if kept.shape != stacked.shape or difference(grid_of(kept), grid_of(stacked)):
            return False
        for band in range(stacked.shape[0]):
            check()
            if not np.array_equal(np.asarray(kept[band]), np.asarray(stacked[band]), equal_nan=True):
                return False
    except surveys.SurveyError:
        return False  # whatever it is, it is somebody's
    return True


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
        sweep_beside(_beside(stack))


def noted(stack: Path) -> tuple[str, ...]:
    """Return the files of which a stack was made; none where nothing was noted, or it is no stack."""
    if not _beside(stack).is_file():
        return ()
    try:
        return record.decode(_Sources, record.read(_beside(stack), _KIND, _VERSION)).files
    except (OSError, record.RecordError):
        return ()


def _beside(stack: Path) -> Path:
    return stack.with_name(f"{stack.name}{_NOTED}")


def _noted_in(folder: Path) -> list[Path]:
    """The stacks of a folder whose rasters were noted, in the order of their names."""
    return sorted(one.with_name(one.name.removesuffix(_NOTED)) for one in folder.glob(f"*{_NOTED}"))
