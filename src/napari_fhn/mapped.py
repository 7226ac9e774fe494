"""Arrays in files, as the program uses them: memory-mapped ``.npy``, and large ones in shards.

What is called ``NAME.zarr`` in place of ``NAME.npy`` is a large array (`napari_fhn.large`); all else is a file of
`napari_fhn.npy`. Both are made, opened, copied and removed here, and used in the same way.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_fhn import npy
from napari_fhn.disk_room import FULL, NoRoom, check_room, is_full, naming, reserve, room
from napari_fhn.large import Large, is_large, layout
from napari_fhn.npy import DamagedArray, Map, save

__all__ = [
    "FULL",
    "DamagedArray",
    "Map",
    "NoRoom",
    "check_room",
    "copy",
    "create",
    "header",
    "hold",
    "is_full",
    "is_there",
    "is_whole",
    "layer",
    "open",
    "pack",
    "remove",
    "reserve",
    "room",
    "save",
    "sync",
    "sync_beside",
]


def create(
    path: str | os.PathLike[str], shape: Sequence[int], dtype: DTypeLike, *, exclusive: bool = False, order: str = "C"
) -> Map:
    """Make an array of zeros that has its room on the disk, and open it for writing.

    It takes its name when it is whole. Parameters and errors are those of `napari_fhn.npy.create`; in a large array the
    last axis runs fastest.

    Examples
    --------
    >>> import napari_fhn.mapped as mapped
    >>> made = mapped.create("classes.npy", (4, 5), np.uint8)
    >>> made[2] = 7
    >>> int(mapped.open("classes.npy")[2, 0])
    7
    """
    if is_large(path):
        with naming(path):
            return cast("Map", Large.create(Path(path), tuple(map(int, shape)), dtype, exclusive=exclusive))
    return npy.create(path, shape, dtype, exclusive=exclusive, order=order)


def copy(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Copy an array as a whole, or not at all; see `napari_fhn.npy.copy`.

    The copy is on the disk when it takes its name.
    """
    if is_large(source):
        with naming(target):
            layout.copy(Path(source), Path(target))
    else:
        npy.copy(source, target)


def open(path: str | os.PathLike[str], mode: Literal["r", "r+", "c"] = "r") -> Map:
    """Open an array: a file, mapped, that is as long as its header says, or a large one.

    Parameters and errors are those of `napari_fhn.npy.open`.
    """
    return cast("Map", Large.open(Path(path), writable=mode == "r+")) if is_large(path) else npy.open(path, mode)


def is_whole(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is there and can be mapped for reading, as far as its header and its size say."""
    try:
        return 0 not in header(path)[0]
    except (OSError, DamagedArray):
        return False


def is_there(path: str | os.PathLike[str]) -> bool:
    """Tell whether there is a file of that name, or a large array."""
    return Path(path).is_file() or (is_large(path) and Path(path).is_dir())


def remove(path: str | os.PathLike[str]) -> None:
    """Remove an array; what is gone already is no error.

    Raises
    ------
    OSError
        When it cannot be removed.
    """
    if not is_large(path):
        Path(path).unlink(missing_ok=True)
    elif not layout.remove(Path(path)):
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(path))


def pack(array: NDArray[Any] | Large) -> None:
    """Let a large array lie as small as it can, once the work on it has come to an end; does nothing for others.

    Raises
    ------
    OSError
        When the disk does not take it: it stays as it is then, and is right.
    """
    if isinstance(array, Large):
        array.pack()


def hold(array: NDArray[Any] | Large) -> int:
    """Keep an array readable though its file should go, as a mapped one is; return how many parts could not be held."""
    return array.hold() if isinstance(array, Large) else 0


def layer(array: NDArray[Any] | Large, number: int) -> NDArray[Any]:
    """Return ``array[number]`` without reading it, of a large array too."""
    return cast("NDArray[Any]", array.layer(number) if isinstance(array, Large) else array[number])


def header(path: str | os.PathLike[str]) -> tuple[tuple[int, ...], np.dtype[Any], bool, int]:
    """Read what an array holds, and look whether it is there; see `napari_fhn.npy.header`.

    Of a large array the first axis never runs fastest, and no byte is the first of its values.
    """
    if is_large(path):
        cut = layout.read(Path(path))
        return cut.shape, cut.dtype, False, 0
    return npy.header(path)


def sync(array: NDArray[Any] | Large) -> None:
    """Bring to the disk what was written into an array; see `napari_fhn.npy.sync`.

    Does nothing for arrays in memory.
    """
    if isinstance(array, Large):
        array.flush()
    else:
        npy.sync(array)


def sync_beside(array: NDArray[Any] | Large) -> None:
    """Bring an array to the disk as `sync` does; see `napari_fhn.npy.sync_beside`.

    Other threads of the process are not held up meanwhile.
    """
    if isinstance(array, Large):
        array.flush()
    else:
        npy.sync_beside(array)
