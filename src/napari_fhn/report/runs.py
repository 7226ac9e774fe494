"""The runs of a session, scored and reported: only what is whole, of the network and the data of now, unless asked."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import surveys
from napari_fhn.labels import ClassTable
from napari_fhn.project import Project, ProjectError, Run
from napari_fhn.project.data import samples
from napari_fhn.project.exporting import own_files
from napari_fhn.project.exporting.export_checks import check_no_part
from napari_fhn.project.predictions import predictions
from napari_fhn.report.evaluation import Evaluation, on_held_out, on_truth
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.classes import stored_array, stored_classes
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.idle import IdleOption
from napari_fhn.surveys.remote.addresses import path_of
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.files.digest import digest
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.scores.estimating import Drawn

#: A truth as people have it: a file, a sample's name, or an array on the grid of the survey.
Truth = Any


@dataclass(frozen=True)
class Scored:
    """What came out of a scoring.

    Parameters
    ----------
    evaluations : tuple of Evaluation
        On labels held out, where there are any, and on a truth, where one was given.
    notes : tuple of str
        What a person should know: why the prediction is not to be taken for the whole, what has changed since.
    """

    evaluations: tuple[Evaluation, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrueClasses:
    """A truth on the grid of the labels.

    Parameters
    ----------
    values : ndarray of uint8
        0 where it is not known.
    words : tuple of str
        What was done to bring it there.
    """

    values: NDArray[np.uint8]
    words: tuple[str, ...] = ()


def evaluate(
    project: Project,
    run: Run,
    truth: Truth | None = None,
    *,
    margin: int | None = None,
    drawn: Drawn | None = None,
    partial: bool = False,
    reading: Mapping[str, Any] | None = None,
) -> Scored:
    """Score the prediction of a run.

    Parameters
    ----------
    project : Project
        Whose run it is.
    run : Run
        Predicted.
    truth : path-like or array, optional
        True classes, scored where nothing was labelled.
    margin, drawn
        As in :func:`~napari_fhn.report.evaluation.on_held_out`.
    partial : bool
        Whether the prediction may be one that is not whole, or stale.
    reading : mapping, optional
        Options of `napari_fhn.surveys.open` for the truth.

    Raises
    ------
    NeedsConsent
        When it is not whole, or stale, and nobody asked for such a one.
    JobError, ProjectError, SurveyError, LabelError
        When there is nothing to score on, or the truth does not fit.
    """
    job = run.job()
    check_drawn(drawn, held_out=bool(job.held_out))
    standing = predictions.check(project.session, run, partial=partial)
    notes = [*standing.doubts, *changed_since(project, run)]
    found = [on_held_out(job, margin=margin, drawn=drawn)] if job.held_out else []
    if truth is not None:
        true = truth_for(truth, job, project, reading)
        notes += true.words
        found.append(on_truth(job, true.values, margin=margin))
    if not found:
        raise JobError("there is nothing to score on: hold labels out, or name a truth")
    return Scored(tuple(found), tuple(notes))


def evaluate_job(
    job: Job,
    truth: Truth | None = None,
    *,
    margin: int | None = None,
    drawn: Drawn | None = None,
    partial: bool = False,
) -> Scored:
    """Score the prediction of a job that lies in no session; parameters as in :func:`evaluate`."""
    check_drawn(drawn, held_out=bool(job.held_out))
    predictions.check_job(job, partial=partial)
    found = [on_held_out(job, margin=margin, drawn=drawn)] if job.held_out else []
    notes: tuple[str, ...] = ()
    if truth is not None:
        true = truth_for(truth, job)
        notes = true.words
        found.append(on_truth(job, true.values, margin=margin))
    return Scored(tuple(found), notes)


def check_drawn(drawn: Drawn | None, *, held_out: bool) -> None:
    """Refuse to be told how labels held out were chosen, where a prediction is scored on none.

    Parameters
    ----------
    drawn : {"place", "class"}, optional
        As in :func:`~napari_fhn.report.evaluation.on_held_out`.
    held_out : bool
        Whether it is scored on labels held out.

    Raises
    ------
    JobError
    """
    if drawn is not None and not held_out:
        what = "--drawn says how labels held out were chosen, and the score is not one on labels held out"
        raise JobError(f"{what}: leave --drawn out")


def write_report(
    project: Project,
    run: Run,
    output: str | Path | None = None,
    truth: Truth | None = None,
    *,
    partial: bool = False,
    reading: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the report of a run, into its folder unless another file is named.

    Parameters
    ----------
    project, run, truth, partial, reading
        As in :func:`evaluate`.
    output : path-like, optional
        The file.
    overwrite : bool
        Replace a file that this program has not written, or that was changed since.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    NeedsConsent
        When the prediction is not whole, or stale, and nobody asked for such a one; `WouldReplace` when the file is
        somebody else's.
    JobError, ProjectError, SurveyError, LabelError
        When nothing was trained or predicted, or the truth does not fit.
    """
    from napari_fhn.report.writing import write

    if not run.has_model:
        raise ProjectError(f"nothing was trained by '{run.name}' yet", "Train first", path=project.session.folder)
    if output is None:
        project.session.check_plain()
        if project.session.only_look or not os.access(run.folder, os.W_OK):
            raise ProjectError(
                "nothing is to be written in it, or nothing can be",
                "Name a file for the report (--output, output=)",
                path=run.folder,
            )
    else:
        check_no_part(output)
    standing = predictions.check(project.session, run, partial=partial)
    true = None if truth is None else truth_for(truth, run.job(), project, reading)
    own = contextlib.nullcontext() if output is None else own_files.writing(output, overwrite=overwrite)
    with own:
        return write(
            run.folder,
            output,
            None if true is None else true.values,
            name=f"{project.session.name}: {run.name}",
            made=[*standing.words(), *_begun(run)],
            doubts=[*standing.doubts, *changed_since(project, run), *(() if true is None else true.words)],
        )


