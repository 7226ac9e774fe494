"""A folder or an address that is written to, by one process or by many: stores of Zarr, and small files in them.

A small file is there whole or not at all, and files of different names never disturb each other. That is all that is
asked of a place, so a folder that several machines share will do, and so will an object store.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_fhn import leftovers, record
from napari_fhn.record.aside import settle
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import one_line
from napari_fhn.surveys.remote.addresses import check_address, failed, named, system, url_of

if TYPE_CHECKING:
    from zarr.abc.store import Store

_UNWRITABLE = ("http", "https")
_UNFINISHED = re.compile(r".+\.[0-9a-f]{32}\.partial")
"""As zarr calls what it writes until it is whole."""


class Target:
    """Where a store is, or will be.

    Parameters
    ----------
    path : path-like
        A folder of this machine, or an address: ``s3://``, ``gs://``, ``abfs://``.

    Attributes
    ----------
    about : Path
        What sentences are about.
    url : str or None
        Its address; None for a folder.

    Raises
    ------
    SurveyError
        When nothing can be written there, or the package that speaks to it is missing.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.url = url_of(path)
        self.folder = Path(os.path.abspath(path)) if self.url is None else Path(self.url)
        self.about = self.folder if self.url is None else named(self.url)
        if self.url is not None:
            check_address(self.url)
            scheme = self.url.partition("://")[0]
            if scheme in _UNWRITABLE:
                raise SurveyError(self.about, f"nothing can be written to {scheme}://", "Give a folder, or an address "
                                  "of an object store (s3://, gs://, abfs://)")  # fmt: skip
            self._files, self._root = system(self.url)

    def __str__(self) -> str:
        return self.url or str(self.folder)

    def store(self) -> Store:
        """Return it as zarr writes to it."""
        from zarr.storage import FsspecStore, LocalStore

        if self.url is None:
            return LocalStore(self.folder)
        files, path = system(self.url, asynchronous=True)
        return FsspecStore(files, path=path)

    def read(self, name: str) -> bytes | None:
        """Return a small file; None where there is none."""
        try:
            if self.url is None:
                path = self.folder / name
                return path.read_bytes() if path.is_file() else None
            self._files.invalidate_cache()
            return bytes(self._files.cat_file(f"{self._root}/{name}"))
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._failed(error) from error

    def read_json(self, name: str, longest: int = 2**30) -> Any:
        """Return what a small file of JSON says; None where there is none, or it is damaged."""
        try:
            return record.parse(self.read(name) or b"", longest=longest)
        except record.RecordError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Write a small file, whole or not at all; one of that name is replaced."""
        try:
            if self.url is None:
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                record.write_bytes(self.folder / name, data)
            else:
                self._files.pipe_file(f"{self._root}/{name}", data)
        except OSError as error:
            if self.url is None:
                raise  # said by whoever writes
            raise self._failed(error) from error
        except Exception as error:
            raise self._failed(error) from error

    def names(self, folder: str) -> list[str]:
        """Return the names of the files of a folder; none where it is not there."""
        try:
            if self.url is None:
                return sorted(os.listdir(self.folder / folder))
            self._files.invalidate_cache()
            listed = self._files.ls(f"{self._root}/{folder}", detail=False)
            return sorted(str(one).rstrip("/").rpartition("/")[2] for one in listed)
        except FileNotFoundError:
            return []
        except Exception as error:
            raise self._failed(error) from error

    def remove(self, folder: str) -> None:
        """Remove the files of a folder, and the folder; what is gone already is no error."""
        for name in self.names(folder):
            with contextlib.suppress(FileNotFoundError):
                if self.url is None:
                    (self.folder / folder / name).unlink()
                else:
                    self._files.rm_file(f"{self._root}/{folder}/{name}")
        if self.url is None:
            with contextlib.suppress(OSError):
                (self.folder / folder).rmdir()

    def is_empty(self) -> bool:
        """Tell whether nothing lies there but what this program was about to write when it was killed."""
        if self.url is not None:
            return not self.names("")
        return all(leftovers.is_part(name) for _, _, names in os.walk(self.folder) for name in names)

    def settle(self, name: str) -> None:
        """Bring a file that zarr has written to the disk; an object is there when it has been taken."""
        if self.url is None:
            with contextlib.suppress(FileNotFoundError), (self.folder / name).open("rb+") as file:
                os.fsync(file.fileno())

    def settle_all(self) -> None:
        """Bring all that zarr has written to the disk, and its names."""
        for folder, _, names in os.walk(self.folder if self.url is None else ""):
            for name in names:
                self.settle(str(Path(folder, name)))
            settle(Path(folder))

    def forget_torn(self) -> None:
        """Remove what zarr was about to say of groups and arrays when the power went."""
        for folder, _, names in os.walk(self.folder if self.url is None else ""):
            name = str(Path(folder, "zarr.json"))
            if "zarr.json" in names and self.read_json(name) is None:
                Path(name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what was just being written in processes that are gone, where nobody writes any more."""
        for folder, _, names in os.walk(self.folder if self.url is None else ""):
            leftovers.sweep(Path(folder))
            for name in names:
                if _UNFINISHED.fullmatch(name):
                    Path(folder, name).unlink(missing_ok=True)

    def _failed(self, error: BaseException) -> SurveyError:
        if self.url is not None:
            return failed(self.url, error)
        return SurveyError(self.about, f"it cannot be read ({one_line(error)})", "Check the folder")
