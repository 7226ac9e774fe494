"""The label volume: one memory-mapped ``.npy`` of uint8, 0 where nothing is known.

The viewer paints into it and the training process reads the same bytes; the file is the truth, so a crash
loses nothing. Its header is plain npy, so ``numpy.load(path, mmap_mode="r")`` opens it anywhere.
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.text import look

DTYPE = np.dtype(np.uint8)

_COUNTED = 2**20
"""Voxels counted at once: short enough for other threads to get their turn in between."""


def create(path: str | Path, shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[np.uint8]]:
    """Open the label volume of this shape, made unlabelled where there is none yet.

    Existing labels are never touched: a file of the same shape is opened as it is, any other is refused. A
    new file is sparse: it takes room on the disk only where something is painted.

    Parameters
    ----------
    path : str or Path
        A ``.npy`` file in an existing folder.
    shape : tuple of int
        Shape of the survey's spatial axes.

    Returns
    -------
    numpy.memmap
        uint8, writable.

    Raises
    ------
    LabelError
        When the file is something else, cannot be made, or the disk lacks room for it.

    Examples
    --------
    >>> from napari_fhn.labels import volume
    >>> labels = volume.create("labels.npy", (4, 5, 6))
    >>> labels[2, 3] = 1
    >>> int(volume.create("labels.npy", (4, 5, 6)).sum())
    6
    """
    path = Path(path)
    shape = tuple(int(n) for n in shape)
    if not shape or min(shape) < 1:
        raise LabelError(f"a label volume of shape {shape} would be empty", "Use the survey's shape", path=path)
    size = math.prod(shape)
    try:
        if not path.exists():
            free = shutil.disk_usage(path.absolute().parent).free
            if size > free:
                # Painting into a mapped file on a full disk ends the program, without an error to catch.
                raise LabelError(
                    f"labels of shape {shape} may take {size / 1e9:.1f} GB, the disk has {free / 1e9:.1f} GB left",
                    "Make room, or use another folder",
                    path=path,
                )
            # Exclusively: whoever comes second opens what the first has made.
            with path.open("xb") as file:
                header = {"descr": DTYPE.str, "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                file.truncate(file.tell() + size)
    except FileExistsError:
        pass
    except OSError as error:
        raise LabelError(f"it cannot be made: {error.strerror or error}", "Use another folder", path=path) from error
    labels = open(path, "r+")
    if labels.shape != shape:
        raise LabelError(
            f"it holds labels of another survey (shape {labels.shape}, not {shape})",
            "Use another name; it was left as it is",
            path=path,
        )
    return labels


def open(path: str | Path, mode: Literal["r", "r+"] = "r+") -> np.memmap[Any, np.dtype[np.uint8]]:
    """Open an existing label volume.

    Parameters
    ----------
    path : str or Path
        A ``.npy`` file.
    mode : {"r+", "r"}
        Writable, or read-only.

    Returns
    -------
    numpy.memmap
        uint8.

    Raises
    ------
    LabelError
        When it is missing, damaged or holds something else than uint8 labels.
    """
    path = Path(path)
    if path.exists():
        look(path)
    try:
        # Read-only first: mapped for writing, numpy would silently pad a file that has been cut short.
        labels = np.load(path, mmap_mode="r", allow_pickle=False)
        if mode == "r+":
            labels = np.load(path, mmap_mode="r+", allow_pickle=False)
    except FileNotFoundError as error:
        raise LabelError("there is no such label volume", "Make one first", path=path) from error
    except OSError as error:
        raise LabelError(f"it cannot be opened: {error.strerror or error}", "Check the file", path=path) from error
    except Exception as error:
        # numpy passes on what its parser of headers raises, from ValueError to tokenize.TokenError.
        raise LabelError(f"it is no whole npy array ({error})", "Use another file", path=path) from error
    if not isinstance(labels, np.memmap) or labels.dtype != DTYPE or not labels.flags.c_contiguous:
        found = getattr(labels, "dtype", type(labels).__name__)
        raise LabelError(f"it is no label volume (values are {found}, not uint8)", "Use another file", path=path)
    return labels


def count(values: NDArray[np.uint8]) -> dict[int, int]:
    """Count the voxels of each class, some at a time: label volumes may be larger than memory.

    Parameters
    ----------
    values : ndarray or memmap of uint8
        Of any shape; 0 is unlabelled and left out.

    Returns
    -------
    dict of int to int
        Voxels of each label value that occurs.

    Examples
    --------
    >>> count(np.array([[0, 2], [2, 1]], np.uint8))
    {1: 1, 2: 2}
    """
    total = np.zeros(256, np.int64)
    flat = values.reshape(-1)
    for start in range(0, flat.size, _COUNTED):
        part = np.asarray(flat[start : start + _COUNTED])
        part = part[part != 0]
        if part.size:
            total += np.bincount(part, minlength=256)
    return {int(value): int(total[value]) for value in np.flatnonzero(total)}
