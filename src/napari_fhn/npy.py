"""Memory-mapped ``.npy`` files that may be written: their room on the disk is reserved before anything is.

To write into the map of a file that has no room on its disk is no error that a program could catch: the system ends
it (SIGBUS). So is reading beyond the end of a file that was cut off. Here such files are made whole or not at all,
and what is opened has the size that its header promises.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import math
import os
import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_fhn.disk_room import check_room, give_room, named, naming, reserve
from napari_fhn.leftovers import part_of, take_name
from napari_fhn.record import replacing

_LONGEST_HEADER = 1 << 16
_ZEROS = 1 << 22

Map = np.memmap[Any, np.dtype[Any]]


class DamagedArray(ValueError):
    """A file that is no whole array of numbers; the message names it and says what to do.

    Parameters
    ----------
    path : path-like
        The file.
    what : str
        What is wrong with it.
    """

    def __init__(self, path: str | os.PathLike[str], what: str) -> None:
        super().__init__(f"{os.fspath(path)} is no whole .npy array ({what}): put a copy of it back, or make it again")
        self.path = Path(path)
        self.what = what


def create(
    path: str | os.PathLike[str], shape: Sequence[int], dtype: DTypeLike, *, exclusive: bool = False, order: str = "C"
) -> Map:
    """Make a file of zeros that has its room on the disk, and map it for writing.

    It takes its name when it is whole; until then a file of that name stays as it was, and so does the map of whoever
    looks at that one.

    Parameters
    ----------
    path : path-like
        Of the file, in a folder that is there.
    shape : sequence of int
        Without axes of length 0.
    dtype : dtype-like
        Of numbers.
    exclusive : bool
        Make it only where there is none.
    order : {"C", "F"}
        Which axis runs fastest: the last, or the first.

    Returns
    -------
    numpy.memmap
        All 0, writable.

    Raises
    ------
    FileExistsError
        When it has to be new and is not.
    NoRoom
        When the disk has no room for it; nothing is left of it then.
    OSError
        When it cannot be written; nothing is left of it then.

    Examples
    --------
    >>> from napari_fhn import npy
    >>> made = npy.create("classes.npy", (4, 5), np.uint8)
    >>> made[2] = 7
    >>> int(npy.open("classes.npy")[2, 0])
    7
    """
    path = Path(path)
    shape = tuple(int(n) for n in shape)
    kind = np.dtype(dtype)
    if exclusive and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    part = part_of(path)
    try:
        with builtins.open(part, "xb") as file:
            header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": order == "F", "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            begin = file.tell()
            give_room(file, begin, math.prod(shape) * kind.itemsize)
            os.fsync(file.fileno())
        take_name(part, path, exclusive)
    except OSError as error:
        raise named(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return np.memmap(path, kind, "r+", begin, shape, "F" if order == "F" else "C")


def save(path: str | os.PathLike[str], values: NDArray[Any]) -> None:
    """Write an array into a file, which takes its name when it is whole and on the disk.

    Parameters
    ----------
    path : path-like
        Of the file, in a folder that is there. One of that name stays as it was until then.
    values : ndarray
        Numbers, of any shape.

    Raises
    ------
    NoRoom
        When the disk has no room for it; nothing is left of it then.
    OSError
        When it cannot be written; nothing is left of it then.
    """
    with naming(path), replacing(path) as file:
        check_room(path, values.nbytes)
        head = {"descr": np.lib.format.dtype_to_descr(values.dtype), "fortran_order": False, "shape": values.shape}
        np.lib.format.write_array_header_1_0(file, head)
        # Piece by piece: numpy's own way of writing does not say why it could not.
        flat = values.reshape(-1)
        for begin in range(0, flat.size, _ZEROS):
            file.write(flat[begin : begin + _ZEROS].tobytes())


def copy(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Copy a file as a whole, or not at all; the copy is on the disk when it takes its name.

    Raises
    ------
    NoRoom
        When the disk has no room for it; nothing is left of it then.
    OSError
        When it cannot be written; nothing is left of it then.
    """
    with naming(target), builtins.open(source, "rb") as original, replacing(target) as file:
        check_room(target, os.fstat(original.fileno()).st_size)
        shutil.copyfileobj(original, file, _ZEROS)


