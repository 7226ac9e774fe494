"""What is said between a desk and a worker far away: one JSON object in each line, arrays packed into it.

A line is never longer than a line between two processes here (`training/machine/pipes.py`), and what comes out of a
packed array is exactly as long as was agreed before: nothing that is sent can fill the other end's memory.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.training.errors import JobError

VERSION = 1

PIECE = 1 << 22
"""Bytes of a file, or voxels of a box, that are sent in one line at most."""


def line(message: dict[str, Any]) -> bytes:
    """Return a message as a line."""
    return json.dumps(message).encode() + b"\n"


def read(said: bytes | None) -> dict[str, Any]:
    """Return the message of a line.

    Raises
    ------
    ValueError
        When there is none.
    """
    if said is None:
        raise JobError("a line is too long")
    message = record.parse(said)
    if not isinstance(message, dict):
        raise JobError("a line is no object")
    return message


def packed(data: bytes) -> str:
    """Return bytes as text, compressed: labels are zeros nearly everywhere."""
    return base64.b64encode(zlib.compress(data, 1)).decode()


def unpacked(text: object, size: int) -> bytes:
    """Return so many bytes of a text.

    Parameters
    ----------
    text : str
        From :func:`packed`.
    size : int
        How many they must be, at most :data:`PIECE` times the bytes of a number.

    Raises
    ------
    JobError
        When they are not, or it is no such text.

    Examples
    --------
    >>> unpacked(packed(bytes(1000)), 1000) == bytes(1000)
    True
    """
    if not isinstance(text, str) or not 0 <= size <= 8 * PIECE:
        raise JobError("data are missing, or too many")
    try:
        opener = zlib.decompressobj()
        found = opener.decompress(base64.b64decode(text, validate=True), size + 1)
    except (ValueError, zlib.error) as error:
        raise JobError(f"data cannot be unpacked ({error})") from error
    if len(found) != size:
        raise JobError(f"data are {len(found)} bytes where {size} were said")
    return found


def box_of(message: dict[str, Any], shape: tuple[int, ...]) -> Box:
    """Return the box that a message is about.

    Raises
    ------
    JobError
        When there is none, it reaches outside, or it is too large for one line.
    """
    box = record.decode(Box, message.get("box"))
    inside = len(box.start) == len(shape) and all(
        0 <= a < b <= n for a, b, n in zip(box.start, box.stop, shape, strict=True)
    )
    if not inside or int(np.prod(box.shape, dtype=np.int64)) > PIECE:
        raise JobError(f"a box from {box.start} to {box.stop} is not one of an array of {shape}, or too large")
    return box


def values(text: object, box: Box, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the packed values of a box."""
    size = int(np.prod(box.shape, dtype=np.int64)) * dtype.itemsize
    return np.frombuffer(unpacked(text, size), dtype).reshape(box.shape)


def pieces(box: Box) -> Iterator[Box]:
    """Cut a box until each part fits into a line.

    Examples
    --------
    >>> len(list(pieces(Box((0, 0), (4, 1 << 21)))))
    2
    """
    if int(np.prod(box.shape, dtype=np.int64)) <= PIECE:
        yield box
        return
    axis = int(np.argmax(box.shape))
    middle = (box.start[axis] + box.stop[axis]) // 2
    first = (*box.stop[:axis], middle, *box.stop[axis + 1 :])
    second = (*box.start[:axis], middle, *box.start[axis + 1 :])
    yield from pieces(Box(box.start, first))
    yield from pieces(Box(second, box.stop))
