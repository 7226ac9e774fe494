"""The one kind of error that training tells a person about."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

from napari_fhn import record
from napari_fhn.what_it_is import what_it_is

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


def no_job(path: str | os.PathLike[str], error: ValueError) -> JobError:
    """Return the error for a file that holds no saved job: what it is instead, where it says so itself.

    Parameters
    ----------
    path : path-like
        The file.
    error : ValueError
        Of whoever read it.
    """
    # What is called a record is a damaged one.
    found = None if Path(path).suffix.lower() == ".json" else what_it_is(Path(path))
    if found is None or found.use == "job":
        return JobError(str(error))
    return JobError(f"{os.fspath(path)}: it is {found.words}, and no saved job. {found.way_out}")
