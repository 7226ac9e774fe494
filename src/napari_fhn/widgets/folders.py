"""Where sessions live on this machine, and where the program keeps what is its own."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import xarray as xr

from napari_fhn.project import ProjectError, Session
from napari_fhn.project.sessions import session_list
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.kinds import spatial_shape
from napari_fhn.widgets.preferences import preferences


def program_folder() -> Path:
    """Return the folder for what the program keeps for itself, where napari's Preferences may say which it is."""
    return session_list.program_folder(_said())


def sessions_folder() -> Path:
    """Return the folder for new sessions, where napari's Preferences may say which it is."""
    return session_list.sessions_folder(_said())


def session_folder(
    survey: xr.DataArray,
    root: Path | None = None,
    grid: Grid | None = None,
    *,
    others: Sequence[Path] = (),
    lately: Sequence[Path] = (),
) -> Path:
    """Return the session folder of a survey: of several the one that was open last.

    A survey from a file always gets the same folder (named after the file and a digest of its path and
    shape), so opening it again finds its labels, its network and its prediction. An array that came from no
    file gets a folder of its own each time: two unrelated arrays must never share labels.

    Parameters
    ----------
    survey : xarray.DataArray
        The first of the ticked surveys.
    root : Path, optional
        Instead of :func:`sessions_folder`.
    grid : Grid, optional
        Where what is worked on lies. A file that is read otherwise than before, with another sample interval say, does
        not lie where its labels do: it has a session of its own, and gets the first one back when it is read as before.
    others : sequence of Path
        Further folders of sessions, where earlier versions kept them.
    lately : sequence of Path
        Sessions of this survey that were open on this machine, wherever they lie, the last opened first.

    Returns
    -------
    Path
        Not made yet, where the survey has none.
    """
    root = root or sessions_folder()
    there = [folder for folder in lately if _fits(folder, grid)]
    for place in (root, *others):
        there += [folder for folder in _made(place / _name(survey)) if _fits(folder, grid) and folder not in there]
    # Those that were open lately come first, in their order; of others the first that was made.
    return there[0] if there else fresh_folder(survey, root)


def fresh_folder(survey: xr.DataArray, root: Path) -> Path:
    """Return the folder of a session of a survey that is not there yet."""
    first = root / _name(survey)
    return next(one for one in itertools.chain([first], _numbered(first)) if not one.exists())


def _said() -> Path | None:
    given = preferences().sessions
    return Path(given).expanduser() if given else None


def _name(survey: xr.DataArray) -> str:
    """What the first session of a survey is called."""
    source = str(survey.attrs.get("source", ""))
    shape = spatial_shape(survey)
    key = f"{source}|{shape}" if source else f"{time.time_ns()}|{os.getpid()}"
    digest = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()[:10]
    words = re.sub(r"[^A-Za-z0-9]+", "-", Path(source).stem or str(survey.name or "array")).strip("-")[:40]
    stamp = "" if source else time.strftime("%Y%m%d-%H%M%S-")
    return f"{words or 'survey'}-{stamp}{digest}"


def _numbered(first: Path) -> Iterator[Path]:
    return (first.with_name(f"{first.name}-{number}") for number in itertools.count(2))


def _made(first: Path) -> list[Path]:
    """Return the folder of a first session and of those that were begun anew after it, as far as they are there."""
    found = []
    with contextlib.suppress(OSError):
        found = [one for one in first.parent.glob(f"{first.name}-*") if one.name[len(first.name) + 1 :].isdecimal()]
    found.sort(key=lambda one: int(one.name[len(first.name) + 1 :]))
    return [one for one in (first, *found) if one.exists()]


def _fits(folder: Path, grid: Grid | None) -> bool:
    """Whether a session is of what lies there, or of nothing yet; one that cannot be read says itself what is wrong."""
    if grid is None:
        return True
    try:
        kept = Session(folder).manifest.grid
    except ProjectError:
        return True
    return kept is None or not kept.apart(grid)
