"""The most memory that a piece of work took, as the system counts it."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_FORGET_PEAK = "5"
"""Of Linux: the peak of the resident memory is that of now."""


class Peak:
    """A context within which the peak of the memory is watched: on a CUDA device where one is used, else the process's.

    What was asked for by other threads meanwhile counts too.
    """

    def __enter__(self) -> Peak:
        with contextlib.suppress(OSError):
            _CLEAR.write_text(_FORGET_PEAK, encoding="ascii")
        self._before = resident()
        cuda = _cuda()
        self._before_cuda = [] if cuda is None else [int(cuda.memory_allocated(card)) for card in _cards(cuda)]
        for card in range(len(self._before_cuda)):
            cuda.reset_peak_memory_stats(card)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def grown(self) -> int | None:
        """Return the bytes at the peak beyond those at the beginning; None where the system does not say."""
        cuda = _cuda()
        if cuda is not None:
            before = self._before_cuda or [0] * cuda.device_count()
            on_devices = sum(int(cuda.max_memory_allocated(card)) - held for card, held in enumerate(before))
            if on_devices:
                return on_devices
        peak = _status("VmHWM")
        return None if peak is None or self._before is None else peak - self._before


def resident() -> int | None:
    """Return the bytes of this process that are in memory now; None where the system does not say."""
    return _status("VmRSS")


def _status(which: str) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(which + ":"):
                return int(line.split()[1]) << 10
    return None


def _cards(cuda: Any) -> range:
    """The devices by number: which of them is worked on is for others to say."""
    return range(cuda.device_count())


def _cuda() -> Any:
    """torch's CUDA, where somebody has begun to use it: asking must not start it."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
