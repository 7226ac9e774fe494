"""A folder as zarr sees it, with a look at everything before zarr has it; those by address have the same.

Metadata is held against the list of codecs, a file has to be a plain one inside the folder, and a piece of an array
must not unpack to more than it may have. All this holds whoever reads: zarr itself, or xarray through it.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any

from zarr.abc.store import ByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import LocalStore

from napari_fhn.regular import why_not
from napari_fhn.surveys.arrays.unpacking import is_torn, within
from napari_fhn.surveys.arrays.zarr_metadata import NAMES, Packed, arrays_in
from napari_fhn.surveys.errors import BRING_BACK, GONE, SurveyError

#: Packings that are unpacked to see how much they hold, and those that say it in their first bytes.
_TRIED = ("zlib", "gzip", "bz2", "lzma")
_HEADED, _HEAD = ("blosc", "lz4"), 16
_ENTRY = 16
_ABSENT = 2**64 - 1


class Guard:
    """What every store has that is read here: metadata held against the list, pieces against what they may have.

    Parameters
    ----------
    about : Path
        What sentences are about.
    """

    def __init__(self, about: Path) -> None:
        self.about = about
        self._arrays: dict[str, Packed] = {}
        self._told: set[str] = set()

    def _check(self, key: str, found: Buffer, byte_range: ByteRequest | None) -> None:
        name = key.rpartition("/")[2]
        if name in NAMES:
            self._told.add(key)
            if byte_range is None:
                self._arrays |= arrays_in(self.about, key, found.to_bytes())
            return
        array = self._array_of(key)
        if array is None or (array.shards is None and not array.packing):
            return
        # How much they unpack to stands in front.
        headed = array.packing in _HEADED and array.shards is None
        data = (found[:_HEAD] if headed else found).to_bytes()
        for piece in self._pieces(array, data, byte_range):
            if is_torn(array.packing, piece, len(found) if headed else len(piece)):
                what = f"a piece of its array '{array.name}' ({key}) is cut off, or damaged"
                raise SurveyError(self.about, what, "Copy the whole folder again")
            if not within(array.packing, piece, array.most):
                what = f"a piece of its array '{array.name}' ({key}) unpacks to more than the {array.most:,} bytes"
                raise SurveyError(
                    self.about, f"{what} that it may have", "It is damaged or made to do harm: do not use it"
                )

    def _witnesses(self, key: str) -> list[str]:
        """Return the metadata that was read above what is not there; none for metadata, which is tried by many names.

        zarr takes a piece that is not there for one that nobody has written, of which all values are the fill value.
        Where the metadata is not there any more either, the store has gone, and is no survey without values.
        """
        if key.rpartition("/")[2] in NAMES:
            return []
        return [one for one in self._told if key.startswith(one[: one.rfind("/") + 1])]

    def _gone(self) -> SurveyError:
        return SurveyError(self.about, GONE, BRING_BACK)

    async def get_ranges(
        self, key: str, byte_ranges: Sequence[ByteRequest | None], *, prototype: BufferPrototype, **how: int
    ) -> AsyncIterator[Sequence[tuple[int, Buffer | None]]]:
        """Read pieces of a shard, each by itself: zarr from 3.2 on would read neighbours as one, which is no piece."""
        store: Any = self
        yield _found(key, await asyncio.gather(*(store.get(key, prototype, part) for part in byte_ranges)))

    def get_ranges_sync(
        self, key: str, byte_ranges: Sequence[ByteRequest | None], *, prototype: BufferPrototype, **how: int
    ) -> Sequence[tuple[int, Buffer | None]]:
        """Read pieces of a shard, each by itself, without waiting for others."""
        store: Any = self
        return _found(key, [store.get_sync(key, prototype=prototype, byte_range=part) for part in byte_ranges])

    def _array_of(self, key: str) -> Packed | None:
        while key:
            key = key.rpartition("/")[0]
            if key in self._arrays:
                return self._arrays[key]
        return None

    def _pieces(self, array: Packed, data: bytes, byte_range: ByteRequest | None) -> list[bytes]:
        """What is packed by itself in what was read: a file, or a part or all of a shard."""
        if array.shards is None:
            return [data]
        n, at_end, behind = array.shards
        size = _ENTRY * n + behind
        if isinstance(byte_range, SuffixByteRequest):
            return []
        if byte_range is not None:
            is_index = isinstance(byte_range, RangeByteRequest) and byte_range.start == 0 and not at_end
            return [] if is_index else [data]
        index = data[-size:] if at_end else data[:size]
        places = [(int.from_bytes(index[k : k + 8], "little"), int.from_bytes(index[k + 8 : k + 16], "little"))
                  for k in range(0, _ENTRY * n, _ENTRY)]  # fmt: skip
        return [data[start : start + length] for start, length in places if start != _ABSENT]


def _found(key: str, pieces: Sequence[Buffer | None]) -> list[tuple[int, Buffer | None]]:
    """Number what was read of a shard; none of it is there where a piece is not, which zarr wants to hear so."""
    if any(piece is None for piece in pieces):
        raise BaseExceptionGroup(key, [FileNotFoundError(key)])
    return list(enumerate(pieces))


class GuardedStore(Guard, LocalStore):
    """A folder that is only read.

    Parameters
    ----------
    root : Path or str
        The folder.
    read_only : bool
        Always true; taken because zarr hands it on.
    """

    def __init__(self, root: Path | str, *, read_only: bool = True) -> None:
        LocalStore.__init__(self, root, read_only=True)
        Guard.__init__(self, self.root)
        self._home = os.path.realpath(root)

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a file of the store, or a part of it."""
        self._look(key)
        found = await super().get(key, prototype, byte_range)
        array = self._array_of(key)
        if found is not None and array is not None and array.packing in _TRIED:
            await asyncio.to_thread(self._check, key, found, byte_range)
        elif found is not None:
            self._check(key, found, byte_range)
        return found

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Read parts of files of the store."""
        return [await self.get(key, prototype, part) for key, part in key_ranges]

    def get_sync(
        self, key: str, *, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a file of the store, or a part of it, without waiting for others."""
        self._look(key)
        found: Buffer | None = super().get_sync(key, prototype=prototype, byte_range=byte_range)
        if found is not None:
            self._check(key, found, byte_range)
        return found

    def _look(self, key: str) -> None:
        """Refuse what is no plain file inside the folder; what is not there is for zarr to miss."""
        path = self.root / key
        try:
            mode = os.stat(path).st_mode
        except OSError:
            mode = 0
            if not os.path.islink(path):
                if not all(os.path.exists(self.root / one) for one in self._witnesses(key)):
                    raise self._gone() from None
                return
        wrong = None if stat.S_ISREG(mode) else why_not(path, folder=True)
        if wrong is not None:
            raise SurveyError(self.root, f"in it {key} is no plain file: {wrong[0]}", "Copy the whole folder again")
        if not os.path.realpath(path).startswith(self._home + os.sep):
            raise SurveyError(self.root, f"in it {key} leads out of the folder", "Copy the whole folder again")
