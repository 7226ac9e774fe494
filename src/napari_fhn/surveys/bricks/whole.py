"""A copy in bricks as a whole: where it is kept, when it is worth the time, and all the steps of making it."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import xarray as xr

from napari_fhn.surveys.bricks.copying import Copied, copy_bricks
from napari_fhn.surveys.bricks.pyramid import build_pyramid
from napari_fhn.surveys.kinds import kind_of

LARGE_BYTES = 1_000_000_000
"""From this size on a copy is worth it: a time slice of a smaller file is read in a moment as it is."""

_PYRAMID_SHARE = 0.2
"""Part of the time that the coarser levels take."""

Told = Callable[[float, float | None], None]
"""Called with the share that is done, 0 to 1, and the seconds that are left, None while nothing can be said."""


def may_copy(survey: xr.DataArray) -> bool:
    """Whether a survey is one that a copy is made of: a seismic volume in a file, not read from bricks already."""
    return kind_of(survey) == "seismic volume" and bool(survey.attrs.get("source")) and "bricks" not in survey.attrs


def copy_of(survey: xr.DataArray, folder: Path) -> Path:
    """Return where in a folder the copy of a survey is, or would be.

    Parameters
    ----------
    survey : xarray.DataArray
        From a file.
    folder : Path
        Where copies are kept.
    """
    source = str(survey.attrs.get("source", ""))
    digest = hashlib.sha1(f"{source}|{survey.shape}".encode(), usedforsecurity=False).hexdigest()[:10]
    return folder / f"{Path(source).stem[:40] or 'survey'}-{digest}.zarr"


def offer(survey: xr.DataArray) -> str:
    """Return the sentence that offers a copy, empty where the survey is not large."""
    size = math.prod(survey.shape) * survey.dtype.itemsize
    if size < LARGE_BYTES:
        return ""
    return (
        f"{size / 1e9:.1f} GB, sorted by {survey.attrs.get('sorting', 'inline')}: time slices are slow. A copy in "
        "bricks makes them quick."
    )


def copy_whole(survey: xr.DataArray, path: Path, stop: threading.Event, told: Told) -> bool:
    """Copy a survey into bricks, and add the coarser levels, or go on with a copy that was cut off.

    Parameters
    ----------
    survey : xarray.DataArray
        As `may_copy` wants it.
    path : Path
        Of the copy; its folder is made.
    stop : threading.Event
        Set, it ends the copy, which goes on from there the next time.
    told : callable
        Told how far it is, on the thread that copies.

    Returns
    -------
    bool
        Whether it is complete.

    Raises
    ------
    SurveyError
        As `copy_bricks` and `build_pyramid` do.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _drive(copy_bricks(survey, path, stop=stop), 0.0, 1.0 - _PYRAMID_SHARE, told)
    if not stop.is_set():
        _drive(build_pyramid(path, stop=stop), 1.0 - _PYRAMID_SHARE, 1.0, told)
    return not stop.is_set()


def _drive(steps: Iterator[Copied], start: float, stop: float, told: Told) -> None:
    began, first, left = time.monotonic(), None, None
    for step in steps:
        done = step.done / max(step.total, 1)
        first = done if first is None else first
        if done > first:
            left = (time.monotonic() - began) / (done - first) * (1 - done)
        told(start + (stop - start) * done, left)
