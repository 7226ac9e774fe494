"""What the vertical axis of a survey takes of wells: times, or depths, or neither where it only counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_fhn.labels.errors import LabelError


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


def vertical_of(survey_dims: Sequence[object] | None) -> str:
    """Return "depth" for a survey whose vertical axis is depth, and "twt" for any other."""
    return "depth" if survey_dims and survey_dims[-1] == "depth" else "twt"
