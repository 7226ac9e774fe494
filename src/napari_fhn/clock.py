"""The time as records have it."""

from __future__ import annotations

import datetime


def now() -> str:
    """Return date and time in UTC, to the second.

    Examples
    --------
    >>> now()  # doctest: +SKIP
    '2026-05-04T09:30:00+00:00'
    """
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
