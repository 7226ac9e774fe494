"""Surveys that are read where they lie, in blocks that are kept for a while: what a job names instead of a copy.

A job names a small file (``.json``) that says where the survey is. Who can open it is known here by name alone: this
room runs where torch, numpy and safetensors are all there is, and says so in a sentence where a survey asks for more.
"""

from __future__ import annotations

import importlib
import itertools
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_fhn.training.errors import JobError

#: What a job names in place of an array.
SUFFIX = ".json"

_OPENER = "napari_fhn.project.data.in_place"
"""Module with ``open_values(path)``; the one thing that a file can make this room import."""

_SIDE = 64
"""Side of a block where a survey does not say in which ones it lies."""

_KEPT = 2**29
"""Bytes of blocks that are kept: sections side by side lie in the same ones."""


class Values(Protocol):
    """What is read by box: a memory map, or anything with a shape, a type and basic slices.

    Attributes
    ----------
    shape : tuple of int
        With the channels.
    dtype : numpy.dtype
        Of what is read.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102

    @property
    def dtype(self) -> np.dtype[Any]: ...  # noqa: D102

    def __getitem__(self, key: tuple[slice, ...], /) -> NDArray[Any]: ...


def open_values(path: str) -> Values:
    """Open a survey where it lies.

    Parameters
    ----------
    path : str
        Of the file that says where that is.

    Raises
    ------
    JobError
        When it is not there, is not what it was, or cannot be read on this machine; the message says which.
    """
    if not Path(path).is_file():
        raise JobError(f"{path} does not exist: was it moved since the job was made?")
    try:
        module = importlib.import_module(_OPENER)
        values: Values = module.open_values(path)
    except ImportError as error:
        raise JobError(
            f"{path} names a survey that is read where it lies, which takes {error.name or 'more packages'}: install "
            "napari-fhn with all it needs on this machine, or make a copy of the survey (--copy) where the job is made"
        ) from error
    except ValueError as error:
        raise _said(error) from error
    return values


def _said(error: ValueError) -> ValueError:
    """What a person can act on as an error of the job; anything else as it is."""
    ours = type(error).__module__.startswith("napari_fhn.")
    return JobError(str(error)) if ours and not isinstance(error, JobError) else error


class Stored:
    """A survey that is read where it lies, channels first.

    Parameters
    ----------
    values : Values
        Where it lies. ``chunks``, where it has them, are the blocks in which it does.
    channel_axis : int or None
        Which axis holds channels; one channel where there is none.
    kept : int
        Bytes of blocks that are kept.

    Attributes
    ----------
    shape : tuple of int
        ``(channels, *space)``.
    dtype : numpy.dtype
        Of its values.
    bytes_read : int
        Of blocks that were read so far.
    """

    def __init__(self, values: Values, channel_axis: int | None = None, kept: int = _KEPT) -> None:
        self._values = values
        whole = tuple(int(size) for size in values.shape)
        self._axis = None if channel_axis is None else channel_axis % len(whole)
        order = list(range(len(whole)))
        if self._axis is not None:
            order.insert(0, order.pop(self._axis))
        self._order = order
        self.dtype = np.dtype(values.dtype)
        space = tuple(whole[axis] for axis in order)
        self.shape = space if self._axis is not None else (1, *space)
        chunks = getattr(values, "chunks", None) or tuple(min(_SIDE, size) for size in whole)
        self._block = tuple(int(side) for side in chunks)
        self._whole = whole
        self._kept = kept
        self._blocks: OrderedDict[tuple[int, ...], NDArray[Any]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self.bytes_read = 0

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """Axes, with that of the channels."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> Any:
        """Return a channel by its number, or the values of a box by its slices, channels first."""
        if isinstance(key, int | np.integer):
            return Channel(self, int(key) % len(self))
        box = _box(key, self.shape)
        if self._axis is None:
            return self._read(box[1:])[np.newaxis][box[0]]
        native = [slice(0)] * len(self._whole)
        for axis, part in zip(self._order, box, strict=True):
            native[axis] = part
        return self._read(tuple(native)).transpose(self._order)

    def _read(self, box: tuple[slice, ...]) -> NDArray[Any]:
        """Read a box as it lies, from blocks of which those are kept that were looked at last."""
        shape = tuple(part.stop - part.start for part in box)
        if 0 in shape:
            return np.empty(shape, self.dtype)
        out = np.empty(shape, self.dtype)
        spans = [range(part.start // side, -(-part.stop // side)) for part, side in zip(box, self._block, strict=True)]
        with self._lock:
            wanted = list(itertools.product(*spans))
            self._fetch([place for place in wanted if place not in self._blocks])
            for place in wanted:
                block = self._blocks[place]
                self._blocks.move_to_end(place)
                starts = [k * side for k, side in zip(place, self._block, strict=True)]
                ends = [a + size for a, size in zip(starts, block.shape, strict=True)]
                inner = [(max(part.start, a), min(part.stop, b)) for part, a, b in zip(box, starts, ends, strict=True)]
                there = tuple(slice(a - part.start, b - part.start) for (a, b), part in zip(inner, box, strict=True))
                out[there] = block[tuple(slice(a - c, b - c) for (a, b), c in zip(inner, starts, strict=True))]
            while self._bytes > self._kept and len(self._blocks) > 1:
                self._bytes -= self._blocks.popitem(last=False)[1].nbytes
        return out

    def _fetch(self, places: Sequence[tuple[int, ...]]) -> None:
        """Read blocks in one go: those between them too, where that is no more than half of it."""
        if not places:
            return
        low, high = np.min(places, axis=0), np.max(places, axis=0) + 1
        if int(np.prod(high - low)) <= 2 * len(places):
            groups = [(tuple(low), tuple(high))]
        else:
            groups = [(place, tuple(k + 1 for k in place)) for place in places]
        for first, last in groups:
            box = tuple(
                slice(int(a) * side, min(int(b) * side, size))
                for a, b, side, size in zip(first, last, self._block, self._whole, strict=True)
            )
            try:
                values = np.asarray(self._values[box])
            except ValueError as error:
                raise _said(error) from error
            self.bytes_read += values.nbytes
            for place in itertools.product(*(range(int(a), int(b)) for a, b in zip(first, last, strict=True))):
                part = tuple(
                    slice(k * side - edge.start, min((k + 1) * side, size) - edge.start)
                    for k, side, size, edge in zip(place, self._block, self._whole, box, strict=True)
                )
                if place not in self._blocks:
                    self._blocks[place] = values[part].copy()  # of its own: the others may go before it
                    self._bytes += self._blocks[place].nbytes

    def points(self, number: int, index: tuple[NDArray[np.int64], ...]) -> NDArray[Any]:
        """Return a channel's values at single voxels, given by their indices along each axis of space."""
        where = np.stack(np.broadcast_arrays(*index)).reshape(len(self.shape) - 1, -1)
        out = np.empty(where.shape[1], self.dtype)
        blocks, inverse = np.unique(where // _SIDE, axis=1, return_inverse=True)
        order = np.argsort(inverse.ravel(), kind="stable")
        cuts = np.flatnonzero(np.diff(inverse.ravel()[order])) + 1
        for some in np.split(order, cuts) if blocks.size else []:
            low, high = where[:, some].min(axis=1), where[:, some].max(axis=1) + 1
            box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
            values = self[(slice(number, number + 1), *box)][0]
            out[some] = values[tuple(where[:, some] - low[:, np.newaxis])]
        return out.reshape(np.broadcast(*index).shape)


class Channel:
    """One channel of a survey that is read where it lies; slices give its values.

    Parameters
    ----------
    stored : Stored
        The survey.
    number : int
        Which channel, from 0.
    axes : sequence of int, optional
        The axes of space in the order in which they are shown.
    """

    def __init__(self, stored: Stored, number: int, axes: Sequence[int] | None = None) -> None:
        self._stored = stored
        self._number = number
        self._axes = tuple(range(stored.ndim - 1)) if axes is None else tuple(axes)
        self.shape = tuple(stored.shape[1 + axis] for axis in self._axes)
        self.dtype = stored.dtype
        self.ndim = len(self.shape)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Return the values of a box by its slices, or of voxels by their indices along all axes."""
        if isinstance(key, tuple) and key and all(isinstance(one, np.ndarray) for one in key):
            index = [key[self._axes.index(axis)] for axis in range(self.ndim)]
            return self._stored.points(self._number, tuple(index))
        keys, dropped = _slices(key, self.shape)
        box = [slice(0)] * self.ndim
        for axis, part in zip(self._axes, keys, strict=True):
            box[axis] = part
        found: NDArray[Any] = self._stored[(slice(self._number, self._number + 1), *box)][0].transpose(self._axes)
        return found.squeeze(dropped) if dropped else found

    def moved(self, source: int, destination: int) -> Channel:
        """Return it with an axis at another place, as `numpy.moveaxis` does."""
        axes = list(self._axes)
        axes.insert(destination % self.ndim, axes.pop(source % self.ndim))
        return Channel(self._stored, self._number, axes)


def moved(channel: Any, source: int, destination: int) -> Any:
    """Return a channel, an array or one that is read where it lies, with an axis at another place."""
    return (
        channel.moved(source, destination)
        if isinstance(channel, Channel)
        else np.moveaxis(channel, source, destination)
    )


def lines(channel: Any, along: int, index: tuple[NDArray[np.int64], ...]) -> NDArray[Any]:
    """Return whole lines of a channel ``(lines, length)``, given by their indices along the other axes."""
    turned = moved(channel, along, -1)
    if not isinstance(turned, Channel):
        return np.asarray(turned[index])
    found = [turned[(*(slice(int(k), int(k) + 1) for k in place), slice(None))].ravel()
             for place in zip(*index, strict=True)]  # fmt: skip
    return np.stack(found)


def _box(key: Any, shape: tuple[int, ...]) -> tuple[slice, ...]:
    keys, dropped = _slices(key, shape)
    if dropped:
        raise IndexError("boxes are read by slices")
    return keys


def _slices(key: Any, shape: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[int, ...]]:
    """Return slices along all axes, without steps, and the axes that were asked for by number."""
    given = list(key) if isinstance(key, tuple) else [key]
    if Ellipsis in given:
        at = given.index(Ellipsis)
        given[at : at + 1] = [slice(None)] * (len(shape) - len(given) + 1)
    given += [slice(None)] * (len(shape) - len(given))
    found, dropped = [], []
    for axis, (one, size) in enumerate(zip(given, shape, strict=True)):
        if isinstance(one, slice):
            start, stop, step = one.indices(size)
            if step != 1:
                raise IndexError("boxes are read without steps")
            found.append(slice(start, max(start, stop)))
        else:
            place = int(one) % size
            found.append(slice(place, place + 1))
            dropped.append(axis)
    return tuple(found), tuple(dropped)
