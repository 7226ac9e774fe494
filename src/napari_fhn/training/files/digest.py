"""A short word for all that a file holds: equal for equal files only."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import Any

from napari_fhn import mapped
from napari_fhn.large import is_large

_BYTES = 16


def digest(path: str | Path) -> str:
    """Return the BLAKE2b digest of a file, or of a large array, read piece by piece.

    Parameters
    ----------
    path : path-like
        Such as a label volume; of any size.

    Returns
    -------
    str
        32 hexadecimal digits.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        # Of which there may be no end.
        raise OSError(errno.EINVAL, "it is a device or a pipe, and no file", os.fspath(path))
    if is_large(path):
        found = hashlib.blake2b(digest_size=_BYTES)
        array: Any = mapped.open(path)
        # Of the values alone: whether shards lie open or packed changes nothing.
        for box in array.written():
            values = array[box]
            if values.any():
                found.update(repr([(one.start, one.stop) for one in box]).encode())
                found.update(values)
        return found.hexdigest()
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=_BYTES)).hexdigest()
