"""A prediction by many processes: what each of them is told, and the job and the store that it makes of that.

Every process of the same prediction is told the same few words. A survey by itself needs no session and is not copied:
it is read where it lies, with a network that was trained elsewhere. A run of a session, or a saved job, reads what was
copied for its training, and nothing of a session is written before all shards are put together.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import xarray as xr

from napari_fhn import leftovers, surveys
from napari_fhn.labels import ClassTable
from napari_fhn.project.data import in_place
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.data.together import open_together
from napari_fhn.project.predictions import applying
from napari_fhn.project.predictions.prediction_store import PredictionStore
from napari_fhn.project.project import Project
from napari_fhn.project.runs import jobs
from napari_fhn.project.runs.assembler import survey_axes
from napari_fhn.project.runs.beginning import network_folder
from napari_fhn.project.runs.run import Run
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.session import Session
from napari_fhn.surveys.remote.addresses import check_here
from napari_fhn.training.combination.said import insisting
from napari_fhn.training.combination.settings import Choice
from napari_fhn.training.errors import JobError
from napari_fhn.training.files.inside import shards_of
from napari_fhn.training.job import Input, Job, Output
from napari_fhn.training.models.description import read as read_description
from napari_fhn.training.prediction.shard_size import LARGE_VOXELS

SUFFIX = ".zarr"


@dataclass(frozen=True)
class Asked:
    """What is predicted, where it goes, and how: plain types, which any process makes the same work of.

    Parameters
    ----------
    surveys : tuple of str
        Files or addresses of surveys in blocks; with `network`.
    reading : mapping
        Options of `napari_fhn.surveys.open` for them.
    network : str
        Folder of the trained network for them.
    session, run : str
        A session and one of its runs (its current one when empty), in place of surveys.
    job : str
        A saved job that lies in no session, in place of either.
    output : str
        A store (``NAME.zarr``, on a disk or at an address) for the shards; they lie beside the prediction when empty,
        until they are put together there.
    like : str
        The survey on whose grid a store of a saved job lies.
    shard : tuple of int
        Shape of the shards; chosen when empty.
    outputs : tuple of str or None
        Beside the classes; None as in the training.
    flips, network_alone : bool
        As in a `Job`; without what the network was combined with.
    smoothing, order, snapping : {"auto", "on", "off"} or None
        Other than those of the training.
    device : str or None
        As in a `Job`.
    memory : int or None
        As in a `Job`.
    vertical_axis : int or None
        Of surveys that do not name their axes.
    trusted : bool
        Whether a saved job may write wherever it says.
    """

    surveys: tuple[str, ...] = ()
    reading: Mapping[str, Any] = field(default_factory=dict)
    network: str = ""
    session: str = ""
    run: str = ""
    job: str = ""
    output: str = ""
    like: str = ""
    shard: tuple[int, ...] = ()
    outputs: tuple[Output, ...] | None = None
    flips: bool = False
    network_alone: bool = False
    smoothing: Choice | None = None
    order: Choice | None = None
    snapping: Choice | None = None
    device: str | None = None
    memory: int | None = None
    vertical_axis: int | None = None
    trusted: bool = False

    @contextlib.contextmanager
    def work(self) -> Iterator[Work]:
        """Open it.

        Yields
        ------
        Work

        Raises
        ------
        JobError, ProjectError, SurveyError
            When something is not there, or does not go together; the message says what.
        """
        if not self.output.endswith(SUFFIX):
            check_here(self.output)
        if self.surveys:
            with self._of_surveys() as work:
                yield work
        elif self.session:
            yield self._of_session()
        else:
            job = self._with_settings(Job.load(self.job, trusted=self.trusted))
            yield Work(job, self._store(job, self._like()))

    @contextlib.contextmanager
    def _of_surveys(self) -> Iterator[Work]:
        if not self.output.endswith(SUFFIX):
            raise JobError("say where the shards of another survey go: a store, NAME.zarr, on a disk or at s3://...")
        found = open_together(self.surveys, reading=self.reading).surveys
        with _read_in_place(found, self.network, self.vertical_axis) as (job, notes):
            job = self._with_settings(job)
            yield Work(job, self._store(job, found.first), notes=notes)

    def _of_session(self) -> Work:
        session = Session.existing(self.session)
        run = session.runs.get(self.run) if self.run else session.runs.trained()
        if not run.has_model:
            raise JobError(f"'{run.name}' has no network to predict with: train it first, or name another run")
        job = self._with_settings(jobs.task_job(session, run))
        like = self._like()
        if like is None and self.output.endswith(SUFFIX):
            like = Project.open(self.session).needed("Name one with --like").first
        return Work(job, self._store(job, like), session, run)

    def _with_settings(self, job: Job) -> Job:
        combination = insisting(job.combination, self.smoothing, self.order, self.snapping, job)
        combination = None if self.network_alone else combination
        given = {"outputs": self.outputs, "device": self.device, "memory": self.memory}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return replace(job, flips=job.flips or self.flips, combination=combination, **changes)

    def _like(self) -> xr.DataArray | None:
        return surveys.open(self.like, **dict(self.reading)) if self.like else None

    def _store(self, job: Job, like: xr.DataArray | None) -> PredictionStore | None:
        if not self.output.endswith(SUFFIX):
            return None
        if like is None:
            raise JobError("a store lies on the grid of its survey: name that with --like")
        return PredictionStore(self.output, like, ClassTable.of_names(job.classes, job.colors, job.codes))


def goes_by_shards(found: SurveySet, output: str | Path | None) -> bool:
    """Tell whether surveys are so large that their prediction goes into its store at once, and into no session."""
    stored = output is not None and str(output).endswith(SUFFIX)
    return stored and math.prod(found.shape) >= LARGE_VOXELS and all(map(in_place.may_stay, found.surveys))


@dataclass(frozen=True)
class Work:
    """What a process works on.

    Parameters
    ----------
    job : Job
        What is predicted.
    zarr : PredictionStore or None
        Where shards go; None for a folder beside the prediction.
    session, run : optional
        That the prediction belongs to.
    notes : tuple of str
        What a person should know before.
    """

    job: Job
    zarr: PredictionStore | None = None
    session: Session | None = None
    run: Run | None = None
    notes: tuple[str, ...] = ()

    @property
    def store(self) -> Any:
        """Where shards go; a `napari_fhn.training.prediction.sharding.ShardStore`."""
        if self.zarr is not None:
            return self.zarr
        from napari_fhn.training.prediction.shard_files import ShardFolder  # which brings torch along

        return ShardFolder(shards_of(self.job.prediction))


@contextlib.contextmanager
def _read_in_place(found: SurveySet, network: str, vertical_axis: int | None) -> Iterator[tuple[Job, tuple[str, ...]]]:
    """Make the job that predicts surveys where they lie with a network that was trained elsewhere."""
    folder = network_folder(network)
    description, saved = read_description(folder), Job.load(folder / layout.JOB, trusted=True)
    notes = applying.check(found, network, vertical_axis=vertical_axis)
    if saved.attributes:
        raise JobError(
            f"the network takes attributes ({', '.join(saved.attributes)}), which are derived in a session: predict "
            "with --session and without --task"
        )
    if description.framing.map_axis is not None:
        raise JobError("the network makes a map of a cube, which is predicted as a whole: leave --task out")
    for name, survey in zip(found.names, found.surveys, strict=True):
        if not in_place.may_stay(survey):
            raise JobError(f"'{name}' has no blocks that are read where they lie: run napari-fhn brick on it first")
    with leftovers.temporary() as temporary:
        inputs = []
        for number, (name, survey) in enumerate(zip(found.names, found.surveys, strict=True)):
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
                vertical_axis=found.vertical(vertical_axis),
                held_out=(),
                ignored=(),
                start_from=None,
                axes=survey_axes(found.first),
                device="auto",
                memory=None,
                outputs=(),
                combination=None if saved.combination is None else replace(saved.combination, folder=""),
            ),
            notes,
        )
