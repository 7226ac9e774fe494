"""A session whose survey is gone: which file, where it was, and what stands in for it while labels are looked at.

Labels, predictions and scores lie in the session, and so does, most often, a copy of the survey. What stands in for it
has the place of the labels and the values of that copy; without a copy it has no values, and nothing may be learnt from
it or foretold.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.project.data.opening import Finder
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.sessions.manifest import FileReference, SurveyEntry
from napari_fhn.project.sessions.session import Session
from napari_fhn.surveys.kinds import CHANNEL
from napari_fhn.surveys.remote.addresses import url_of
from napari_fhn.training.errors import JobError

_GONE, _EMPTY = "stands_in_for", "without_values"
"""Attributes of what stands in: why the survey is not there, and whether nothing of its values is."""

COPY = "its copy in the session is used"
NO_COPY = "there is no copy of it in the session, so labels, prediction and scores are shown without it"
PLAIN_WAY_OUT = "put it back, or name it where it is now"


def gone(files: Iterable[FileReference]) -> str:
    """Say of files which are gone, and where they were, as a part of a sentence; empty for none.

    Parameters
    ----------
    files : iterable of FileReference
        As a session refers to them.

    Examples
    --------
    >>> gone([FileReference("../north.sgy", "/data/north.sgy")])
    'north.sgy is not in /data any more'
    """
    return ", ".join(_words(file) for file in dict.fromkeys(files))


def lost(session: Session) -> tuple[FileReference, ...]:
    """Return the files of the surveys of a session that are not where it saw them."""
    finder = Finder(session.folder)
    return tuple(file for entry in session.manifest.inputs for file in _files(entry) if finder.find(file) is None)


def not_at_hand(session: Session) -> str:
    """Say that the surveys of a session are not at hand, and which file is missing, where one is."""
    words = gone(lost(session))
    return "its surveys are not at hand" + (f" ({words})" if words else "")


def has_copy(session: Session, entry: SurveyEntry) -> bool:
    """Whether a session has the values of a survey itself."""
    return _copy(session, entry) is not None


def said(session: Session, files: Sequence[FileReference], way_out: str = PLAIN_WAY_OUT) -> list[str]:
    """Say of each file that is missing where it was, what is done without it, and how to name its new place.

    Parameters
    ----------
    session : Session
        Whose surveys they are.
    files : sequence of FileReference
        That were not found.
    way_out : str
        How its new place is named.

    Returns
    -------
    list of str
        A sentence each.
    """
    copied = {file: has_copy(session, entry) for entry in session.manifest.inputs for file in _files(entry)}
    return [f"{_words(file)}: {_done_without(copied.get(file))}; {way_out}." for file in dict.fromkeys(files)]


def stand_in(session: Session, entry: SurveyEntry) -> xr.DataArray | None:
    """Return what stands in for a survey that is gone.

    Parameters
    ----------
    session : Session
        Whose survey it is; nothing in it is changed.
    entry : SurveyEntry
        As its manifest refers to it.

    Returns
    -------
    xarray.DataArray or None
        On the grid of the labels, with the values of the copy in the session, mapped; NaN where there is none, without
        memory of its own. None where the session does not know where its labels lie.
    """
    grid = session.manifest.grid
    if grid is None:
        return None
    dims: tuple[str, ...] = grid.dims
    values: NDArray[Any] | None = _copy(session, entry)
    empty = values is None
    if values is None:
        values = np.broadcast_to(np.float32(np.nan), grid.shape)
    elif values.ndim > len(dims):
        dims = (*dims, CHANNEL) if entry.cube else (CHANNEL, *dims)
    survey = grid.put(xr.DataArray(values, dims=dims, coords=_bands(entry, values, dims), name=entry.name))
    template = grid.template()
    source = "" if entry.file is None else entry.file.absolute
    words = gone(_files(entry)) or f"'{entry.name}' came from no file"
    survey.attrs.update(template.attrs, source=source, read_as={}, notes=(f"{words}.",))
    survey.attrs |= {_GONE: words, _EMPTY: empty}
    return survey


def stands_in(survey: xr.DataArray) -> bool:
    """Whether an array stands in for a survey that is gone."""
    return _GONE in survey.attrs


def without_values(survey: xr.DataArray) -> bool:
    """Whether an array has but the place of a survey that is gone."""
    return bool(survey.attrs.get(_EMPTY))


def check_at_hand(surveys: Iterable[xr.DataArray], *, copies: bool = False) -> None:
    """Refuse what stands in for a survey to whatever needs the survey.

    Parameters
    ----------
    surveys : iterable of xarray.DataArray
        Opened, or standing in.
    copies : bool
        Whether the values of a copy are enough.

    Raises
    ------
    ProjectError
        With the file that is missing, where it was, and the way out.
    """
    for survey in surveys:
        if without_values(survey) or (stands_in(survey) and not copies):
            raise ProjectError(
                f"{survey.attrs[_GONE]}, and this needs the survey", "Open the session again, and say where it is now"
            )


def _done_without(copied: bool | None) -> str:
    if copied is None:  # one that is only shown
        return "it is left out"
    return COPY if copied else NO_COPY


def _words(file: FileReference) -> str:
    url = url_of(file.absolute or file.path)
    if url is not None:
        return f"{url} does not answer, or is an address that nobody here has named"
    return f"{file.name} is not in {Path(file.absolute or file.path).parent} any more"


def _files(entry: SurveyEntry) -> tuple[FileReference, ...]:
    return tuple(one.file for one in entry.stack) if entry.file is None else (entry.file,)


def _copy(session: Session, entry: SurveyEntry) -> NDArray[Any] | None:
    """The copy of a survey in its session; None where there is none, or none that lies where the labels do."""
    grid = session.manifest.grid
    for path in _places(session, entry):
        with contextlib.suppress(OSError, ValueError, EOFError):
            values = mapped.open(path)
            if grid is not None and _lies_on(values.shape, grid.shape, entry.cube):
                return np.asanyarray(values)
    return None


def _lies_on(shape: tuple[int, ...], grid: tuple[int, ...], cube: bool) -> bool:
    return shape == grid or (len(shape) == len(grid) + 1 and (shape[:-1] if cube else shape[1:]) == grid)


def _places(session: Session, entry: SurveyEntry) -> list[Path]:
    """Where the copy of a survey may be: a session of an earlier version names it in the jobs of its runs alone."""
    places = [session.folder / entry.staged] if entry.staged else []
    for run in reversed(session.runs.all()):
        with contextlib.suppress(JobError):
            places += [Path(item.path) for item in run.job().inputs if item.name == entry.name and not item.attribute]
    return [path for path in places if path.suffix == ".npy"]


def _bands(entry: SurveyEntry, values: NDArray[Any], dims: Sequence[str]) -> dict[str, Any]:
    """What is known of the bands of a copy."""
    if CHANNEL not in dims:
        return {}
    count = values.shape[list(dims).index(CHANNEL)]
    coords: dict[str, Any] = {CHANNEL: np.arange(1, count + 1)}
    if len(entry.bands) == count:
        waves, names = [one.wavelength for one in entry.bands], [one.name for one in entry.bands]
        if all(one is not None for one in waves):
            coords["wavelength"] = (CHANNEL, np.array(waves, np.float64), {"units": "nm"})
        if any(names):
            coords["band_name"] = (CHANNEL, names)
    return coords
