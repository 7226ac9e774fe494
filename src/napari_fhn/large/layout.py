"""A large array on the disk: a folder ``NAME.zarr`` with what it is, its packed shards, and those that lie open."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from napari_fhn import npy, record
from napari_fhn.large import shard
from napari_fhn.leftovers import part_of

SUFFIX = ".zarr"
FIRST = "zarr.json"
OPEN, PACKED = "open", "c"

OPEN_BYTES = 2**31
"""Open shards, before the first of them is packed: a prediction comes to each of them several times."""

_SIDES = {1: 2**18, 2: 512, 3: 64}
"""Side of a block by the axes of a survey: a quarter of a megabyte of classes."""

_TIMES = 4
"""Blocks along each side of a shard: 16 MB of classes, which are written at once."""

_LONGEST = 2**20
_PART = re.compile(r"(\d+(\.\d+)*\.npy|\d+|zarr\.json)(\.\d+-\d+\.part)+")

Place = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """How a large array is cut.

    Parameters
    ----------
    path : Path
        Its folder.
    shape, shard, block : tuple of int
        Of the array, of a shard (whole blocks of it) and of a block.
    dtype : numpy.dtype
        Of its values.
    """

    path: Path
    shape: Place
    shard: Place
    block: Place
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, path: Path, shape: Sequence[int], dtype: DTypeLike) -> Layout:
        """Choose one; of four axes, the first counts classes."""
        sizes, lead = tuple(int(n) for n in shape), max(0, len(shape) - 3)
        side = _SIDES[len(sizes) - lead]
        block = (*(1,) * lead, *(min(side, n) for n in sizes[lead:]))
        times = (1,) * lead + (_TIMES,) * (len(sizes) - lead)
        shards = (b * min(k, -(-n // b)) for n, b, k in zip(sizes, block, times, strict=True))
        return cls(path, sizes, tuple(shards), block, np.dtype(dtype))

    @property
    def grid(self) -> Place:
        """Blocks of a shard along each axis."""
        return tuple(a // b for a, b in zip(self.shard, self.block, strict=True))

    @property
    def shard_bytes(self) -> int:
        """What an open shard takes."""
        return math.prod(self.shard) * self.dtype.itemsize

    def open_path(self, place: Place) -> Path:
        """Return where a shard lies open, whether it does or not."""
        return self.path / OPEN / f"{'.'.join(map(str, place))}.npy"

    def packed_path(self, place: Place) -> Path:
        """Return where a shard lies packed, whether it does or not."""
        return self.path.joinpath(PACKED, *map(str, place))

    def open_places(self) -> list[Place]:
        """Return the shards that lie open."""
        return [tuple(map(int, name.split(".")[:-1])) for name in _names(self.path / OPEN) if _is_open(name)]

    def places(self) -> set[Place]:
        """Return the shards that are there at all."""
        packed = (name.split("/")[1:] for name in files(self.path) if name.startswith(f"{PACKED}/"))
        return {*self.open_places(), *(tuple(map(int, one)) for one in packed if len(one) == len(self.shape))}

    def to_plain(self) -> dict[str, Any]:
        """Return what ``zarr.json`` says of it."""
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(self.shape),
            "data_type": self.dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(self.shard)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": shard.codecs(self.block, self.dtype),
            "attributes": {},
        }


def is_large(path: str | os.PathLike[str]) -> bool:
    """Tell by its name whether an array lies in shards, or would."""
    return os.fspath(path).endswith(SUFFIX)


def make(path: Path, shape: Sequence[int], dtype: DTypeLike, *, exclusive: bool = False) -> None:
    """Make a large array of zeros, in place of one of that name.

    Raises
    ------
    FileExistsError
        When it has to be new and is not, or something else of that name is there.
    OSError
        When it cannot be written; nothing is left of it then.
    """
    if os.path.lexists(path) and (exclusive or not remove(path)):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    part = part_of(path)
    part.mkdir()
    try:
        record.write_bytes(part / FIRST, record.to_bytes(Layout.of(path, shape, dtype).to_plain()))
        os.rename(part, path)
    except OSError:
        remove(part)
        raise


def read(path: Path) -> Layout:
    """Return how a large array is cut.

    Raises
    ------
    DamagedArray
        When it is none of ours, or damaged.
    FileNotFoundError
        When it is not there.
    """
    if not path.is_dir():
        if os.path.lexists(path):
            raise npy.DamagedArray(path, "it is no folder of shards")
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    try:
        said = record.parse((path / FIRST).read_bytes(), longest=_LONGEST)
        cut = (said["shape"], said["chunk_grid"]["configuration"]["chunk_shape"],
               said["codecs"][0]["configuration"]["chunk_shape"])  # fmt: skip
        shape, whole, block = (tuple(map(int, one)) for one in cut)
        found = Layout(path, shape, whole, block, np.dtype(said["data_type"]))
        fits = all(a > 0 and a % b == 0 for a, b in zip(whole, block, strict=True)) and min(shape) > 0
        ours = fits and len(shape) == len(whole) and record.parse(record.to_bytes(found.to_plain())) == said
    except (OSError, record.RecordError, KeyError, IndexError, TypeError, ValueError, ZeroDivisionError) as error:
        raise npy.DamagedArray(path, f"{FIRST} cannot be read: {str(error)[:200]}") from error
    if not ours or found.dtype.kind not in "uif" or found.shard_bytes > OPEN_BYTES:
        raise npy.DamagedArray(path, "it is a store of somebody else")
    return found


def copy(source: Path, target: Path) -> None:
    """Copy a large array, which takes its name when it is whole.

    Raises
    ------
    OSError
        When it cannot be written; nothing is left of it then.
    """
    read(source)
    part = part_of(target)
    try:
        for name in files(source):
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            npy.copy(source / name, part / name)
        if os.path.lexists(target) and not remove(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        os.rename(part, target)
    except OSError:
        remove(part)
        raise


def files(path: Path) -> list[str]:
    """Return what this program has written of a large array, relative to its folder; what it is known by comes last."""
    found = [f"{OPEN}/{name}" for name in _names(path / OPEN) if _is_open(name)]
    below = [PACKED]
    while below:
        folder = below.pop()
        for name in _names(path / folder):
            one = path / folder / name
            if name.isdecimal() and not one.is_symlink():
                (below if one.is_dir() else found).append(f"{folder}/{name}")
    return [*sorted(found), *([FIRST] if (path / FIRST).is_file() else [])]


def size(path: Path) -> int:
    """Return the bytes that a large array takes on the disk."""
    return sum((path / name).stat().st_size for name in files(path))


def remove(path: Path) -> bool:
    """Remove a large array by name, and tell whether its folder is gone: it stays where files of others are in it."""
    if path.is_symlink() or not path.is_dir():
        return not os.path.lexists(path)
    for name in files(path):
        with contextlib.suppress(OSError):
            (path / name).unlink()
    for folder, _, names in os.walk(path, topdown=False):
        for name in filter(_PART.fullmatch, names):
            with contextlib.suppress(OSError):
                Path(folder, name).unlink()
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    return not path.exists()


def _names(folder: Path) -> list[str]:
    try:
        return [] if folder.is_symlink() else os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_open(name: str) -> bool:
    stem, _, suffix = name.rpartition(".")
    return suffix == "npy" and all(one.isdecimal() for one in stem.split("."))
