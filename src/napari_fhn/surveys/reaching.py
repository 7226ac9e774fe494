"""Files that take their values from elsewhere: which may be followed, and what was agreed to.

A virtual raster, an HDF5 file or an ER Mapper header names other files, and some name servers. What lies in the folder
of the file, or below, came with it and is read. Everything else is followed only where a person has said so: by the
option ``follow``, at every door. It is remembered for that file as it is, in the user's data folder and not in a
session, which may be somebody else's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import platformdirs

from napari_fhn import record
from napari_fhn.leftovers import sweep_beside
from napari_fhn.surveys.axes import AmbiguousAxes, ReadingChoice

VARIABLE = "NAPARI_FHN_FOLLOWED"
_KIND = "followed files"
_VERSION = 1
#: Files kept; the oldest is forgotten first.
_MOST = 1000
#: Targets that a sentence names.
_NAMED = 3


class ReachesOut(AmbiguousAxes):
    """A file whose values lie elsewhere, and nobody has said that it may be followed there.

    Parameters
    ----------
    path : str or Path
        The file.
    targets : sequence of str
        What it names: files outside its folder, addresses, parts that are not looked through.
    """

    question = "Read that too?"
    way = "If you trust it, open it with {}, or --follow"

    def __init__(self, path: str | Path, targets: Sequence[str]) -> None:
        self.targets = tuple(targets)
        named = ", ".join(f"{one:.120}" for one in self.targets[:_NAMED])
        more = f" and {len(self.targets) - _NAMED} more" if len(self.targets) > _NAMED else ""
        said = f"it takes values from outside its folder ({named}{more}), which is not followed unless you say so"
        super().__init__(path, said, [ReadingChoice(f"Follow it to {named}{more}", {"follow": True})])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self.path), self.targets)


def is_outside(named: str, folder: Path) -> bool:
    """Say whether what a file names lies outside its folder, is no plain file, or is none at all.

    Parameters
    ----------
    named : str
        As the file has it: relative to its folder, or absolute.
    folder : Path
        Of the file.
    """
    try:
        real, home = os.path.realpath(folder / named), os.path.realpath(folder)
        return not (os.path.isfile(real) and os.path.commonpath((real, home)) == home)
    except (OSError, ValueError):
        return True


def check(path: Path, targets: Sequence[str], follow: bool) -> None:
    """Refuse to follow a file, unless it was agreed to, now or before.

    Parameters
    ----------
    path : Path
        The file.
    targets : sequence of str
        What it names outside its folder; where there is nothing, nothing is refused.
    follow : bool
        Whether a person says so now.

    Raises
    ------
    ReachesOut
    """
    if not targets:
        return
    mark = _mark(path, targets)
    if not follow and mark not in _agreed():
        raise ReachesOut(path, targets)
    _remember(mark)


def remember_address(url: str) -> None:
    """Remember that a person has named an address: a session that keeps it may fetch it again for them.

    Parameters
    ----------
    url : str
        Without what may be a key.
    """
    _remember(_mark_of_address(url))


def knows_address(url: str) -> bool:
    """Say whether a person has named an address before, on this machine; a session may be somebody else's."""
    return _mark_of_address(url) in _agreed()


def agree(url: str) -> None:
    """Remember that a person wants what lies at an address, however large it is.

    Parameters
    ----------
    url : str
        Without what may be a key.
    """
    _remember(_mark_of_address(f"whole\0{url}"))


def agreed_to(url: str) -> bool:
    """Say whether a person has wanted the whole of what lies at an address before."""
    return _mark_of_address(f"whole\0{url}") in _agreed()


def _remember(mark: str) -> None:
    known = _agreed()
    if mark not in known:
        # One that cannot be remembered is asked again.
        with contextlib.suppress(OSError, record.RecordError):
            store().parent.mkdir(parents=True, exist_ok=True)
            record.write(store(), _KIND, _VERSION, {"files": [*known, mark][-_MOST:]})
            sweep_beside(store())


def store() -> Path:
    """Return the file that remembers: ``$NAPARI_FHN_FOLLOWED``, else one in the platform's folder for user data."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else Path(platformdirs.user_data_dir("napari-fhn", False)) / "followed.json"


def _agreed() -> list[str]:
    try:
        found = record.read(store(), _KIND, _VERSION).get("files", [])
    except (OSError, record.RecordError):
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _mark_of_address(url: str) -> str:
    return hashlib.sha256(f"address\0{url}".encode("utf-8", "surrogatepass")).hexdigest()


def _mark(path: Path, targets: Sequence[str]) -> str:
    """Tell a file in its place, as it is now."""
    status = path.stat()
    said = "\0".join((os.path.realpath(path), str(status.st_size), str(status.st_mtime_ns), *targets))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