def changed_since(project: Project, run: Run) -> list[str]:
    """Say what has changed in a session since a run was begun, and is no matter of its prediction: the labels."""
    then = run.record.labels
    if then and project.session.has_labels and digest(project.session.labels) != then:
        return ["the labels have changed since it was trained"]
    return []


def truth_for(
    truth: Truth, job: Job, project: Project | None = None, reading: Mapping[str, Any] | None = None
) -> TrueClasses:
    """Return true classes on the grid of a job's labels.

    Parameters
    ----------
    truth : path-like or array
        A file, the name of a sample, which stands for its truth, or an array of that shape.
    job : Job
        Whose labels.
    project : Project, optional
        Knows where they lie; without it the axes of the job tell.
    reading : mapping, optional
        Options of `napari_fhn.surveys.open` for a file.

    Raises
    ------
    JobError
        When the job's labels are gone.
    LabelError, SurveyError
        When it does not fit.
    """
    shape = open_array(job.labels).shape
    if not isinstance(truth, str | Path):
        from napari_fhn.project.labelling.labelling import in_memory

        grid = isinstance(truth, xr.DataArray)
        stored = stored_array(truth, _grid(job, shape, project)) if grid else in_memory(truth, shape)
    else:
        path = samples.sample(truth).truth if samples.is_sample(truth) else path_of(truth)
        if reading:
            _check_heeded(path, reading)
        stored = stored_classes(path, _grid(job, shape, project), **(reading or {}))
    table = ClassTable.of_names(job.classes, job.colors, job.codes)
    placed = stored.values(table.by_code)
    words = (placed.words, *stored.words(table.by_code, table.names_by_code))
    return TrueClasses(np.asarray(placed.values, np.uint8), tuple(word for word in words if word))


def _check_heeded(path: Path, reading: Mapping[str, Any]) -> None:
    """Refuse options that mean nothing to a truth: what is told of a survey is passed over for labels of its grid."""
    try:
        surveys.open(path, **reading)
    except IdleOption:
        raise
    except SurveyError:
        return  # said by the reader of classes, or left open by the file and told by the grid


def _grid(job: Job, shape: tuple[int, ...], project: Project | None) -> xr.DataArray:
    """The survey, or a template of it."""
    if project is not None and project.surveys is not None:
        return project.surveys.first
    kept = None if project is None else project.session.manifest.grid
    if kept is not None:
        return kept.template()
    axes = [axis for number, axis in enumerate(job.axes) if number != job.map_axis]
    return Grid.from_axes(axes, shape).template()


def _begun(run: Run) -> list[str]:
    made = run.record
    lines = [f"begun: {made.created}"] if made.created else []
    lines += [f"recipe: {made.recipe}"] if made.recipe else []
    lines += [f"begun with the network of: {made.begun_with}"] if made.begun_with else []
    return [*lines, f"labels: {made.labels[:16]}"] if made.labels else lines
