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

from napari_fhn.labels.errors import LabelError

DTYPE = np.dtype(np.uint8)


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
    try:
        # Read-only first: mapped for writing, numpy would silently pad a file that has been cut short.
        labels = np.load(path, mmap_mode="r", allow_pickle=False)
        if mode == "r+":
            labels = np.load(path, mmap_mode="r+", allow_pickle=False)
    except FileNotFoundError as error:
        raise LabelError("there is no such label volume", "Make one first", path=path) from error
    except OSError as error:
        raise LabelError(f"it cannot be opened: {error.strerror or error}", "Check the file", path=path) from error
    except (ValueError, EOFError, SyntaxError) as error:
        raise LabelError(f"it is no whole npy array ({error})", "Use another file", path=path) from error
    if not isinstance(labels, np.memmap) or labels.dtype != DTYPE or not labels.flags.c_contiguous:
        found = getattr(labels, "dtype", type(labels).__name__)
        raise LabelError(f"it is no label volume (values are {found}, not uint8)", "Use another file", path=path)
    return labels
