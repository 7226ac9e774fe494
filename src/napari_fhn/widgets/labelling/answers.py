"""What people said about their files, remembered until the file changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from napari_fhn.labels import LabelError, Source

_MOST = 500


class Answers:
    """A small file of answers.

    Parameters
    ----------
    path : Path
        Where they are kept; a file that cannot be read or written is as good as none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, path: Path) -> Source | None:
        """Return the source with what was said about it, None where nothing was."""
        found = self._read().get(_key(path))
        try:
            return Source.from_dict(path, found) if isinstance(found, dict) else None
        except LabelError:
            return None

    def keep(self, source: Source) -> None:
        """Remember what was said."""
        known = self._read()
        known.pop(_key(source.path), None)
        known[_key(source.path)] = source.to_dict()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(dict(list(known.items())[-_MOST:]), indent=1), encoding="utf-8")
        except OSError:
            return

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}


def _key(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return str(path.absolute())
    return f"{path.absolute()}|{found.st_size}|{found.st_mtime_ns}"
