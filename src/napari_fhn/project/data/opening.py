"""The surveys of a session, found and read again as they were, wherever the session lies now."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from napari_fhn import surveys
from napari_fhn.project.data import samples
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.sessions.manifest import FileReference, StackedMap, SurveyEntry
from napari_fhn.surveys import reaching
from napari_fhn.surveys.idle import without_idle
from napari_fhn.surveys.maps import Categories, polygons, read_polygons, stack
from napari_fhn.surveys.remote.addresses import NotThere, url_of
from napari_fhn.surveys.remote.fetching import Large
from napari_fhn.surveys.remote.opening import at_hand

Ask = Callable[[FileReference], Path | None]
"""Asks a person where a file is now; None for "go on without it"."""


def nobody(file: FileReference) -> None:
    """Ask nobody: what is not found is missing."""


@dataclass(frozen=True)
class Reopened:
    """The surveys of a session that could be opened again.

    Parameters
    ----------
    surveys : tuple of (SurveyEntry, xarray.DataArray)
        In their order.
    lost : tuple of FileReference
        Files that were not found, as the session refers to them.
    """

    surveys: tuple[tuple[SurveyEntry, xr.DataArray], ...]
    lost: tuple[FileReference, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the files that were not found."""
        return tuple(file.name for file in self.lost)


class Finder:
    """Finds files of a session that may have been moved.

    Each is looked for where it lay as seen from the session, where it lay at all, in the session's folder and beside
    it, and where a person has pointed for another one.

    Parameters
    ----------
    folder : Path
        Of the session.
    ask : callable
        Asks a person for what is not there.
    """

    def __init__(self, folder: Path, ask: Ask = nobody) -> None:
        self._folder = folder
        self._ask = ask
        self._pointed: list[Path] = []

    def find(self, file: FileReference) -> Path | None:
        """Return where a file is now; None where nobody knows."""
        url = url_of(file.absolute or file.path)
        if url is not None:
            # A session may be somebody else's: nothing is asked of a server that nobody here has named.
            return Path(url) if reaching.knows_address(url) else self._asked(file)
        bundled = samples.find(file.path)
        if bundled is not None:
            return bundled
        name = file.name
        places = [self._folder / file.path, Path(file.absolute), self._folder / name, self._folder.parent / name]
        places += [other / name for other in self._pointed]
        path = next((place for place in places if str(place) != "." and _is_there(place)), None)
        path = self._asked(file) if path is None else path
        return None if path is None else Path(os.path.normpath(path))

    def _asked(self, file: FileReference) -> Path | None:
        path = self._ask(file)
        if path is not None:
            self._pointed.append(path.parent)
        return path


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long for a file
        return False


def reopen(entries: Iterable[SurveyEntry], folder: Path, ask: Ask = nobody) -> Reopened:
    """Open the surveys of a session, each as it was read then.

    Parameters
    ----------
    entries : iterable of SurveyEntry
        From the manifest.
    folder : Path
        Of the session.
    ask : callable
        Asks a person for a file that is missing.

    Raises
    ------
    SurveyError, ProjectError
        When one that was found cannot be read, or not so.
    """
    finder = Finder(folder, ask)
    found: list[tuple[SurveyEntry, xr.DataArray]] = []
    lost: list[FileReference] = []
    for entry in entries:
        if entry.stack:
            survey = _restack(entry.stack, finder, lost)
        elif entry.file is None:
            continue  # an array that came from no file is gone with the program that had it
        else:
            path = finder.find(entry.file)
            survey = None if path is None else _at_hand(path, entry.read_as)
            if survey is None:
                lost.append(entry.file)
        if survey is not None:
            found.append((entry, survey))
    return Reopened(tuple(found), tuple(lost))


def options(read_as: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of `napari_fhn.surveys.open` as JSON has kept them."""
    # A session may be somebody else's: whether a file is followed elsewhere is not for it to say.
    return {k: tuple(v) if isinstance(v, list) else v for k, v in read_as.items() if k != "follow"}


def _at_hand(path: Path, read_as: Mapping[str, Any]) -> xr.DataArray | None:
    """Open a file; None for what lies at an address that does not answer now, or is large and was taken out of
    the cache: a session has its copy of it."""
    try:
        return _open(path, read_as)
    except (NotThere, Large):
        return None


def _open(path: Path, read_as: Mapping[str, Any]) -> xr.DataArray:
    """Open a file as a record says; what it says may be of no use, as it is but text that somebody has edited."""
    try:
        # What meant nothing to a file was passed over by earlier versions, and kept.
        return without_idle(surveys.open, path, options(read_as))[0]
    except (surveys.SurveyError, OSError, MemoryError):
        raise
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as error:
        said = ", ".join(f"{name}={value!r:.40}" for name, value in read_as.items()) or "nothing"
        raise ProjectError(
            f"it cannot be read as the session says ({said})", "Name the survey, with how it is to be read", path=path
        ) from error


def _restack(maps: tuple[StackedMap, ...], finder: Finder, lost: list[FileReference]) -> xr.DataArray | None:
    parts: list[Any] = []
    for one in maps:
        path = finder.find(one.file)
        if path is None:
            lost.append(one.file)
            continue
        if polygons.can_read(path):
            try:
                parts.append(read_polygons(at_hand(path, whole=True), one.class_field or None))
            except (NotThere, Large):
                lost.append(one.file)
            continue
        survey = _at_hand(path, one.read_as)
        if survey is None:
            lost.append(one.file)
            continue
        parts.append(Categories(survey) if one.categorical else survey)
    return stack(parts) if len(parts) == len(maps) else None
