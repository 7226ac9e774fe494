"""A large array as it is used: as a memory-mapped one, by slices, numbers and index arrays."""

from __future__ import annotations

import contextlib
import copy
import itertools
import math
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import DTypeLike, NDArray

from napari_fhn import npy
from napari_fhn.large import layout, shard
from napari_fhn.large.holding import Holding
from napari_fhn.large.keys import Box, Points, box_of, is_index, near, points_of
from napari_fhn.large.layout import OPEN, OPEN_BYTES, Layout, Place
from napari_fhn.leftovers import part_of

_KEPT_BYTES = 2**27
"""Blocks that were unpacked and are kept: sections side by side lie in the same ones."""

_NOTHING = 64
"""Bytes that it takes to know that a block is empty."""

_Inside = tuple[slice | int, ...]
_Key = tuple[Place, Place, tuple[int, ...]]


class Large(NDArrayOperatorsMixin):
    """An array in shards; see `napari_fhn.large`.

    numpy's functions take it as a whole, into memory: what is large is done by boxes.

    Parameters
    ----------
    cut : Layout
        How it is cut.
    writable : bool
        Whether it is written to.
    lead : tuple of int
        Numbers along its first axes, of which it shows the rest.

    Attributes
    ----------
    shape : tuple of int
        Of the array.
    dtype : numpy.dtype
        Of its values.
    filename : str
        Its folder.
    strict : bool
        Whether what is not held raises as well once the folder is gone, in place of being empty.
    heard : bool
        Whether somebody who draws it looks at `trouble`; before, what cannot be read raises.
    trouble : OSError or None
        Why a part of a box could not be read, which is 0 then; whoever hears of it sets it back.
    read_since : bool
        Whether a box was read after that.

    Examples
    --------
    >>> import napari_fhn.mapped as mapped
    >>> made = mapped.create("classes.zarr", (1000, 1000, 1000), np.uint8)
    >>> made[500, 2:4] = 7
    >>> mapped.pack(made)
    >>> int(mapped.open("classes.zarr")[500, 3, 999])
    7
    """

    def __init__(self, cut: Layout, *, writable: bool, lead: Place = ()) -> None:
        self.shape = cut.shape[len(lead) :]
        self.dtype = cut.dtype
        self.filename = str(cut.path)
        self.writable = writable
        self._cut, self._lead = cut, lead
        self._lock = threading.RLock()
        self._maps: OrderedDict[Place, npy.Map] = OrderedDict()
        self._seen: dict[Place, tuple[tuple[int, ...], npy.Map]] = {}
        self._blocks: OrderedDict[_Key, NDArray[Any] | None] = OrderedDict()
        self._kept = 0
        self._held: Holding | None = None
        self.strict = self.heard = False
        self.trouble: OSError | None = None
        self.read_since = False

    @classmethod
    def create(cls, path: Path, shape: tuple[int, ...], dtype: DTypeLike, *, exclusive: bool = False) -> Large:
        """Make one of zeros, and open it for writing; see `napari_fhn.mapped.create`."""
        layout.make(path, shape, dtype, exclusive=exclusive)
        return cls.open(path, writable=True)

    @classmethod
    def open(cls, path: Path, *, writable: bool) -> Large:
        """Open one; see `napari_fhn.mapped.open`."""
        return cls(layout.read(path), writable=writable)

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many values it has."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """What it would take in memory."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"Large({self.filename!r}, {self.shape}, {self.dtype})"

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[number] for number in range(len(self)))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        found = self[...]
        return found if dtype is None else found.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(ufunc, method)(*(np.asarray(one) for one in inputs), **options)

    def layer(self, number: int) -> Large:
        """Return what its `number` would be, without reading it."""
        return Large(self._cut, writable=False, lead=(*self._lead, range(self.shape[0])[number]))

    def raising(self) -> Large:
        """Return the same array for whoever works with it: what cannot be read raises, whoever draws this one."""
        found = copy.copy(self)
        found.strict, found.heard = True, False
        return found

    @property
    def may_be_back(self) -> bool:
        """Whether its folder is there."""
        return self._cut.path.is_dir()

    def take(self, number: int, axis: int, out: None = None, mode: str = "raise") -> NDArray[Any]:
        """Return a section, as `numpy.take` does."""
        return self[(slice(None),) * (axis % self.ndim) + (number,)]

    def any(self) -> bool:
        """Tell whether a value is not 0; what nobody has written is not read."""
        return any(self._read(box).any() for box in self.written())

    def max(self, initial: int = 0) -> Any:
        """Return the largest value, or `initial` where that is larger."""
        return max((self._read(box).max() for box in self.written()), default=initial)

    def written(self) -> Iterator[Box]:
        """Yield, as slices, boxes outside of which all is 0."""
        lead = len(self._lead)
        sides = self._cut.shard[lead:]
        for place in sorted(self._places()):
            if place[:lead] == self._lead:
                starts = [k * side for k, side in zip(place[lead:], sides, strict=True)]
                stops = (min(a + side, n) for a, side, n in zip(starts, sides, self.shape, strict=True))
                yield tuple(map(slice, starts, stops))

    def __getitem__(self, key: Any) -> NDArray[Any]:
        if isinstance(key, tuple) and len(key) == self.ndim > 1 and isinstance(key[0], slice) and is_index(key[1]):
            # Classes of single voxels.
            return np.stack([self[(number, *key[1:])] for number in range(len(self))[key[0]]])
        points = points_of(key, self.shape)
        if points is None:
            box, steps = box_of(key, self.shape)
            return self._read(box)[steps]
        out = np.empty(points[0].size, self.dtype)
        for some, low, where in near(points, self._cut.block[len(self._lead) :]):
            box = tuple(slice(a, a + int(one.max()) + 1) for a, one in zip(low, where, strict=True))
            out[some] = self._read(box)[where]
        return out.reshape(points[0].shape)

    def __setitem__(self, key: Any, values: Any) -> None:
        if not self.writable:
            raise ValueError(f"{self.filename} is opened for reading")
        points = points_of(key, self.shape)
        with self._lock:
            if points is not None:
                self._scatter(points, np.broadcast_to(np.asarray(values, self.dtype), points[0].shape).ravel())
                return
            box, steps = box_of(key, self.shape)
            if any(isinstance(step, slice) and step.step != 1 for step in steps):
                found = self._read(box)
                found[steps] = values
            else:
                shown = tuple(one.stop - one.start for one, step in zip(box, steps, strict=True) if step != 0)
                found = np.broadcast_to(np.asarray(values, self.dtype), shown)
                found = found.reshape(tuple(one.stop - one.start for one in box))
            for place, inside, outside in self._parts(box):
                self._writing(place)[inside] = found[outside]

    def flush(self) -> None:
        """Bring what was written to the disk.

        Raises
        ------
        OSError
            When the disk does not take it.
        """
        with self._lock:
            maps = list(self._maps.values())
        for one in maps:
            npy.sync_beside(one)

    def pack(self) -> None:
        """Pack the shards that lie open, those of a process that was killed among them.

        Raises
        ------
        OSError
            When one cannot be written; it stays open then.
        """
        with self._lock:
            for place in self._cut.open_places():
                self._close(place)
            with contextlib.suppress(OSError):
                (self._cut.path / OPEN).rmdir()

    def hold(self) -> int:
        """Keep what lies there readable, and what is packed later, though the folder should go; see `mapped.hold`.

        Returns
        -------
        int
            Shards that could not be held.
        """
        with self._lock:
            if self._held is None:
                self._held = Holding(self._cut)
            self._held.refresh()
            for place in self._cut.open_places():
                self._looking(place)
            return self._held.left_out

    def _places(self) -> set[Place]:
        """The shards that are there; of a folder that is gone those that are held."""
        if self._held is None or self._cut.path.is_dir():
            return self._cut.places()
        return {*self._maps, *self._seen, *self._held.places}

    # Writing.

    def _scatter(self, points: Points, values: NDArray[Any]) -> None:
        for some, low, where in near(points, self._cut.shard):
            place = tuple(a // side for a, side in zip(low, self._cut.shard, strict=True))
            there = (one + a % side for one, a, side in zip(where, low, self._cut.shard, strict=True))
            self._writing(place)[tuple(there)] = values[some]

    def _writing(self, place: Place) -> npy.Map:
        """Return a shard that lies open, for writing."""
        found = self._maps.get(place)
        if found is None:
            while self._maps and (len(self._maps) + 1) * self._cut.shard_bytes > OPEN_BYTES:
                self._close(next(iter(self._maps)))
            path = self._cut.open_path(place)
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                part = part_of(path)
                try:
                    made = npy.create(part, self._cut.shard, self.dtype)
                    if self._cut.packed_path(place).exists():
                        self._unpack(place, tuple(slice(0, n) for n in self._cut.shard), made)
                        npy.sync(made)
                    del made
                    os.replace(part, path)
                finally:
                    part.unlink(missing_ok=True)
            found = self._maps[place] = npy.open(path, "r+")
        self._maps.move_to_end(place)
        return found

    def _close(self, place: Place) -> None:
        """Pack a shard that lies open."""
        path, values = self._cut.open_path(place), self._maps.pop(place, None)
        # Packed first: whoever finds none that lies open finds this.
        shard.write(self._cut.packed_path(place), npy.open(path) if values is None else values, self._cut.block)
        self._seen.pop(place, None)
        if self._held is not None:
            self._held.hold(place)
        with contextlib.suppress(PermissionError):  # somebody looks at it, under Windows
            path.unlink(missing_ok=True)

    # Reading.

    def _read(self, box: Box) -> NDArray[Any]:
        out = np.zeros(tuple(one.stop - one.start for one in box), self.dtype)
        failed = False
        with self._lock:
            for place, inside, outside in self._parts(box):
                try:
                    values = self._looking(place)
                    if values is not None:
                        out[outside] = values[inside]
                    else:
                        whole = tuple(slice(one, one + 1) if isinstance(one, int) else one for one in inside)
                        self._unpack(place, whole, out[outside][(np.newaxis,) * len(self._lead)])
                except OSError as error:
                    if not self.heard:
                        raise
                    self.trouble, failed = error, True
        self.read_since = not failed
        return out

    def _looking(self, place: Place) -> npy.Map | None:
        """Return a shard that lies open; None where it does not."""
        if place in self._maps:
            return self._maps[place]
        path = self._cut.open_path(place)
        try:
            now = os.stat(path)
            known = self._seen.get(place)
            if known is None or known[0] != (now.st_dev, now.st_ino):
                known = self._seen[place] = (now.st_dev, now.st_ino), npy.open(path)
        except FileNotFoundError:
            if self._held is not None and place in self._seen and not self._cut.path.is_dir():
                return self._seen[place][1]
            self._seen.pop(place, None)
            return None
        return known[1]

    def _unpack(self, place: Place, inside: Box, out: NDArray[Any]) -> None:
        """Put a box of a packed shard into an array of its shape, in which all is 0."""
        path, block = self._cut.packed_path(place), self._cut.block
        try:
            now = os.stat(path)
        except FileNotFoundError:
            gone = not self._cut.path.is_dir()
            held = self._held.path(place) if self._held is not None and gone else None
            if held is None:
                # Where all of it is gone, it is not empty; whoever saves what is held elsewhere has been told.
                if self._held is None or self.strict:
                    os.stat(self._cut.path)
                return
            path, now = held, os.stat(held)
        state = (now.st_ino, now.st_mtime_ns, now.st_size)
        ranges = [range(one.start // side, -(-one.stop // side)) for one, side in zip(inside, block, strict=True)]
        wanted = [(place, one, state) for one in itertools.product(*ranges)]
        absent = [key[1] for key in wanted if key not in self._blocks]
        fresh = dict(shard.blocks(path, self._cut.grid, block, self.dtype, absent)) if absent else {}
        if absent and self._held is not None:
            self._held.hold(place)  # where it was packed since
        for key in wanted:
            values = fresh[key[1]] if key[1] in fresh else self._blocks[key]
            if values is None:
                continue
            into, of = [], []
            for part, k, side in zip(inside, key[1], block, strict=True):
                low, high = max(part.start, k * side), min(part.stop, (k + 1) * side)
                into.append(slice(low - part.start, high - part.start))
                of.append(slice(low - k * side, high - k * side))
            out[tuple(into)] = values[tuple(of)]
        self._keep({(place, one, state): values for one, values in fresh.items()})

    def _keep(self, fresh: dict[_Key, NDArray[Any] | None]) -> None:
        for key, values in fresh.items():
            self._blocks[key] = values
            self._kept += _NOTHING if values is None else values.nbytes
        while self._kept > _KEPT_BYTES:
            _, gone = self._blocks.popitem(last=False)
            self._kept -= _NOTHING if gone is None else gone.nbytes

    def _parts(self, box: Box) -> Iterator[tuple[Place, _Inside, Box]]:
        """Cut a box along shards: which one, where in it, and where in the box."""
        if any(one.stop <= one.start for one in box):
            return
        lead, whole = len(self._lead), self._cut.shard
        first = tuple(k // side for k, side in zip(self._lead, whole, strict=False))
        at = tuple(k % side for k, side in zip(self._lead, whole, strict=False))
        ranges = [range(one.start // side, -(-one.stop // side)) for one, side in zip(box, whole[lead:], strict=True)]
        for place in itertools.product(*ranges):
            inside, outside = [], []
            for k, side, one in zip(place, whole[lead:], box, strict=True):
                low, high = max(one.start, k * side), min(one.stop, (k + 1) * side)
                inside.append(slice(low - k * side, high - k * side))
                outside.append(slice(low - one.start, high - one.start))
            yield (*first, *place), (*at, *inside), tuple(outside)
