"""Room on a disk: looked for, and reserved for a file before anything is written into it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What the system says of a full disk, a file that may not be as large, and a quota that is used up."""

_ZEROS = 1 << 22
_WRITTEN = 1 << 30
"""Most bytes of 0 that are written where the system knows no other way to reserve room."""
_BLOCK = 512
"""What `st_blocks` counts in, whatever the disk does."""


class NoRoom(OSError):
    """A file that does not fit on its disk; the message is a sentence for a person."""

    def __str__(self) -> str:
        return f"{self.filename}: there is no room on its disk ({self.strerror}): make room there"


def reserve(path: str | os.PathLike[str]) -> None:
    """Give room on the disk to all of a file that has none yet; its content stays.

    Raises
    ------
    NoRoom
        When there is no room.
    """
    found = os.stat(path)
    taken = getattr(found, "st_blocks", None)
    if taken is None or taken * _BLOCK >= found.st_size:
        return
    try:
        with open(path, "r+b") as file:
            for begin, size in _holes(file, found.st_size):
                _reserve(file, begin, size, found.st_size - taken * _BLOCK)
    except OSError as error:
        raise named(error, Path(path)) from error


def room(path: str | os.PathLike[str]) -> int:
    """Return the bytes that are free on the disk of a path, which need not be there yet."""
    folder = Path(path).absolute()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def check_room(path: str | os.PathLike[str], n_bytes: int) -> None:
    """Look for room on the disk of a path before time is spent.

    Raises
    ------
    NoRoom
        With the sizes, when the disk has less room than that.
    """
    free = room(path)
    if free < n_bytes:
        words = f"{_in_words(n_bytes)} are needed and {_in_words(free)} are free"
        raise NoRoom(errno.ENOSPC, words, str(path))


def is_full(error: BaseException) -> bool:
    """Tell whether an error means that there is no more room on a disk."""
    return isinstance(error, OSError) and error.errno in FULL


@contextlib.contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Name the file in what the system says while it is written."""
    try:
        yield
    except OSError as error:
        raise named(error, Path(path)) from error


def named(error: OSError, path: Path) -> OSError:
    """Return an error with the name of the file; `NoRoom` where the disk is full."""
    kind = NoRoom if is_full(error) else OSError
    return kind(error.errno, error.strerror or str(error), str(path))


def _in_words(n_bytes: float) -> str:
    for unit in ("kB", "MB"):
        n_bytes /= 1000
        if n_bytes < 1000:
            return f"{n_bytes:.1f} {unit}"
    return f"{n_bytes / 1000:,.1f} GB"


def give_room(file: IO[bytes], begin: int, size: int) -> None:
    """Make a new file longer by zeros that have their room."""
    file.flush()
    if size <= 0:
        return
    check_room(file.name, size)
    if not hasattr(os, "posix_fallocate") and os.name == "posix" and size <= _WRITTEN:
        _write_zeros(file, begin, size)
        return
    os.ftruncate(file.fileno(), begin + size)  # under Windows this reserves
    _reserve(file, begin, size, size)


def _reserve(file: IO[bytes], begin: int, size: int, missing: int) -> None:
    """Reserve what lies nowhere yet, or look whether there is room for it where the system reserves none."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), begin, size)
            return
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
    check_room(file.name, missing)


def _write_zeros(file: IO[bytes], begin: int, size: int) -> None:
    file.seek(begin)
    zeros = bytes(min(_ZEROS, size))
    while size > 0:
        size -= file.write(zeros[: min(len(zeros), size)])
    file.flush()


def _holes(file: IO[bytes], size: int) -> list[tuple[int, int]]:
    """Return begin and length of what lies nowhere on the disk; the whole file where the system does not say."""
    if not hasattr(os, "SEEK_HOLE"):
        return [(0, size)]
    found: list[tuple[int, int]] = []
    at = 0
    try:
        while at < size:
            begin = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            if begin >= size:
                break
            try:
                at = os.lseek(file.fileno(), begin, os.SEEK_DATA)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                at = size  # nothing but a hole up to the end
            found.append((begin, at - begin))
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
        return [(0, size)]
    return found
