"""What was given on the command line, as a session and a job."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import labels, sample_data, surveys
from napari_fhn.cli.known import burn_known, is_given, knowledge
from napari_fhn.cli.maps import open_together, tell
from napari_fhn.cli.objective import ignored, masks_on, objective
from napari_fhn.cli.options import on_machine, with_numbers
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.network.comparison import map_axis
from napari_fhn.session import Session, survey_axes
from napari_fhn.surveys import Grid, SurveyError
from napari_fhn.surveys.kinds import spatial_shape, vertical_axis
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.recipes import RECIPES
from napari_fhn.training.transfer import beginning_with, saved_job

SAMPLES = ("sample:seismic", "sample:hyperspectral")
_TRUTHS = dict(zip(SAMPLES, (sample_data.SEISMIC.truth, sample_data.HYPERSPECTRAL.truth), strict=True))


@dataclass(frozen=True)
class Prepared:
    """A job, the true classes to score it with (if there are), the folder it lives in, and why it has its recipe."""

    job: Job
    truth: Path | None
    folder: Path
    why: str = ""


def survey_files(names: Sequence[str]) -> list[Path]:
    """Return the files that a person named; a sample's name stands for its files."""
    files: list[Path] = []
    for name in names:
        if name == "sample:seismic":
            files.append(sample_data.SEISMIC.survey)
        elif name == "sample:hyperspectral":
            files += sample_data.HYPERSPECTRAL.dates
        elif name.startswith("sample:"):
            raise SurveyError(name, "there is no such sample", f"The samples are {' and '.join(SAMPLES)}")
        else:
            files.append(Path(name))
    return files


def prepare(options: argparse.Namespace) -> Prepared:
    """Stage the surveys, burn the labels and write the job.

    Parameters
    ----------
    options : argparse.Namespace
        Of ``napari-fhn train``.

    Returns
    -------
    Prepared

    Raises
    ------
    SurveyError, LabelError, JobError
        With what is wrong and the way out.
    """
    _with_sample(options)
    files = survey_files(options.surveys)
    opened = open_together(files, options)
    first = opened[0][1]
    shape = spatial_shape(first)
    vertical = vertical_axis(first) if options.vertical_axis is None else options.vertical_axis
    if vertical is not None and not -len(shape) <= vertical < len(shape):
        raise JobError(f"the survey has {len(shape)} axes and no axis {vertical} to be vertical")
    vertical = None if vertical is None else vertical % len(shape)
    table, known, weights = _known(options, first, shape)
    session = Session(options.session or Path(f"{files[0].stem}.fhn"))
    volume = session.label_volume(shape)
    table = _keep(session, volume, known, weights, table)
    held_out = []
    if options.hold_out:
        cells = None if options.blocks is None else labels.blocks(volume, options.blocks, vertical)
        held_out = labels.hold_out(volume, options.hold_out, vertical, options.seed or 0, cells)
    if len(held_out) < options.hold_out:
        print(
            f"{len(held_out)} of {options.hold_out} are held out: more would take a class away",
            file=sys.stderr,
        )
    cube = _reads_cube(options)
    staged = [session.stage_survey(name, survey, cube=cube) for name, survey in opened]
    session.prediction_volume(shape)
    chosen, why = options.recipe, ""
    if chosen is None:
        if vertical is None and len(shape) == 3:
            raise JobError(
                "the axes of the volume have no names: say which axis is two-way time or depth with --vertical-axis N, "
                "or that none is with --recipe volume"
            )
        choice = session.choose(
            staged, len(table), vertical_axis=vertical, held_out=held_out, device=options.device or "auto"
        )
        chosen, why = choice.name, f"Recipe {choice.name!r}. {choice.why}"
    job = session.job(
        staged,
        table.names,
        chosen,
        vertical_axis=vertical,
        held_out=held_out,
        steps=options.steps,
        seed=options.seed,
        ignored=ignored(options, shape),
        colors=[item.color for item in table],
        axes=survey_axes(first),
    )
    masks = masks_on(options, first, session)
    schedule = replace(job.schedule, objective=objective(options, job.schedule.objective, masks))
    job = replace(job, schedule=schedule)
    if options.start_from is not None:
        job = beginning_with(job, options.start_from, as_it_was=options.recipe is None)
        if options.recipe is None:
            why = f"Network and schedule are those of {job.start_from}."
            job = with_numbers(job, options)
    job = on_machine(job, options)
    job.save(session.folder / "job.json")
    return Prepared(job, options.truth, session.folder, why)


