"""A disk that nobody waits for: what is written need not outlive a cut of the power when the tests are over.

An fsync takes from three to thirty milliseconds of waiting, and the tests ask for ten thousands. A process that is
killed loses nothing without it. What is left of a file when the power is cut is played by `tests/faulty_disk.py`,
which notes what was synchronised and when.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


def fsync(handle: int) -> None:
    """Fail where a real one would, of what is not open; else do nothing."""
    os.fstat(handle)


@contextlib.contextmanager
def installed() -> Iterator[None]:
    """Put it in the place of `os.fsync` while this is entered."""
    before = os.fsync
    os.fsync = fsync  # type: ignore[assignment]
    try:
        yield
    finally:
        os.fsync = before
