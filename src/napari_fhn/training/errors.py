"""The one kind of error that training tells a person about."""

from __future__ import annotations


class JobError(ValueError):
    """A job that cannot be done as described; the message says what to change."""
