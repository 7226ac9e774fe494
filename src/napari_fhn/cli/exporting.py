"""Where an export goes, and the survey that gives it headers or a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn import surveys
from napari_fhn.cli.given import survey_files
from napari_fhn.cli.maps import tell
from napari_fhn.session import spatial_shape
from napari_fhn.surveys import Grid, PlaceError, SurveyError, onto
from napari_fhn.surveys.blocks import ArrayLike
from napari_fhn.surveys.out import SUFFIXES
from napari_fhn.training.job import Job


def check_output(
    output: Path,
    like: str | None,
    reading: Mapping[str, Any],
    suffixes: Sequence[str] = SUFFIXES,
    alone: Sequence[str] = (".npy",),
) -> xr.DataArray | None:
    """Refuse an export that cannot work before any time is spent on it; return the survey to take headers from.

    Parameters
    ----------
    output : Path
        Where to.
    like : str or None
        Survey file, or the name of a sample.
    reading : mapping
        Options of `napari_fhn.surveys.open` for it.
    suffixes, alone : sequence of str
        Suffixes that can be written, and those of them that need no survey.

    Raises
    ------
    SurveyError
        For an unknown suffix, a missing folder, or a missing survey.
    """
    suffix = output.suffix.lower()
    if suffix not in suffixes:
        raise SurveyError(output, f"the suffix '{output.suffix}' is not known", f"Use {', '.join(suffixes)}")
    if not output.absolute().parent.is_dir():
        raise SurveyError(output, f"there is no folder {output.absolute().parent}", "Make it first")
    if like is not None:
        return surveys.open(survey_files([like])[0], **reading)
    if suffix not in alone:
        raise SurveyError(output, "its headers come from a survey", "Name the survey with --like")
    return None


def on_survey(values: ArrayLike, job: Job, like: xr.DataArray, *, classes: bool) -> tuple[ArrayLike, str]:
    """Bring what a job predicted onto the grid of the survey that it is saved with.

    Parameters
    ----------
    values : ArrayLike
        On the grid of the job, with one axis more in front for probabilities.
    job : Job
        Whose axes say where they lie.
    like : xarray.DataArray
        The survey.
    classes : bool
        Whether the values are classes.

    Returns
    -------
    values : ArrayLike
        On the grid of the survey, read when they are sliced; as they are where they lie there, and where the job does
        not know where it lies.
    words : str
        What was done to them.

    Raises
    ------
    SurveyError
        When the survey lies elsewhere.
    """
    grid = Grid.from_axes(job.axes, values.shape[values.ndim - len(spatial_shape(like)) :])
    if not Grid.of(like).apart(grid):
        return values, ""
    dims = ["band"] * (values.ndim - len(grid.shape)) + list(grid.dims)
    placed = onto(grid.put(xr.DataArray(xr.Variable(dims, values))), like, classes=classes, name="the prediction")
    return placed.values.variable, placed.words


def check_place(job: Job, like: xr.DataArray | None) -> None:
    """Refuse a survey that does not lie where a job's labels do, before any time is spent.

    Raises
    ------
    SurveyError
    """
    if like is None or not Path(job.labels).is_file():
        return
    labels = np.load(job.labels, mmap_mode="r", allow_pickle=False)
    try:
        on_survey(labels, job, like, classes=True)
    except PlaceError as error:
        source = Path(str(like.attrs.get("source") or like.name or "survey"))
        what = f"it is not where the prediction lies ({error.what})"
        raise PlaceError(source, what, "Name the survey that was trained on") from error


def export(job: Job, output: Path, like: xr.DataArray | None) -> None:
    """Write a job's prediction to a file, on the grid of a survey where one is named."""
    prediction: ArrayLike = np.load(job.prediction, mmap_mode="r", allow_pickle=False)
    if like is None:
        surveys.save(output, prediction, xr.DataArray(prediction), nodata=0)
        return
    values, words = on_survey(prediction, job, like, classes=True)
    tell([words])
    surveys.save(output, values, like, nodata=0)
