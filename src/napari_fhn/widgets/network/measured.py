"""How fast training was on this computer: kept in a file, so that the next one can be told how long it will take."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.training.schedule import Schedule

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


def duration(seconds: float) -> str:
    """Return a duration in words of one unit."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def kind(network: NetworkDescription, schedule: Schedule, block: tuple[int, ...], device: str) -> str:
    """Return a key that is equal for trainings whose steps take equally long."""
    what = json.dumps([network.to_dict(), schedule.batch, block, schedule.precision, device], sort_keys=True)
    return hashlib.sha1(what.encode(), usedforsecurity=False).hexdigest()[:16]


class Measured:
    """The speeds measured so far.

    Parameters
    ----------
    path : Path
        A JSON file; one that is missing or damaged holds nothing, and is written again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, key: str) -> Speed | None:
        """Return what was measured for a kind of training, None where nothing was."""
        return self._read().get(key)

    def remember(self, key: str, speed: Speed) -> None:
        """Keep the speed of a kind of training; a disk that refuses is no reason to complain."""
        speeds = self._read()
        speeds.pop(key, None)
        kept = dict([*speeds.items(), (key, speed)][-_MOST:])
        part = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({name: asdict(value) for name, value in kept.items()}, indent=1), "utf-8")
            os.replace(part, self._path)

    def _read(self) -> dict[str, Speed]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
            return {str(name): Speed(**{k: float(v) for k, v in value.items()}) for name, value in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
