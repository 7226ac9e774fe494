"""A Zarr store by address, as zarr sees it, with the same look at everything before zarr has it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
import weakref
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from zarr.abc.store import ByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import FsspecStore

from napari_fhn.surveys.arrays.zarr_guard import Guard, GuardedStore
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.remote.addresses import TOTAL, failed, named, system, url_of

_ASK_AGAIN = 10.0
"""Seconds for which a store is taken to be there after it was seen."""


class RemoteStore(Guard, FsspecStore):
    """What lies at an address, which is only read.

    Parameters
    ----------
    url : str
        The address.
    """

    def __init__(self, url: str) -> None:
        files, path = system(url, asynchronous=True)
        FsspecStore.__init__(self, files, read_only=True, path=path)
        Guard.__init__(self, named(url))
        self.url = url
        self._seen = -math.inf
        # fsspec closes those that wait, and leaves to others those that do not.
        weakref.finalize(self, _close, files)

    def __reduce__(self) -> tuple[type[RemoteStore], tuple[str]]:
        return type(self), (self.url,)

    def with_read_only(self, read_only: bool = False) -> RemoteStore:
        """Return the same store, which is only read whatever is asked for."""
        return self

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Fetch a file of the store, or a part of it."""
        try:
            fetching = super().get(key, prototype or default_buffer_prototype(), byte_range)
            found: Buffer | None = await asyncio.wait_for(fetching, TOTAL)
        except SurveyError:
            raise
        except Exception as error:
            raise failed(f"{self.url}/{key}", error) from error
        if found is None:
            await self._look_for(self._witnesses(key))
            return None
        most = (
            byte_range.end - byte_range.start if isinstance(byte_range, RangeByteRequest)
            else byte_range.suffix if isinstance(byte_range, SuffixByteRequest) else len(found)
        )  # fmt: skip
        if len(found) > most:
            # The whole file, where a part was asked for: zarr would take its beginning for that part.
            what = "the server gives whole files only, and no parts of them"
            raise SurveyError(self.about, what, "Download it, and open the folder")
        await asyncio.to_thread(self._check, key, found, byte_range)
        return found

    async def _look_for(self, witnesses: list[str]) -> None:
        """Ask whether the store is there still, where a piece of it is not; not for each of many pieces anew."""
        if not witnesses or time.monotonic() - self._seen < _ASK_AGAIN:
            return
        try:
            there = [await asyncio.wait_for(self.exists(one), TOTAL) for one in witnesses]
        except Exception as error:
            raise failed(self.url, error) from error
        if not all(there):
            raise self._gone()
        self._seen = time.monotonic()

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """List what lies there, where the server says."""
        try:
            async for one in super().list_dir(prefix):
                yield one
        except SurveyError:
            raise
        except Exception as error:
            raise failed(self.url, error) from error

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Fetch parts of files of the store."""
        return list(await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges)))


def _close(files: Any) -> None:
    session, client = getattr(files, "_session", None), getattr(files, "_s3", None)
    if client is not None:
        # aiobotocore closes what it has opened in the loop that it was opened in, which is zarr's.
        with contextlib.suppress(Exception):
            sync(client.__aexit__(None, None, None), timeout=1.0)
    elif session is not None and hasattr(session, "close"):
        files.close_session(None, session)


def store_of(path: Path) -> GuardedStore | RemoteStore:
    """Return the store of a folder, or of an address."""
    url = url_of(path)
    return GuardedStore(path) if url is None else RemoteStore(url)
