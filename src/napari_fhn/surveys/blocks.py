"""Arrays larger than memory, a piece at a time: what numpy, memory maps, Zarr and xarray have in common."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

#: Values in memory at once, in bytes, about.
BLOCK_BYTES = 32 * 2**20

#: Told the share that is done, 0 to 1; what it raises ends the work and leaves no trace of it.
Told = Callable[[float], None]


class ArrayLike(Protocol):
    """Anything with a shape and a type that gives values when it is sliced."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""

    @property
    def ndim(self) -> int:
        """Number of axes."""

    @property
    def dtype(self) -> Any:
        """Type of the values."""

    def __getitem__(self, key: Any, /) -> Any:
        """Values of a tuple of slices."""


def read(values: ArrayLike, *key: int | slice) -> NDArray[Any]:
    """Read a piece of an array-like as numpy."""
    return np.asarray(values[key])


def pieces(values: ArrayLike, axis: int = 0, limit: int = BLOCK_BYTES, itemsize: int = 0) -> Iterator[slice]:
    """Cut an axis so that a slab of the array fits into a number of bytes.

    Parameters
    ----------
    values : ArrayLike
        Where it comes in chunks, cuts fall between them as far as the limit allows.
    axis : int
        The axis to cut.
    limit : int
        Bytes of a slab; one index is the least.
    itemsize : int, optional
        Bytes of a value, when it is not that of `values`.

    Yields
    ------
    slice
        Over `axis`, ascending.
    """
    n = values.shape[axis]
    plane = max(1, int(np.prod(values.shape)) // max(1, n)) * (itemsize or np.dtype(values.dtype).itemsize)
    step = max(1, limit // plane)
    chunks = getattr(values, "chunks", None)
    if chunks and isinstance(chunks[axis], int):
        chunk = chunks[axis]
        # A chunk is decoded as a whole however little of it is asked for.
        step = step - step % chunk if step > chunk else chunk if chunk * plane <= 8 * limit else step
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def release(values: Any) -> None:
    """Let the system take back the pages of a memory-mapped array that have been read.

    They would count as memory of this process until somebody else needs it. Arrays of other kinds are left alone.
    """
    mapping = getattr(values, "_mmap", None)
    # A private mapping ("c") holds changes that exist nowhere else.
    if isinstance(mapping, mmap.mmap) and values.mode != "c" and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)
