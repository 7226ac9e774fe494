"""The one kind of error that training tells a person about."""

from __future__ import annotations

from typing import Any, TypeVar

from napari_fhn import record

_T = TypeVar("_T")


class JobError(ValueError):
    """A job that cannot be done as described; the message says what to change."""


def decoded(cls: type[_T], data: Any, where: str = "") -> _T:
    """Build a typed part of a job from plain JSON types.

    Parameters
    ----------
    cls, data, where
        As for :func:`napari_fhn.record.decode`.

    Raises
    ------
    JobError
        When they do not make one; the message names the field.
    """
    try:
        return record.decode(cls, data, where)
    except record.RecordError as error:
        raise JobError(str(error)) from error
