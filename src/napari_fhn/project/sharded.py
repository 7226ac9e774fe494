"""A trained network on a survey that is read where it lies: the job of which many processes predict a shard each.

No session is needed, and nothing is copied: what a task is told is a network, a survey and a store, and every task of
the same makes the same job of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from napari_fhn.project import applying, in_place, layout
from napari_fhn.project.assembler import survey_axes
from napari_fhn.project.beginning import network_folder
from napari_fhn.project.surveyset import SurveySet
from napari_fhn.training.description import read as read_description
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Input, Job


@contextmanager
def task_job(
    surveys: SurveySet, network: str | Path, *, vertical_axis: int | None = None
) -> Iterator[tuple[Job, tuple[str, ...]]]:
    """Make the job that predicts surveys where they lie with a network that was trained elsewhere.

    Parameters
    ----------
    surveys : SurveySet
        Opened; each in blocks (bricks, Zarr, MDIO, OpenVDS), on a disk or at an address.
    network : path-like
        Folder of a network, of a run, or a session.
    vertical_axis : int, optional
        Of surveys that do not name their axes.

    Yields
    ------
    job : Job
        Its inputs are there as long as the context is.
    notes : tuple of str
        What makes the prediction doubtful.

    Raises
    ------
    JobError
        When there is no network, it cannot be applied, or a survey has no blocks to be read in place.
    """
    folder = network_folder(network)
    description, saved = read_description(folder), Job.load(folder / layout.JOB, trusted=True)
    notes = applying.check(surveys, network, vertical_axis=vertical_axis)
    if saved.attributes:
        raise JobError(
            f"the network takes attributes ({', '.join(saved.attributes)}), which are derived in a session: predict "
            "with --session and without --task"
        )
    if description.framing.map_axis is not None:
        raise JobError("the network makes a map of a cube, which is predicted as a whole: leave --task out")
    for name, survey in zip(surveys.names, surveys.surveys, strict=True):
        if not in_place.may_stay(survey):
            raise JobError(f"'{name}' has no blocks that are read where they lie: run napari-fhn brick on it first")
    with tempfile.TemporaryDirectory(prefix="napari-fhn-", ignore_cleanup_errors=True) as temporary:
        inputs = []
        for number, (name, survey) in enumerate(zip(surveys.names, surveys.surveys, strict=True)):
            path = Path(temporary, f"{number}.json")
            said = in_place.note(path, survey)
            inputs.append(Input(str(path), 0 if said.bands else None, name, in_place.content_of(said)))
        yield (
            replace(
                saved,
                inputs=tuple(inputs),
                labels=str(Path(temporary, layout.LABELS)),
                weights=None,
                prediction=str(Path(temporary, layout.PREDICTION)),
                model=str(folder),
                vertical_axis=surveys.vertical(vertical_axis),
                held_out=(),
                ignored=(),
                start_from=None,
                axes=survey_axes(surveys.first),
                device="auto",
                memory=None,
                outputs=(),
                combination=None if saved.combination is None else replace(saved.combination, folder=""),
            ),
            notes,
        )
