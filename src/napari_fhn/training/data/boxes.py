"""Boxes of an array that may reach over its border, and boxes that are left out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.sentence import counted
from napari_fhn.training.errors import JobError


def within(box: Box, other: Box) -> tuple[slice, ...]:
    """Return the part of a box that another covers, as an index into the box; empty where they are apart."""
    return tuple(
        slice(max(a, c) - a, max(min(b, d), max(a, c)) - a)
        for a, b, c, d in zip(box.start, box.stop, other.start, other.stop, strict=True)
    )


def read_padded(array: NDArray[np.generic], box: Box) -> NDArray[np.uint8]:
    """Read a box of small whole numbers.

    Parameters
    ----------
    array : ndarray
        Memory-mapped or not.
    box : Box
        May reach over the border of the array.

    Returns
    -------
    ndarray
        ``box.shape``, a copy; 0 outside.
    """
    out = np.zeros(box.shape, np.uint8)
    whole = Box.whole(array.shape)
    out[within(box, whole)] = array[
        tuple(slice(a + part.start, a + part.stop) for a, part in zip(box.start, within(box, whole), strict=True))
    ]
    return out


def clear(values: NDArray[np.uint8], box: Box, others: Iterable[Box]) -> None:
    """Set the values of a box to 0 wherever one of the other boxes lies."""
    for other in others:
        values[within(box, other)] = 0


def check_axes(what: str, boxes: Iterable[Box], shape: tuple[int, ...]) -> None:
    """Refuse boxes with another number of axes than the labels.

    Raises
    ------
    JobError
        With the box.
    """
    for box in boxes:
        if len(box.start) != len(shape):
            raise JobError(
                f"the {what} box from {box.start} to {box.stop} needs {counted(len(shape), 'axes')}, like the labels"
            )
