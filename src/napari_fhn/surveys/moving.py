"""Files that appear whole or not at all: a temporary name in the same folder, then one move into place."""

from __future__ import annotations

import errno
import glob
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from napari_fhn import record
from napari_fhn.leftovers import is_gone
from napari_fhn.record.aside import settle
from napari_fhn.regular import leads_away
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.remote.addresses import check_here
from napari_fhn.surveys.swapping import put_in_place

_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
_LOCK, _OLD, _WHOLE = "lock", "replaced", "whole.json"


def bytes_text(n: float) -> str:
    """Say a number of bytes the way people do."""
    for unit in ("bytes", "kB", "MB"):
        if n < 1000:
            return f"{n:.0f} {unit}" if unit == "bytes" else f"{n:.1f} {unit}"
        n /= 1000
    return f"{n:.1f} GB"


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn what the system says while `path` is written into a `SurveyError`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL or "no space left" in str(error).lower():
            free = bytes_text(_free(path))
            raise SurveyError(
                path,
                f"the disk is full ({free} free); what was there before is untouched",
                "Make room, or choose another place",
            ) from error
        raise SurveyError(path, f"it cannot be written: {error.strerror or error}", "Choose another place") from error


def check_room(path: Path, n_bytes: int) -> None:
    """Refuse before any time is spent what cannot fit on the disk.

    Parameters
    ----------
    path : Path
        Where to write; its folder exists.
    n_bytes : int
        How much will be written.

    Raises
    ------
    SurveyError
        When the disk has less room than that.
    """
    free = _free(path)
    if free < n_bytes:
        raise SurveyError(
            path,
            f"it needs {bytes_text(n_bytes)}, but the disk has only {bytes_text(free)} free",
            "Make room, or choose another place",
        )


def _free(path: Path) -> int:
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path whose content takes the name `path` once it is complete.

    Everything lies in a hidden folder beside `path`. On success it is flushed to the disk and moved, whatever lies
    beside the yielded path (an ENVI header) along with it; on failure it is removed and `path` is as it was. Whenever
    the process is killed, the old or the new is there under its name; what it left is put right by the next call.

    Parameters
    ----------
    path : Path
        A file, or a folder that is replaced as a whole.

    Yields
    ------
    Path
        Of the same name, in the hidden folder; to be created by the caller, as a file or a folder.

    Raises
    ------
    SurveyError
        When a link lies there, the system cannot write there, or the disk is full.
    """
    check_here(path)
    check_links([path])
    with sentences(path):
        sweep(path)
        with _hidden(path, f"{os.getpid()}") as hidden:
            yield hidden / path.name
            items = sorted(hidden.iterdir(), key=lambda item: item.name == path.name)
            items = [item for item in items if item.name != _LOCK]
            check_links(path.with_name(item.name) for item in items)
            for item in items:
                # On disk before it takes the name, or a power cut could leave an empty file in place of a good one.
                sync(item)
            if len(items) > 1:
                # What belongs together takes its names one after the other: this tells who was killed in between.
                record.write_bytes(hidden / _WHOLE, json.dumps({item.name: _identity(item) for item in items}).encode())
            _take_names(items, path)


def check_links(paths: Iterable[Path]) -> None:
    """Refuse to write where a link lies.

    Raises
    ------
    SurveyError
        With the link and where it leads.
    """
    for path in paths:
        found = leads_away(path)
        if found is not None:
            raise SurveyError(path, *found)


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """Yield a hidden folder beside a file that is being written, for what it takes on the way.

    Parameters
    ----------
    path : Path
        The file. What a killed process left is removed when it is written again.
    """
    sweep(path)
    with _hidden(path, f"{os.getpid()}-scratch") as folder:
        yield folder


@contextmanager
def _hidden(path: Path, whose: str) -> Iterator[Path]:
    hidden = _own_folder(path, whose)
    held = None
    try:
        held = lock(hidden / _LOCK)
        yield hidden
    finally:
        if held is not None:
            held.close()
        _clear(hidden, path)


def _own_folder(path: Path, whose: str) -> Path:
    """Make a folder that nobody else has, not even a killed process of the same number."""
    for number in range(1000):
        hidden = path.with_name(f".{path.name}.{whose}{f'-{number}' if number else ''}.partial")
        with suppress(FileExistsError):
            hidden.mkdir()
            return hidden
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _take_names(items: Iterable[Path], path: Path) -> None:
    """Move what is complete to where it belongs."""
    for item in items:
        target = path.with_name(item.name)
        if item.is_dir():
            put_in_place(item, target, item.with_name(_OLD))
        else:
            os.replace(item, target)
    settle(path.parent)


def sweep(path: Path) -> None:
    """Put right what killed processes left of earlier attempts to write a file.

    What was complete and half moved is moved to the end, a folder that lost its name gets it back, and all else is
    removed. What a living process writes is left alone.

    Parameters
    ----------
    path : Path
        As it was given to `replacing`.
    """
    for hidden in path.absolute().parent.glob(f".{glob.escape(path.name)}.*.partial"):
        if hidden.is_symlink():
            continue
        if not (hidden / _LOCK).is_file():
            _remove_begun(hidden)
            continue
        held = lock(hidden / _LOCK)
        if held is None:
            continue
        try:
            _take_names(_half_moved(hidden), path)
        finally:
            held.close()
        _clear(hidden, path)


def _half_moved(hidden: Path) -> list[Path]:
    """Return what is left to move of what belongs together; nothing where none of it was moved yet, or all."""
    try:
        whole = record.parse((hidden / _WHOLE).read_bytes())
    except (OSError, record.RecordError):
        return []
    if not isinstance(whole, dict) or any(Path(name).name != name for name in whole):
        return []
    left = [hidden / name for name, identity in whole.items() if _identity(hidden / name) == identity]
    return left if len(left) < len(whole) else []


def _remove_begun(hidden: Path) -> None:
    """Remove a folder in which nothing is yet, if its process is gone."""
    process = hidden.name.split(".")[-2].partition("-")[0]
    if process.isdecimal() and is_gone(int(process), hidden):
        with suppress(OSError):
            hidden.rmdir()


def _identity(path: Path) -> list[int]:
    """Tell a new folder from the old one with which it has traded names."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_dev, found.st_ino]


def _clear(hidden: Path, path: Path) -> None:
    """Remove a hidden folder; a folder set aside in it gets its name back where nothing took its place."""
    if _half_moved(hidden):
        return  # the next call goes on
    if (hidden / _OLD).exists() and not path.exists():
        os.replace(hidden / _OLD, path)
    with suppress(OSError):
        for item in list(hidden.iterdir()):
            if item.name != _LOCK:  # the last to go: a folder without it is nobody's
                shutil.rmtree(item, ignore_errors=True) if item.is_dir() else item.unlink()
    shutil.rmtree(hidden, ignore_errors=True)


def lock(path: Path) -> IO[bytes] | None:
    """Hold a file for this process alone; the system lets go of it however the process ends.

    Parameters
    ----------
    path : Path
        Made when it is not there.

    Returns
    -------
    file or None
        Close it to let go. None when another process holds it.
    """
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network disks know no locks; there nobody can be kept out.
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            file.close()
            return None
    return file


def sync(path: Path) -> None:
    """Flush a file, or every file of a folder and their names, to the disk."""
    inside = [path, *path.rglob("*")] if path.is_dir() else [path]
    for item in inside:
        if item.is_dir():
            settle(item)
        else:
            with item.open("rb+") as file:
                os.fsync(file.fileno())