def open(path: str | os.PathLike[str], mode: Literal["r", "r+", "c"] = "r") -> Map:
    """Map a ``.npy`` file that is as long as its header says.

    Parameters
    ----------
    path : path-like
        Of the file.
    mode : {"r", "r+", "c"}
        To read; to write, for which room is reserved where the file has holes; to write into memory alone.

    Returns
    -------
    numpy.memmap
        Of the shape and type in the header.

    Raises
    ------
    DamagedArray
        When it is no whole array of numbers. The file is left as it is.
    FileNotFoundError
        When it is not there.
    NoRoom
        When it is to be written, and what of it lies nowhere on the disk yet has no room there.
    OSError
        When it cannot be read.
    """
    path = Path(path)
    shape, kind, fortran, begin = header(path)
    if 0 in shape:
        raise DamagedArray(path, f"its shape is {shape}, which holds nothing")
    if mode == "r+":
        reserve(path)
    try:
        return np.memmap(path, kind, mode, begin, shape, "F" if fortran else "C")
    except (ValueError, OverflowError) as error:
        raise DamagedArray(path, str(error)) from error


def header(path: str | os.PathLike[str]) -> tuple[tuple[int, ...], np.dtype[Any], bool, int]:
    """Read what a ``.npy`` file holds, and look whether it is there.

    Returns
    -------
    shape : tuple of int
        Of the array.
    dtype : numpy.dtype
        Of its values.
    fortran : bool
        Whether the first axis runs fastest.
    begin : int
        Where its values begin, in bytes.

    Raises
    ------
    DamagedArray
        When it is no array, one of Python objects, or shorter than it says.
    OSError
        When it cannot be read.
    """
    path = Path(path)
    # Looked at before it is opened: a pipe of this name would wait for a writer for ever.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise DamagedArray(path, "it is no file")
    with builtins.open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise DamagedArray(path, "it is empty")
        try:
            version = np.lib.format.read_magic(file)
            if version == (1, 0):
                shape, fortran, kind = np.lib.format.read_array_header_1_0(file, _LONGEST_HEADER)
            else:
                shape, fortran, kind = np.lib.format.read_array_header_2_0(file, _LONGEST_HEADER)
        except OSError:
            raise
        except Exception as error:
            # numpy passes on what its parser raises, from ValueError to tokenize.TokenError and RecursionError.
            raise DamagedArray(path, f"its header cannot be read ({' '.join(str(error).split())[:200]})") from error
        begin = file.tell()
    if kind.hasobject or kind.itemsize == 0:
        raise DamagedArray(path, f"its values are {kind}, and numbers are expected")
    if any(type(n) is not int or n < 0 for n in shape):
        raise DamagedArray(path, f"its shape is {shape}")
    promised = begin + math.prod(shape) * kind.itemsize
    if size < promised:
        raise DamagedArray(path, f"it has {size} bytes, and its header promises {promised}")
    return shape, kind, fortran, begin


def sync(array: NDArray[Any]) -> None:
    """Bring to the disk what was written into a map, or into a view of one; does nothing for arrays in memory.

    Raises
    ------
    OSError
        When the disk does not take it; the message names the file.
    """
    base: Any = array
    while base is not None and not isinstance(base, np.memmap):
        base = getattr(base, "base", None)
    if base is None:
        return
    try:
        base.flush()
    except OSError as error:
        raise named(error, Path(base.filename or "")) from error


def sync_beside(array: NDArray[Any]) -> None:
    """Bring a map to the disk as `sync` does, without holding up other threads of the process meanwhile.

    Raises
    ------
    OSError
        When the disk does not take it; the message names the file.
    """
    filename = getattr(array, "filename", None)
    if not sys.platform.startswith("linux") or filename is None:
        sync(array)
        return
    # Python holds its lock while it flushes a map. Linux knows of pages that were written through a map, and brings
    # them to the disk with the file.
    try:
        handle = os.open(filename, os.O_RDONLY)
    except OSError:
        sync(array)  # it has another name now, or none
        return
    try:
        os.fsync(handle)
    except OSError as error:
        raise named(error, Path(filename)) from error
    finally:
        os.close(handle)
