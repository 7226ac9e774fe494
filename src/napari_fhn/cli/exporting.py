"""Where an export goes, and the survey that gives it headers or a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn import surveys
from napari_fhn.cli.given import survey_files
from napari_fhn.surveys import SurveyError
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


def export(job: Job, output: Path, like: xr.DataArray | None) -> None:
    """Write a job's prediction to a file."""
    prediction = np.load(job.prediction, mmap_mode="r", allow_pickle=False)
    surveys.save(output, prediction, xr.DataArray(prediction) if like is None else like, nodata=0)
