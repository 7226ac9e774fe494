"""What people said about their files, remembered on this computer until the file changes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_fhn import record
from napari_fhn.labels import LabelError, Source
from napari_fhn.leftovers import sweep_beside
from napari_fhn.record import set_aside
from napari_fhn.regular import as_typed, is_address

_KIND = "answers"
_VERSION = 1
_MOST = 500


@dataclass(frozen=True)
class _Answers:
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Answers:
    """A small file of answers.

    Parameters
    ----------
    path : Path
        Where they are kept; one that cannot be read is put aside, one that cannot be written is as good as none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, path: Path, part: str = "") -> Source | None:
        """Return the source with what was said about it, None where nothing was.

        Parameters
        ----------
        path : Path
            The file.
        part : str, optional
            The sheet or layer, of a file of which several are read.
        """
        found = self._read().get(_key(path, part))
        try:
            return None if found is None else Source.from_dict(path, found)
        except (LabelError, ValueError, TypeError, KeyError):
            return None

    def keep(self, source: Source, part: str = "") -> None:
        """Remember what was said; of a sheet or layer among others, by its name."""
        known = dict(self._read())
        known.pop(_key(source.path, part), None)
        known[_key(source.path, part)] = source.to_dict()
        latest = dict(list(known.items())[-_MOST:])
        with contextlib.suppress(OSError, record.RecordError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            record.write(self._path, _KIND, _VERSION, record.encode(_Answers(latest)))
            sweep_beside(self._path)

    def _read(self) -> Mapping[str, Mapping[str, Any]]:
        if not self._path.exists():
            return {}
        try:
            return record.decode(_Answers, record.read(self._path, _KIND, _VERSION, {0: _from_first})).files
        except record.RecordError:
            set_aside(self._path)
            return {}


def _from_first(data: Any) -> Mapping[str, Any]:
    """The form before records had versions: the answers themselves."""
    if not isinstance(data, Mapping) or "format" in data:
        raise record.RecordError("it holds no answers")
    return {"files": {key: value for key, value in data.items() if isinstance(value, Mapping)}}


def _key(path: Path, part: str = "") -> str:
    if is_address(path):
        return as_typed(path)
    try:
        found = path.stat()
    except OSError:
        return str(path.absolute())
    key = f"{path.absolute()}|{found.st_size}|{found.st_mtime_ns}"
    return f"{key}|{part}" if part else key
