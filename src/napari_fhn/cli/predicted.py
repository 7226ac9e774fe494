"""What was predicted: by the job of a session, or in a file from elsewhere."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import surveys
from napari_fhn.cli.exporting import check_output, check_place, on_survey
from napari_fhn.cli.given import survey_files
from napari_fhn.cli.maps import tell
from napari_fhn.cli.options import UsageError, load_job
from napari_fhn.cli.reading import reading
from napari_fhn.labels import ClassTable, LabelClass, LabelError
from napari_fhn.labels.classes import PALETTE
from napari_fhn.surveys.blocks import ArrayLike
from napari_fhn.surveys.classes import open_onto
from napari_fhn.surveys.out import SUFFIXES
from napari_fhn.training.job import Job, JobError, Output


def predicted(options: argparse.Namespace) -> Predicted:
    """Return what ``--session``, ``--job`` or ``--prediction`` names.

    Raises
    ------
    UsageError, JobError, LabelError
        When none or several are named, or what is named cannot be read.
    """
    by_job = options.session is not None or options.job is not None
    if by_job == (options.prediction is not None):
        raise UsageError("say what to export: one of --session (or --job) and --prediction")
    job = load_job(options) if by_job else None
    table = None if options.classes is None else ClassTable.from_csv(options.classes)
    if table is None and job is not None:
        table = _table(job)
    return Predicted(options, job, table)


class Predicted:
    """A prediction, its classes, and the survey it lies on.

    Parameters
    ----------
    options : argparse.Namespace
        Of ``napari-fhn export``.
    job : Job or None
        None for a file from elsewhere.
    table : ClassTable or None
        None where nobody named the classes of such a file.
    """

    def __init__(self, options: argparse.Namespace, job: Job | None, table: ClassTable | None) -> None:
        self._options = options
        self._job = job
        self.table = table

    def like(
        self, output: Path, suffixes: Sequence[str] = SUFFIXES, alone: Sequence[str] = (".npy",)
    ) -> xr.DataArray | None:
        """Return the survey; a prediction file that names its axes is its own.

        Raises
        ------
        SurveyError
            As `check_output` does.
        """
        like = self._options.like
        if like is None and self._job is None and Path(self._options.prediction).suffix.lower() != ".npy":
            like = self._options.prediction
        found = check_output(output, like, reading(self._options), suffixes, alone)
        if self._job is not None:
            check_place(self._job, found)
        return found

    def classes(self, like: xr.DataArray | None) -> ArrayLike:
        """Return the predicted classes, read when they are sliced.

        Raises
        ------
        JobError
            When nothing was predicted yet.
        SurveyError
            When the file cannot be read, or does not hold whole numbers.
        """
        if self._job is not None:
            path = Path(self._job.prediction)
            if not path.is_file():
                raise JobError(f"{path} does not exist: predict first")
            return self._placed(_mapped(path), like, classes=True)
        (path,) = survey_files([self._options.prediction])
        given = reading(self._options)
        # A prediction without a survey is read as it says; beside one, what says how that is read says nothing of it
        # but in which order its file lies.
        if self._options.like is None or like is None:
            values = surveys.open(path, **given)
            if "band" in values.dims and values.sizes["band"] == 1:
                values = values.isel(band=0, drop=True)
        else:
            placed = open_onto(path, like, classes=True, **given)
            tell([placed.words])
            values = placed.values
        if values.dtype.kind not in "iub":
            raise surveys.SurveyError(path, f"it holds {values.dtype} values", "Classes are whole numbers")
        return values

    def _placed(self, values: NDArray[Any], like: xr.DataArray | None, *, classes: bool) -> ArrayLike:
        """What the job predicted, on the grid of the survey that is named."""
        if self._job is None or like is None:
            return values
        placed, words = on_survey(values, self._job, like, classes=classes)
        tell([words])
        return placed

    def output(self, kind: Output, like: xr.DataArray | None = None) -> ArrayLike:
        """Return probabilities, shape (class, ...), entropy or margin, on the grid of the survey that is named.

        Raises
        ------
        UsageError, JobError
            When there are none.
        """
        if self._job is None:
            raise UsageError(f"a prediction file has no {kind}: name the session with --session")
        path = self._job.output_path(kind)
        if not path.is_file():
            raise JobError(f"the session has no {kind} ({path} does not exist): predict again with that output")
        return self._placed(_mapped(path), like, classes=False)

    def values(self, names: Sequence[str]) -> list[int]:
        """Return the values of classes that were named, or told by number.

        Raises
        ------
        LabelError
            When there is no such class.
        """
        found = []
        for name in names:
            if self.table is not None and not (name.isdecimal() and name not in self.table.names):
                found.append(self.table.value_of(name))
            elif name.isdecimal() and (self.table is None or int(name) in self.table.values):
                found.append(int(name))
            else:
                raise LabelError(
                    f"there is no class '{name}'", "Name the classes with --classes, or give their numbers"
                )
        return found


def _mapped(path: Path) -> np.ndarray[Any, Any]:
    try:
        values: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise JobError(f"{path} cannot be read ({error}): predict again") from error
    return values


def _table(job: Job) -> ClassTable:
    """The classes of a job, in the colours of its session."""
    beside = Path(job.labels).with_name("classes.csv")
    if not job.colors and beside.is_file():
        table = ClassTable.from_csv(beside)
        if table.names == job.classes:
            return table
    colors = job.colors or [PALETTE[k % len(PALETTE)] for k in range(len(job.classes))]
    return ClassTable(tuple(LabelClass(k, *pair) for k, pair in enumerate(zip(job.classes, colors, strict=True), 1)))
