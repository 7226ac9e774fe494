"""From surveys, labels and settings to a job: the one place where that is done, whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable
from napari_fhn.network.comparison import map_axis
from napari_fhn.project.runs.settings import Settings
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.manifest import HeldOut
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Axis, Input, Job

UNNAMED = "#808080"
"""Colour of values below the largest that are no class."""


def assemble(
    folder: Path,
    inputs: Sequence[Input],
    known: Path,
    table: ClassTable,
    settings: Settings,
    *,
    run: str,
    vertical_axis: int | None,
    held_out: Sequence[Box] = (),
    axes: Sequence[Axis] = (),
    weights: Path | None = None,
    start_from: Path | None = None,
    shape: Sequence[int] = (),
) -> Job:
    """Build a job.

    Parameters
    ----------
    folder : Path
        Of the run: its model and its prediction lie there.
    inputs : sequence of Input
        Copies of the surveys.
    known : Path
        The label volume.
    table : ClassTable
        The classes. A value between them that has no class keeps its place under the name ``class N``.
    settings : Settings
        What a person chose, or the recipe's.
    run : str
        Identity of the run.
    vertical_axis : int or None
        Spatial axis of two-way time or depth.
    held_out : sequence of Box
        Bodies of labels kept for the score.
    axes : sequence of Axis
        What the voxel numbers mean.
    weights : Path, optional
        How much each label counts; a file that is not there says nothing.
    start_from : Path, optional
        Network whose weights are the first ones.
    shape : sequence of int
        Of the survey: the prediction of a large one lies in shards.

    Returns
    -------
    Job

    Raises
    ------
    JobError
        When these do not go together; the message says what to change.
    """
    named = dict(zip(table.values, table.names, strict=True))
    count = max(table.values, default=0)
    job = Job(
        inputs=tuple(inputs),
        labels=str(known),
        classes=tuple(named.get(value, f"class {value}") for value in range(1, count + 1)),
        network=settings.network,
        schedule=settings.schedule,
        prediction=str(layout.array_in(folder, layout.PREDICTION, shape)),
        model=str(folder / layout.MODEL),
        vertical_axis=vertical_axis,
        held_out=tuple(held_out),
        weights=str(weights) if weights is not None and weights.exists() else None,
        map_axis=map_axis(settings.network),
        colors=tuple(table.colors.get(value, UNNAMED) for value in range(1, count + 1)),
        codes=_codes(table, count),
        axes=tuple(axes),
        position=settings.position,
        start_from=None if start_from is None else str(start_from),
        run=run,
    )
    job = settings.applied_to(job)
    if job.combination is None:
        return job
    return replace(job, combination=replace(job.combination, folder=str(known.parent / layout.STRUCTURE)))


def _codes(table: ClassTable, count: int) -> tuple[int, ...]:
    """What files have for the values up to a count; none where these are the values."""
    if not table.coded:
        return ()
    codes, free = dict(zip(table.values, table.codes, strict=True)), max(table.codes) + 1
    # A value that no class has is in no file: any number that is free will do.
    return tuple(codes.get(value, free + value) for value in range(1, count + 1))


def survey_axes(survey: xr.DataArray) -> tuple[Axis, ...]:
    """Return what the voxel numbers of the spatial axes of a survey mean.

    Parameters
    ----------
    survey : xarray.DataArray
        As :func:`napari_fhn.surveys.open` gives it.

    Returns
    -------
    tuple of Axis
        Where values are not evenly spaced, the step is their mean one.
    """
    axes = []
    for dim in (str(dim) for dim in survey.dims if dim != "band"):
        values = np.asarray(survey[dim])
        if dim not in survey.coords or values.dtype.kind not in "iuf":
            axes.append(Axis(dim))
            continue
        step = float(values[-1] - values[0]) / (len(values) - 1) if len(values) > 1 else 1.0
        axes.append(Axis(dim, str(survey[dim].attrs.get("units", "")), float(values[0]), step))
    return tuple(axes)


def held_out_boxes(
    known: NDArray[Any], wanted: HeldOut, vertical_axis: int | None, seed: int = 0
) -> tuple[tuple[Box, ...], str]:
    """Return the labels to hold out of a training, and what there is to say of them.

    Parameters
    ----------
    known : ndarray of uint8
        The label volume.
    wanted : HeldOut
        Those that a person chose, or how many.
    vertical_axis : int or None
        Wells are held out over all of it.
    seed : int
        Of the choice.

    Returns
    -------
    tuple of Box
    str
        A sentence where there are fewer than were asked for, or blocks of labels that hang together; else empty.
    """
    if wanted.boxes:
        return wanted.boxes, ""
    if not wanted.count:
        return (), ""
    cells = labels.candidates(known, vertical_axis, wanted.blocks)
    found = labels.hold_out(known, wanted.count, vertical_axis, seed, cells)
    said = []
    cut = labels.edge(known, vertical_axis) if wanted.blocks is None else None
    if cut is not None:
        unit = "pixels" if vertical_axis is None else "traces"
        said.append(f"Most labels hang together: blocks of {cut} x {cut} {unit} are held out of them.")
    if len(found) < wanted.count:
        held = "is held out" if len(found) == 1 else "are held out"
        said.append(f"{len(found)} of {wanted.count} {held}: more would take a class away.")
    return tuple(found), " ".join(said)


def check_labels(known: NDArray[Any], table: ClassTable) -> None:
    """Refuse to train on labels that tell nothing apart.

    Raises
    ------
    JobError
        When fewer than two classes are labelled, or a value is no class.
    """
    counts = labels.volume.count(known)
    if len(counts) < 2:
        raise JobError("label at least two classes before training: paint some voxels of each, or load wells")
    if max(counts) > max(table.values, default=0):
        raise JobError(f"there is a label of value {max(counts)} and no class of it: add it to the classes")
