"""The time as records have it."""

from __future__ import annotations

import datetime


def now() -> str:
    """Return date and time in UTC, to the second.

    Examples
    --------
    >>> now()[:2]
    '20'
    """
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