def _reads_cube(options: argparse.Namespace) -> bool:
    """Tell whether a map is to be read from a cube: by the recipe, else by the network that training begins with."""
    if options.recipe is None and options.start_from is None:
        return False  # no recipe that is chosen by itself does
    network = (saved_job(options.start_from) if options.recipe is None else RECIPES[options.recipe]).network
    return map_axis(network) is not None


def _with_sample(options: argparse.Namespace) -> None:
    """Fill in what belongs to a bundled sample and was not given."""
    named = [name for name in options.surveys if name in SAMPLES]
    if not named:
        return
    if len(options.surveys) > 1:
        raise SurveyError(named[0], "a sample is trained on alone", "Leave the other surveys out")
    sample = sample_data.SEISMIC if named[0] == "sample:seismic" else sample_data.HYPERSPECTRAL
    options.classes = options.classes or sample.classes
    options.truth = options.truth or sample.truth
    if is_given(options):
        return
    if isinstance(sample, sample_data.SeismicSample):
        options.wells, options.tops = sample.wells, sample.tops
    else:
        options.points = sample.labels


def _known(
    options: argparse.Namespace, survey: xr.DataArray, shape: tuple[int, ...]
) -> tuple[ClassTable | None, NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
    """Return the classes, the labels and their weights that were given; None for what was not."""
    if (options.wells is None) != (options.tops is None):
        raise LabelError("--wells and --tops go together", "Give both")
    table = None if options.classes is None else ClassTable.from_csv(options.classes)
    if not is_given(options):
        return table, None, None
    known: NDArray[np.uint8] = np.zeros(shape, np.uint8)
    found = knowledge(options, table, survey)
    weights: NDArray[np.uint8] | None = np.zeros(shape, np.uint8) if found.weighted else None
    classes = burn_known(found, survey, known, weights)
    return classes if len(classes) else None, known, weights


def _keep(
    session: Session,
    volume: NDArray[Any],
    known: NDArray[np.uint8] | None,
    weights: NDArray[np.uint8] | None,
    table: ClassTable | None,
) -> ClassTable:
    """Write labels and their weights into the session, never over others; return the classes that go with them."""
    remembered = session.folder / "classes.csv"
    if known is not None:
        _write(volume, known, "labels", session.labels)
        if weights is not None or session.weights.exists():
            wanted = np.zeros_like(known) if weights is None else weights
            _write(session.weight_volume(volume.shape), wanted, "weights of labels", session.weights)
    if table is None and remembered.exists():
        table = ClassTable.from_csv(remembered)
    largest = int(volume.max())
    if largest == 0:
        raise LabelError(
            "nothing is labelled",
            "Give --labels, --points, --las, --horizon, --polygons, or --wells with --tops",
            path=session.labels,
        )
    table = table or ClassTable.default(largest)
    if table.values != tuple(range(1, len(table) + 1)):
        raise LabelError(f"the class values are {table.values}", "Number the classes from 1, without gaps")
    if largest > len(table):
        raise LabelError(f"there is a label of value {largest} and {len(table)} classes", "Add it to the class table")
    table.to_csv(remembered)
    return table


def read_truth(name: str | Path, job: Job) -> NDArray[np.uint8]:
    """Read true classes on the grid of a job's labels; a sample's name stands for its truth.

    Raises
    ------
    JobError
        When the job's labels are gone.
    LabelError, SurveyError
        When it does not fit.
    """
    if not Path(job.labels).exists():
        raise JobError(f"{job.labels} does not exist: was it moved since the job was made?")
    found = surveys.read_classes(_TRUTHS.get(str(name), Path(name)), grid_of(job))
    if str(name) not in _TRUTHS:
        tell([found.words])
    classes: NDArray[np.uint8] = found.values.values
    return classes


def grid_of(job: Job) -> Grid:
    """Return the grid of a job's labels and prediction: what its axes say.

    Raises
    ------
    JobError
        When neither is there.
    """
    for path in (job.labels, job.prediction):
        if Path(path).is_file():
            return Grid.from_axes(job.axes, np.load(path, mmap_mode="r", allow_pickle=False).shape)
    raise JobError(f"{job.labels} does not exist: was it moved since the job was made?")


def _write(volume: NDArray[Any], known: NDArray[np.uint8], what: str, path: Path) -> None:
    if np.array_equal(volume, known):
        return
    if volume.any():
        raise LabelError(
            f"the session holds other {what}, which are never overwritten",
            "Use another --session, or give no labels to train on those in it",
            path=path,
        )
    volume[...] = known
