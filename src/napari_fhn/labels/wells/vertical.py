"""What the vertical axis of a survey takes of wells: times, or depths, or neither where it only counts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from napari_fhn.labels.errors import LabelError, LabelWarning
from napari_fhn.labels.tables.roles import Columns


def check_unit(survey_dims: Sequence[object] | None, path: str | Path | None = None) -> None:
    """Refuse times and depths on a survey whose vertical axis counts samples.

    Parameters
    ----------
    survey_dims : sequence of str or None
        Of the survey.
    path : str or Path, optional
        File that the error names.

    Raises
    ------
    LabelError
        With the option that gives the axis its unit.
    """
    if survey_dims and survey_dims[-1] == "sample":
        raise LabelError(
            "the survey's vertical axis counts samples, so times have no place on it",
            "Open the survey with its sample interval, such as sample_interval_ms=4 for a SEG-Y file",
            path=path,
        )


def check_domain(in_time: bool, vertical: str, what: str, path: str | Path) -> None:
    """Refuse times on a survey in depth, and depths on one in time, where no checkshots tie them.

    Parameters
    ----------
    in_time : bool
        Whether a file has times.
    vertical : {"twt", "depth"}
        The survey's vertical axis.
    what : str
        What holds them, for the sentence.
    path : str or Path
        The file.

    Raises
    ------
    LabelError
        Before anybody is asked for a unit of what cannot be taken.
    """
    if in_time != (vertical == "twt"):
        holds, goes = ("two-way times", "depth") if in_time else ("depths", "two-way time")
        raise LabelError(
            f"{what} holds {holds}, the survey goes down in {goes}, and there are no checkshots",
            f"Give checkshots beside it, or a file in {goes}",
            path=path,
        )


def of_domain(found: Columns, survey_dims: Sequence[object], what: str) -> tuple[str, ...]:
    """Return the roles of columns that lie on a survey's vertical axis, beside one that may be depth or time.

    Parameters
    ----------
    found : Columns
        Of a table of picks or points.
    survey_dims : sequence
        Of the survey.
    what : str
        What the table holds, for the sentence.

    Raises
    ------
    LabelError
        When it has columns of the other domain alone.
    """
    times, depths = ("twt", "time", "owt"), ("tvdss", "depth", "tvd")
    own, other = (depths, times) if vertical_of(survey_dims) == "depth" else (times, depths)
    if not any(found.has(role) for role in (*own, "z")) and any(found.has(role) for role in other):
        here, there = ("depth", "time") if own is depths else ("time", "depth")
        raise LabelError(
            f"it comes in {there}, and the survey in {here}",
            f"Use {what} in the survey's own domain, or say which column that is",
            path=found.table.path,
        )
    return own


def of_way(found: Columns, role: str) -> float:
    """Return by what values of a column are multiplied to be those of a survey: one-way times count twice; said."""
    if role != "owt":
        return 1.0
    name = found.table.names[found.index(role)]
    words = f"{found.table.path.name}: the one-way times in its column '{name}' were doubled."
    warnings.warn(words, LabelWarning, stacklevel=3)
    return 2.0


def vertical_of(survey_dims: Sequence[object] | None) -> str:
    """Return "depth" for a survey whose vertical axis is depth, and "twt" for any other."""
    return "depth" if survey_dims and survey_dims[-1] == "depth" else "twt"
