"""How fast training was on this computer: kept in a file, so that the next one can be told how long it will take."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_fhn import record
from napari_fhn.leftovers import sweep_beside
from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.record import set_aside
from napari_fhn.training.machine.time_left import duration
from napari_fhn.training.schedule import Schedule

_KIND = "speeds"
_VERSION = 1
_MOST = 200
"""Kinds of training that are remembered; the oldest go first."""


@dataclass(frozen=True)
class Speed:
    """What was measured in the last training of a kind.

    Parameters
    ----------
    step_seconds : float
        Median duration of a step, without predictions of the view.
    first_seconds : float
        From the press of Train to the first prediction in view.
    """

    step_seconds: float
    first_seconds: float

    def sentence(self, steps: int) -> str:
        """Say how long so many steps take."""
        return f"first view {duration(self.first_seconds)}, all {duration(steps * self.step_seconds)}"


def kind(network: NetworkDescription, schedule: Schedule, block: tuple[int, ...], device: str) -> str:
    """Return a key that is equal for trainings whose steps take equally long."""
    what = json.dumps([network.to_dict(), schedule.batch, block, schedule.precision, device], sort_keys=True)
    return hashlib.sha1(what.encode(), usedforsecurity=False).hexdigest()[:16]


@dataclass(frozen=True)
class _Speeds:
    kinds: Mapping[str, Speed] = field(default_factory=dict)


class Measured:
    """The speeds measured so far.

    Parameters
    ----------
    path : Path
        A file of this computer; one that is missing holds nothing, one that is damaged is put aside.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, key: str) -> Speed | None:
        """Return what was measured for a kind of training, None where nothing was."""
        return self._read().get(key)

    def remember(self, key: str, speed: Speed) -> None:
        """Keep the speed of a kind of training; a disk that refuses is no reason to complain."""
        speeds = dict(self._read())
        speeds.pop(key, None)
        latest = _Speeds(dict([*speeds.items(), (key, speed)][-_MOST:]))
        with contextlib.suppress(OSError, record.RecordError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            record.write(self._path, _KIND, _VERSION, record.encode(latest))
            sweep_beside(self._path)

    def _read(self) -> Mapping[str, Speed]:
        if not self._path.exists():
            return {}
        try:
            return record.decode(_Speeds, record.read(self._path, _KIND, _VERSION, {0: _from_first})).kinds
        except record.RecordError:
            set_aside(self._path)
            return {}


def _from_first(data: Any) -> Mapping[str, Any]:
    """The form before records had versions: the speeds themselves."""
    return {"kinds": {str(name): {k: float(v) for k, v in value.items()} for name, value in data.items()}}
