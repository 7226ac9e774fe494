"""The label volume: one memory-mapped ``.npy`` of uint8, 0 where nothing is known (of a large survey in shards).

The viewer paints into it and the training process reads the same bytes; the file is the truth, so a crash
loses nothing. Its header is plain npy, so ``numpy.load(path, mmap_mode="r")`` opens it anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.tables.text import look
from napari_fhn.large import Large, is_large

DTYPE = np.dtype(np.uint8)

_COUNTED = 2**20
"""Voxels counted at once: short enough for other threads to get their turn in between."""


def create(path: str | Path, shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[np.uint8]]:
    """Open the label volume of this shape, made unlabelled where there is none yet.

    Existing labels are never touched: a file of the same shape is opened as it is, any other is refused. The
    room that it may need is reserved when it is made: to paint on a full disk would end the program.

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
    >>> from napari_fhn.labels.volumes import volume
    >>> labels = volume.create("labels.npy", (4, 5, 6))
    >>> labels[2, 3] = 1
    >>> int(volume.create("labels.npy", (4, 5, 6)).sum())
    6
    """
    path = Path(path)
    shape = tuple(int(n) for n in shape)
    if not shape or min(shape) < 1:
        raise LabelError(f"a label volume of shape {shape} would be empty", "Use the survey's shape", path=path)
    try:
        if not path.exists():
            # Exclusively: whoever comes second opens what the first has made.
            mapped.create(path, shape, DTYPE, exclusive=True)
    except FileExistsError:
        pass
    except OSError as error:
        raise _unwritable(error, f"labels of shape {shape} cannot be made", path) from error
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
        When it is missing, damaged or holds something else than uint8 labels, or is to be written and lacks room.
    """
    path = Path(path)
    if path.exists() and not is_large(path):
        look(path)
    try:
        labels = mapped.open(path, mode)
    except FileNotFoundError as error:
        raise LabelError("there is no such label volume", "Make one first", path=path) from error
    except mapped.DamagedArray as error:
        raise LabelError(
            f"it is no whole npy array ({error.what})", "Put a copy of it back, or use another file", path=path
        ) from error
    except OSError as error:
        raise _unwritable(error, "it cannot be opened", path) from error
    if labels.dtype != DTYPE or not (is_large(path) or labels.flags.c_contiguous):
        raise LabelError(f"it is no label volume (values are {labels.dtype}, not uint8)", "Use another file", path=path)
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
    for part in _pieces(values):
        part = part[part != 0]
        if part.size:
            total += np.bincount(part, minlength=256)
    total[0] = 0  # labelled when looked for and rubbed out when counted: somebody paints meanwhile
    return {int(value): int(total[value]) for value in np.flatnonzero(total)}


def _pieces(values: NDArray[np.uint8] | Large) -> Iterator[NDArray[np.uint8]]:
    if isinstance(values, Large):
        yield from (values[box] for box in values.written())
        return
    flat = values.reshape(-1)
    for start in range(0, flat.size, _COUNTED):
        yield np.asarray(flat[start : start + _COUNTED])


def _unwritable(error: OSError, what: str, path: Path) -> LabelError:
    if mapped.is_full(error):
        return LabelError(
            f"{what}: there is no room on the disk ({error.strerror})",
            "Make room, or use another folder",
            path=path,
        )
    return LabelError(f"{what}: {error.strerror or error}", "Use another folder", path=path)
