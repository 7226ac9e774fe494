"""A shard of a Zarr 3 store as one file, written and read with numpy and zlib alone.

It holds blocks one behind the other, and at its end where each of them lies (the codec ``sharding_indexed``). A block
that is all 0 is not there. Classes are packed, since nearly all of a block is like its neighbours; fractions are not:
packing would cost more time than it saves room.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import record

_NOWHERE = np.uint64(2**64 - 1)
_LEVEL = 1
_GZIP = 31
"""Window bits by which zlib writes and reads gzip."""


class DamagedShard(ValueError):
    """A file that is no whole shard; the message names it."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} is no whole shard ({what}): put a copy of it back, or make what is in it again")


def codecs(block: tuple[int, ...], dtype: np.dtype[Any]) -> list[dict[str, Any]]:
    """Return what ``zarr.json`` says of shards of such blocks."""
    plain: dict[str, Any] = {"name": "bytes", "configuration": {"endian": "little"}}
    packed = [{"name": "gzip", "configuration": {"level": _LEVEL}}] if _packed(dtype) else []
    inner = {"chunk_shape": list(block), "codecs": [plain, *packed], "index_codecs": [plain], "index_location": "end"}
    return [{"name": "sharding_indexed", "configuration": inner}]


def write(path: Path, values: NDArray[Any], block: tuple[int, ...]) -> bool:
    """Write a shard, whole or not at all; none where all values are 0.

    Parameters
    ----------
    path : Path
        Of the file; its folder is made. One of that name stays until the new one is whole.
    values : ndarray
        Of the shape of a shard, which is a multiple of that of a block.
    block : tuple of int
        Shape of a block.

    Returns
    -------
    bool
        Whether there was anything to write.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    if not values.any():
        path.unlink(missing_ok=True)
        return False
    grid = tuple(n // side for n, side in zip(values.shape, block, strict=True))
    index = np.full((*grid, 2), _NOWHERE, "<u8")
    path.parent.mkdir(parents=True, exist_ok=True)
    with record.replacing(path) as file:
        offset = 0
        for place in itertools.product(*map(range, grid)):
            part = values[tuple(slice(k * side, (k + 1) * side) for k, side in zip(place, block, strict=True))]
            if not part.any():
                continue
            data = np.ascontiguousarray(part, values.dtype.newbyteorder("<")).tobytes()
            if _packed(values.dtype):
                packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
                data = packer.compress(data) + packer.flush()
            index[place] = offset, len(data)
            offset += file.write(data)
        file.write(index.tobytes())
    return True


def blocks(
    path: Path, grid: tuple[int, ...], block: tuple[int, ...], dtype: np.dtype[Any], places: Iterable[tuple[int, ...]]
) -> Iterator[tuple[tuple[int, ...], NDArray[Any] | None]]:
    """Read blocks of a shard.

    Parameters
    ----------
    path : Path
        Of the file.
    grid, block : tuple of int
        Blocks along each axis, and the shape of one.
    dtype : numpy.dtype
        Of the values.
    places : iterable of tuple of int
        Which blocks, by their number along each axis.

    Yields
    ------
    place : tuple of int
        Which block.
    values : ndarray or None
        None where all of it is 0.

    Raises
    ------
    DamagedShard
        When it is cut off, or something else.
    OSError
        When it cannot be read.
    """
    size = 16 * math.prod(grid)
    with path.open("rb") as file:
        end = file.seek(0, 2) - size
        if end < 0:
            raise DamagedShard(path, "it is too short")
        file.seek(end)
        index = np.frombuffer(file.read(size), "<u8").reshape(*grid, 2)
        for place in places:
            offset, length = (int(n) for n in index[place])
            if index[place][0] == _NOWHERE:
                yield place, None
                continue
            if offset + length > end:
                raise DamagedShard(path, "it is cut off")
            file.seek(offset)
            yield place, _unpacked(path, file.read(length), block, dtype)


def _packed(dtype: np.dtype[Any]) -> bool:
    return dtype.kind != "f"


def _unpacked(path: Path, data: bytes, block: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    wanted = math.prod(block) * dtype.itemsize
    if _packed(dtype):
        try:
            data = zlib.decompressobj(_GZIP).decompress(data, wanted + 1)
        except zlib.error as error:
            raise DamagedShard(path, str(error)) from error
    if len(data) != wanted:
        raise DamagedShard(path, f"a block of it has {len(data)} bytes, and {wanted} are expected")
    return np.frombuffer(data, dtype.newbyteorder("<")).reshape(block)
