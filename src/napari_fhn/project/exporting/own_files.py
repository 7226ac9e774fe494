"""Which files outside sessions this program wrote: those alone are replaced by the next export without a question."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import platformdirs

from napari_fhn import record
from napari_fhn.project.errors import NeedsConsent, ProjectError
from napari_fhn.regular import as_typed, leads_away
from napari_fhn.surveys.out import pam
from napari_fhn.surveys.out.history import SIDECAR
from napari_fhn.surveys.out.saving import ENVI, GEOTIFF

VARIABLE = "NAPARI_FHN_WRITTEN"
OVERWRITE = "overwrite"
"""Name of the consent, as `NeedsConsent` has it."""

_MOST = 2000
"""Files that are remembered; those that were written first are forgotten first."""


class WouldReplace(NeedsConsent):
    """Files that somebody else wrote, or changed since this program did, lie where something is to be written.

    Parameters
    ----------
    files : sequence of Path
        Those files; one at least.
    """

    def __init__(self, files: tuple[Path, ...]) -> None:
        self.files = files
        others = f", as are {', '.join(as_typed(one) for one in files[1:4])}" if len(files) > 1 else ""
        more = f" and {len(files) - 4} more" if len(files) > 4 else ""
        super().__init__(
            f"it is there already{others}{more}, and would be replaced: another program wrote it, or it was changed "
            "since this one did",
            "Choose another name, or let it be replaced with --overwrite",
            consent=OVERWRITE,
            path=files[0],
        )


def store() -> Path:
    """Return the folder that remembers: ``$NAPARI_FHN_WRITTEN``, else one in the platform's folder for user data."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else Path(platformdirs.user_data_dir("napari-fhn", False)) / "written"


def with_companions(path: str | Path) -> tuple[Path, ...]:
    """Return a file and those that may be written beside it under names that others could have taken."""
    path = Path(path)
    header = (path.with_suffix(".hdr"),) if path.suffix.lower() in ENVI else ()
    named = path.with_name(path.name + pam.SUFFIX)
    # A GIS adds what it has counted to ours, which is no reason to ask each night.
    theirs = (named,) if path.suffix.lower() in GEOTIFF and named.exists() and not pam.is_ours(named) else ()
    return (path, *header, *theirs, path.with_name(path.name + SIDECAR))


def strangers(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return those of some files that are there, and are not as this program left them.

    Parameters
    ----------
    paths : iterable of Path
        Files or folders. This program makes no links: one that is there is somebody's, wherever it leads.
    """
    return tuple(path for path in paths if os.path.lexists(path) and (path.is_symlink() or not _is_as_left(path)))


def check_links(paths: Iterable[Path]) -> None:
    """Refuse to write where a link lies, also with the consent to replace: what it leads to is somebody's.

    Raises
    ------
    ProjectError
        With the link and where it leads.
    """
    for path in paths:
        found = leads_away(path)
        if found is not None:
            raise ProjectError(*found, path=path)


def check(paths: Iterable[Path]) -> None:
    """Refuse to replace what this program has not written, or what was changed since.

    Raises
    ------
    WouldReplace
        With the files.
    """
    found = strangers(paths)
    if found:
        raise WouldReplace(found)


@contextlib.contextmanager
def writing(path: str | Path, *, overwrite: bool) -> Iterator[None]:
    """Write a file inside, with what lies beside it: refused where that would replace what is somebody else's.

    Parameters
    ----------
    path : path-like
        The file.
    overwrite : bool
        Replace it, whoever wrote it.

    Raises
    ------
    WouldReplace
        Before anything is written.
    ProjectError
        As `check_links`.

    Examples
    --------
    >>> from pathlib import Path
    >>> for text in ("once", "twice"):
    ...     with writing("mine.txt", overwrite=False):
    ...         _ = Path("mine.txt").write_text(text)
    >>> _ = Path("mine.txt").write_text("what somebody made of it")
    >>> with writing("mine.txt", overwrite=False):
    ...     _ = Path("mine.txt").write_text("three times")
    Traceback (most recent call last):
    napari_fhn.project.exporting.own_files.WouldReplace: mine.txt: it is there already, and would be replaced: ...
    """
    names = with_companions(path)
    check_links(names)
    if not overwrite:
        check(names)
    with remembering(names):
        yield


@contextlib.contextmanager
def remembering(paths: Iterable[Path]) -> Iterator[None]:
    """Remember what is written inside, also where something fails behind it; what stays as it was is not meant."""
    before = {path: _state(path) for path in paths}
    try:
        yield
    finally:
        remember(path for path, state in before.items() if _state(path) != state)


def remember(paths: Iterable[Path]) -> None:
    """Remember files as this program has just written them; one that cannot be remembered is asked about again."""
    # A small file for each, so that programs which write at once take nothing from each other.
    for path in paths:
        state = _state(path)
        with contextlib.suppress(OSError):
            if state:
                store().mkdir(parents=True, exist_ok=True)
                record.write_text(_mark(path), state)
    with contextlib.suppress(OSError):
        marks = list(store().iterdir())
        if len(marks) > _MOST:
            for mark in sorted(marks, key=lambda one: one.stat().st_mtime)[:-_MOST]:
                mark.unlink(missing_ok=True)


def _is_as_left(path: Path) -> bool:
    return _state(path) in {_left(path)} - {""}


def _left(path: Path) -> str:
    """Return how this program left a file; nothing where it did not write it."""
    try:
        with _mark(path).open(encoding="ascii") as file:
            return file.read(100)
    except (OSError, ValueError):
        return ""


def _mark(path: Path) -> Path:
    """Return what remembers a file, whose name tells nobody which."""
    return store() / _digest(os.path.realpath(path))


def _state(path: Path) -> str:
    """Tell whether something was changed: by the sizes and times of its files; nothing where it cannot be looked at."""
    try:
        if not path.is_dir():
            return _digest(*_seen(path))
        inside = sorted(one for one in path.rglob("*") if not one.is_dir())
        return _digest(*(word for one in inside for word in (str(one.relative_to(path)), *_seen(one))))
    except OSError:
        return ""


def _seen(path: Path) -> tuple[str, str]:
    status = path.stat()
    return str(status.st_size), str(status.st_mtime_ns)


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()
