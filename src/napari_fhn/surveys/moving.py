"""Files that appear whole or not at all: a temporary name in the same folder, then one move into place."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from napari_fhn.surveys.errors import SurveyError

_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
_LOCK, _OLD = "lock", "replaced"


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
    beside the yielded path (an ENVI header) along with it; on failure it is removed and `path` is as it was. What a
    killed process left behind is removed by the next call with the same path.

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
        When the system cannot write there, or the disk is full.
    """
    with sentences(path):
        _sweep(path)
        hidden = _hidden(path)
        held = None
        try:
            held = lock(hidden / _LOCK)
            yield hidden / path.name
            for item in hidden.iterdir():
                # On disk before it takes the name, or a power cut could leave an empty file in place of a good one.
                sync(item)
            moved = [item for item in hidden.iterdir() if item.name not in (_LOCK, path.name)]
            for item in [*moved, hidden / path.name]:
                target = path.with_name(item.name)
                if item.is_dir() and target.exists():
                    os.replace(target, hidden / _OLD)
                os.replace(item, target)
        finally:
            if held is not None:
                held.close()
            _clear(hidden, path)


def _hidden(path: Path) -> Path:
    """Make a folder that nobody else has, not even a killed process of the same number."""
    for number in range(1000):
        hidden = path.with_name(f".{path.name}.{os.getpid()}{f'-{number}' if number else ''}.partial")
        with suppress(FileExistsError):
            hidden.mkdir()
            return hidden
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _sweep(path: Path) -> None:
    """Remove what killed processes left of earlier attempts."""
    for hidden in path.absolute().parent.glob(f".{glob.escape(path.name)}.*.partial"):
        if not (hidden / _LOCK).exists():
            continue
        held = lock(hidden / _LOCK)
        if held is None:
            continue
        held.close()
        _clear(hidden, path)


def _clear(hidden: Path, path: Path) -> None:
    """Remove a hidden folder; a folder set aside in it gets its name back where nothing took its place."""
    if (hidden / _OLD).exists() and not path.exists():
        os.replace(hidden / _OLD, path)
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
    """Flush a file, or every file of a folder, to the disk."""
    files = [item for item in path.rglob("*") if item.is_file()] if path.is_dir() else [path]
    for item in files:
        with item.open("rb+") as file:
            os.fsync(file.fileno())
