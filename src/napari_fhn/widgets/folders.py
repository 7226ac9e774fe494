"""Where sessions live on this machine."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import time
from pathlib import Path

import platformdirs
import xarray as xr

from napari_fhn.project import ProjectError, Session
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.kinds import spatial_shape
from napari_fhn.widgets.preferences import preferences

VARIABLE = "NAPARI_FHN_SESSIONS"


def sessions_folder() -> Path:
    """Return the folder that holds all sessions.

    It is ``$NAPARI_FHN_SESSIONS`` where that is set, else what napari's Preferences say, else ``sessions`` in the
    platform's folder for user data: it outlives the program, so labels do too.
    """
    given = os.environ.get(VARIABLE) or preferences().sessions
    return Path(given).expanduser() if given else Path(platformdirs.user_data_dir("napari-fhn", False)) / "sessions"


def session_folder(survey: xr.DataArray, root: Path | None = None, grid: Grid | None = None) -> Path:
    """Return the session folder of a survey.

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

    Returns
    -------
    Path
        Not made yet.
    """
    source = str(survey.attrs.get("source", ""))
    shape = spatial_shape(survey)
    key = f"{source}|{shape}" if source else f"{time.time_ns()}|{os.getpid()}"
    digest = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()[:10]
    words = re.sub(r"[^A-Za-z0-9]+", "-", Path(source).stem or str(survey.name or "array")).strip("-")[:40]
    stamp = "" if source else time.strftime("%Y%m%d-%H%M%S-")
    first = (root or sessions_folder()) / f"{words or 'survey'}-{stamp}{digest}"
    numbered = (first.with_name(f"{first.name}-{number}") for number in itertools.count(2))
    return next(one for one in itertools.chain([first], numbered) if _fits(one, grid))


def _fits(folder: Path, grid: Grid | None) -> bool:
    """Whether a session is of what lies there, or of nothing yet; one that cannot be read says itself what is wrong."""
    if grid is None or not folder.exists():
        return True
    try:
        kept = Session(folder).manifest.grid
    except ProjectError:
        return True
    return kept is None or not kept.apart(grid)
