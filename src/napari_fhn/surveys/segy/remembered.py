"""How surveys are to be read that a person has been asked about once.

One small JSON file in the user's data folder. A survey is known by a fingerprint of its headers, so it is recognised
under another name and in another folder, and no longer when its headers change.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from napari_fhn import record
from napari_fhn.leftovers import sweep_beside
from napari_fhn.surveys.segy.binary import HEADERS_BYTES, TRACE_HEADER_BYTES

VARIABLE = "NAPARI_FHN_REMEMBERED"
_KIND, _VERSION = "readings", 1
#: Surveys kept; the oldest is forgotten first.
_MOST = 1000
#: No store of ours is larger; whatever is, is not read.
_MOST_BYTES = 4 * 2**20


@dataclass(frozen=True)
class _Store:
    surveys: Mapping[str, Mapping[str, Any]]


def store() -> Path:
    """Return the file in which readings are remembered.

    It is ``$NAPARI_FHN_REMEMBERED`` where that is set, else ``segy-readings.json`` in the platform's folder for user
    data.
    """
    given = os.environ.get(VARIABLE)
    return Path(given) if given else Path(platformdirs.user_data_dir("napari-fhn", False)) / "segy-readings.json"


def fingerprint(path: Path) -> str:
    """Tell a SEG-Y file by its size, its text and binary header and a few stretches of its traces.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(HEADERS_BYTES + TRACE_HEADER_BYTES))
        for k in (1, 2, 3):
            file.seek(k * size // 4)
            digest.update(file.read(TRACE_HEADER_BYTES))
    return digest.hexdigest()[:32]


def recall(path: Path, among: Mapping[str, type]) -> dict[str, Any]:
    """Return the options a survey was last told to be read with.

    Parameters
    ----------
    path : Path
        The SEG-Y file.
    among : dict
        Names of options that exist, and their types; anything else in the store is ignored.

    Returns
    -------
    dict
        Empty where nothing is remembered, or the store cannot be read: a damaged store never hurts.
    """
    try:
        entry = _load().get(fingerprint(path), {}).get("options", {})
    except (OSError, AttributeError):
        return {}
    if not isinstance(entry, dict):
        return {}
    # bool is an int to Python, and not to a person; a whole number of milliseconds may be written as one.
    return {
        name: value
        for name, value in entry.items()
        if name in among
        and isinstance(value, (int, float) if among[name] is float else among[name])
        and isinstance(value, bool) == (among[name] is bool)
    }


def remember(path: Path, options: dict[str, Any]) -> None:
    """Keep the options a survey is to be read with from now on.

    Parameters
    ----------
    path : Path
        The SEG-Y file.
    options : dict
        Names and values, numbers or booleans; empty to forget.

    Raises
    ------
    OSError
        When the store cannot be written.
    """
    entries = _load()
    key = fingerprint(path)
    entries.pop(key, None)
    if options:
        entries[key] = {"name": path.name, "when": round(time.time()), "options": options}
    entries = dict(list(entries.items())[-_MOST:])
    place = store()
    place.parent.mkdir(parents=True, exist_ok=True)
    record.write(place, _KIND, _VERSION, {"surveys": entries})
    sweep_beside(place)


def forget(path: Path) -> None:
    """Forget how a survey was to be read.

    Parameters
    ----------
    path : Path
        The SEG-Y file.

    Raises
    ------
    OSError
        When the store cannot be written.
    """
    remember(path, {})


def _load() -> dict[str, Any]:
    """Read the store; one that cannot be read is put aside, and nothing is remembered then."""
    place = store()
    if not place.exists():
        return {}
    try:
        found = record.read(place, _KIND, _VERSION, {0: _from_first}, longest=_MOST_BYTES)
        return dict(record.decode(_Store, found).surveys)
    except record.RecordError:
        record.set_aside(place)
        return {}


def _from_first(data: Any) -> Mapping[str, Any]:
    """The form before it was a record: the same, with a version and no format word."""
    return {"surveys": data["surveys"]}
